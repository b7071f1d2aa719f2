"""One connection to one file of a log."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from events.log.contract import LogError, LogMismatchError, LogUnavailableError
from events.log.sqlite.database import Database
from events.log.sqlite.schema import MAIN

DEADLINE = timedelta(milliseconds=300)
INSERT = "INSERT INTO records VALUES (?, 'k', ?, NULL)"


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Opens one connection after another to the same file."""
    opened: list[Database] = []

    def open_one() -> Database:
        database = Database(tmp_path / "log.db", DEADLINE)
        opened.append(database)
        database.create(MAIN, "id", 2)
        return database

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def database(connect: Callable[[], Database]) -> Database:
    return connect()


def count(database: Database) -> object:
    return database.rows("SELECT count(*) FROM records")[0][0]


def test_a_transaction_happens_as_a_whole(database: Database, connect: Callable[[], Database]) -> None:
    other = connect()

    with database.transaction():
        database.execute(INSERT, (1, b"x"))
        database.execute_each(INSERT, [(2, b"y"), (3, b"z")])
        assert count(other) == 0

    assert count(other) == 3


def fail_after_writing(database: Database) -> None:
    with database.transaction():
        database.execute(INSERT, (1, b"x"))
        raise RuntimeError("ours")


def test_an_error_inside_undoes_everything(database: Database) -> None:
    with pytest.raises(RuntimeError, match="ours"):
        fail_after_writing(database)

    assert count(database) == 0
    with database.transaction():
        database.execute(INSERT, (1, b"x"))
    assert count(database) == 1


def test_creating_again_changes_nothing(database: Database) -> None:
    with database.transaction():
        database.execute(INSERT, (1, b"x"))

    database.create(MAIN, "another id", 99)

    assert count(database) == 1
    assert database.rows("SELECT id, spread FROM log") == [("id", 2)]


def test_the_version_changes_when_somebody_else_writes(database: Database, connect: Callable[[], Database]) -> None:
    other = connect()
    before = database.version()
    assert database.version() == before

    with other.transaction():
        other.execute(INSERT, (1, b"x"))

    assert database.version() != before


def test_rows_come_up_to_a_weight(database: Database) -> None:
    with database.transaction():
        database.execute_each(INSERT, [(number, bytes(100)) for number in range(10)])

    select = "SELECT place, value FROM records ORDER BY place"
    assert len(database.rows(select, weight=250)) == 3
    assert len(database.rows(select, weight=1)) == 1
    assert len(database.rows(select)) == 10


def test_a_second_writer_waits_for_the_first_one(database: Database, connect: Callable[[], Database]) -> None:
    other, begun = connect(), Event()

    def write_after() -> None:
        begun.set()
        with other.transaction(timedelta(seconds=20)):
            other.execute(INSERT, (2, b"second"))

    with ThreadPoolExecutor(1) as pool:
        with database.transaction():
            waiting = pool.submit(write_after)
            begun.wait()
            database.execute(INSERT, (1, b"first"))
        waiting.result()

    assert database.rows("SELECT place FROM records ORDER BY rowid") == [(1,), (2,)]


def write_nothing(database: Database) -> None:
    with database.transaction():
        pass


def test_waiting_for_a_writer_ends_with_the_deadline(database: Database, connect: Callable[[], Database]) -> None:
    other = connect()

    with database.transaction(), pytest.raises(LogUnavailableError, match="held by another process"):
        write_nothing(other)


def test_waiting_for_another_thread_ends_with_the_deadline(database: Database) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        database.transaction(),
        pytest.raises(LogUnavailableError, match="another thread"),
    ):
        pool.submit(write_nothing, database).result()


def test_a_closed_connection_says_so(database: Database) -> None:
    database.close()
    database.close()

    with pytest.raises(LogError, match="is closed"):
        database.version()


def test_a_damaged_file_is_told_from_one_that_is_busy(tmp_path: Path, connect: Callable[[], Database]) -> None:
    database = connect()
    with database.transaction():
        database.execute_each(INSERT, [(number, bytes(3000)) for number in range(200)])
    database.close()
    path = tmp_path / "log.db"
    content = bytearray(path.read_bytes())
    content[4096 * 20 : 4096 * 60] = b"\xa5" * (4096 * 40)
    path.write_bytes(content)

    with pytest.raises(LogMismatchError, match=r"damaged.*restore it from its backup"):
        Database(path, DEADLINE).rows("SELECT sum(length(value)) FROM records")


def test_a_statement_that_fails_names_the_file(database: Database) -> None:
    with pytest.raises(LogUnavailableError, match=r"log\.db could not be used \(no such table: nowhere\)"):
        database.rows("SELECT * FROM nowhere")


def test_what_is_acknowledged_is_flushed(database: Database) -> None:
    assert database.rows("PRAGMA synchronous") == [(2,)]
    assert database.rows("PRAGMA journal_mode") == [("wal",)]


def test_the_file_tells_what_it_is(database: Database, tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "log.db")
    (application,) = raw.execute("PRAGMA application_id").fetchone()
    raw.close()

    assert application.to_bytes(4, "big") == b"WGL1"
