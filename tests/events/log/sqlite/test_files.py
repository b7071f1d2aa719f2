"""The files of a log in SQLite: made once, refused when they are something else."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from events.log.contract import LogMismatchError, LogUnavailableError, Partition, Topic
from events.log.sqlite.log import SqliteLog

FACTS = Partition(Topic.FACTS, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_a_new_log_has_twelve_partitions_where_nobody_says_otherwise(folder: Path) -> None:
    log = SqliteLog(folder)

    assert len(log.partitions(Topic.ORDERS)) == len(log.partitions(Topic.REPORTS)) == 12
    log.close()


def test_the_spread_is_fixed_at_creation(folder: Path) -> None:
    SqliteLog(folder, spread=3).close()

    reopened = SqliteLog(folder)
    assert len(reopened.partitions(Topic.ORDERS)) == 3
    reopened.close()
    with pytest.raises(LogMismatchError, match=r"created with 3 partitions .* and 5 were asked for"):
        SqliteLog(folder, spread=5)


@pytest.mark.parametrize("spread", [0, -1, 1001])
def test_a_spread_that_no_log_has_is_refused(folder: Path, spread: int) -> None:
    with pytest.raises(ValueError, match="1 to 1,000 partitions"):
        SqliteLog(folder, spread=spread)


def test_a_log_survives_all_its_processes(folder: Path, help_: Any) -> None:
    log = SqliteLog(folder)
    log.append([help_.record(value="kept")])
    log.append([help_.record(Topic.CONTROL, "halt")])
    log.close()

    log = SqliteLog(folder)
    stored = help_.read(log.reader({FACTS: 0, Partition(Topic.CONTROL, 0): 0}), 2)
    log.close()

    assert set(help_.values(stored)) == {b"kept", b"halt"}


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return spoil


def make_foreign(folder: Path) -> None:
    change(folder / "log.db", "CREATE TABLE recipes (name TEXT)")


def make_newer(folder: Path) -> None:
    SqliteLog(folder).close()
    change(folder / "log.db", "PRAGMA user_version = 99")


def lose_control(folder: Path) -> None:
    SqliteLog(folder).close()
    (folder / "control.db").unlink()


def swap_control(folder: Path) -> None:
    SqliteLog(folder).close()
    SqliteLog(folder / "other").close()
    (folder / "other" / "control.db").replace(folder / "control.db")


def swap_files(folder: Path) -> None:
    SqliteLog(folder).close()
    (folder / "log.db").replace(folder / "x.db")
    (folder / "control.db").replace(folder / "log.db")
    (folder / "x.db").replace(folder / "control.db")


def forget_identity(folder: Path) -> None:
    SqliteLog(folder).close()
    change(folder / "log.db", "DELETE FROM log")


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (write("log.db", b"this is no database at all, but some text" * 100), "not a database"),
        (write("control.db", b"neither is this" * 100), "not a database"),
        (make_foreign, "not a log of Wavegate: move it away"),
        (make_newer, "format 99, and this software knows up to 1: .* upgrade"),
        (lose_control, "control.db is missing, and with it every halt"),
        (swap_control, "not of one log: restore both"),
        (swap_files, "not of one log: restore both"),
        (forget_identity, "does not say which log it is of"),
    ],
    ids=["text", "text as control", "foreign", "newer", "control lost", "other's control", "swapped", "no identity"],
)
def test_what_is_no_whole_log_is_refused(folder: Path, spoil: Callable[[Path], None], complaint: str) -> None:
    folder.mkdir()
    spoil(folder)

    with pytest.raises(LogMismatchError, match=complaint):
        SqliteLog(folder)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (write("control.db", b"neither is this" * 100), "not a database"),
        (lose_control, "control.db is missing, and with it every halt"),
        (swap_files, "not of one log: restore both"),
    ],
    ids=["text as control", "control lost", "swapped"],
)
def test_control_that_is_none_is_refused_where_it_alone_is_opened(
    folder: Path, spoil: Callable[[Path], None], complaint: str
) -> None:
    folder.mkdir()
    spoil(folder)

    with pytest.raises(LogMismatchError, match=complaint):
        SqliteLog(folder, control_first=True)


@pytest.mark.parametrize("spoil", [swap_control, make_newer], ids=["other's control", "newer"])
def test_what_is_no_whole_log_is_refused_when_more_than_control_is_asked_for(
    folder: Path, spoil: Callable[[Path], None], help_: Any
) -> None:
    folder.mkdir()
    spoil(folder)
    log = SqliteLog(folder, control_first=True)

    for ask in (
        lambda: log.append([help_.record()]),
        lambda: log.reader({FACTS: 0}),
        lambda: log.join("workers", Topic.ORDERS, "m"),
        lambda: log.fenced_writer("coordinator"),
    ):
        with pytest.raises(LogMismatchError, match=r"not of one log|format 99"):
            ask()
    log.close()


def test_a_log_that_is_not_there_is_made_whole_also_where_control_comes_first(folder: Path, help_: Any) -> None:
    log = SqliteLog(folder, control_first=True)

    log.append([help_.record(Topic.CONTROL)])
    log.append([help_.record()])

    log.close()
    assert (folder / "log.db").exists()


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LogUnavailableError, match="cannot be made"):
        SqliteLog(tmp_path / "file" / "log")


def test_an_unfinished_creation_is_finished_by_the_next(folder: Path, help_: Any) -> None:
    SqliteLog(folder).close()
    change(folder / "log.db", "UPDATE log SET complete = 0")
    (folder / "control.db").unlink()

    log = SqliteLog(folder)

    log.append([help_.record(Topic.CONTROL)])
    log.close()


CREATE = """
print(len(log.partitions(Topic.ORDERS)), *log.append([Record(topic=Topic.FACTS, key="k", value=b"x")]), flush=True)
sys.stdin.read()
"""


def test_processes_may_create_it_at_the_same_moment(tmp_path: Path, spawn_here: Any) -> None:
    children = [spawn_here(tmp_path / "log", str(number), CREATE) for number in range(6)]

    answers = [child.lines(1)[0].split() for child in children]

    assert {partitions for partitions, _ in answers} == {"12"}
    assert sorted(int(position) for _, position in answers) == list(range(6))
