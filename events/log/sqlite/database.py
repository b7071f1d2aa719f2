"""One connection to one file of a log. The only module that knows sqlite3."""

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from events.log.contract import LogError, LogFullError, LogMismatchError, LogUnavailableError
from events.log.sqlite.schema import APPLICATION_ID, FORMAT, founding

Value = str | int | float | bytes | None
Row = tuple[Value, ...]

# SQLite's own waiting backs off up to 100 ms a step; asking again every few milliseconds is fairer among processes.
_BUSY_MS = 3
_ROOM_FOR_NOTHING = 1024 * 1024


class Database:
    """A connection: rows out, transactions in. Safe to use from several threads, one at a time."""

    def __init__(self, path: Path, deadline: timedelta) -> None:
        self.path = path
        self._deadline_s = deadline.total_seconds()
        self._lock = threading.RLock()
        with self._translated():
            # Autocommit: where a transaction begins and ends is said here and not guessed by the module. Threads are
            # kept apart by the lock below.
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except LogError:
            self._connection.close()
            raise

    def rows(self, statement: str, values: Sequence[Value] = (), *, weight: int | None = None) -> list[Row]:
        """The rows that a statement gives; no further ones once their bytes come to ``weight``."""
        with self._held(), self._translated():
            cursor = self._patiently(statement, values)
            if weight is None:
                return cursor.fetchall()
            rows: list[Row] = []
            for row in cursor:
                rows.append(row)
                weight -= sum(len(value) for value in row if isinstance(value, bytes))
                if weight <= 0:
                    break
            cursor.close()
            return rows

    def execute(self, statement: str, values: Sequence[Value] = ()) -> None:
        """Runs one statement; inside :meth:`transaction`."""
        with self._held(), self._translated():
            self._connection.execute(statement, values).close()

    def execute_each(self, statement: str, values: Sequence[Sequence[Value]]) -> None:
        """Runs one statement for each of these values; inside :meth:`transaction`."""
        with self._held(), self._translated():
            self._connection.executemany(statement, values).close()

    @contextmanager
    def transaction(self, within: timedelta | None = None) -> Iterator[None]:
        """Everything inside happens durably or not at all, alone among all writers of the file.

        Raises:
            LogUnavailableError: when another writer held the file for longer than ``within`` (the deadline).
            LogFullError: when there is no room; nothing was written.
        """
        with self._held(), self._translated():
            try:
                self._patiently("BEGIN IMMEDIATE", (), within).close()
                yield
                self._connection.execute("COMMIT").close()
            finally:
                # Some errors (a full disk) roll back by themselves, and then a second time is an error of its own.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK").close()

    def version(self) -> int:
        """A number that changes whenever another connection, of whatever process, changed the file."""
        return _whole(self.rows("PRAGMA data_version")[0][0])

    def created(self) -> bool:
        """Whether the tables are laid out."""
        return _whole(self.rows("PRAGMA user_version")[0][0]) != 0

    def create(self, kind: str, log: str, spread: int) -> None:
        """Lays the tables out, if nobody has yet. A file that has them is not written to, nor locked against others."""
        if self.created():
            return
        with self.transaction():
            # Somebody else may have been first in between.
            if self.created():
                return
            for statement, values in founding(kind, log, spread):
                self.execute(statement, values)
            self.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self.execute(f"PRAGMA user_version = {FORMAT}")
        # SQLite flushes files, and folders only for its journals: without this the log itself could vanish.
        _flush(self.path.parent)

    def close(self) -> None:
        """Closes the connection. Closing again does nothing."""
        with self._held():
            self._connection.close()

    def _prepare(self) -> None:
        self._refuse_foreign()
        mode = self.rows("PRAGMA journal_mode = WAL")[0][0]
        if mode != "wal":
            raise LogMismatchError(
                f"{self.path} is on a file system that several processes cannot share memory on (SQLite offers the "
                f"journal mode {mode!r}): put the log on a local disk"
            )
        # FULL flushes at every commit, which is what "acknowledged" promises; the limit gives the disk back that a
        # burst took.
        for setting in ("synchronous = FULL", "journal_size_limit = 67108864", "cache_size = -8192"):
            self.rows(f"PRAGMA {setting}")

    def _refuse_foreign(self) -> None:
        # In one statement: another process may be laying the tables out at this moment.
        ((application, version, tables),) = self.rows(
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) "
            "FROM pragma_application_id, pragma_user_version"
        )
        if (application, version) == (0, 0) and not tables:
            return
        if application != APPLICATION_ID:
            raise LogMismatchError(
                f"{self.path} is a database, but not a log of Wavegate: move it away, or name another "
                "folder for the log"
            )
        if (known := _whole(version)) > FORMAT:
            raise LogMismatchError(
                f"{self.path} has format {known}, and this software knows up to {FORMAT}: it was written by a newer "
                "Wavegate; upgrade this one"
            )

    def _patiently(self, statement: str, values: Sequence[Value], within: timedelta | None = None) -> sqlite3.Cursor:
        deadline = time.monotonic() + (self._deadline_s if within is None else within.total_seconds())
        while True:
            try:
                return self._connection.execute(statement, values)
            except sqlite3.OperationalError as error:
                if not _is(error, sqlite3.SQLITE_BUSY) or time.monotonic() >= deadline:
                    raise

    @contextmanager
    def _held(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._deadline_s):
            raise LogUnavailableError(f"{self.path} was in use by another thread for {self._deadline_s:g} s: try again")
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise LogError(f"{self.path} is closed: open the log again ({error})") from error
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.DatabaseError) -> LogError:
        if _is(error, sqlite3.SQLITE_BUSY) or _is(error, sqlite3.SQLITE_LOCKED):
            return LogUnavailableError(
                f"{self.path} was held by another process for too long: find who has it open (fuser {self.path}) and "
                "whether it is stuck"
            )
        if self._is_full(error):
            return LogFullError(f"no room for {self.path} ({error}): free some on that disk, then go on")
        if _is(error, sqlite3.SQLITE_NOTADB) or _is(error, sqlite3.SQLITE_CORRUPT):
            return LogMismatchError(
                f"{self.path} is not a database, or a damaged one ({error}): restore it from its backup, or move "
                "it away"
            )
        return LogUnavailableError(
            f"{self.path} could not be used ({error}): check that its folder exists, that this user may write there, "
            "and the disk"
        )

    def _is_full(self, error: sqlite3.DatabaseError) -> bool:
        if _is(error, sqlite3.SQLITE_FULL):
            return True
        # A full disk shows as a bare I/O error where SQLite wanted to grow its shared memory. A failed fsync is
        # something else: what it was to make durable may be there after all.
        return (
            _is(error, sqlite3.SQLITE_IOERR)
            and error.sqlite_errorcode != sqlite3.SQLITE_IOERR_FSYNC
            and shutil.disk_usage(self.path.parent).free < _ROOM_FOR_NOTHING
        )


def _is(error: sqlite3.DatabaseError, code: int) -> bool:
    return getattr(error, "sqlite_errorcode", -1) & 0xFF == code


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise LogMismatchError(f"a number was expected in the log, and {value!r} found: restore it from its backup")
    return value


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
