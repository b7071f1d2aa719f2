"""A broadcast read of a log in SQLite files."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta

from events.log.checks import check_partitions
from events.log.contract import Partition, Stored
from events.log.sqlite.bell import Bell
from events.log.sqlite.files import Files
from events.log.sqlite.schema import kind_of
from events.log.sqlite.tape import Cursor


class SqliteReader:
    """Its own connection to each file that it reads."""

    def __init__(self, files: Files, bell: Bell, starts: Mapping[Partition, int]) -> None:
        self._bell = bell
        self._connections = ExitStack()
        self._cursors: dict[str, Cursor] = {}
        self._databases = []
        for kind in sorted({kind_of(partition) for partition in starts}):
            database = files.connect(kind)
            self._connections.callback(database.close)
            self._databases.append(database)
            self._cursors[kind] = Cursor(database, files.slots_of(kind))
        for partition, position in starts.items():
            self._cursors[kind_of(partition)].at[partition] = position
        self._read = frozenset(starts)
        self.closed = False

    def poll(self, timeout: timedelta) -> Sequence[Stored]:
        """See the contract."""
        deadline = time.monotonic() + timeout.total_seconds()
        while True:
            # Before looking, so that what is appended in between is not slept over.
            watch = self._bell.watch(self._databases)
            records = [record for cursor in self._cursors.values() for record in cursor.take()]
            left = deadline - time.monotonic()
            if records or left <= 0:
                return records
            watch.wait(left)

    def position(self, partition: Partition) -> int:
        """See the contract."""
        check_partitions([partition], self._read)
        return self._cursors[kind_of(partition)].at[partition]

    def end(self, partition: Partition) -> int:
        """See the contract."""
        check_partitions([partition], self._read)
        return self._cursors[kind_of(partition)].end(partition)

    def close(self) -> None:
        """See the contract."""
        self.closed = True
        self._connections.close()
