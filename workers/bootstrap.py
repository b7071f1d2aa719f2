"""The one place where parts are chosen and put together. Everything else is given what it needs."""

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from automation.change.packing import open_bundle
from automation.config.secrets import Digester
from automation.platforms.contract import Limits, Platform
from automation.platforms.registry import platforms
from automation.tasks.engineer import text_for
from events.blobs.contract import BlobStore
from events.log.contract import EventLog
from events.plans import Plan, address_of
from inventory.estate import Estate
from workers.bootstrap_stores import (
    coordinator_key,
    data_key,
    derived,
    estate_paths,
    open_blobs,
    open_log,
    read_estate,
)
from workers.control_watch import ControlWatch
from workers.coordinator.coordinator import Coordinator
from workers.coordinator.inputs import Inbox
from workers.coordinator.lookups import Lookups
from workers.coordinator.reign import Reign
from workers.device.desk import Office
from workers.device.preparing import SealedPlan, Workshop
from workers.device.worker import DeviceWorker
from workers.estate_source import EstateSource
from workers.projector.projector import Projector
from workers.projector.views import Views
from workers.settings import Settings

#: Changes and plans that are kept open.
_KEPT = 32


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation with its parts opened. Close it at the end."""

    settings: Settings
    log: EventLog
    blobs: BlobStore
    estates: EstateSource
    digester: Digester
    platforms: Mapping[str, Platform]

    def close(self) -> None:
        """Lets go of the log."""
        self.log.close()


def opened(settings: Settings, log: EventLog | None = None, estate: Estate | None = None) -> Installation:
    """Opens the parts of an installation that every process has; ``log`` and ``estate`` stand in for its own.

    Raises:
        LogError, BlobError, InventoryError, SettingsFileError: what is wrong, and how to mend it.
    """
    key = data_key(settings)
    if estate is None:
        estates = EstateSource(estate_paths(settings), lambda: read_estate(settings))
    else:
        estates = EstateSource([], lambda: estate)
    return Installation(
        settings=settings,
        blobs=open_blobs(settings, key),
        estates=estates,
        digester=Digester(derived(key, b"digests")),
        platforms=platforms(),
        log=open_log(settings) if log is None else log,
    )


def make_coordinator(installation: Installation, name: str, now: Callable[[], datetime] = utc_now) -> Coordinator:
    """A coordinator, ready to run.

    Raises:
        SettingsFileError: its key cannot be used.
    """
    settings = installation.settings
    signer = coordinator_key(settings)
    lookups = Lookups(installation.blobs, installation.estates.current)
    inbox = Inbox(installation.blobs, lookups.look_up)

    def begin() -> Reign:
        return Reign.begin(installation.log, settings.log_name, inbox, signer, now)

    return Coordinator(installation.log, name, begin)


def make_worker(installation: Installation, control: ControlWatch, name: str) -> DeviceWorker:
    """A device worker, ready to run; ``control`` has to be started."""
    settings = installation.settings
    office = Office(
        log=installation.log,
        blobs=installation.blobs,
        control=control,
        session=secrets.token_hex(4),
        now=utc_now,
    )
    return DeviceWorker(
        office=office,
        workshop=make_workshop(installation, name),
        capacity=settings.capacity,
        drain=timedelta(seconds=settings.drain_s),
    )


def make_workshop(installation: Installation, name: str) -> Workshop:
    """What device work needs besides the log."""
    settings, blobs = installation.settings, installation.blobs
    return Workshop(
        name=name,
        estates=installation.estates,
        platforms=installation.platforms,
        blobs=blobs,
        digester=installation.digester,
        limits=Limits(connect=timedelta(seconds=settings.connect_s), answer=timedelta(seconds=settings.answer_s)),
        environ=os.environ,
        change=lru_cache(_KEPT)(lambda digest: open_bundle(blobs.get(address_of(digest)))),
        plan=lru_cache(_KEPT)(lambda digest: _sealed(blobs.get(address_of(digest)))),
        lines=lambda change, device: text_for(
            change, installation.estates.good(), device, settings.path(settings.tasks)
        ),
    )


def make_control(installation: Installation) -> ControlWatch:
    """A watch over ``control``, not started."""
    return ControlWatch(installation.log, installation.settings.log_name)


def make_projector(installation: Installation) -> Projector:
    """A projector, ready to run."""
    settings = installation.settings
    return Projector(log=installation.log, name=settings.log_name, views=Views(settings.views_url))


def process_name(kind: str) -> str:
    """A name for a process that people can find: its kind, host and number, and what no other run of it has.

    In a container that is started again, host and number are the same.
    """
    host = "".join(letter if letter.isalnum() or letter == "-" else "-" for letter in socket.gethostname())
    return f"{kind}-{host[:40] or 'host'}-{os.getpid()}-{secrets.token_hex(2)}"


def _sealed(content: bytes) -> SealedPlan:
    plan = Plan.model_validate_json(content)
    return SealedPlan(plan=plan, devices={device.device: device for device in plan.devices})
