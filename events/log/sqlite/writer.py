"""The fenced writer of a log in SQLite files."""

from collections.abc import Mapping, Sequence

from events.log.checks import check_fenced, check_partitions
from events.log.contract import FencedError, LogMismatchError, Partition, Record, Topic
from events.log.sqlite import tape
from events.log.sqlite.bell import Bell
from events.log.sqlite.files import Files
from events.log.sqlite.schema import MAIN


class SqliteWriter:
    """Holds a name by its epoch, which is compared inside the transaction that writes."""

    def __init__(self, files: Files, bell: Bell, name: str) -> None:
        self._files = files
        self._bell = bell
        self._name = name
        self.closed = False
        self._slots = files.slots_of(MAIN)
        self._database = files.connect(MAIN)
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO writers VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1", [name]
            )
            self._epoch = self._current_epoch()

    def marks(self) -> Mapping[Partition, int]:
        """See the contract."""
        rows = self._database.rows("SELECT topic, number, position FROM moves WHERE writer = ?", [self._name])
        return dict(_move(row) for row in rows)

    def commit(self, records: Sequence[Record], moves: Mapping[Partition, int]) -> None:
        """See the contract."""
        check_fenced(records)
        check_partitions(moves, self._files.slots)
        if not records and not moves:
            return
        with self._database.transaction():
            # Inside the transaction: nobody can take the name over between this and the commit.
            if self._current_epoch() != self._epoch:
                raise FencedError(f"the writer {self._name!r} was taken over by another: stop; it goes on there")
            if records:
                tape.append(self._database, self._slots, records)
            self._database.execute_each(
                "INSERT OR REPLACE INTO moves VALUES (?, ?, ?, ?)",
                [(self._name, partition.topic.value, partition.number, to) for partition, to in moves.items()],
            )
        self._bell.ring()

    def close(self) -> None:
        """See the contract."""
        self.closed = True
        self._database.close()

    def _current_epoch(self) -> object:
        return self._database.rows("SELECT epoch FROM writers WHERE name = ?", [self._name])[0][0]


def _move(row: Sequence[object]) -> tuple[Partition, int]:
    match row:
        case [str(topic), int(number), int(position)]:
            return Partition(Topic(topic), number), position
    raise LogMismatchError(f"a position in the log is no number ({row!r:.200}): restore the log from its backup")
