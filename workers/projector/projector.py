"""Follows the facts: folds each into the state, then writes what it touched."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from automation.rollout.evolve import evolve
from automation.rollout.state import State, empty
from events.codec import FactRecord, decode_fact
from events.log.contract import EventLog, LogUnavailableError, Partition, Reader, Topic
from workers.projector.views import Batch, Progress, Views

_FACTS = Partition(Topic.FACTS, 0)
_POLL = timedelta(milliseconds=200)
_AFTER_ERROR_S = 0.5

_log = structlog.get_logger(__name__)


class ForeignViewsError(Exception):
    """The views are of another history than the log's."""


@dataclass(slots=True, kw_only=True)
class Projector:
    """Keeps the views up to date. ``fold`` is told of each fact and the state after it, from the first one on."""

    log: EventLog
    name: str
    views: Views
    fold: Callable[[State, FactRecord], None] = lambda _state, _record: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    state: State | None = None
    position: int = 0
    trouble: str = ""
    _stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Ends :meth:`run` after the batch at hand."""
        self._stopping.set()

    def run(self) -> None:
        """Follows the log until it is stopped.

        Raises:
            ForeignViewsError: the views are not of this log's history; rebuild them.
            ImpossibleFactError, MessageError: the facts are not whole, or not for this software to read.
        """
        done = self.views.begin(self.name)
        self.state = empty(self.name)
        reader = self.log.reader({_FACTS: 0})
        try:
            while not self._stopping.is_set():
                self._step(reader, done)
        finally:
            reader.close()

    def catch_up(self) -> int:
        """Follows the log to the end that it has now; returns the number of facts."""
        done = self.views.begin(self.name)
        self.state = empty(self.name)
        reader = self.log.reader({_FACTS: 0})
        try:
            end = reader.end(_FACTS)
            while reader.position(_FACTS) < end:
                self._step(reader, done)
        finally:
            reader.close()
        return self.state.seq

    def lag(self) -> int:
        """How many positions the views are behind the log's end, by a fresh request."""
        reader = self.log.reader({_FACTS: self.position})
        try:
            return reader.end(_FACTS) - self.position
        finally:
            reader.close()

    def _step(self, reader: Reader, done: Progress) -> None:
        try:
            stored = reader.poll(_POLL)
        except LogUnavailableError as error:
            self.trouble = str(error)
            self._stopping.wait(_AFTER_ERROR_S)
            return
        assert self.state is not None  # noqa: S101 - set by run and catch_up
        batch = Batch()
        for record in stored:
            fact, head = decode_fact(record.value)
            self.state = evolve(self.state, fact, head)
            self.fold(self.state, fact)
            if fact.seq >= done.seq:
                batch.add(self.state, fact, record.value)
            elif fact.seq == done.seq - 1 and head != done.head:
                raise ForeignViewsError("the views are of another history; run 'wavegate views rebuild'")
            self.position = record.position + 1
        if batch.timeline:
            self.views.write(self.state, batch, self.position, self.now())
        self.trouble = ""
