"""The contract of a blob store: bytes in, an address out, the same bytes back or an error.

An address follows from the content, so a blob never changes, and putting it twice is putting it once. That of a secret
blob follows from the content and a key: whoever has no key cannot tell from the address what might be in it.
"""

import re
from typing import Protocol

#: The most that a blob may hold, in bytes.
BLOB_LIMIT = 64 * 1024 * 1024

PLAIN = "sha256"
SECRET = "secret"  # noqa: S105 - the name of a kind of address
_ADDRESS = re.compile(rf"(?:{PLAIN}|{SECRET})-[0-9a-f]{{64}}")


class BlobStore(Protocol):
    """Keeps blobs. Safe to use from several threads and processes."""

    def put(self, content: bytes, *, secret: bool = False) -> str:
        """Stores a blob durably, encrypted if it is ``secret``, and says where.

        Returns:
            Its address. From now on the blob is there, whatever happens: a record may name it.

        Raises:
            BlobTooLargeError: over :data:`BLOB_LIMIT`.
            BlobKeyError: secret, and this store was given no key.
            BlobFullError: no room; nothing is left behind.
            BlobUnavailableError: the store could not be used.
        """
        ...

    def get(self, address: str) -> bytes:
        """The content of a blob, verified against its address.

        Raises:
            BlobMissingError: there is none of this address.
            BlobDamagedError: what is there is not what was put: truncated, altered, or in another's place.
            BlobKeyError: secret, and this store has no key, or another than it was encrypted with.
            BlobUnavailableError: the store could not be used.
            ValueError: it is no address.
        """
        ...

    def has(self, address: str) -> bool:
        """Whether there is something at this address; it is not looked into."""
        ...


class BlobError(Exception):
    """A blob could not be stored or had. ``address`` says which, where one is known."""

    retriable = False

    def __init__(self, message: str, *, address: str = "") -> None:
        super().__init__(message)
        self.address = address


class BlobMissingError(BlobError):
    """No blob of this address is in this store."""


class BlobDamagedError(BlobError):
    """What is stored at an address is not what was put there."""


class BlobKeyError(BlobError):
    """A secret blob, without the key it takes."""


class BlobTooLargeError(BlobError):
    """More than a blob may hold."""


class BlobFullError(BlobError):
    """The store has no room left; nothing was stored."""

    retriable = True


class BlobUnavailableError(BlobError):
    """The store could not be reached or used."""

    retriable = True


def is_secret(address: str) -> bool:
    """Whether an address is of a secret blob.

    Raises:
        ValueError: it is no address. Addresses come out of records, and must never be taken for paths.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{address[:80]!r} is not the address of a blob")
    return address.startswith(SECRET)
