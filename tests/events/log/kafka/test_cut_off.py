"""A log on a broker that does not answer: everything is bounded, and nothing is believed."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from events.log.contract import LogUnavailableError, Mark, Partition, Topic
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings
from events.log.kafka.topics import apply_topics
from events.log.terms import Terms

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.real_time,
    pytest.mark.usefixtures("collected"),
    # kafka-python leaves a connection that was half made when its client was closed to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"),
]

FACTS = Partition(Topic.FACTS, 0)
CONTROL = Partition(Topic.CONTROL, 0)
ORDERS = [Partition(Topic.ORDERS, number) for number in range(4)]
SHORT = Terms(session=timedelta(seconds=2), margin=timedelta(milliseconds=500), deadline=timedelta(seconds=1))


@pytest.fixture
def log(freezable: KafkaSettings) -> Iterator[KafkaLog]:
    log = KafkaLog(freezable)
    yield log
    log.close()


@pytest.mark.parametrize("listening", [False, True], ids=["nobody listens", "nobody answers"])
@pytest.mark.parametrize("ask", [KafkaLog, apply_topics])
def test_a_broker_that_is_not_there_is_named_within_the_deadline(
    ask: Callable[[KafkaSettings], object], listening: bool
) -> None:
    # given
    threads = set(threading.enumerate())
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listening:
            server.listen()
        address = f"127.0.0.1:{server.getsockname()[1]}"

        # when
        started = time.monotonic()
        with pytest.raises(
            LogUnavailableError, match=f"Kafka at {address} did not answer.*check that a broker"
        ) as caught:
            ask(KafkaSettings(bootstrap=address, terms=SHORT))

    # then
    assert caught.value.retriable
    assert time.monotonic() - started < 10 * SHORT.deadline.total_seconds()
    assert set(threading.enumerate()) == threads


def test_whoever_is_cut_off_polls_on_and_holds_nothing(
    log: KafkaLog, own_broker: Any, help_: Any, worker: Any, run: Any
) -> None:
    """Polls return as if nothing was the matter, partitions and all: only an answered commit proves anything."""
    only = worker(log)
    run([only], lambda: only.held() == set(ORDERS))

    with own_broker.frozen():
        run([only], lambda: only.held() == set())
        assert only.owned == set(ORDERS)
        assert not only.membership.renew({})

    run([only], lambda: only.held() == set(ORDERS))


def test_a_renewal_that_is_not_answered_is_over_soon(
    log: KafkaLog, own_broker: Any, help_: Any, worker: Any, run: Any
) -> None:
    only = worker(log)
    run([only], lambda: only.held() == set(ORDERS))

    with own_broker.frozen():
        started = time.monotonic()
        assert not only.membership.renew({ORDERS[0]: Mark(position=0)})
        assert time.monotonic() - started < 10


def test_an_end_is_never_made_up(log: KafkaLog, own_broker: Any, help_: Any) -> None:
    reader = log.reader({FACTS: 0, CONTROL: 0})
    assert (reader.end(FACTS), reader.end(CONTROL)) == (0, 0)

    with own_broker.frozen():
        for partition in (FACTS, CONTROL):
            with pytest.raises(LogUnavailableError, match="asking for the end"):
                reader.end(partition)
        assert list(reader.poll(timedelta(milliseconds=50))) == []

    help_.until(lambda: _answers(lambda: reader.end(FACTS)) == 0)


def test_an_append_without_an_answer_is_an_error_and_the_next_one_works(
    log: KafkaLog, own_broker: Any, help_: Any
) -> None:
    log.append([help_.record(value="before")])

    with own_broker.frozen(), pytest.raises(LogUnavailableError, match="appending"):
        log.append([help_.record(value="unknown")])

    help_.until(lambda: _answers(lambda: log.append([help_.record(value="after")])))
    values = help_.values(help_.read_to_end(log.reader({FACTS: 0}), FACTS))
    assert (values[0], values[-1]) == (b"before", b"after")
    assert set(values) <= {b"before", b"unknown", b"after"}


def test_a_commit_without_an_answer_ends_the_writer_and_a_new_one_learns_the_outcome(
    log: KafkaLog, own_broker: Any, help_: Any
) -> None:
    # given
    writer = log.fenced_writer("coordinator")
    writer.commit([help_.record(value="1")], {CONTROL: 1})

    # when
    with own_broker.frozen(), pytest.raises(LogUnavailableError, match="committing"):
        writer.commit([help_.record(value="2")], {CONTROL: 2})
    with pytest.raises(LogUnavailableError, match="open it anew"):
        writer.commit([help_.record(value="3")], {CONTROL: 3})
    writer.close()

    # then
    successor = help_.until(lambda: _answers(lambda: log.fenced_writer("coordinator")))
    values = help_.values(help_.read_to_end(log.reader({FACTS: 0}), FACTS))
    assert successor.marks() == {CONTROL: len(values)}
    assert values in ([b"1"], [b"1", b"2"])
    successor.commit([help_.record(value="4")], {CONTROL: 4})


def test_closing_is_bounded_and_leaves_nothing_behind(freezable: KafkaSettings, own_broker: Any, help_: Any) -> None:
    threads = set(threading.enumerate())
    log = KafkaLog(freezable)
    log.reader({FACTS: 0}).poll(timedelta(milliseconds=50))
    log.fenced_writer("coordinator").commit([help_.record()], {})
    membership = log.join("workers", Topic.ORDERS, "m")
    help_.until(lambda: membership.poll(timedelta(milliseconds=50)).gained)
    log.append([help_.record()])

    with own_broker.frozen():
        started = time.monotonic()
        log.close()
        assert time.monotonic() - started < 15

    assert set(threading.enumerate()) == threads


def _answers(ask: Callable[[], object]) -> object:
    """What it answers; None while the log is not available."""
    try:
        return ask()
    except LogUnavailableError:
        return None
