"""Election: one coordinator is active, the others stand by, and whatever fails ends a reign and not the coordinator."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from events import commands, facts
from events.blobs.contract import BlobFullError
from events.errors import MessageError
from events.log.contract import LogUnavailableError, Partition, Record, Topic
from workers.coordinator.coordinator import Coordinator
from workers.coordinator.inputs import Inbox
from workers.coordinator.reign import Reign, read_state


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


class Bench:
    """Starts coordinators in threads of their own, and ends them."""

    def __init__(self, court: Any, make_log: Callable[[], Any], closing: ExitStack) -> None:
        self.court = court
        self.make_log = make_log
        self.closing = closing
        self.failed: list[BaseException] = []

    def start(self, name: str, log: Any = None, blobs: Any = None) -> Coordinator:
        log = log or self.make_log()
        court = self.court
        inbox = Inbox(blobs or court.blobs, court.lookups().look_up)
        coordinator = Coordinator(log, name, lambda: Reign.begin(log, court.name, inbox, court.founded.coordinator))

        def run() -> None:
            try:
                coordinator.run()
            except MessageError as error:
                self.failed.append(error)

        thread = threading.Thread(target=run, name=name)
        thread.start()
        self.closing.callback(log.close)
        self.closing.callback(thread.join, 20)
        self.closing.callback(coordinator.stop)
        return coordinator

    def decided(self) -> int:
        """How many changes were submitted, by what the facts say."""
        return sum(isinstance(record.fact, facts.ChangeSubmitted) for record in self.court.facts())


@pytest.fixture
def bench(court: Any, make_log: Callable[[], Any]) -> Iterator[Bench]:
    court.now = datetime.now(UTC)
    with ExitStack() as closing:
        yield Bench(court, make_log, closing)


class Failing:
    """A log whose writers' commits fail for as long as the test says so."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.error: Exception | None = None
        self.tried = 0

    def fenced_writer(self, name: str) -> Any:
        outer, writer = self, self._log.fenced_writer(name)

        class Writer:
            def commit(self, records: Sequence[Record], moves: Mapping[Partition, int]) -> None:
                if outer.error is not None:
                    outer.tried += 1
                    raise outer.error
                writer.commit(records, moves)

            def __getattr__(self, name: str) -> Any:
                return getattr(writer, name)

        return Writer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class Store:
    """A blob store that has no room for as long as the test says so."""

    def __init__(self, blobs: Any) -> None:
        self._blobs = blobs
        self.full = True

    def put(self, content: bytes, *, secret: bool = False) -> str:
        if self.full:
            raise BlobFullError("no room on /var/lib/wavegate/blobs")
        return str(self._blobs.put(content, secret=secret))


def test_one_is_active_and_the_other_stands_by(bench: Bench) -> None:
    first = bench.start("c-1")
    until(lambda: first.active)
    second = bench.start("c-2")
    bench.court.submit()
    until(lambda: bench.decided() == 1)
    assert (first.active, second.active) == (True, False)
    assert (first.trouble, second.trouble) == ("", "")


def test_the_standby_takes_over_from_one_that_ends(bench: Bench) -> None:
    # Given one that is active, and one that stands by
    first = bench.start("c-1")
    until(lambda: first.active)
    second = bench.start("c-2")
    change = bench.court.submit()
    until(lambda: bench.decided() == 1)
    # When the first one is stopped
    first.stop()
    # Then the other one decides, from where it stopped
    until(lambda: second.active)
    rollout = bench.court.request(change)
    until(lambda: rollout in read_state(bench.court.log, bench.court.name).rollouts)
    assert not first.active
    assert bench.decided() == 1


@pytest.mark.parametrize("error", [LogUnavailableError("no answer"), BlobFullError("no room")], ids=["log", "blobs"])
def test_what_fails_is_told_and_tried_again(bench: Bench, error: Exception) -> None:
    # Given a coordinator whose commits fail
    log = Failing(bench.make_log())
    coordinator = bench.start("c-1", log)
    until(lambda: coordinator.active and bench.court.facts())
    log.error = error
    bench.court.submit()
    until(lambda: log.tried >= 2)
    # Then it says so, and nothing counts
    assert coordinator.trouble == str(error)
    assert bench.decided() == 0
    # When they succeed again, then it is decided once, and all is well
    log.error = None
    until(lambda: bench.decided() == 1)
    until(lambda: coordinator.trouble == "")
    assert coordinator.active


def test_a_store_without_room_holds_up_what_has_to_be_kept_until_there_is_some(bench: Bench) -> None:
    # Given poison that has to be kept, and no room for it
    store = Store(bench.court.blobs)
    coordinator = bench.start("c-1", blobs=store)
    until(lambda: coordinator.active and bench.court.facts())
    bench.court.log.append([Record(topic=Topic.REPORTS, key="store-001", value=b"\xff")])
    until(lambda: coordinator.trouble)
    assert coordinator.trouble == "no room on /var/lib/wavegate/blobs"
    # When there is room again
    store.full = False
    # Then it is kept
    until(lambda: isinstance(bench.court.facts()[-1].fact, facts.RecordQuarantined))
    until(lambda: coordinator.trouble == "")


def test_poison_among_commands_and_reports_stops_nobody(bench: Bench) -> None:
    coordinator = bench.start("c-1")
    for number in range(3):
        bench.court.send(b"\xff\x00 poison %d" % number)
        bench.court.log.append([Record(topic=Topic.REPORTS, key=f"store-{number}", value=b"poison")])
    bench.court.submit()
    until(lambda: bench.decided() == 1)
    kinds = [record.fact.wire for record in bench.court.facts()]
    until(lambda: [record.fact.wire for record in bench.court.facts()].count("RecordQuarantined") == 3)
    assert kinds.count("CommandRefused") == 3
    assert coordinator.trouble == ""


def test_poison_among_the_facts_ends_a_coordinator_with_the_reason(bench: Bench) -> None:
    # Given a fact that nobody can read: to decide without it would be to guess
    writer = bench.court.log.fenced_writer("somebody")
    writer.commit([Record(topic=Topic.FACTS, key="facts", value=b"poison")], {})
    bench.start("c-1")
    until(lambda: bench.failed)
    assert "a fact" in str(bench.failed[0])


def test_whoever_watches_is_told_of_each_step(bench: Bench) -> None:
    told: list[int] = []
    coordinator = bench.start("c-1")
    coordinator.observe = lambda _reign, written: told.append(written)
    until(lambda: told)
    bench.court.ask("olga", commands.HoldRollout(rollout="r-1", reason="x"))
    until(lambda: sum(told) >= 1)
    until(lambda: told[-1] == 0)
