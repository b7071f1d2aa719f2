"""What the parts of a process say about themselves, when they are well and when they are not."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from events.log.contract import LogUnavailableError
from events.log.memory import MemoryLog, MemoryStore
from workers.coordinator.coordinator import Coordinator
from workers.process import Part
from workers.projector.projector import Projector
from workers.projector.views import Views
from workers.serving.pulse import Beat, Pulse
from workers.serving.vitals import CoordinatorVital, LogVital, ProjectorVital, ThreadsVital, WorkerVital

SESSION = timedelta(seconds=6)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def log() -> Iterator[MemoryLog]:
    opened = MemoryLog(MemoryStore())
    yield opened
    opened.close()


def shown(registry: CollectorRegistry) -> dict[str, float]:
    """The samples of a registry, without those that only say when a series began."""
    lines = generate_latest(registry).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs if "_created" not in name}


def beat(pulse: Pulse, name: str, **fields: Any) -> None:
    pulse._beats[name] = Beat(**{"at": pulse.monotonic(), **fields})


class TestLog:
    def test_while_it_answers(self, clock: Clock, registry: CollectorRegistry) -> None:
        pulse = Pulse({"log": lambda: 1}, monotonic=clock)
        vital = LogVital(pulse, registry, SESSION)
        beat(pulse, "log")
        clock.now += 2
        vital.refresh()
        assert list(vital.troubles()) == []
        assert shown(registry) == {"wavegate_log_reachable": 1, "wavegate_log_answer_age_seconds": 2}

    def test_one_answer_that_did_not_come_is_no_trouble_yet(self, clock: Clock, registry: CollectorRegistry) -> None:
        pulse = Pulse({"log": lambda: 1}, monotonic=clock)
        vital = LogVital(pulse, registry, SESSION)
        beat(pulse, "log", error="gone")
        clock.now += 5
        vital.refresh()
        assert list(vital.troubles()) == []
        assert shown(registry)["wavegate_log_reachable"] == 0

    @pytest.mark.parametrize(
        ("error", "why"), [("refused", "refused"), ("", "it takes too long to answer")], ids=["an error", "silence"]
    )
    def test_longer_than_a_session(self, clock: Clock, registry: CollectorRegistry, error: str, why: str) -> None:
        pulse = Pulse({"log": lambda: 1}, monotonic=clock)
        vital = LogVital(pulse, registry, SESSION)
        beat(pulse, "log", error=error)
        clock.now += 6.4
        assert list(vital.troubles()) == [("log", f"has not answered for 6 s: {why}")]


def _part(name: str, thread: threading.Thread | None = None, failed: BaseException | None = None) -> Part:
    return Part(name=name, run=lambda: None, stop=lambda: None, thread=thread, failed=failed)


class TestThreads:
    def test_parts_that_run_failed_or_ended(self) -> None:
        stopping = threading.Event()
        alive, dead = threading.Thread(target=stopping.wait), threading.Thread(target=lambda: None)
        for thread in (alive, dead):
            thread.start()
        dead.join()
        parts = [_part("well", alive), _part("gone", dead), _part("bad", dead, OSError("disk")), _part("new")]
        found = dict(ThreadsVital(lambda: parts).troubles())
        stopping.set()
        alive.join()
        assert found == {"gone": "its thread has ended", "bad": "failed: disk"}


@dataclass
class Reign:
    """Stands for a reign in a coordinator that never runs one."""

    facts: list[int] = field(default_factory=list)


class TestCoordinator:
    def coordinator(self, log: MemoryLog, clock: Clock, registry: CollectorRegistry) -> tuple[Any, CoordinatorVital]:
        coordinator = Coordinator(log, "c-1", Reign)  # type: ignore[arg-type]
        return coordinator, CoordinatorVital(coordinator, registry, clock)

    def test_one_that_stands_by_is_well(self, log: MemoryLog, clock: Clock, registry: CollectorRegistry) -> None:
        _, vital = self.coordinator(log, clock, registry)
        clock.now += 3600
        vital.refresh()
        assert list(vital.troubles()) == []
        assert shown(registry)["wavegate_coordinator_active"] == 0

    def test_an_active_one_counts_its_batches(self, log: MemoryLog, clock: Clock, registry: CollectorRegistry) -> None:
        coordinator, vital = self.coordinator(log, clock, registry)
        reign = coordinator.begin()
        coordinator.active = True
        for facts in (3, 0, 2):
            coordinator.observe(reign, facts)
        vital.refresh()
        assert list(vital.troubles()) == []
        assert shown(registry) == {
            "wavegate_coordinator_active": 1,
            "wavegate_coordinator_batches_total": 3,
            "wavegate_coordinator_facts_total": 5,
        }

    def test_one_that_became_active_after_a_long_time_is_well(
        self, log: MemoryLog, clock: Clock, registry: CollectorRegistry
    ) -> None:
        coordinator, vital = self.coordinator(log, clock, registry)
        coordinator.observe(coordinator.begin(), 1)
        clock.now += 3600
        coordinator.begin()
        coordinator.active = True
        assert list(vital.troubles()) == []

    def test_one_that_is_stuck(self, log: MemoryLog, clock: Clock, registry: CollectorRegistry) -> None:
        coordinator, vital = self.coordinator(log, clock, registry)
        coordinator.begin()
        coordinator.active = True
        clock.now += 31
        assert list(vital.troubles()) == [("coordinator", "is active and has not finished a batch for 31 s")]

    def test_one_in_trouble(self, log: MemoryLog, clock: Clock, registry: CollectorRegistry) -> None:
        coordinator, vital = self.coordinator(log, clock, registry)
        coordinator.trouble = "the disk is full"
        assert list(vital.troubles()) == [("coordinator", "the disk is full")]


@dataclass
class Worker:
    """As much of a device worker as its vitals look at."""

    in_flight: int = 0
    renewed: float = 0.0
    trouble: str = ""
    observe: Any = None


@dataclass
class Named:
    wire: str


class TestWorker:
    def worker(self, clock: Clock, registry: CollectorRegistry) -> tuple[Worker, Pulse, WorkerVital]:
        worker, pulse = Worker(), Pulse({"control": lambda: 1}, monotonic=clock)
        vital = WorkerVital(worker, pulse, SESSION, registry, clock)  # type: ignore[arg-type]
        return worker, pulse, vital

    def test_what_it_counts(self, clock: Clock, registry: CollectorRegistry) -> None:
        worker, pulse, vital = self.worker(clock, registry)
        worker.in_flight, worker.renewed = 4, clock.now + 1
        beat(pulse, "control", value=9)
        clock.now += 2
        for outcome in ("PushVerified", "PushVerified", "PushFailed"):
            worker.observe(Named("PushDevice"), Named(outcome))
        vital.refresh()
        assert shown(registry) == {
            "wavegate_worker_orders_in_flight": 4,
            "wavegate_worker_lease_age_seconds": 1,
            "wavegate_control_position": 9,
            "wavegate_control_age_seconds": 2,
            'wavegate_worker_orders_total{outcome="PushVerified",work="PushDevice"}': 2,
            'wavegate_worker_orders_total{outcome="PushFailed",work="PushDevice"}': 1,
        }
        assert list(vital.troubles()) == []

    def test_a_new_one_has_time_to_get_its_lease(self, clock: Clock, registry: CollectorRegistry) -> None:
        _, pulse, vital = self.worker(clock, registry)
        clock.now += 5
        beat(pulse, "control")
        assert list(vital.troubles()) == []
        clock.now += 1.5
        assert [name for name, _ in vital.troubles()] == ["lease"]

    def test_a_lease_that_is_stale(self, clock: Clock, registry: CollectorRegistry) -> None:
        worker, pulse, vital = self.worker(clock, registry)
        worker.renewed = clock.now
        clock.now += 8
        beat(pulse, "control")
        trouble = "has not been renewed for 8 s; its orders may be another worker's by now"
        assert list(vital.troubles()) == [("lease", trouble)]

    def test_halts_that_it_cannot_have_seen(self, clock: Clock, registry: CollectorRegistry) -> None:
        worker, pulse, vital = self.worker(clock, registry)
        beat(pulse, "control")
        clock.now += 7
        worker.renewed = clock.now
        trouble = "has not been read to its end for 7 s; nothing new is started meanwhile"
        assert list(vital.troubles()) == [("control", trouble)]

    def test_one_in_trouble(self, clock: Clock, registry: CollectorRegistry) -> None:
        worker, _, vital = self.worker(clock, registry)
        worker.trouble = "an order cannot be read"
        assert ("worker", "an order cannot be read") in list(vital.troubles())


class TestProjector:
    @pytest.fixture
    def projector(self, log: MemoryLog) -> Projector:
        return Projector(log=log, name="log-1", views=Views("sqlite://"))

    def test_one_that_keeps_up(self, projector: Projector, clock: Clock, registry: CollectorRegistry) -> None:
        projector.position = 7
        vital = ProjectorVital(projector, lambda: 7, registry, clock)
        assert vital.probe() == 0
        clock.now += 3600
        vital.probe()
        vital.refresh()
        assert list(vital.troubles()) == []
        assert shown(registry) == {"wavegate_views_lag": 0, "wavegate_views_facts": 0}

    def test_being_behind_for_a_moment_is_no_trouble(
        self, projector: Projector, clock: Clock, registry: CollectorRegistry
    ) -> None:
        vital = ProjectorVital(projector, lambda: 9, registry, clock)
        clock.now += 9
        assert vital.probe() == 9
        vital.refresh()
        assert list(vital.troubles()) == []
        assert shown(registry)["wavegate_views_lag"] == 9

    def test_staying_behind_is(self, projector: Projector, clock: Clock, registry: CollectorRegistry) -> None:
        vital = ProjectorVital(projector, lambda: 9, registry, clock)
        clock.now += 11
        vital.probe()
        assert list(vital.troubles()) == [("views", "have been behind the log for 11 s, now by 9 positions")]
        projector.position = 9
        vital.probe()
        assert list(vital.troubles()) == []

    def test_a_log_that_does_not_answer_is_the_log_s_trouble(
        self, projector: Projector, clock: Clock, registry: CollectorRegistry
    ) -> None:
        def gone() -> int:
            raise LogUnavailableError("gone")

        vital = ProjectorVital(projector, gone, registry, clock)
        with pytest.raises(LogUnavailableError):
            vital.probe()
        assert list(vital.troubles()) == []

    def test_one_in_trouble(self, projector: Projector, clock: Clock, registry: CollectorRegistry) -> None:
        projector.trouble = "the views cannot be written"
        vital = ProjectorVital(projector, lambda: 0, registry, clock)
        assert list(vital.troubles()) == [("projector", "the views cannot be written")]
