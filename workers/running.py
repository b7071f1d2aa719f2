"""Runs an installation's processes: one part alone, or all of them in one."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, disable_created_metrics

from events.log.contract import EventLog, LogError, LogMismatchError, LogUnavailableError
from workers import bootstrap
from workers.bootstrap import Installation
from workers.bootstrap_stores import open_log
from workers.control_watch import ControlWatch, read_control
from workers.process import Part, Process
from workers.serving.fact_metrics import FactMetrics
from workers.serving.pulse import Probe, Pulse
from workers.serving.vitals import (
    CoordinatorVital,
    LogProbe,
    LogVital,
    ProjectorVital,
    ThreadsVital,
    Vital,
    WorkerVital,
    control_probe,
)
from workers.serving.web import StatusPage
from workers.settings import Settings

_AGAIN_S = 1.0

_log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """What a process can be made of."""

    COORDINATOR = "coordinator"
    WORKER = "worker"
    PROJECTOR = "projector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A process that has begun to work: its name, and where it tells about itself."""

    name: str
    kinds: tuple[Kind, ...]
    address: str
    port: int


def run(
    settings: Settings, kinds: Sequence[Kind], stopping: threading.Event, ready: Callable[[Ready], None]
) -> BaseException | None:
    """Runs until ``stopping`` is set or a part fails, then settles what is in flight and lets go of everything.

    Waits for a log that is not there yet. ``ready`` is called once, when everything runs.

    Returns:
        The error that a part ended with, if any.

    Raises:
        SettingsFileError, InventoryError, BlobError, LogError, AddressInUseError: it cannot start.
    """
    with ExitStack() as closing:
        log = await_log(settings, stopping)
        if log is None:
            return None
        closing.callback(log.close)
        assembly = Assembly(bootstrap.opened(settings, log), kinds)
        page = StatusPage(
            settings.listen,
            settings.metrics_port,
            registry=assembly.registry,
            health=assembly.health,
            refresh=assembly.refresh,
        )
        closing.callback(page.stop)
        closing.callback(assembly.stop)
        process = Process(assembly.start(), stopping)
        closing.callback(process.end)
        process.start()
        page.start()
        ready(Ready(name=assembly.name, kinds=tuple(kinds), address=settings.listen, port=page.port))
        return process.wait()


def await_log(settings: Settings, stopping: threading.Event) -> EventLog | None:
    """The log, founded; waits for it, and says what for. None where it was told to stop meanwhile.

    Raises:
        LogError: it is there, and waiting will not make it what it should be.
    """
    told = ""
    while not stopping.is_set():
        try:
            log = open_log(settings)
        except (LogUnavailableError, LogMismatchError) as error:
            if isinstance(error, LogMismatchError) and settings.log == "sqlite":
                raise
            why = str(error)
        else:
            why = _unfounded(settings, log)
            if not why:
                return log
            log.close()
        if why != told:
            _log.warning("waiting for the log", reason=why)
            told = why
        stopping.wait(_AGAIN_S)
    return None


def _unfounded(settings: Settings, log: EventLog) -> str:
    """Why nothing can be decided in this log yet; empty where everything is as it should be."""
    try:
        if read_control(log, settings.log_name).keys:
            return ""
    except LogUnavailableError as error:
        return str(error)
    except LogError:
        log.close()
        raise
    return f"log {settings.log_name} has no keys in it yet: 'wavegate topics apply' writes its first records"


@dataclass(slots=True)
class Assembly:
    """The parts of one process, what is known of their health, and what they count. ``now`` is the coordinator's."""

    installation: Installation
    kinds: Sequence[Kind]
    now: Callable[[], datetime] = bootstrap.utc_now
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    name: str = field(init=False)
    _parts: list[Part] = field(default_factory=list)
    _vitals: list[Vital] = field(default_factory=list)
    _refreshing: list[Callable[[], None]] = field(default_factory=list)
    _probes: dict[str, Probe] = field(default_factory=dict)
    _control: ControlWatch | None = None

    def __post_init__(self) -> None:
        """Puts the parts together; nothing runs yet."""
        # When a series began differs from one process to the next; what it counts must not.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.name = bootstrap.process_name(self.kinds[0].value if len(self.kinds) == 1 else "wavegate")
        self._probes["log"] = LogProbe(self.installation.log)
        pulse = Pulse(self._probes)
        self._vitals = [
            LogVital(pulse, self.registry, self.installation.settings.session),
            ThreadsVital(lambda: self._parts),
        ]
        for kind in self.kinds:
            _ADD[kind](self, pulse)
        pulse.reset()
        self._parts.insert(0, Part(name="pulse", run=pulse.run, stop=pulse.stop))

    def start(self) -> Sequence[Part]:
        """The parts, to be started; what they rely on is started here."""
        if self._control is not None:
            self._control.start()
        return self._parts

    def stop(self) -> None:
        """Ends what the parts relied on."""
        if self._control is not None:
            self._control.stop()

    def refresh(self) -> None:
        """Brings the metrics up to date."""
        for vital in self._vitals:
            vital.refresh()
        for refresh in self._refreshing:
            refresh()

    def health(self) -> Mapping[str, str]:
        """What is wrong, by what it is wrong with."""
        return {name: trouble for vital in self._vitals for name, trouble in vital.troubles()}

    def add_coordinator(self, _pulse: Pulse) -> None:
        """Adds a coordinator."""
        coordinator = bootstrap.make_coordinator(self.installation, self.name, self.now)
        self._vitals.append(CoordinatorVital(coordinator, self.registry))
        self._parts.append(Part(name="coordinator", run=coordinator.run, stop=coordinator.stop))

    def add_worker(self, pulse: Pulse) -> None:
        """Adds a device worker, with its watch over control."""
        control = bootstrap.make_control(self.installation)
        worker = bootstrap.make_worker(self.installation, control, self.name)
        self._control = control
        self._probes["control"] = control_probe(control)
        self._vitals.append(WorkerVital(worker, pulse, self.installation.settings.session, self.registry))
        self._parts.append(Part(name="worker", run=worker.run, stop=worker.stop))

    def add_projector(self, _pulse: Pulse) -> None:
        """Adds a projector, with the metrics that are a fold of the facts."""
        projector = bootstrap.make_projector(self.installation)
        # Whoever is told that this process is ready may look at the views at once.
        projector.views.begin(projector.name)
        metrics = FactMetrics(self.registry)
        projector.fold = metrics.fold
        vital = ProjectorVital(projector, LogProbe(self.installation.log), self.registry)
        self._probes["views"] = vital.probe
        self._vitals.append(vital)
        self._refreshing.append(metrics.refresh)
        self._parts.append(Part(name="projector", run=projector.run, stop=projector.stop))


_ADD: Mapping[Kind, Callable[[Assembly, Pulse], None]] = {
    Kind.COORDINATOR: Assembly.add_coordinator,
    Kind.WORKER: Assembly.add_worker,
    Kind.PROJECTOR: Assembly.add_projector,
}
