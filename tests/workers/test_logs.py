"""Logs: JSON lines on whatever standard error is."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from workers.logs import configure_logging


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    written = capsys.readouterr()
    assert written.out == ""
    return [json.loads(line) for line in written.err.splitlines()]


def test_ours_from_the_level_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    log = structlog.get_logger("x")
    log.debug("not this")
    log.info("this", rollout="r-1")
    told = lines(capsys)
    assert [(line["event"], line["level"], line["rollout"]) for line in told] == [("this", "info", "r-1")]
    assert told[0]["timestamp"].endswith("Z")


def test_those_of_libraries_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug")
    log = logging.getLogger("some.library")
    log.info("not this")
    log.warning("this %s", "\x1b[2J")
    assert [(line["event"], line["logger"]) for line in lines(capsys)] == [("this \x1b[2J", "some.library")]


def test_or_from_errors_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("error")
    logging.getLogger("some.library").warning("not this")
    structlog.get_logger("x").warning("nor this")
    structlog.get_logger("x").error("this")
    assert [line["event"] for line in lines(capsys)] == ["this"]


def test_errors_with_their_traces(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    try:
        int("why")
    except ValueError:
        structlog.get_logger("x").exception("ours")
        logging.getLogger("y").exception("theirs")
    told = lines(capsys)
    assert [line["event"] for line in told] == ["ours", "theirs"]
    assert all("ValueError: invalid literal" in line["exception"] for line in told)


def test_configured_twice_each_line_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    configure_logging("info")
    logging.getLogger("y").warning("once")
    assert len(lines(capsys)) == 1
