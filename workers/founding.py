"""Making an installation: its folder, its keys, and the first records of its log."""

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from events.control import Control, KeyEntry, KeyRegistered, LogFounded, Role
from events.log.contract import EventLog, Record, Topic
from events.signing import CONTROL, Signer, log_name, seal
from workers.control_watch import read_control
from workers.settings import FILE

#: Control records are read for ever; their envelope's expiry says nothing about them.
_FOR_EVER = timedelta(days=36_500)

#: The id of the first record of every log.
FOUNDING = "founding"

_KEPT = Path("keys", "founding.txt")


class FoundingError(Exception):
    """An installation cannot be made there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A folder that was prepared; its log has still to be founded with :func:`found_log`."""

    home: Path
    root: Signer
    coordinator: Signer

    @property
    def log(self) -> str:
        """The name of the log that the root key founds."""
        return log_name(self.root.public)


def prepare(home: Path, lines: dict[str, str]) -> Founded:
    """Makes the folder with its keys and its settings file; ``lines`` are further settings.

    Raises:
        FoundingError: there is an installation already, or the folder cannot be written.
    """
    if (home / FILE).exists():
        raise FoundingError(f"{home} holds an installation already; its settings are in {home / FILE}")
    root, coordinator = Signer.generate(), Signer.generate()
    try:
        for folder in ("keys", "estate", "tasks"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        (home / "keys").chmod(0o700)
        write_secret(home / "keys" / "root.pem", root.pem())
        write_secret(home / "keys" / "coordinator.pem", coordinator.pem())
        write_secret(home / "keys" / "data.key", secrets.token_bytes(32))
        settings = {"log_name": log_name(root.public), **lines}
        # A string of JSON is one of TOML.
        text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())
        (home / FILE).write_text(f"# An installation of Wavegate. See docs/guides/operators.md.\n{text}")
    except OSError as error:
        raise FoundingError(f"{home} cannot be written: {error.strerror} ({error.filename})") from error
    return Founded(home=home, root=root, coordinator=coordinator)


def founding_records(founded: Founded, admin: str, team: str, now: datetime) -> tuple[Record, ...]:
    """The first control records: the root key as ``admin``'s, and the coordinator's key."""
    root = KeyEntry(public=founded.root.public, name=admin, team=team, roles=(Role.ADMIN,))
    coordinator = KeyEntry(public=founded.coordinator.public, name="coordinator", team=team, roles=(Role.COORDINATOR,))
    return (
        control_record(founded.root, founded.log, LogFounded(root=root, at=now), FOUNDING, now),
        control_record(founded.root, founded.log, KeyRegistered(key=coordinator), "coordinator-key", now),
    )


def found_log(log: EventLog, founded: Founded, admin: str, team: str, now: datetime) -> None:
    """Writes the first control records to a log."""
    for record in founding_records(founded, admin, team, now):
        log.append([record])


def keep_founding(home: Path, records: Sequence[Record]) -> None:
    """Keeps the first records in the installation's folder: the log may not be there yet. Nothing in them is secret.

    Raises:
        FoundingError: the folder cannot be written.
    """
    try:
        (home / _KEPT).write_text("".join(f"{record.key} {record.value.decode()}\n" for record in records))
    except OSError as error:
        raise FoundingError(f"{home / _KEPT} cannot be written: {error.strerror}") from error


def complete_founding(log: EventLog, name: str, home: Path) -> int:
    """Appends those of the kept first records that the log does not have yet; returns how many.

    Raises:
        FoundingError: the records are not there to be read.
        LogError: the log could not be read or written.
    """
    seen = read_control(log, name).seen
    if FOUNDING in seen and not (home / _KEPT).exists():
        return 0
    try:
        lines = (home / _KEPT).read_text().splitlines()
    except OSError as error:
        raise FoundingError(
            f"the log is not founded, and {home / _KEPT}, which has its first records, cannot be read "
            f"({error.strerror}): run this where the installation was made"
        ) from error
    missing = [line.split(" ", 1) for line in lines if line.split(" ", 1)[0] not in seen]
    for key, signed in missing:
        log.append([Record(topic=Topic.CONTROL, key=key, value=signed.encode())])
    return len(missing)


def append_control(log: EventLog, signer: Signer, name: str, message: Control, record: str, now: datetime) -> int:
    """Signs a control record and appends it; returns its position. It takes effect as soon as it can be read."""
    return log.append([control_record(signer, name, message, record, now)])[0]


def control_record(signer: Signer, name: str, message: Control, record: str, now: datetime) -> Record:
    """A control record under an id, signed for the log of that name."""
    signed = seal(signer, CONTROL, message, log=name, id=record, expires=now + _FOR_EVER)
    return Record(topic=Topic.CONTROL, key=record, value=signed.encode())


def write_secret(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read; never over one that is there.

    Raises:
        FoundingError: there is such a file already.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise FoundingError(f"{path} exists already; move it away first, keys are not written over") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
