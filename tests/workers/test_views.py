"""The views' database: two writers at once, a writer whose views are dropped, damaged files, a full disk."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from automation.rollout.state import State, empty
from events import facts
from events.codec import GENESIS, FactRecord, encode_fact
from events.log.contract import Record, Topic
from events.log.memory import MemoryLog, MemoryStore
from events.plans import digest
from workers.projector import tables
from workers.projector.errors import UnusableViewsError, ViewsMovedError
from workers.projector.projector import Projector
from workers.projector.views import Batch, Progress, Views

NAME = "log-" + "0" * 32
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


class History:
    """A log of facts that change nothing."""

    def __init__(self) -> None:
        self.log = MemoryLog(MemoryStore())
        self.count = 0
        self._head = GENESIS

    def go_on(self, count: int) -> None:
        for _ in range(count):
            fact = facts.ReportSetAside(report="PushVerified", order="o-1", reason="late")
            at = NOW
            record = FactRecord(seq=self.count, prev=self._head, at=at, by="w", cause="report:x", fact=fact)
            content = encode_fact(record)
            self.log.append([Record(topic=Topic.FACTS, key="facts", value=content)])
            self.count, self._head = self.count + 1, digest(content)


@pytest.fixture
def history() -> Iterator[History]:
    made = History()
    yield made
    made.log.close()


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    opened = Views(f"sqlite:///{tmp_path / 'views.db'}")
    yield opened
    opened.close()


def rows(views: Views) -> int:
    with views.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(tables.timeline)).scalar_one()


def running(projector: Projector) -> threading.Thread:
    thread = threading.Thread(target=projector.run)
    thread.start()
    return thread


def projector_of(history: History, views: Views, told: list[int] | None = None) -> Projector:
    def fold(_state: State, record: FactRecord) -> None:
        if told is not None:
            told.append(record.seq)

    return Projector(log=history.log, name=NAME, views=views, fold=fold)


def test_of_two_who_begin_at_one_place_one_writes(views: Views) -> None:
    views.begin(NAME)
    batch = Batch()
    state = empty(NAME)
    done = views.write(state, batch, Progress(), NOW, position=5)
    assert done.position == 5
    with pytest.raises(ViewsMovedError):
        views.write(state, batch, Progress(seq=1), NOW, position=6)


def test_two_projectors_on_the_same_views_write_every_fact_once(history: History, tmp_path: Path) -> None:
    both = [Views(f"sqlite:///{tmp_path / 'views.db'}") for _ in range(2)]
    both[0].begin(NAME)
    projectors = [projector_of(history, views) for views in both]
    threads = [running(projector) for projector in projectors]
    for _ in range(20):
        history.go_on(5)
    until(lambda: rows(both[0]) == 100)
    until(lambda: all(projector.state and projector.state.seq == 100 for projector in projectors))
    for projector, thread in zip(projectors, threads, strict=True):
        projector.stop()
        thread.join()
    assert rows(both[0]) == 100
    assert both[0].begin(NAME).seq == 100
    for views in both:
        views.close()


def test_views_that_are_dropped_under_a_projector_are_made_anew_and_nothing_is_counted_twice(
    history: History, views: Views
) -> None:
    # Given a projector that has written what there is
    told: list[int] = []
    history.go_on(10)
    projector = projector_of(history, views, told)
    thread = running(projector)
    until(lambda: projector.position == 10)
    # When the views are dropped, and something more happens
    views.clear(NAME)
    history.go_on(3)
    # Then they have all of it
    until(lambda: views.begin(NAME).seq == 13)
    projector.stop()
    thread.join()
    assert rows(views) == 13
    assert told == list(range(13))


def test_behind_gaps_of_the_log_a_projector_is_not_behind(history: History, views: Views) -> None:
    # A fenced commit spends a position that nobody can read.
    history.log.fenced_writer("x").commit([Record(topic=Topic.REPORTS, key="k", value=b"v")], {})
    history.go_on(2)
    writer = history.log.fenced_writer("y")
    writer.commit([], {})
    projector = projector_of(history, views)
    projector.catch_up()
    reader = history.log.reader(dict.fromkeys(history.log.partitions(Topic.FACTS), 0))
    assert projector.position == reader.end(history.log.partitions(Topic.FACTS)[0])
    reader.close()


@pytest.mark.parametrize("damage", [b"this is no database at all, and long enough to be looked at" * 20, b""])
def test_a_damaged_file_is_made_anew(history: History, tmp_path: Path, damage: bytes) -> None:
    history.go_on(3)
    path = tmp_path / "views.db"
    first = Views(f"sqlite:///{path}")
    projector_of(history, first).catch_up()
    first.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(damage)
    views = Views(f"sqlite:///{path}")
    views.clear(NAME)
    assert projector_of(history, views).catch_up() == 3
    assert rows(views) == 3
    views.close()


def test_a_damaged_file_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    path.write_bytes(b"this is no database at all, and long enough to be looked at" * 20)
    views = Views(f"sqlite:///{path}")
    with pytest.raises(UnusableViewsError, match="file is not a database; 'wavegate views rebuild' makes it anew") as e:
        views.begin(NAME)
    assert not e.value.retriable
    views.close()


def test_a_place_that_cannot_be_written_may_pass(tmp_path: Path) -> None:
    views = Views(f"sqlite:///{tmp_path / 'nowhere' / 'views.db'}")
    with pytest.raises(UnusableViewsError, match="unable to open database file") as raised:
        views.clear(NAME)
    assert raised.value.retriable
    views.close()


class Full(Views):
    """Views on a disk that has no room until somebody makes some."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.room = threading.Event()

    def write(self, state: State, batch: Batch, since: Progress, now: datetime, position: int) -> Progress:
        if not self.room.is_set():
            raise UnusableViewsError("database or disk is full", retriable=True)
        return super().write(state, batch, since, now, position)


def test_a_projector_waits_for_room_and_says_so(history: History, tmp_path: Path) -> None:
    # Given views that cannot be written at the moment
    views = Full(f"sqlite:///{tmp_path / 'views.db'}")
    projector = projector_of(history, views)
    thread = running(projector)
    history.go_on(4)
    until(lambda: "disk is full" in projector.trouble)
    assert rows(views) == 0
    # When there is room again, then it goes on where it was
    views.room.set()
    until(lambda: projector.position == 4)
    assert projector.trouble == ""
    projector.stop()
    thread.join()
    assert rows(views) == 4
    views.close()
