"""What is stored for a blob: its content compressed, and encrypted where it is secret."""

import hashlib
import hmac
import os

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from events.blobs.contract import BLOB_LIMIT, PLAIN, SECRET, BlobDamagedError, BlobKeyError, is_secret

_NONCE = 12
_KEY_NAME = 8
_LEVEL = 3


class Seal:
    """Gives content its address, and turns it into what is stored and back.

    ``key``: 32 bytes, for secret blobs; from it come one key for encrypting (AES-256-GCM, NIST SP 800-38D, with a
    random nonce of 96 bits and the address as associated data) and another for addresses (HMAC-SHA-256), by HKDF
    (RFC 5869). None for a store that holds no secrets.
    """

    def __init__(self, key: bytes | None) -> None:
        if key is not None and len(key) != 32:
            raise ValueError(f"the key of a blob store has 32 bytes, not {len(key)}")
        self._cipher = AESGCM(_derived(key, b"wavegate blob content")) if key else None
        self._addressing = _derived(key, b"wavegate blob address") if key else None
        self._key_name = _derived(key, b"wavegate blob key name")[:_KEY_NAME] if key else b""

    def address(self, content: bytes, *, secret: bool) -> str:
        """The address of a blob of this content."""
        if not secret:
            return f"{PLAIN}-{hashlib.sha256(content).hexdigest()}"
        if self._addressing is None:
            raise BlobKeyError(
                "a secret blob needs a key, and this store was given none: set the key of the blob store"
            )
        return f"{SECRET}-{hmac.digest(self._addressing, content, 'sha256').hex()}"

    def sealed(self, content: bytes, address: str) -> bytes:
        """What is to be stored at the address."""
        # Compressed first: what is encrypted does not compress. The hash of the content is checksum enough.
        packed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compress(content)
        if not is_secret(address):
            return packed
        nonce = os.urandom(_NONCE)
        return self._key_name + nonce + self._ciphering(address).encrypt(nonce, packed, address.encode())

    def opened(self, stored: bytes, address: str) -> bytes:
        """The content of what is stored at an address, if it is what belongs there."""
        packed = self._decrypted(stored, address) if is_secret(address) else stored
        content = _unpacked(packed, address)
        if not hmac.compare_digest(self.address(content, secret=is_secret(address)), address):
            raise BlobDamagedError(f"the blob {address} holds something else than its address says", address=address)
        return content

    def _decrypted(self, stored: bytes, address: str) -> bytes:
        cipher = self._ciphering(address)
        name, nonce, hidden = stored[:_KEY_NAME], stored[_KEY_NAME:][:_NONCE], stored[_KEY_NAME + _NONCE :]
        try:
            return cipher.decrypt(nonce, hidden, address.encode())
        except (InvalidTag, ValueError) as error:
            # Only now: a name that matches says nothing yet, and one that does not may be damaged itself.
            if len(name) == _KEY_NAME and name != self._key_name:
                raise BlobKeyError(
                    f"the secret blob {address} was put with another key than this store was given, or is damaged",
                    address=address,
                ) from error
            raise BlobDamagedError(f"the secret blob {address} is damaged or cut short", address=address) from error

    def _ciphering(self, address: str) -> AESGCM:
        if self._cipher is None:
            raise BlobKeyError(
                f"the blob {address} is secret, and this store was given no key: set the key of the blob store",
                address=address,
            )
        return self._cipher


def _unpacked(packed: bytes, address: str) -> bytes:
    try:
        # A frame that claims to be larger than any blob is not unpacked: it would take what memory there is.
        if zstandard.get_frame_parameters(packed).content_size > BLOB_LIMIT:
            raise BlobDamagedError(f"the blob {address} claims to be larger than any blob may be", address=address)
        return zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise BlobDamagedError(f"the blob {address} is damaged or cut short ({error})", address=address) from error


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(key)
