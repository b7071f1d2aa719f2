"""The log in SQLite files, as one process has it."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from events.log.checks import check_group, check_records, check_starts
from events.log.contract import Partition, Record, Topic
from events.log.opened import Opened
from events.log.sqlite import tape
from events.log.sqlite.bell import Bell
from events.log.sqlite.database import Database
from events.log.sqlite.files import open_control, open_files
from events.log.sqlite.membership import SqliteMembership
from events.log.sqlite.reader import SqliteReader
from events.log.sqlite.schema import CONTROL, MAIN
from events.log.sqlite.writer import SqliteWriter
from events.log.terms import Terms


class SqliteLog:
    """A log in a folder, shared with every other process of this machine that opens the same folder.

    Opening creates the log where there is none. ``spread`` is the number of partitions of the spread topics, fixed at
    creation; None takes what is there (12 for a new log). With ``control_first`` only ``control`` is opened at once,
    and the rest when it is asked for: no process that holds the main file, and no full disk, can hold up a halt.

    Raises:
        LogMismatchError: when the folder holds something else: another kind of database, a newer format, half a log.
        LogUnavailableError: when another process held a file for longer than ``terms.deadline``.
    """

    def __init__(
        self, folder: Path, *, spread: int | None = None, terms: Terms | None = None, control_first: bool = False
    ) -> None:
        self._terms = terms or Terms()
        deadline = self._terms.deadline
        self._files = open_control(folder, deadline) if control_first else open_files(folder, spread, deadline)
        self._bell = Bell()
        # A connection for each file, so that an append to control never waits for one to the main file.
        self._control = self._files.connect(CONTROL)
        self._main: Database | None = None if control_first else self._files.connect(MAIN)
        self._connecting = threading.Lock()
        self._opened = Opened()
        self._files.reserve.restore()

    def partitions(self, topic: Topic) -> Sequence[Partition]:
        """See the contract."""
        return [partition for partition in self._files.slots if partition.topic is topic]

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """See the contract."""
        check_records(records)
        if not records:
            return ()
        if records[0].topic is Topic.CONTROL:
            positions = self._files.reserve.given_room(lambda: self._append(self._control, CONTROL, records))
            self._files.reserve.restore()
        else:
            positions = self._append(self._connected(), MAIN, records)
        self._bell.ring()
        return positions

    def reader(self, starts: Mapping[Partition, int]) -> SqliteReader:
        """See the contract."""
        check_starts(starts, self._files.slots)
        opened = SqliteReader(self._files, self._bell, starts)
        return self._opened.keep(opened, opened.close)

    def join(self, group: str, topic: Topic, member: str) -> SqliteMembership:
        """See the contract."""
        check_group(topic)
        opened = SqliteMembership(self._files, self._bell, self._terms, group, topic, member)
        return self._opened.keep(opened, opened.leave)

    def fenced_writer(self, name: str) -> SqliteWriter:
        """See the contract."""
        opened = SqliteWriter(self._files, self._bell, name)
        return self._opened.keep(opened, opened.close)

    def close(self) -> None:
        """See the contract."""
        self._opened.close()
        self._control.close()
        if self._main is not None:
            self._main.close()

    def _append(self, database: Database, kind: str, records: Sequence[Record]) -> Sequence[int]:
        with database.transaction():
            return tape.append(database, self._files.slots_of(kind), records)

    def _connected(self) -> Database:
        with self._connecting:
            if self._main is None:
                self._main = self._files.connect(MAIN)
            return self._main
