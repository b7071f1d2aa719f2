"""What every adapter refuses before it asks its log anything."""

from collections.abc import Collection, Mapping, Sequence

from events.log.contract import (
    NOTE_LIMIT,
    RECORD_LIMIT,
    Mark,
    Partition,
    Record,
    RecordTooLargeError,
    Topic,
)


def check_records(records: Sequence[Record]) -> None:
    """Refuses an append that mixes ``control`` with others, or holds a record that is too large."""
    _check_sizes(records)
    if len({record.topic is Topic.CONTROL for record in records}) > 1:
        raise ValueError("records of control are kept apart from all others: append them in a call of their own")


def check_fenced(records: Sequence[Record]) -> None:
    """Refuses records that may not be in a transaction, or are too large."""
    _check_sizes(records)
    if any(record.topic is Topic.CONTROL for record in records):
        raise ValueError("a record of control is never in a transaction, which could hide a halt: append it by itself")


def check_partitions(asked: Collection[Partition], known: Collection[Partition]) -> None:
    """Refuses partitions that the log does not have."""
    if strangers := sorted(set(asked) - set(known)):
        raise ValueError(f"this log has no partition {_names(strangers)}; ask it for its partitions")


def check_starts(starts: Mapping[Partition, int], known: Collection[Partition]) -> None:
    """Refuses a read of nothing, of strange partitions, or from below zero."""
    if not starts:
        raise ValueError("a reader needs at least one partition to read")
    check_partitions(starts, known)
    if negative := sorted(partition for partition, position in starts.items() if position < 0):
        raise ValueError(f"positions start at 0; those of {_names(negative)} are below")


def check_marks(marks: Mapping[Partition, Mark], known: Collection[Partition]) -> None:
    """Refuses marks on strange partitions, below zero, or with too long a note."""
    check_partitions(marks, known)
    for partition, mark in marks.items():
        if mark.position < 0:
            raise ValueError(f"positions start at 0; the mark on {_names([partition])} is {mark.position}")
        if len(mark.note) > NOTE_LIMIT:
            raise ValueError(f"the note on {_names([partition])} has {len(mark.note)} characters, over {NOTE_LIMIT}")


def check_group(topic: Topic) -> None:
    """Refuses a group on ``control``."""
    if topic is Topic.CONTROL:
        raise ValueError("control is not for groups: every process reads all of it, with a reader")


def _check_sizes(records: Sequence[Record]) -> None:
    for record in records:
        if (size := record.size()) > RECORD_LIMIT:
            raise RecordTooLargeError(
                f"a record of {record.topic} with the key {record.key[:80]!r} takes {size:,} bytes, over the limit of "
                f"{RECORD_LIMIT:,}: put its content into a blob and the blob's address into the record"
            )


def _names(partitions: Sequence[Partition]) -> str:
    return ", ".join(f"{partition.topic}/{partition.number}" for partition in partitions)
