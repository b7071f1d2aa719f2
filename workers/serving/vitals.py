"""The parts of a process as /metrics and /healthz see them: what each counts, and what is wrong with it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from events.log.contract import EventLog, Partition, Reader, Topic
from events.orders import Order
from events.reports import Outcome
from workers.control_watch import ControlWatch
from workers.coordinator.coordinator import Coordinator
from workers.coordinator.reign import Reign
from workers.device.worker import DeviceWorker
from workers.process import Part
from workers.projector.projector import Projector
from workers.serving.pulse import Pulse

_FACTS = Partition(Topic.FACTS, 0)
_PROOF = timedelta(seconds=2)

#: Views that stay behind for longer are not merely catching up with what has just happened.
_BEHIND_S = 10.0

#: An active coordinator looks at the log ten times a second; a batch may take longer, but not this long.
_STUCK_S = 30.0


class Vital(Protocol):
    """One part of a process."""

    def refresh(self) -> None:
        """Sets the gauges to what is true now."""
        ...

    def troubles(self) -> Iterator[tuple[str, str]]:
        """What is wrong now, each with the name of what it is wrong with."""
        ...


class LogVital:
    """Whether the log answers, whichever part asks it."""

    def __init__(self, pulse: Pulse, registry: CollectorRegistry, session: timedelta) -> None:
        self._pulse = pulse
        self._limit = session.total_seconds()
        self._reachable = Gauge("wavegate_log_reachable", "Whether the log answered last time.", registry=registry)
        self._age = Gauge("wavegate_log_answer_age_seconds", "Time since the log last answered.", registry=registry)

    def refresh(self) -> None:
        """See Vital."""
        self._reachable.set(not self._pulse.beat("log").error)
        self._age.set(self._pulse.age("log"))

    def troubles(self) -> Iterator[tuple[str, str]]:
        """See Vital."""
        age = self._pulse.age("log")
        if age > self._limit:
            why = self._pulse.beat("log").error or "it takes too long to answer"
            yield "log", f"has not answered for {age:.0f} s: {why}"


class ThreadsVital:
    """Whether the threads of a process are alive."""

    def __init__(self, parts: Callable[[], Sequence[Part]]) -> None:
        self._parts = parts

    def refresh(self) -> None:
        """See Vital."""

    def troubles(self) -> Iterator[tuple[str, str]]:
        """See Vital."""
        for part in self._parts():
            if part.failed is not None:
                yield part.name, f"failed: {part.failed}"
            elif part.thread is not None and not part.thread.is_alive():
                yield part.name, "its thread has ended"


@dataclass(slots=True)
class CoordinatorVital:
    """A coordinator: whether it is the active one, and whether it gets on."""

    coordinator: Coordinator
    registry: CollectorRegistry
    monotonic: Callable[[], float] = time.monotonic
    _stepped: float = 0.0
    _active: Gauge = field(init=False)
    _batches: Counter = field(init=False)
    _facts: Counter = field(init=False)

    def __post_init__(self) -> None:
        """Registers the metrics, and is told of each reign and step from now on."""
        self._active = Gauge(
            "wavegate_coordinator_active", "Whether this coordinator is the active one.", registry=self.registry
        )
        self._batches = Counter("wavegate_coordinator_batches", "Batches decided here.", registry=self.registry)
        self._facts = Counter("wavegate_coordinator_facts", "Facts written here.", registry=self.registry)
        begin = self.coordinator.begin

        def timed() -> Reign:
            reign = begin()
            self._stepped = self.monotonic()
            return reign

        self.coordinator.begin, self.coordinator.observe = timed, self._observe

    def _observe(self, _reign: Reign, facts: int) -> None:
        self._stepped = self.monotonic()
        self._batches.inc()
        self._facts.inc(facts)

    def refresh(self) -> None:
        """See Vital."""
        self._active.set(self.coordinator.active)

    def troubles(self) -> Iterator[tuple[str, str]]:
        """See Vital. One that stands by is well."""
        if self.coordinator.trouble:
            yield "coordinator", self.coordinator.trouble
        silent = self.monotonic() - self._stepped
        if self.coordinator.active and silent > _STUCK_S:
            yield "coordinator", f"is active and has not finished a batch for {silent:.0f} s"


@dataclass(slots=True)
class WorkerVital:
    """A device worker: its lease, its work, how far it has read control."""

    worker: DeviceWorker
    pulse: Pulse
    session: timedelta
    registry: CollectorRegistry
    monotonic: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _in_flight: Gauge = field(init=False)
    _lease: Gauge = field(init=False)
    _position: Gauge = field(init=False)
    _age: Gauge = field(init=False)
    _orders: Counter = field(init=False)

    def __post_init__(self) -> None:
        """Registers the metrics, and is told of each outcome from now on."""
        registry = self.registry
        self._started = self.monotonic()
        self._in_flight = Gauge("wavegate_worker_orders_in_flight", "Orders being carried out.", registry=registry)
        self._lease = Gauge("wavegate_worker_lease_age_seconds", "Time since the lease was renewed.", registry=registry)
        self._orders = Counter(
            "wavegate_worker_orders", "Orders that ended here.", ["work", "outcome"], registry=registry
        )
        self._position = Gauge("wavegate_control_position", "How far control has been read.", registry=registry)
        self._age = Gauge(
            "wavegate_control_age_seconds", "Time since control was proven to be read to its end.", registry=registry
        )
        self.worker.observe = self._observe

    def _observe(self, order: Order, outcome: Outcome) -> None:
        self._orders.labels(order.wire, outcome.wire).inc()

    def refresh(self) -> None:
        """See Vital."""
        self._in_flight.set(self.worker.in_flight)
        self._lease.set(self._lease_age())
        self._position.set(self.pulse.beat("control").value)
        self._age.set(self.pulse.age("control"))

    def troubles(self) -> Iterator[tuple[str, str]]:
        """See Vital."""
        if self.worker.trouble:
            yield "worker", self.worker.trouble
        age, limit = self._lease_age(), self.session.total_seconds()
        if age > limit:
            yield "lease", f"has not been renewed for {age:.0f} s; its orders may be another worker's by now"
        unread = self.pulse.age("control")
        if unread > limit:
            yield "control", f"has not been read to its end for {unread:.0f} s; nothing new is started meanwhile"

    def _lease_age(self) -> float:
        return self.monotonic() - max(self.worker.renewed, self._started)


@dataclass(slots=True)
class ProjectorVital:
    """A projector: how far its views are behind the log, whose end ``end`` asks for."""

    projector: Projector
    end: Callable[[], int]
    registry: CollectorRegistry
    monotonic: Callable[[], float] = time.monotonic
    _behind: int = 0
    _even: float = field(init=False)
    _lag: Gauge = field(init=False)
    _seq: Gauge = field(init=False)

    def __post_init__(self) -> None:
        """Registers the metrics."""
        self._even = self.monotonic()
        self._lag = Gauge(
            "wavegate_views_lag", "Positions by which the views are behind the log.", registry=self.registry
        )
        self._seq = Gauge("wavegate_views_facts", "Facts that the views are made of.", registry=self.registry)

    def probe(self) -> int:
        """Finds out how far the views are behind; to be asked all the time.

        Raises:
            LogError: the log did not answer.
        """
        asked = self.monotonic()
        self._behind = max(0, self.end() - self.projector.position)
        if not self._behind:
            self._even = asked
        return self._behind

    def refresh(self) -> None:
        """See Vital."""
        self._lag.set(self._behind)
        state = self.projector.state
        self._seq.set(state.seq if state else 0)

    def troubles(self) -> Iterator[tuple[str, str]]:
        """See Vital."""
        if self.projector.trouble:
            yield "projector", self.projector.trouble
        since = self.monotonic() - self._even
        if self._behind and since > _BEHIND_S:
            yield "views", f"have been behind the log for {since:.0f} s, now by {self._behind} positions"


class LogProbe:
    """Asks where the facts end, through a reader that stays open."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._reader: Reader | None = None

    def __call__(self) -> int:
        """Where the facts end.

        Raises:
            LogError: there was no answer.
        """
        with self._lock:
            if self._reader is None:
                self._reader = self._log.reader({_FACTS: 0})
            return self._reader.end(_FACTS)


def control_probe(control: ControlWatch) -> Callable[[], int]:
    """Asks how far control is, proven to be its end."""
    return lambda: control.prove(_PROOF).position
