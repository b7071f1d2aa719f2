"""Follows the facts: folds each into the state, then writes what it touched."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from automation.rollout.evolve import evolve
from automation.rollout.state import State, empty
from events.codec import FactRecord, decode_fact
from events.log.contract import EventLog, LogError, LogUnavailableError, Partition, Reader, Topic
from workers.projector.errors import ForeignViewsError, UnusableViewsError, ViewsMovedError
from workers.projector.views import Batch, Progress, Views

_FACTS = Partition(Topic.FACTS, 0)
_POLL = timedelta(milliseconds=200)
_AFTER_ERROR_S = 0.5

_log = structlog.get_logger(__name__)


class _Taken(NamedTuple):
    """A fact that was folded in, with its digest and its bytes."""

    fact: FactRecord
    head: str
    content: bytes


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
    _done: Progress = field(default_factory=Progress)
    _told: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Ends :meth:`run` after the batch at hand."""
        self._stopping.set()

    def run(self) -> None:
        """Follows the log until it is stopped.

        Raises:
            ForeignViewsError: the views are not of this log's history; rebuild them.
            UnusableViewsError: the views' database is damaged.
            ImpossibleFactError, MessageError: the facts are not whole, or not for this software to read.
        """
        while not self._stopping.is_set():
            try:
                self._follow(lambda _reader: True)
            except ViewsMovedError as error:
                _log.warning("the views were dropped; writing them anew", reason=str(error))
            except LogError as error:
                if not error.retriable:
                    raise
                self.trouble = str(error)
                self._stopping.wait(_AFTER_ERROR_S)

    def catch_up(self) -> int:
        """Follows the log to the end that it has now; returns the number of facts.

        Raises:
            ViewsMovedError: somebody else dropped the views meanwhile.
        """
        end = self._end()
        self._follow(lambda reader: reader.position(_FACTS) < end)
        return self.state.seq if self.state else 0

    def _end(self) -> int:
        reader = self.log.reader({_FACTS: 0})
        try:
            return reader.end(_FACTS)
        finally:
            reader.close()

    def _follow(self, go_on: Callable[[Reader], bool]) -> None:
        self._done = self.views.begin(self.name)
        self.state = empty(self.name)
        reader = self.log.reader({_FACTS: 0})
        try:
            while not self._stopping.is_set() and go_on(reader):
                self._step(reader)
        finally:
            reader.close()

    def _step(self, reader: Reader) -> None:
        try:
            stored = reader.poll(_POLL)
        except LogUnavailableError as error:
            self.trouble = str(error)
            self._stopping.wait(_AFTER_ERROR_S)
            return
        assert self.state is not None  # noqa: S101 - set by _follow
        taken: list[_Taken] = []
        for record in stored:
            fact, head = decode_fact(record.value)
            self.state = evolve(self.state, fact, head)
            taken.append(_Taken(fact, head, record.value))
            if fact.seq >= self._told:
                self.fold(self.state, fact)
                self._told = fact.seq + 1
        self._write(self.state, taken, reader.position(_FACTS))
        self.position = reader.position(_FACTS)
        self.trouble = ""

    def _write(self, state: State, taken: Sequence[_Taken], position: int) -> None:
        """Writes what nobody has written yet; another projector on the same views may have been faster."""
        while batch := self._batch(state, taken):
            try:
                self._done = self.views.write(state, batch, self._done, self.now(), position)
            except ViewsMovedError:
                there = self.views.begin(self.name)
                if there.seq <= self._done.seq:
                    raise
                self._done = there
            except UnusableViewsError as error:
                if not error.retriable or self._stopping.is_set():
                    raise
                self.trouble = str(error)
                _log.warning("the views cannot be written", reason=str(error))
                self._stopping.wait(_AFTER_ERROR_S)

    def _batch(self, state: State, taken: Sequence[_Taken]) -> Batch | None:
        batch = Batch()
        for fact, head, content in taken:
            if fact.seq >= self._done.seq:
                batch.add(state, fact, content)
            elif fact.seq == self._done.seq - 1 and head != self._done.head:
                raise ForeignViewsError("the views are of another history; run 'wavegate views rebuild'")
        return batch if batch.timeline else None
