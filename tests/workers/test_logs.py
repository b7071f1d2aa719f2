"""Logs: JSON lines on whatever standard error is."""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pytest
import structlog

from workers.logs import configure_logging


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger("kafka").level
    yield
    logging.getLogger().handlers[:] = handlers
    logging.getLogger("kafka").setLevel(level)
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


def test_nothing_of_a_chatty_library_where_people_are_told_in_our_words(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("error", chatty=False)
    logging.getLogger("kafka.net").error("not this")
    logging.getLogger("some.library").error("this")
    assert [line["event"] for line in lines(capsys)] == ["this"]
    configure_logging("error")
    logging.getLogger("kafka.net").error("and now this")
    assert [line["event"] for line in lines(capsys)] == ["and now this"]


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


def kafka(
    text: str, *arguments: object, at: float, level: int = logging.ERROR, name: str = "kafka.net.manager"
) -> None:
    """Something that the client of Kafka says at a time, in seconds."""
    record = logging.LogRecord(name, level, __file__, 1, text, arguments, None)
    record.created = at
    logging.getLogger(name).handle(record)


def test_what_kafka_s_client_tells_again_and_again_is_told_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    # Given a broker that is away, to which it connects again every half second
    configure_logging("info")
    for half in range(240):
        kafka("Connection failed: %s (backoff %.2f secs)", "111 ECONNREFUSED", half / 7, at=1_000 + half / 2)
        kafka("not ready; waiting", at=1_000 + half / 2, level=logging.WARNING)
    # Then each of it is told twice in two minutes
    events = [line["event"].split(":")[0] for line in lines(capsys)]
    assert (events.count("Connection failed"), events.count("not ready; waiting")) == (2, 2)


def test_another_error_of_kafka_s_client_comes_through_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    kafka("Connection failed: %s", "111 ECONNREFUSED", at=1_000)
    kafka("Connection failed: %s", "SASL login refused", at=1_000.1)
    kafka("Connection failed: %s", "111 ECONNREFUSED", at=1_000.2, name="kafka.client")
    assert [line["event"] for line in lines(capsys)] == [
        "Connection failed: 111 ECONNREFUSED",
        "Connection failed: SASL login refused",
        "Connection failed: 111 ECONNREFUSED",
    ]


def test_a_clock_that_was_set_back_hides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    kafka("gone", at=10_000)
    kafka("gone", at=1_000)
    assert len(lines(capsys)) == 2


def test_what_kafka_s_client_says_by_the_way_is_not_even_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    # Given somebody else in this process who lets everything through
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        configure_logging("debug")
        log = logging.getLogger("kafka.cluster")
        assert not log.isEnabledFor(logging.INFO)
        log.info("not this")
        log.error("but this")
    finally:
        root.setLevel(level)
    assert [line["event"] for line in lines(capsys)] == ["but this"]


def test_other_libraries_may_repeat_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    for _ in range(3):
        logging.getLogger("kafkaesque").warning("again")
    assert len(lines(capsys)) == 3


def _full() -> TextIO:
    return Path("/dev/full").open("w")


def _unread() -> TextIO:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


@pytest.mark.parametrize("stream", [_full, _unread])
def test_a_line_that_cannot_be_written_ends_nothing(
    stream: Callable[[], TextIO], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a standard error that takes nothing
    configure_logging("info")
    nowhere = stream()
    with monkeypatch.context() as for_now:
        for_now.setattr(sys, "stderr", nowhere)
        # When we or a library tell something there, then whoever told it goes on
        structlog.get_logger("x").warning("lost")
        logging.getLogger("y").warning("lost as well")
    with suppress(OSError):
        nowhere.close()
    # And what is told once it takes something again is there
    structlog.get_logger("x").warning("told")
    assert [line["event"] for line in lines(capsys)] == ["told"]
