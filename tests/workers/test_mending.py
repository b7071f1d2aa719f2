"""What is advised about a views' database that cannot be used, by errors that a real one gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from workers.projector.mending import REBUILD, mend


@contextmanager
def connected(path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT", connect_args={"timeout": 0})
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def run(path: Path, *statements: str) -> None:
    with connected(path) as connection:
        for statement in statements:
            connection.execute(text(statement))


def advice(path: Path, *statements: str) -> str:
    """What is advised about the error that these statements end in."""
    with pytest.raises(SQLAlchemyError) as raised:
        run(path, *statements)
    return mend(raised.value, create_engine(f"sqlite:///{path}").url)


def test_a_database_without_room_needs_room(tmp_path: Path) -> None:
    fill = "INSERT INTO t VALUES (randomblob(100000))"
    found = advice(tmp_path / "v.db", "CREATE TABLE t (x BLOB)", "PRAGMA max_page_count = 3", fill)
    assert found == "its disk is full: free some room there, nothing is lost"


def test_one_that_is_held_needs_patience(tmp_path: Path) -> None:
    with connected(tmp_path / "v.db") as other:
        other.execute(text("CREATE TABLE t (x BLOB)"))
        other.execute(text("BEGIN EXCLUSIVE"))
        assert advice(tmp_path / "v.db", "SELECT * FROM t").startswith("another process holds it: try again")


def test_one_in_no_folder_needs_a_look_at_rights(tmp_path: Path) -> None:
    assert "this user may read and write it" in advice(tmp_path / "nowhere" / "v.db", "SELECT 1")


def test_one_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "v.db").write_bytes(b"no database at all " * 100)
    assert advice(tmp_path / "v.db", "SELECT * FROM sqlite_master") == REBUILD


def test_whatever_else_is_wrong_is_made_anew(tmp_path: Path) -> None:
    assert advice(tmp_path / "v.db", "SELECT * FROM nowhere") == REBUILD
