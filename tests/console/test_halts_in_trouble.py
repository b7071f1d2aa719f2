"""A halt is what must work when nothing else does: files that are held, and a disk that is full."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(120)

#: Far less than any deadline of the log (10 s), far more than the command takes.
AT_ONCE_S = 8.0


@pytest.fixture(scope="module")
def place(make_place: Any) -> Any:
    """An installation in which no process runs."""
    return make_place()


@contextmanager
def held(path: Path, begin: str, *, alone: bool) -> Iterator[None]:
    """A file that another process holds: for writing, or so that nobody can even read it."""
    connection = sqlite3.connect(path, isolation_level=None)
    if alone:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    connection.execute(begin)
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.mark.parametrize(
    ("begin", "alone"),
    [
        pytest.param("BEGIN IMMEDIATE", False, id="a writer"),
        pytest.param("BEGIN EXCLUSIVE", False, id="an exclusive writer"),
        pytest.param("BEGIN EXCLUSIVE", True, id="one that lets nobody read"),
    ],
)
def test_a_halt_goes_through_while_another_process_holds_the_log(place: Any, begin: str, alone: bool) -> None:
    with held(place.home / "log" / "log.db", begin, alone=alone):
        started = time.monotonic()
        halted = place.shell("halt", "--all", "--yes", "-r", "smoke", "--json", by="olga")
        took = time.monotonic() - started
        standing = place.shell("rollout", "halts", "--json")
        lifted = place.shell("rollout", "lift", halted.json["halt"], by="olga")

    assert (halted.code, halted.err) == (0, "")
    assert [each["halt"] for each in standing.lines] == [halted.json["halt"]]
    assert lifted.code == 0
    assert took < AT_ONCE_S


def test_a_key_can_be_revoked_and_keys_looked_at_meanwhile(place: Any) -> None:
    place.add("mallory")
    with held(place.home / "log" / "log.db", "BEGIN EXCLUSIVE", alone=True):
        revoked = place("key", "revoke", "mallory", "-r", "gone", "--yes", by="ada")
        listed = place("key", "list")
    assert revoked.code == 0, revoked.err
    assert "mallory" not in listed.out
    assert "olga" in listed.out


def test_on_a_full_disk_a_halt_is_written_and_seen(make_place: Any, small_disk: Any) -> None:
    # Given an installation in which no process runs, on a disk without a byte of room
    place = make_place(folder=small_disk.folder)
    small_disk.fill()
    with pytest.raises(OSError, match="No space left"):
        (place.home / "note").write_bytes(bytes(100_000))
    # When everything is halted, then it stands
    halted = place.shell("halt", "--all", "--yes", "-r", "smoke", "--json", by="olga")
    assert halted.code == 0, halted.err
    standing = place.shell("rollout", "halts", "--json")
    assert [each["halt"] for each in standing.lines] == [halted.json["halt"]]
    # And so does one on a site, though the inventory's cache finds no room
    assert place.shell("halt", "--site", "ber", "-r", "smoke", by="olga").code == 0
    # And with room again, what was given away for it is kept anew
    before = (place.home / "log" / "control.reserve").stat().st_size
    small_disk.free()
    assert place("rollout", "lift", halted.json["halt"], by="olga").code == 0
    assert (place.home / "log" / "control.reserve").stat().st_size > before


def test_on_a_full_disk_the_views_are_not_said_to_be_damaged(make_place: Any, small_disk: Any) -> None:
    # Given views that cannot even be read: there is no room for the memory that their readers share
    place = make_place(folder=small_disk.folder)
    assert place("views", "rebuild").code == 0
    small_disk.fill()
    # When rollouts are listed, then it is said what is wrong and how to mend it
    listed = place("rollout", "list")
    assert listed.code == 1
    assert "its disk is full: free some room there, nothing is lost" in listed.err
    assert "rebuild" not in listed.err
    # And with room they are there
    small_disk.free()
    assert place("rollout", "list").code == 0
