"""Appending, for every adapter."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from events.log.contract import RECORD_LIMIT, EventLog, LogError, Partition, Record, RecordTooLargeError, Topic

FACTS = Partition(Topic.FACTS, 0)
CONTROL = Partition(Topic.CONTROL, 0)


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


def test_threads_append_at_once_and_each_keeps_its_order(log: EventLog, help_: Any) -> None:
    def append(thread: int) -> list[int]:
        return [log.append([help_.record(value=f"{thread}:{number}")])[0] for number in range(20)]

    with ThreadPoolExecutor(4) as pool:
        positions = list(pool.map(append, range(4)))

    stored = help_.read_to_end(log.reader({FACTS: 0}), FACTS)
    for thread, mine in enumerate(positions):
        read = [record for record in stored if record.value.startswith(f"{thread}:".encode())]
        assert [record.position for record in read] == mine
        assert [record.value for record in read] == [f"{thread}:{number}".encode() for number in range(20)]


def test_the_largest_record_comes_back(log: EventLog, help_: Any) -> None:
    value = bytes(range(256)) * (RECORD_LIMIT // 256)
    record = help_.record(value=value[: RECORD_LIMIT - 5], key="key", headers=(("h", b"h"),))
    assert record.size() == RECORD_LIMIT

    log.append([record, help_.record(value="after")])

    first, second = help_.read(log.reader({FACTS: 0}), 2)
    assert (first.value, second.value) == (record.value, b"after")


@pytest.mark.parametrize("fenced", [False, True], ids=["append", "commit"])
@pytest.mark.parametrize(
    "large",
    [
        Record(topic=Topic.FACTS, key="", value=bytes(RECORD_LIMIT + 1)),
        Record(topic=Topic.FACTS, key="k" * RECORD_LIMIT, value=b"x"),
        Record(topic=Topic.FACTS, key="", value=b"", headers=(("name", bytes(RECORD_LIMIT)),)),
    ],
    ids=["value", "key", "headers"],
)
def test_a_record_that_is_too_large_is_refused_with_all_beside_it(
    log: EventLog, help_: Any, large: Record, fenced: bool
) -> None:
    records = [help_.record(value="before"), large]

    with pytest.raises(RecordTooLargeError, match="over the limit"):
        log.fenced_writer("w").commit(records, {}) if fenced else log.append(records)

    assert log.reader({FACTS: 0}).end(FACTS) == 0


def test_control_is_appended_by_itself(log: EventLog, help_: Any) -> None:
    with pytest.raises(ValueError, match="a call of their own"):
        log.append([help_.record(Topic.CONTROL), help_.record()])

    reader = log.reader({FACTS: 0, CONTROL: 0})
    assert (reader.end(FACTS), reader.end(CONTROL)) == (0, 0)


def test_a_closed_log_takes_nothing_more(log: EventLog, help_: Any) -> None:
    log.close()
    log.close()

    with pytest.raises(LogError, match="closed"):
        log.append([help_.record()])


@pytest.mark.parametrize("topic", list(Topic))
def test_topics_have_the_partitions_they_should(log: EventLog, topic: Topic) -> None:
    count = 4 if topic in {Topic.ORDERS, Topic.REPORTS} else 1

    assert list(log.partitions(topic)) == [Partition(topic, number) for number in range(count)]
