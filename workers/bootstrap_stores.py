"""The half of the wiring that is cheap to import: the log, the blobs, the keys to them, the inventory."""

from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from automation.platforms.ports import PORTS
from events.blobs.contract import BlobStore
from events.blobs.folder import FolderStore
from events.log.contract import EventLog, LogMismatchError
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings, Security
from events.log.memory import MemoryLog, MemoryStore
from events.log.sqlite.log import SqliteLog
from events.log.terms import Terms
from events.signing import KeyFileError, Signer
from inventory.estate import Estate
from inventory.load import load
from workers.settings import Settings, SettingsFileError


def make_log(settings: Settings) -> EventLog:
    """The log that the settings name, made where it is embedded and nothing is there yet.

    Raises:
        LogError: it is not there, or not what it should be.
    """
    if settings.log == "sqlite":
        return SqliteLog(settings.path(settings.log_folder), terms=_terms(settings))
    return KafkaLog(kafka_settings(settings))


def open_log(settings: Settings, *, control_first: bool = False) -> EventLog:
    """The log that the settings name; an embedded one is never made by the way, for an empty one would know no halt.

    With ``control_first`` nothing but ``control`` of an embedded log is opened until it is asked for: see SqliteLog.

    Raises:
        LogError: it is not there, or not what it should be.
    """
    folder = settings.path(settings.log_folder)
    if settings.log == "sqlite" and not folder.is_dir():
        raise LogMismatchError(
            f"there is no log in {folder}: was it moved? Restore it from its backup; 'wavegate topics apply' makes the "
            "log of a new installation"
        )
    if settings.log == "sqlite" and control_first:
        return SqliteLog(folder, terms=_terms(settings), control_first=True)
    return make_log(settings)


def memory_log() -> EventLog:
    """A log that ends with this process."""
    return MemoryLog(MemoryStore())


def kafka_settings(settings: Settings) -> KafkaSettings:
    """How to reach the Kafka that the settings name.

    Raises:
        SettingsFileError: the settings for Kafka do not go together.
    """
    secret = settings.kafka_password
    key_password = settings.kafka_key_password
    try:
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
    except ValueError as error:
        raise SettingsFileError(f"the settings for Kafka do not go together: {error}") from error
    return KafkaSettings(
        bootstrap=settings.kafka_bootstrap, prefix=settings.kafka_prefix, terms=_terms(settings), security=security
    )


def open_blobs(settings: Settings, key: bytes | None = None) -> BlobStore:
    """The blob store. Without the data ``key`` whatever holds no secret can be read.

    Raises:
        BlobError: it cannot be used.
    """
    return FolderStore(settings.path(settings.blobs), key=derived(key, b"blobs") if key else None)


def read_estate(settings: Settings) -> Estate:
    """The inventory.

    Raises:
        InventoryError: with everything that is wrong with it.
    """
    return load(estate_paths(settings), platforms=PORTS, cache_dir=settings.path(settings.cache))


def estate_paths(settings: Settings) -> list[Path]:
    """Where the inventory is read from."""
    return [settings.path(path) for path in settings.estate]


def data_key(settings: Settings) -> bytes:
    """The installation's key for data.

    Raises:
        SettingsFileError: its file is missing, has another length, or can be read by others.
    """
    path = settings.path(settings.data_key)
    key = _private("data key", "data_key", path)
    if len(key) != 32:
        raise SettingsFileError(f"{path} holds {len(key)} bytes; a data key has 32: take the one that was made with it")
    return key


def coordinator_key(settings: Settings) -> Signer:
    """The key with which a coordinator signs its halts.

    Raises:
        SettingsFileError: its file is missing, holds no such key, or can be read by others.
    """
    path = settings.path(settings.coordinator_key)
    try:
        return Signer.from_pem(_private("coordinator's key", "coordinator_key", path))
    except KeyFileError as error:
        raise SettingsFileError(f"the coordinator's key {path} cannot be used: {error}") from error


def _private(what: str, setting: str, path: Path) -> bytes:
    """The content of a file that nobody else may read."""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsFileError(f"{path} can be read by others; set its mode to 0600")
        return path.read_bytes()
    except OSError as error:
        raise SettingsFileError(
            f"the {what} {path} cannot be read: {error.strerror}; restore it from its backup, or let the setting "
            f"{setting} name it"
        ) from error


def derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each purpose (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wavegate:" + purpose).derive(key)


def _terms(settings: Settings) -> Terms:
    return Terms(session=settings.session, margin=settings.session / 6)
