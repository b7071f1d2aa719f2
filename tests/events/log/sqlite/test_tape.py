"""Records in a file: what comes back, in what portions."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log.contract import LogMismatchError, Partition, Record, Topic, place
from events.log.sqlite import tape
from events.log.sqlite.database import Database
from events.log.sqlite.schema import CONTROL, MAIN, founding, kind_of, layout, position_of, row

SLOTS = layout(3)
FACTS = Partition(Topic.FACTS, 0)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(tmp_path_factory.mktemp("tape") / "log.db", timedelta(seconds=5))
    database.create(MAIN, "id", 3)
    yield database
    database.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "log.db", timedelta(seconds=5))
    database.create(MAIN, "id", 3)
    yield database
    database.close()


def append(database: Database, *records: Record) -> list[int]:
    with database.transaction():
        return tape.append(database, SLOTS, records)


def cursor(database: Database, **at: int) -> tape.Cursor:
    made = tape.Cursor(database, SLOTS)
    made.at = {Partition(Topic(topic), 0): position for topic, position in at.items()}
    return made


@given(
    key=st.text(st.characters(exclude_categories=["Cs"])),
    value=st.binary(max_size=200),
    headers=st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.binary(max_size=20)), max_size=4),
)
def test_whatever_was_appended_comes_back(
    database: Database, key: str, value: bytes, headers: list[tuple[str, bytes]]
) -> None:
    record = Record(topic=Topic.REPORTS, key=key, value=value, headers=tuple(headers))
    partition = Partition(Topic.REPORTS, place(key, 3))

    (position,) = append(database, record)

    reading = tape.Cursor(database, SLOTS)
    reading.at = {partition: position}
    (stored,) = reading.take()
    assert (stored.partition, stored.position) == (partition, position)
    assert (stored.key, stored.value, stored.headers) == (key, value, tuple(headers))


def test_records_come_in_portions(fresh: Database) -> None:
    append(fresh, *(Record(topic=Topic.FACTS, key="k", value=b"x") for _ in range(1200)))
    reading = cursor(fresh, facts=0)

    assert [len(reading.take()) for _ in range(4)] == [500, 500, 200, 0]
    assert reading.at[FACTS] == reading.end(FACTS) == 1200


def test_large_records_come_in_smaller_portions(fresh: Database) -> None:
    for _ in range(10):
        append(fresh, Record(topic=Topic.FACTS, key="k", value=bytes(4_000_000)))
    reading = cursor(fresh, facts=0)

    assert [len(reading.take()) for _ in range(3)] == [5, 5, 0]


def test_partitions_take_turns(fresh: Database) -> None:
    append(fresh, *(Record(topic=Topic.FACTS, key="k", value=b"f") for _ in range(2000)))
    append(fresh, Record(topic=Topic.COMMANDS, key="k", value=b"c"))
    reading = cursor(fresh, facts=0, commands=0)

    first, second = reading.take(), reading.take()

    assert {record.value for record in first} == {b"f"}
    assert b"c" in {record.value for record in second}


def test_what_is_skipped_stays_where_it_is(fresh: Database) -> None:
    append(fresh, Record(topic=Topic.FACTS, key="k", value=b"f"), Record(topic=Topic.COMMANDS, key="k", value=b"c"))
    reading = cursor(fresh, facts=0, commands=0)

    assert [record.value for record in reading.take(skip=[FACTS])] == [b"c"]
    assert reading.at[FACTS] == 0


def test_a_row_that_is_no_record_is_an_error(fresh: Database) -> None:
    append(fresh, Record(topic=Topic.FACTS, key="k", value=b"f"))
    with fresh.transaction():
        fresh.execute("UPDATE records SET value = 'text'")

    with pytest.raises(LogMismatchError, match="facts/0 holds a row that is no record"):
        cursor(fresh, facts=0).take()


@given(slot=st.integers(0, 2**15 - 1), position=st.integers(0, 2**48 - 1))
def test_a_row_number_keeps_slot_and_position_apart(slot: int, position: int) -> None:
    number = row(slot, position)

    assert position_of(number) == position
    assert number >> 48 == slot
    assert number < 2**63


def test_every_partition_is_in_one_file_with_a_slot_of_its_own() -> None:
    assert sorted(SLOTS.values()) == list(range(len(SLOTS)))
    assert {partition.topic for partition in SLOTS if kind_of(partition) == CONTROL} == {Topic.CONTROL}
    for kind in (MAIN, CONTROL):
        inserted = [values for statement, values in founding(kind, "id", 3) if "INTO partitions" in statement]
        assert len(inserted) == sum(kind_of(partition) == kind for partition in SLOTS)


def test_the_slots_of_a_log_never_change() -> None:
    """They are in every row: a log that was written once is read for ever."""
    assert [(partition.topic.value, partition.number) for partition in layout(2)] == [
        ("commands", 0),
        ("facts", 0),
        ("orders", 0),
        ("orders", 1),
        ("reports", 0),
        ("reports", 1),
        ("control", 0),
        ("checkpoints", 0),
    ]
