"""Appending and reading, for every adapter."""

from datetime import timedelta
from typing import Any

import pytest

from events.log.contract import EventLog, Partition, Topic

FACTS = Partition(Topic.FACTS, 0)


def test_what_was_appended_is_read_back_whole(log: EventLog, help_: Any) -> None:
    # given
    record = help_.record(value=b"\x00\xff body", key="ünï", headers=(("a", b"1"), ("a", b"\xff\x00"), ("b", b"")))

    # when
    (position,) = log.append([record])
    (stored,) = help_.read(log.reader({FACTS: 0}), 1)

    # then
    assert (stored.partition, stored.position) == (FACTS, position)
    assert (stored.key, stored.value, stored.headers) == (record.key, record.value, record.headers)


def test_nothing_appended_is_nothing_asked(log: EventLog) -> None:
    assert list(log.append([])) == []


def test_order_is_kept_within_a_partition(log: EventLog, help_: Any) -> None:
    values = [str(number) for number in range(1200)]

    positions = [*log.append([help_.record(value=value) for value in values[:700]])]
    positions += log.append([help_.record(value=value) for value in values[700:]])
    stored = help_.read(log.reader({FACTS: 0}), len(values))

    assert [record.value.decode() for record in stored] == values
    assert [record.position for record in stored] == positions == sorted(set(positions))


@pytest.mark.parametrize("topic", list(Topic))
def test_the_partition_follows_from_the_key(log: EventLog, help_: Any, topic: Topic) -> None:
    partitions = log.partitions(topic)
    keys = {number: help_.key_for(number, len(partitions)) for number in range(len(partitions))}

    log.append([help_.record(topic, value=str(number), key=key) for number, key in keys.items()])

    stored = help_.read(log.reader(dict.fromkeys(partitions, 0)), len(partitions))
    assert {(record.partition.number, record.value) for record in stored} == {
        (number, str(number).encode()) for number in keys
    }


def test_poll_waits_no_longer_than_it_is_asked_to(log: EventLog) -> None:
    assert list(log.reader({FACTS: 0}).poll(timedelta(milliseconds=30))) == []


def test_a_reader_starts_where_it_is_told_to(log: EventLog, help_: Any) -> None:
    positions = log.append([help_.record(value=str(number)) for number in range(5)])

    stored = help_.read(log.reader({FACTS: positions[3]}), 2)

    assert help_.values(stored) == [b"3", b"4"]


def test_at_the_end_position_and_end_agree(log: EventLog, help_: Any) -> None:
    reader = log.reader({FACTS: 0})
    log.append([help_.record(), help_.record()])

    stored = help_.read_to_end(reader, FACTS)

    assert len(stored) == 2
    assert reader.position(FACTS) == reader.end(FACTS) > stored[-1].position
