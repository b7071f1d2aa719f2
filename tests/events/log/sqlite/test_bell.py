"""Waiting for records: who wakes whom."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from events.log.sqlite.bell import Bell
from events.log.sqlite.database import Database
from events.log.sqlite.schema import MAIN

LONG_S = 60.0


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two connections to one file, as two processes have them."""
    opened = [Database(tmp_path / "log.db", timedelta(seconds=5)) for _ in range(2)]
    opened[0].create(MAIN, "id", 1)
    yield opened[0], opened[1]
    for database in opened:
        database.close()


def test_the_bell_wakes_whoever_waits(pair: tuple[Database, Database]) -> None:
    bell = Bell()
    watch = bell.watch([pair[0]])

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, LONG_S)
        bell.ring()
        waiting.result()


def test_another_process_wakes_whoever_waits(pair: tuple[Database, Database]) -> None:
    mine, other = pair
    watch = Bell().watch([mine])

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, LONG_S)
        with other.transaction():
            other.execute("INSERT INTO records VALUES (1, 'k', x'00', NULL)")
        waiting.result()


def test_what_happened_between_looking_and_waiting_is_not_missed(pair: tuple[Database, Database]) -> None:
    bell = Bell()
    watch = bell.watch([pair[0]])
    bell.ring()

    watch.wait(LONG_S)


def test_without_news_it_waits_as_long_as_it_is_told_to(pair: tuple[Database, Database]) -> None:
    Bell().watch([pair[0]]).wait(0.02)
