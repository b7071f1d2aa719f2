"""The installation that a command is about: its settings, its log, its views, and the key of whoever asks."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.client import Client
from console.errors import UsageError
from console.queries import ViewsReader, open_views
from events.blobs.contract import BlobStore
from events.log.contract import EventLog
from events.signing import KeyFileError, Signer
from workers.bootstrap_stores import open_blobs, open_log
from workers.settings import Settings, read_settings


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An installation as the console uses it. ``key`` is the file of the private key that signs what is asked."""

    settings: Settings
    key: Path | None = None
    now: Callable[[], datetime] = utc_now

    @contextmanager
    def log(self) -> Iterator[EventLog]:
        """The log, closed at the end. What is asked of control alone waits for nobody who holds the rest of it.

        Raises:
            LogError: it cannot be reached, or is not what it should be.
        """
        log = open_log(self.settings, control_first=True)
        try:
            yield log
        finally:
            log.close()

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Somebody who asks for things, closed with the log at the end.

        Raises:
            KeyFileError: there is no key to sign with.
            LogError: the log cannot be reached, or is not what it should be.
        """
        signer = self.signer()
        with self.log() as log:
            yield Client(log=log, name=self.settings.log_name, signer=signer, now=self.now)

    @contextmanager
    def views(self) -> Iterator[ViewsReader]:
        """The read models.

        Raises:
            ViewsError: there are none.
        """
        views = open_views(self.settings.views_url, self.settings.log_name)
        try:
            yield views
        finally:
            views.close()

    def blobs(self) -> BlobStore:
        """The blobs, as far as they hold no secret.

        Raises:
            BlobError: the store cannot be used.
        """
        return open_blobs(self.settings)

    def signer(self) -> Signer:
        """The key that signs.

        Raises:
            UsageError: none was named.
            KeyFileError: what was named is none.
        """
        if self.key is None:
            raise UsageError("who are you? Name your private key with --key FILE or WAVEGATE_KEY")
        return read_signer(self.key)


def open_home(home: Path | None, key: Path | None = None) -> Home:
    """The installation in a folder.

    Raises:
        UsageError: none was named.
        SettingsFileError: its settings are wrong.
    """
    if home is None:
        raise UsageError(
            "which installation? Name its folder with --home DIR or WAVEGATE_HOME; 'wavegate init DIR' makes one"
        )
    return Home(settings=read_settings(home), key=key)


def read_signer(path: Path) -> Signer:
    """A private key from its file.

    Raises:
        KeyFileError: it cannot be read, is no such key, or can be read by others.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(100_000)
    except OSError as error:
        raise KeyFileError(f"the key {path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise KeyFileError(f"the key {path} can be read by others: anybody could sign as you. chmod 600 {path}")
    try:
        return Signer.from_pem(content)
    except KeyFileError as error:
        raise KeyFileError(f"{path}: {error}") from error
