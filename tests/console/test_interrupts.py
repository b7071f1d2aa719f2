"""Ctrl-C at any point ends cleanly, with 130, and it is said what was sent and what was not."""

import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from events.log.contract import Partition, Topic
from events.signing import peek
from workers.bootstrap_stores import open_log
from workers.settings import read_settings

PATIENCE_S = 60.0
_POLL = timedelta(milliseconds=50)
_COMMANDS = Partition(Topic.COMMANDS, 0)


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def place(make_place: Any) -> Any:
    """An installation without any process: nobody decides about anything."""
    made = make_place()
    (made.home / "estate" / "all.yaml").write_text("sites: {}\n")
    return made


def sent(place: Any) -> list[str]:
    """The types of the commands in the log."""
    log = open_log(read_settings(place.home))
    try:
        reader = log.reader({_COMMANDS: 0})
        found: list[str] = []
        end = reader.end(_COMMANDS)
        while reader.position(_COMMANDS) < end:
            found += [peek(stored.value.decode()).type for stored in reader.poll(_POLL)]
        return found
    finally:
        log.close()


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Presses Ctrl-C; the exit code and what was written."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in err
    return process.returncode, out, err


def test_while_a_decision_is_waited_for(place: Any) -> None:
    before = len(sent(place))
    process = place.popen("change", "submit", str(place.change()), "--unchecked", "--within", "600", by="ed")
    until(lambda: len(sent(place)) > before)
    code, out, err = interrupt(process)
    assert code == 130
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "interrupted, after this was sent:"
    assert "(SubmitChange) is not known to be decided; it is void after" in lines[1]


def test_nobody_decides_in_time(place: Any) -> None:
    done = place("change", "submit", str(place.change()), "--unchecked", "--within", "0.2", "--json", by="ed")
    assert done.code == 3
    assert done.json["decided"] is False
    assert f"nobody decided about command {done.json['command']} in time: is a coordinator running?" in done.err
    assert "It stays valid for 60 minutes and may still be carried out" in done.err


def test_while_a_log_is_followed(make_place: Any) -> None:
    # Given a log in which something has happened
    place = make_place()
    (place.home / "estate" / "all.yaml").write_text("sites: {}\n")
    up = place.start("up")
    assert place("change", "submit", str(place.change()), "--unchecked", by="ed").code == 0
    assert up.end() == 0
    # When somebody who follows it has enough
    process = place.popen("log", "--follow")
    assert process.stdout
    assert "The log was founded" in process.stdout.readline()
    code, _, err = interrupt(process)
    # Then that is all
    assert (code, err) == (130, "")


def init(place: Any, home: Path) -> subprocess.Popen[str]:
    process: subprocess.Popen[str] = place.popen("init", str(home), "--admin", "ada")
    return process


def test_while_the_folder_of_an_installation_is_being_made(place: Any, tmp_path: Path) -> None:
    # Given a file that cannot be written before somebody reads it
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    os.mkfifo(home / "keys" / "founding.txt")
    process = init(place, home)
    until((home / "wavegate.toml").exists)
    # When it is interrupted there, then it is said that what is there is of no use
    code, out, err = interrupt(process)
    assert (code, out) == (130, "")
    assert err == f"interrupted: {home} is half made, and no use as it is. Remove it, then run 'wavegate init' again\n"


def test_while_the_log_of_an_installation_is_being_founded(place: Any, tmp_path: Path) -> None:
    # Given a log that somebody holds
    home = tmp_path / "home"
    (home / "log").mkdir(parents=True)
    holder = sqlite3.connect(home / "log" / "log.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    process = init(place, home)
    assert process.stdout
    assert process.stdout.readline().startswith(f"Made {home} with log ")
    # When it is interrupted there
    code, _, err = interrupt(process)
    holder.close()
    # Then it is said how to go on, and that is how
    assert code == 130
    assert err == (
        f"interrupted: {home} is made, and its log perhaps not founded. Go on with: "
        f"wavegate topics apply --home {home}\n"
    )
    assert place("topics", "apply", "--home", str(home)).code == 0
    assert "ada" in place("key", "list", "--home", str(home)).out


@pytest.mark.parametrize("module", ["typer", "console.output", "sqlalchemy.engine", "console.watching"])
def test_while_it_is_still_being_loaded(place: Any, module: str) -> None:
    # Given a command that tells what it imports
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "console.cli", "rollout", "list"],
        env=place.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    next(line for line in process.stderr if f"| {module}" in " ".join(line.split()))
    # When it is interrupted in the middle of that, then it ends without a word about where it was
    code, out, err = interrupt(process)
    told = [line for line in err.splitlines() if " | " not in line]
    assert (code, out) == (130, "")
    assert told == ["interrupted; nothing was sent"]


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal's two ends."""
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        pytest.param(b"n\n", 1, "nothing was sent", id="no"),
        pytest.param(b"\n", 1, "nothing was sent", id="nothing, which is no"),
        pytest.param(b"y\n", 0, "", id="yes"),
        pytest.param(b"\x03", 130, "interrupted; nothing was sent", id="Ctrl-C"),
        pytest.param(b"\x04", 130, "nothing was sent", id="the end of the input"),
    ],
)
def test_a_question_on_a_terminal(place: Any, answer: bytes, code: int, says: str) -> None:
    with terminal() as (ours, theirs):
        process = place.popen(
            "rollout",
            "halt",
            "--all",
            "-r",
            "a test",
            by="olga",
            stdin=theirs,
            stderr=subprocess.PIPE,
        )
        asked = _read_until(process, "Go on? [y/N]:")
        assert "This stops everything: nothing new will start there" in asked
        if answer == b"\x03":
            process.send_signal(signal.SIGINT)
        else:
            os.write(ours, answer)
        out, rest = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, rest
    assert says in rest
    assert ("Halted all." in out) == (code == 0)
    halts = place("rollout", "halts", "--json").lines
    assert len(halts) == (1 if code == 0 else 0)
    for halt in halts:
        assert place("rollout", "lift", halt["halt"], by="olga").code == 0


def _read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stderr
    found = ""
    while text not in found:
        letter = process.stderr.read(1)
        assert letter, f"it ended before it asked: {found}"
        found += letter
    return found
