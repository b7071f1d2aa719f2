"""What every adapter refuses before it asks its log anything."""

from collections.abc import Callable

import pytest

from events.log import checks
from events.log.contract import NOTE_LIMIT, RECORD_LIMIT, Mark, Partition, Record, RecordTooLargeError, Topic, place

FACTS, ORDERS = Partition(Topic.FACTS, 0), Partition(Topic.ORDERS, 1)
KNOWN = [FACTS, ORDERS]


def record(topic: Topic = Topic.FACTS, size: int = 1) -> Record:
    return Record(topic=topic, key="", value=bytes(size))


ACCEPTED: dict[str, Callable[[], None]] = {
    "no records": lambda: checks.check_records([]),
    "several topics": lambda: checks.check_records([record(), record(Topic.ORDERS)]),
    "control alone": lambda: checks.check_records([record(Topic.CONTROL), record(Topic.CONTROL)]),
    "the largest": lambda: checks.check_records([record(size=RECORD_LIMIT)]),
    "no fenced records": lambda: checks.check_fenced([]),
    "fenced": lambda: checks.check_fenced([record(), record(Topic.CHECKPOINTS)]),
    "known partitions": lambda: checks.check_partitions(KNOWN, KNOWN),
    "a start": lambda: checks.check_starts({FACTS: 0, ORDERS: 10**12}, KNOWN),
    "no marks": lambda: checks.check_marks({}, KNOWN),
    "a mark": lambda: checks.check_marks({FACTS: Mark(position=0, note="x" * NOTE_LIMIT)}, KNOWN),
    "a group": lambda: checks.check_group(Topic.COMMANDS),
}

REFUSED: dict[str, tuple[Callable[[], None], str]] = {
    "mixed": (lambda: checks.check_records([record(Topic.CONTROL), record()]), "a call of their own"),
    "fenced control": (lambda: checks.check_fenced([record(Topic.CONTROL)]), "never in a transaction"),
    "strangers": (
        lambda: checks.check_partitions([Partition(Topic.FACTS, 1), ORDERS, Partition(Topic.ORDERS, 9)], KNOWN),
        "no partition facts/1, orders/9; ask it for its partitions",
    ),
    "no start": (lambda: checks.check_starts({}, KNOWN), "at least one partition"),
    "a strange start": (lambda: checks.check_starts({Partition(Topic.CONTROL, 0): 0}, KNOWN), "control/0"),
    "a start below zero": (lambda: checks.check_starts({FACTS: 0, ORDERS: -1}, KNOWN), "those of orders/1 are below"),
    "a strange mark": (lambda: checks.check_marks({Partition(Topic.ORDERS, 7): Mark(position=0)}, KNOWN), "orders/7"),
    "a mark below zero": (lambda: checks.check_marks({ORDERS: Mark(position=-1)}, KNOWN), "orders/1 is -1"),
    "a long note": (
        lambda: checks.check_marks({FACTS: Mark(position=0, note="x" * (NOTE_LIMIT + 1))}, KNOWN),
        "facts/0 has 1001 characters, over 1000",
    ),
    "a group on control": (lambda: checks.check_group(Topic.CONTROL), "with a reader"),
}


@pytest.mark.parametrize("check", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize(("check", "complaint"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(check: Callable[[], None], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check()


@pytest.mark.parametrize("check", [checks.check_records, checks.check_fenced])
def test_too_large(check: Callable[[list[Record]], None]) -> None:
    with pytest.raises(RecordTooLargeError, match=r"facts with the key 'site' takes 4,194,309 bytes.*into a blob"):
        check([record(), Record(topic=Topic.FACTS, key="site", value=bytes(RECORD_LIMIT), headers=(("h", b""),))])


def test_the_size_of_a_record_counts_bytes() -> None:
    assert Record(topic=Topic.FACTS, key="ü", value=b"123", headers=(("ü", b"4"), ("", b"56"))).size() == 2 + 3 + 3 + 2


@pytest.mark.parametrize(
    ("key", "count", "number"), [("", 12, 0), ("site-1", 12, 5), ("site-2", 12, 11), ("ünïcode", 12, 10), ("x", 1, 0)]
)
def test_where_a_key_goes_never_changes(key: str, count: int, number: int) -> None:
    """Every record that was ever written lies where this says."""
    assert place(key, count) == number
