"""Expected errors are messages with exit codes; unexpected ones stay what they are."""

import errno
import json
import logging

import pytest
import typer

from automation.change.errors import ChangeError
from automation.platforms.contract import UnreachableError
from console.complaints import EXPECTED, complaining, complaint_code
from console.errors import ConsoleError, StoppedError, UnknownIdError, UsageError, ViewsError
from console.exits import EPILOG, Exit
from events.authority import RefusedError
from events.blobs.contract import BlobMissingError
from events.errors import MalformedError
from events.log.contract import LogFullError, LogMismatchError, LogUnavailableError
from events.signing import KeyFileError
from inventory.problems import EstateError, Problem, UnknownNameError
from lab.errors import FaultError
from workers.control_watch import ControlUnreadError
from workers.founding import FoundingError
from workers.serving.web import AddressInUseError
from workers.settings import SettingsFileError

PROBLEM = Problem(file="a.yaml", line=3, message="is wrong", hint="mend it")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("u"), 2),
        (StoppedError("s"), 130),
        (ConsoleError("c"), 1),
        (ViewsError("v"), 1),
        (UnknownIdError("i"), 1),
        (LogUnavailableError("l"), 3),
        (ControlUnreadError("c"), 3),
        (LogFullError("l"), 1),
        (LogMismatchError("l"), 1),
        (RefusedError("code", "r"), 1),
        (MalformedError("m", "why"), 1),
        (BlobMissingError("b"), 1),
        (KeyFileError("k"), 1),
        (SettingsFileError("s"), 1),
        (FoundingError("f"), 1),
        (AddressInUseError("a"), 1),
        (EstateError([PROBLEM]), 1),
        (UnknownNameError("device", "x"), 1),
        (ChangeError([PROBLEM]), 1),
        (UnreachableError("p"), 1),
        (FaultError("f"), 1),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/x"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_expected_error(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, complaining():
        raise error
    assert ended.value.exit_code == code
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.strip()
    assert "Traceback" not in written.err


def test_all_that_is_expected_is_tried_above() -> None:
    tried = {UsageError, StoppedError, ConsoleError, LogUnavailableError, ControlUnreadError, LogFullError.__base__}
    assert tried <= set(EXPECTED)


def test_what_is_wrong_is_told_with_its_place_and_how_to_mend_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint_code(ChangeError([PROBLEM])) is Exit.FAILED
    assert "a.yaml:3: is wrong; mend it" in capsys.readouterr().err


def test_of_files_the_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    complaint_code(OSError(errno.ENOSPC, "No space left on device", "/var/x"))
    complaint_code(OSError(errno.ENOSPC, "No space left on device"))
    assert capsys.readouterr().err.splitlines() == [
        "/var/x: No space left on device",
        "the operating system refused: No space left on device",
    ]


def test_ctrl_c_before_anything_was_sent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, complaining():
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err == "interrupted; nothing was sent\n"


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), BrokenPipeError(), SystemExit(5)], ids=lambda e: type(e).__name__
)
def test_what_is_not_expected_stays_what_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)), complaining():
        raise error


def test_messages_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    complaint_code(RefusedError("x", "reason\x1b[2J"))
    assert capsys.readouterr().err == "reason\\x1b[2J\n"


def test_every_code_is_in_the_help() -> None:
    for code in Exit:
        assert f"{code.value} " in EPILOG


@pytest.mark.parametrize(
    ("level", "told"),
    [
        pytest.param(None, ["ours"], id="by default"),
        pytest.param("nonsense", ["ours"], id="no level"),
        pytest.param("error", ["theirs", "ours"], id="where somebody wants to know"),
    ],
)
def test_what_the_client_of_kafka_says_is_not_for_everybody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: str | None, told: list[str]
) -> None:
    if level is None:
        monkeypatch.delenv("WAVEGATE_LOG_LEVEL", raising=False)
    else:
        monkeypatch.setenv("WAVEGATE_LOG_LEVEL", level)
    with complaining():
        logging.getLogger("kafka.net").error("theirs")
        logging.getLogger("ours").error("ours")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == told
