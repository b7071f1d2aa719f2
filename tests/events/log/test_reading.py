"""Broadcast reads, for every adapter."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from events.log.contract import EventLog, LogError, LogMismatchError, Partition, Topic

FACTS = Partition(Topic.FACTS, 0)
CONTROL = Partition(Topic.CONTROL, 0)
COMMANDS = Partition(Topic.COMMANDS, 0)


def test_poll_returns_empty_when_nothing_comes(log: EventLog) -> None:
    assert list(log.reader({FACTS: 0}).poll(timedelta(milliseconds=30))) == []


def test_poll_is_woken_by_what_another_process_appends(world: Any, help_: Any) -> None:
    reader, other = world.open().reader({FACTS: 0}), world.open()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(reader.poll, timedelta(seconds=20))
        other.append([help_.record(value="news")])

        assert help_.values(waiting.result()) == [b"news"]


def test_every_reader_reads_everything(world: Any, help_: Any) -> None:
    readers = [world.open().reader({FACTS: 0}) for _ in range(2)]

    world.open().append([help_.record(value=str(number)) for number in range(3)])

    for reader in readers:
        assert help_.values(help_.read(reader, 3)) == [b"0", b"1", b"2"]


@pytest.mark.parametrize("start", range(6))
def test_a_reader_starts_where_it_is_told_to(log: EventLog, help_: Any, start: int) -> None:
    positions = [*log.append([help_.record(value=str(number)) for number in range(5)])]
    end = log.reader({FACTS: 0}).end(FACTS)

    stored = help_.read_to_end(log.reader({FACTS: [*positions, end][start]}), FACTS)

    assert help_.values(stored) == [str(number).encode() for number in range(start, 5)]


def test_once_all_is_read_position_and_end_agree(log: EventLog, help_: Any) -> None:
    reader = log.reader({FACTS: 0})
    assert reader.position(FACTS) == reader.end(FACTS) == 0
    log.append([help_.record(), help_.record()])

    stored = help_.read_to_end(reader, FACTS)

    assert len(stored) == 2
    assert reader.position(FACTS) == reader.end(FACTS) > stored[-1].position


def test_gaps_are_passed_over(log: EventLog, help_: Any) -> None:
    # given
    writer = log.fenced_writer("coordinator")
    for number in range(3):
        writer.commit([help_.record(value=str(number))], {})
    reader = log.reader({FACTS: 0})

    # when
    stored = help_.read_to_end(reader, FACTS, at_least=3)

    # then
    positions = [record.position for record in stored]
    assert help_.values(stored) == [b"0", b"1", b"2"]
    assert positions == sorted(set(positions))
    assert reader.position(FACTS) == reader.end(FACTS)
    writer.commit([help_.record(value="3")], {})
    resumed = log.reader({FACTS: reader.position(FACTS)})
    assert help_.values(help_.read_to_end(resumed, FACTS, at_least=1)) == [b"3"]


def test_the_end_is_never_an_old_one(world: Any, help_: Any) -> None:
    reader, other = world.open().reader({FACTS: 0, CONTROL: 0}), world.open()

    for topic, partition in ((Topic.FACTS, FACTS), (Topic.CONTROL, CONTROL)):
        for _ in range(10):
            (position,) = other.append([help_.record(topic)])
            assert reader.end(partition) > position


def test_partitions_are_read_side_by_side(log: EventLog, help_: Any) -> None:
    starts = {**dict.fromkeys(log.partitions(Topic.ORDERS), 0), FACTS: 0, CONTROL: 0, COMMANDS: 0}
    reader = log.reader(starts)

    log.append([help_.record(Topic.ORDERS, f"orders{number}", key=help_.key_for(number)) for number in range(4)])
    log.append([help_.record(Topic.CONTROL, "control")])
    log.append([help_.record(Topic.COMMANDS, "commands")])

    stored = help_.read(reader, 6)
    assert {(record.partition.topic, record.value) for record in stored} == {
        *((Topic.ORDERS, f"orders{number}".encode()) for number in range(4)),
        (Topic.CONTROL, b"control"),
        (Topic.COMMANDS, b"commands"),
    }
    assert reader.position(FACTS) == reader.end(FACTS) == 0


def test_a_busy_partition_does_not_keep_the_others_waiting(log: EventLog, help_: Any) -> None:
    for _ in range(4):
        log.append([help_.record(value=os.urandom(2000)) for _ in range(500)])
    log.append([help_.record(Topic.COMMANDS, "command")])

    stored = help_.read(log.reader({FACTS: 0, COMMANDS: 0}), 2001)

    assert help_.values(stored).index(b"command") < 1900


def test_a_position_past_the_end_is_refused_and_never_jumped_from(log: EventLog, help_: Any) -> None:
    log.append([help_.record()])
    reader = log.reader({FACTS: 1000})

    for _ in range(2):
        with pytest.raises(LogMismatchError, match="position"):
            help_.until(lambda: reader.poll(timedelta(milliseconds=100)))

    assert reader.position(FACTS) == 1000


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda log: log.reader({}), "at least one"),
        (lambda log: log.reader({Partition(Topic.FACTS, 1): 0}), "facts/1"),
        (lambda log: log.reader({Partition(Topic.ORDERS, 4): 0}), "orders/4"),
        (lambda log: log.reader({FACTS: -1}), "start at 0"),
        (lambda log: log.reader({FACTS: 0}).position(CONTROL), "control/0"),
        (lambda log: log.reader({FACTS: 0}).end(CONTROL), "control/0"),
        (lambda log: log.fenced_writer("w").commit([], {Partition(Topic.FACTS, 9): 0}), "facts/9"),
        (lambda log: log.join("g", Topic.ORDERS, "m").mark(FACTS), "facts/0"),
        (lambda log: log.join("g", Topic.ORDERS, "m").pause(frozenset({FACTS})), "facts/0"),
    ],
    ids=["nothing", "no such", "one too many", "negative", "position", "end", "move", "mark", "pause"],
)
def test_what_no_log_has_is_refused(log: EventLog, ask: Callable[[EventLog], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ask(log)


def test_a_closed_reader_reads_nothing_more(log: EventLog, help_: Any) -> None:
    reader = log.reader({FACTS: 0})
    log.append([help_.record()])
    reader.close()
    reader.close()

    with pytest.raises(LogError):
        reader.poll(timedelta(0))


def test_closing_the_log_closes_all_that_it_opened(world: Any, help_: Any) -> None:
    log = world.open()
    reader, membership, writer = (
        log.reader({FACTS: 0}),
        log.join("workers", Topic.ORDERS, "m"),
        log.fenced_writer("coordinator"),
    )

    log.close()

    asked: Mapping[str, Callable[[], object]] = {
        "reader": lambda: reader.poll(timedelta(0)),
        "membership": lambda: membership.poll(timedelta(0)),
        "writer": lambda: writer.commit([help_.record()], {}),
    }
    for ask in asked.values():
        with pytest.raises(LogError):
            ask()
