"""Blobs in a folder: on one machine, or on a file system that all machines mount."""

import errno
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from events.blobs.contract import (
    BLOB_LIMIT,
    BlobDamagedError,
    BlobFullError,
    BlobMissingError,
    BlobTooLargeError,
    BlobUnavailableError,
    is_secret,
)
from events.blobs.sealing import Seal

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_DRAFT = ".part"
_DRAFT_S = 24 * 3600


class FolderStore:
    """A file for each blob, in 256 subfolders. A file is complete from the moment it has its name.

    ``key``: 32 bytes, the same for every process that is to read the secret blobs; None where there are none.
    """

    def __init__(self, folder: Path, *, key: bytes | None = None) -> None:
        self._folder = folder
        self._seal = Seal(key)
        with self._translated("making the folder"):
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)

    def put(self, content: bytes, *, secret: bool = False) -> str:
        """See the contract."""
        if len(content) > BLOB_LIMIT:
            raise BlobTooLargeError(f"a blob of {len(content):,} bytes is over the limit of {BLOB_LIMIT:,}")
        address = self._seal.address(content, secret=secret)
        path = self._path(address)
        with self._translated("storing", address):
            if self._is_whole(address):
                # Whoever put it may have died before its name was durable.
                _flush(path.parent)
            else:
                path.parent.mkdir(exist_ok=True)
                # The subfolder's own name has to be durable before anything in it is.
                _flush(self._folder)
                _write(path, self._seal.sealed(content, address))
        return address

    def get(self, address: str) -> bytes:
        """See the contract."""
        path = self._path(address)
        with self._translated("reading", address):
            try:
                stored = path.read_bytes()
            except FileNotFoundError as error:
                raise BlobMissingError(
                    f"the blob {address} is not in {self._folder}: is this the store that it was put into?",
                    address=address,
                ) from error
        return self._seal.opened(stored, address)

    def has(self, address: str) -> bool:
        """See the contract."""
        path = self._path(address)
        with self._translated("looking for", address):
            return path.is_file()

    def _path(self, address: str) -> Path:
        suffix = ".zst.aes" if is_secret(address) else ".zst"
        digest = address.rpartition("-")[2]
        return self._folder / digest[:2] / f"{address}{suffix}"

    def _is_whole(self, address: str) -> bool:
        """Whether the blob is there and undamaged; one that is damaged is put anew."""
        try:
            self.get(address)
        except (BlobMissingError, BlobDamagedError):
            return False
        return True

    @contextmanager
    def _translated(self, doing: str, address: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"{doing} {address}".strip()
            if error.errno in _NO_ROOM:
                raise BlobFullError(
                    f"no room in the blob store {self._folder}, {what}: free some on that disk, then go on",
                    address=address,
                ) from error
            raise BlobUnavailableError(
                f"the blob store {self._folder} could not be used, {what} ({error}): check that it is mounted, and "
                "that this user may read and write there",
                address=address,
            ) from error


def _write(path: Path, stored: bytes) -> None:
    """Writes a file that is there whole or not at all, and stays."""
    # In the same folder as the file it is to become: only there is a rename atomic.
    draft = path.with_name(f".{uuid.uuid4().hex}{_DRAFT}")
    try:
        with draft.open("xb") as file:
            file.write(stored)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _flush(path.parent)


def _sweep(folder: Path) -> None:
    """Removes drafts of processes that died while they wrote; nobody writes at one for as long as a day."""
    old = time.time() - _DRAFT_S
    for draft in folder.glob(f"*/.*{_DRAFT}"):
        with suppress(FileNotFoundError):
            if draft.stat().st_mtime < old:
                draft.unlink()


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
