"""Records in a file: appending them, and reading on from positions."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from events.log.contract import LogMismatchError, Partition, Record, Stored, place
from events.log.sqlite.database import Database, Row, Value
from events.log.sqlite.schema import position_of, row

# As many as Kafka's client gives at once; and a portion of the largest records must still fit into memory.
_BATCH = 500
_WEIGHT = 16 * 1024 * 1024


def append(database: Database, slots: Mapping[Partition, int], records: Sequence[Record]) -> list[int]:
    """Appends the records and says where; inside a transaction of the caller's.

    ``slots`` has the partitions of this file.
    """
    # The ends are read inside the transaction, in which nobody else appends: positions are given out once.
    counts = _counts(slots)
    places = [Partition(record.topic, place(record.key, counts[record.topic])) for record in records]
    ends = _ends(database, {slots[partition] for partition in places})
    positions: list[int] = []
    rows: list[Sequence[Value]] = []
    for record, partition in zip(records, places, strict=True):
        slot = slots[partition]
        positions.append(ends[slot])
        rows.append((row(slot, ends[slot]), record.key, record.value, _packed(record.headers)))
        ends[slot] += 1
    database.execute_each("INSERT INTO records VALUES (?, ?, ?, ?)", rows)
    database.execute_each("UPDATE partitions SET ends = ? WHERE slot = ?", [(end, slot) for slot, end in ends.items()])
    return positions


class Cursor:
    """Positions that move through the partitions of one file."""

    def __init__(self, database: Database, slots: Mapping[Partition, int]) -> None:
        self.at: dict[Partition, int] = {}
        self._database = database
        self._slots = slots

    def take(self, skip: Collection[Partition] = ()) -> list[Stored]:
        """The next records of all partitions but ``skip``: about 500, or 16 MiB."""
        wanted = {partition: self._slots[partition] for partition in self.at if partition not in skip}
        # First the ends, then the rows below them: what is below an end is committed, whatever happens meanwhile.
        ends = _ends(self._database, wanted.values())
        taken: list[Stored] = []
        for partition, slot in wanted.items():
            if len(taken) < _BATCH and self.at[partition] != ends[slot]:
                taken += self._take_from(partition, ends[slot], _BATCH - len(taken))
                # To the back of the queue, or a busy partition would keep the others waiting for ever.
                self.at[partition] = self.at.pop(partition)
        return taken

    def end(self, partition: Partition) -> int:
        """Where a partition ends now."""
        slot = self._slots[partition]
        return _ends(self._database, [slot])[slot]

    def _take_from(self, partition: Partition, end: int, room: int) -> Sequence[Stored]:
        slot, position = self._slots[partition], self.at[partition]
        if position > end:
            raise LogMismatchError(
                f"{partition.topic}/{partition.number} in {self._database.path} ends at {end}, but reading was to go "
                f"on at {position}: that position is of another log, or this one was restored from an older backup"
            )
        rows = self._database.rows(
            "SELECT place, key, value, headers FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT ?",
            (row(slot, position), row(slot, end), room),
            weight=_WEIGHT,
        )
        records = [_stored(partition, found) for found in rows]
        self.at[partition] = records[-1].position + 1 if records else end
        return records


def _counts(slots: Iterable[Partition]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for partition in slots:
        counts[partition.topic] = counts.get(partition.topic, 0) + 1
    return counts


def _ends(database: Database, slots: Collection[int]) -> dict[int, int]:
    marks = ", ".join("?" * len(slots))
    rows = database.rows(f"SELECT slot, ends FROM partitions WHERE slot IN ({marks})", list(slots))  # noqa: S608
    return {slot: end for slot, end in rows if isinstance(slot, int) and isinstance(end, int)}


def _packed(headers: tuple[tuple[str, bytes], ...]) -> str | None:
    # Latin-1 gives every byte one character, so text stays readable in the file and any bytes come back.
    return json.dumps([(name, value.decode("latin-1")) for name, value in headers]) if headers else None


def _stored(partition: Partition, found: Row) -> Stored:
    number, key, value, headers = found
    if not (isinstance(number, int) and isinstance(key, str) and isinstance(value, bytes)):
        raise LogMismatchError(f"{partition.topic}/{partition.number} holds a row that is no record: {found!r:.200}")
    unpacked = json.loads(headers) if isinstance(headers, str) else ()
    return Stored(
        partition=partition,
        position=position_of(number),
        key=key,
        value=value,
        headers=tuple((name, text.encode("latin-1")) for name, text in unpacked),
    )
