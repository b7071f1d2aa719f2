"""Everybody reads control, and can prove to have read it to its end."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.control import HaltLifted, HaltRaised, Subject
from events.log.contract import EventLog, LogUnavailableError, Partition, Reader, Record, Stored, Topic
from events.log.memory import MemoryLog, MemoryStore
from events.signing import Signer
from workers.control_watch import ControlUnreadError, ControlWatch
from workers.founding import Founded, append_control, found_log

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOON = timedelta(seconds=10)


@pytest.fixture
def founded(tmp_path: Path) -> Founded:
    return Founded(home=tmp_path, root=Signer.generate(), coordinator=Signer.generate())


@pytest.fixture
def log(founded: Founded) -> Iterator[EventLog]:
    log = MemoryLog(MemoryStore())
    found_log(log, founded, "root", "security", NOW)
    yield log
    log.close()


@pytest.fixture
def watching(founded: Founded) -> Iterator[Callable[[EventLog], ControlWatch]]:
    watches: list[ControlWatch] = []

    def watch(log: EventLog) -> ControlWatch:
        watches.append(ControlWatch(log, founded.log))
        watches[-1].start()
        return watches[-1]

    yield watch
    for started in watches:
        started.stop()


def halt(log: EventLog, founded: Founded, identity: str) -> None:
    message = HaltRaised(subjects=(Subject(kind="all"),), reason="wait")
    append_control(log, founded.root, founded.log, message, identity, NOW)


def test_what_was_written_before_a_proof_was_asked_for_is_in_it(
    log: EventLog, founded: Founded, watching: Callable[[EventLog], ControlWatch]
) -> None:
    watch = watching(log)
    for number in range(20):
        halt(log, founded, f"halt-{number}")
        assert f"halt-{number}" in watch.prove(SOON).halts


def test_many_ask_at_once_and_each_proof_is_newer_than_its_question(
    log: EventLog, founded: Founded, watching: Callable[[EventLog], ControlWatch]
) -> None:
    watch = watching(log)
    stale: list[int] = []

    def ask(number: int) -> None:
        halt(log, founded, f"halt-{number}")
        if f"halt-{number}" not in watch.prove(SOON).halts:
            stale.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not stale


def test_what_does_not_count_is_passed_over_and_counted_past(
    log: EventLog, founded: Founded, watching: Callable[[EventLog], ControlWatch]
) -> None:
    watch = watching(log)
    before = watch.prove(SOON).position
    log.append([Record(topic=Topic.CONTROL, key="x", value=b"\xff not a record")])
    stranger = Signer.generate()
    append_control(log, stranger, founded.log, HaltLifted(halt="halt-1"), "lift", NOW)
    halt(log, founded, "halt-2")
    authority = watch.prove(SOON)
    assert authority.position == before + 3
    assert list(authority.halts) == ["halt-2"]


class Deaf:
    """A log whose readers cannot learn where it ends while ``deaf`` is set."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.deaf = threading.Event()

    def reader(self, starts: Mapping[Partition, int]) -> Reader:
        return DeafReader(self._log.reader(starts), self.deaf)


class DeafReader:
    def __init__(self, reader: Reader, deaf: threading.Event) -> None:
        self._reader = reader
        self._deaf = deaf

    def poll(self, timeout: timedelta) -> Sequence[Stored]:
        return self._reader.poll(timeout)

    def position(self, partition: Partition) -> int:
        return self._reader.position(partition)

    def end(self, partition: Partition) -> int:
        if self._deaf.is_set():
            raise LogUnavailableError("no answer")
        return self._reader.end(partition)

    def close(self) -> None:
        self._reader.close()


def test_without_the_logs_end_there_is_no_proof_although_reading_goes_on(
    log: EventLog, founded: Founded, watching: Callable[[EventLog], ControlWatch]
) -> None:
    # Given a log that is read, but does not say where it ends
    deaf = Deaf(log)
    watch = watching(deaf)  # type: ignore[arg-type]
    deaf.deaf.set()
    # Then nothing is proven
    with pytest.raises(ControlUnreadError, match=r"could not be read within 0\.3 s"):
        watch.prove(timedelta(seconds=0.3))
    # And once it does again, it is
    deaf.deaf.clear()
    halt(log, founded, "halt-1")
    assert "halt-1" in watch.prove(SOON).halts


def test_a_watch_that_was_stopped_proves_nothing(log: EventLog, watching: Callable[[EventLog], ControlWatch]) -> None:
    watch = watching(log)
    watch.stop()
    with pytest.raises(ControlUnreadError):
        watch.prove(SOON)
