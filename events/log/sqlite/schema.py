"""What is in the files of a log: tables, partitions, and how a position becomes a row's number."""

from collections.abc import Sequence

from events.log.contract import SPREAD, Partition, Topic

#: "WGL1", in the header of every file, so that `file` and we can tell a log from any other database.
APPLICATION_ID = 0x57474C31

#: The version of the tables below.
FORMAT = 1

MAIN = "main"
CONTROL = "control"

# Slots go up to 32,767 and positions up to 281 million million: together they are what SQLite has for a row's number.
# A row's number is its partition's slot and its position: one table, in which each partition lies together in order.
_POSITION_BITS = 48

_COMMON = """
CREATE TABLE log (kind TEXT NOT NULL, id TEXT NOT NULL, spread INTEGER NOT NULL, complete INTEGER NOT NULL);
CREATE TABLE partitions (slot INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL, ends INTEGER NOT NULL);
CREATE TABLE records (place INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB NOT NULL, headers TEXT);
"""

_MAIN = """
CREATE TABLE groups (name TEXT PRIMARY KEY, topic TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE members (
    member INTEGER PRIMARY KEY AUTOINCREMENT, party TEXT NOT NULL, name TEXT NOT NULL, boot TEXT NOT NULL,
    session REAL NOT NULL, until REAL NOT NULL
);
CREATE TABLE owners (party TEXT, slot INTEGER, member INTEGER NOT NULL, PRIMARY KEY (party, slot)) WITHOUT ROWID;
CREATE TABLE marks (
    party TEXT, slot INTEGER, position INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (party, slot)
) WITHOUT ROWID;
CREATE TABLE writers (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE moves (
    writer TEXT, topic TEXT, number INTEGER, position INTEGER NOT NULL, PRIMARY KEY (writer, topic, number)
) WITHOUT ROWID;
"""


def founding(kind: str, log: str, spread: int) -> Sequence[tuple[str, Sequence[str | int]]]:
    """The statements, with their values, that make an empty database a file of this kind of the log of this id."""
    script = _COMMON + (_MAIN if kind == MAIN else "")
    tables = [(statement, ()) for statement in script.split(";") if statement.strip()]
    partitions = [
        ("INSERT INTO partitions VALUES (?, ?, ?, 0)", (slot, partition.topic.value, partition.number))
        for partition, slot in layout(spread).items()
        if kind_of(partition) == kind
    ]
    return [*tables, *partitions, ("INSERT INTO log VALUES (?, ?, ?, 0)", (kind, log, spread))]


def layout(spread: int) -> dict[Partition, int]:
    """The slot of every partition, for this number of partitions of the spread topics."""
    partitions = [Partition(topic, number) for topic in Topic for number in range(spread if topic in SPREAD else 1)]
    return {partition: slot for slot, partition in enumerate(partitions)}


def kind_of(partition: Partition) -> str:
    """Which file a partition is in."""
    return CONTROL if partition.topic is Topic.CONTROL else MAIN


def row(slot: int, position: int) -> int:
    """The number of the row that holds a record."""
    return slot << _POSITION_BITS | position


def position_of(number: int) -> int:
    """The position of the record in the row of this number."""
    return number & ((1 << _POSITION_BITS) - 1)
