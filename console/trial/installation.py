"""An installation that is thrown away: in a temporary folder, with a log in memory, and its own keys."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.client import Client
from console.errors import ConsoleError
from console.queries import ViewsReader, open_views
from console.trial.clock import SkippingClock
from events.blobs.contract import BlobStore
from events.control import KeyEntry, KeyRegistered, Role
from events.signing import Signer
from inventory.estate import Estate
from workers.bootstrap import opened
from workers.bootstrap_stores import memory_log
from workers.founding import found_log, prepare
from workers.process import Process
from workers.projector.views import Views
from workers.running import Assembly, Kind
from workers.settings import Settings, read_settings

_TEAM = "trial"
ENGINEER = "trial-engineer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A running installation: somebody who writes changes, some who operate, its views and blobs."""

    engineer: Client
    operators: tuple[Client, ...]
    views: ViewsReader
    blobs: BlobStore
    clock: SkippingClock
    process: Process

    def check(self) -> None:
        """Sees that everything runs.

        Raises:
            ConsoleError: a part has failed.
        """
        failed = [f"{part.name}: {part.failed}" for part in self.process.parts if part.failed is not None]
        if failed:
            raise ConsoleError(f"the trial's own installation failed: {'; '.join(failed)}")


def trial_settings(folder: Path, log_name: str, tasks: Path | None) -> Settings:
    """The settings of an installation in a folder. All that could lead elsewhere is said outright: the environment,
    which counts over a settings file, may be that of a real installation.
    """
    return read_settings(
        folder,
        log_name=log_name,
        log="sqlite",
        log_folder=Path("log"),
        blobs=Path("blobs"),
        data_key=Path("keys/data.key"),
        coordinator_key=Path("keys/coordinator.pem"),
        estate=(Path("estate"),),
        tasks=tasks.resolve() if tasks else Path("tasks"),
        cache=Path("cache"),
        views="sqlite:///views.db",
        capacity=50,
        drain_s=10.0,
        session_s=6.0,
        connect_s=5.0,
        answer_s=10.0,
    )


@contextmanager
def running_trial(
    folder: Path, estate: Estate, team: str, areas: Sequence[str], operators: int, tasks: Path | None
) -> Iterator[Trial]:
    """Makes the installation, runs it in threads of this process, and ends it.

    Args:
        folder: an empty folder for it.
        estate: its inventory.
        team: whose change will be submitted.
        areas: those for which somebody has to agree.
        operators: how many of each area there have to be.
        tasks: the folder of engineers' tasks.
    """
    clock = SkippingClock()
    founded = prepare(folder, {})
    with ExitStack() as closing:
        log = memory_log()
        closing.callback(log.close)
        settings = trial_settings(folder, founded.log, tasks)
        # A log of its own founds itself: its name is the digest of a key that nobody else has.
        found_log(log, founded, "trial-admin", _TEAM, clock())
        admin = Client(log=log, name=founded.log, signer=founded.root, now=clock)
        views = _views(settings, closing)
        installation = opened(settings, log, estate)
        assembly = Assembly(installation, tuple(Kind), clock)
        closing.callback(assembly.stop)
        process = Process(assembly.start())
        process.start()
        closing.callback(process.wait)
        closing.callback(process.request_stop)
        yield Trial(
            engineer=_keyed(admin, ENGINEER, team, Role.ENGINEER, ()),
            operators=tuple(
                _keyed(admin, f"trial-operator-{number}", _TEAM, Role.OPERATOR, tuple(areas))
                for number in range(1, operators + 1)
            ),
            views=views,
            blobs=installation.blobs,
            clock=clock,
            process=process,
        )


def _views(settings: Settings, closing: ExitStack) -> ViewsReader:
    made = Views(settings.views_url)
    made.begin(settings.log_name)
    made.close()
    views = open_views(settings.views_url, settings.log_name)
    closing.callback(views.close)
    return views


def _keyed(admin: Client, name: str, team: str, role: Role, areas: tuple[str, ...]) -> Client:
    signer = Signer.generate()
    entry = KeyEntry(public=signer.public, name=name, team=team, roles=(role,), areas=areas)
    admin.control(KeyRegistered(key=entry))
    return Client(log=admin.log, name=admin.name, signer=signer, now=admin.now)
