"""The one place where parts are chosen and put together. Everything else is given what it needs."""

import logging
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import structlog
from automation.platforms.registry import platforms, ports
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from automation.change.packing import open_bundle
from automation.config.secrets import Digester
from automation.platforms.contract import Limits, Platform
from automation.tasks.engineer import text_for
from events.blobs.contract import BlobStore
from events.blobs.folder import FolderStore
from events.log.contract import EventLog
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings, Security
from events.log.sqlite.log import SqliteLog
from events.log.terms import Terms
from events.plans import Plan, address_of
from events.signing import Signer
from inventory.estate import Estate
from inventory.load import load
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
from workers.settings import Settings, SettingsFileError

#: Changes and plans that are kept open.
_KEPT = 32


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


def opened(settings: Settings) -> Installation:
    """Opens the parts of an installation that every process has.

    Raises:
        LogError, BlobError, InventoryError, SettingsFileError: what is wrong, and how to mend it.
    """
    key = data_key(settings)
    return Installation(
        settings=settings,
        log=open_log(settings),
        blobs=FolderStore(settings.path(settings.blobs), key=_derived(key, b"blobs")),
        estates=EstateSource(estate_paths(settings), lambda: read_estate(settings)),
        digester=Digester(_derived(key, b"digests")),
        platforms=platforms(),
    )


def open_log(settings: Settings) -> EventLog:
    """The log that the settings name.

    Raises:
        LogError: it is not there, or not what it should be.
    """
    terms = Terms(session=settings.session, margin=settings.session / 6)
    if settings.log == "sqlite":
        return SqliteLog(settings.path(settings.log_folder), terms=terms)
    return KafkaLog(kafka_settings(settings))


def kafka_settings(settings: Settings) -> KafkaSettings:
    """How to reach the Kafka that the settings name."""
    secret = settings.kafka_password
    key_password = settings.kafka_key_password
    security = Security(
        protocol=settings.kafka_protocol,
        ca_file=settings.kafka_ca_file,
        certificate_file=settings.kafka_certificate_file,
        key_file=settings.kafka_key_file,
        key_password=key_password.get_secret_value() if key_password else None,
        mechanism=settings.kafka_mechanism,
        user=settings.kafka_user,
        password=secret.get_secret_value() if secret else None,
    )
    terms = Terms(session=settings.session, margin=settings.session / 6)
    return KafkaSettings(
        bootstrap=settings.kafka_bootstrap, prefix=settings.kafka_prefix, terms=terms, security=security
    )


def read_estate(settings: Settings) -> Estate:
    """The inventory.

    Raises:
        InventoryError: with everything that is wrong with it.
    """
    return load(estate_paths(settings), platforms=ports(), cache_dir=settings.path(settings.cache))


def estate_paths(settings: Settings) -> list[Path]:
    """Where the inventory is read from."""
    return [settings.path(path) for path in settings.estate]


def data_key(settings: Settings) -> bytes:
    """The installation's key for data.

    Raises:
        SettingsFileError: its file is missing, has another length, or can be read by others.
    """
    path = settings.path(settings.data_key)
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsFileError(f"{path} can be read by others; set its mode to 0600")
        key = path.read_bytes()
    except OSError as error:
        raise SettingsFileError(f"the data key {path} cannot be read: {error.strerror}") from error
    if len(key) != 32:
        raise SettingsFileError(f"{path} holds {len(key)} bytes; a data key has 32")
    return key


def make_coordinator(installation: Installation, name: str) -> Coordinator:
    """A coordinator, ready to run.

    Raises:
        SettingsFileError, KeyFileError: its key cannot be used.
    """
    settings = installation.settings
    path = settings.path(settings.coordinator_key)
    try:
        signer = Signer.from_pem(path.read_bytes())
    except OSError as error:
        raise SettingsFileError(f"the coordinator's key {path} cannot be read: {error.strerror}") from error
    lookups = Lookups(installation.blobs, installation.estates.current)
    inbox = Inbox(installation.blobs, lookups.look_up)

    def begin() -> Reign:
        return Reign.begin(installation.log, settings.log_name, inbox, signer)

    return Coordinator(installation.log, name, begin)


def make_worker(installation: Installation, control: ControlWatch, name: str) -> DeviceWorker:
    """A device worker, ready to run; ``control`` has to be started."""
    settings = installation.settings
    office = Office(
        log=installation.log,
        blobs=installation.blobs,
        control=control,
        session=secrets.token_hex(4),
        now=lambda: datetime.now(UTC),
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
    """A name for a process that people can find: its kind, host and number."""
    host = "".join(letter if letter.isalnum() or letter == "-" else "-" for letter in socket.gethostname())
    return f"{kind}-{host[:40] or 'host'}-{os.getpid()}"


def configure_logging(level: str) -> None:
    """JSON lines on standard error; what libraries log goes the same way, from warnings on."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING)


def _sealed(content: bytes) -> SealedPlan:
    plan = Plan.model_validate_json(content)
    return SealedPlan(plan=plan, devices={device.device: device for device in plan.devices})


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each purpose (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wavegate:" + purpose).derive(key)
