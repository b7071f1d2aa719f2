"""Secrets as devices store them, and the check of a login against what is stored.

Type 9 of Cisco is scrypt (RFC 7914) with N=16384, r=1, p=1 and 32 bytes, the salt being its 14 characters as they
stand, written in base 64 of the alphabet that crypt(3) uses. The standard library computes it. netutils has it too,
but imports `crypt`, which warns in Python 3.11 and is gone in 3.13. Type sha512 of EOS is crypt(3)'s `$6$` with 5000
rounds, computed by libpass, the maintained fork of passlib.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable

from passlib.hash import sha512_crypt

CRYPT_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_CRYPT = str.maketrans(_BASE64_ALPHABET, CRYPT_ALPHABET)
_TYPE9_SALT = 14
_SHA512_SALT = 16

Salt = Callable[[int], str]
"""Makes a salt of so many characters of crypt's alphabet."""


def type9(clear: str, salt: str) -> str:
    """The stored form `$9$salt$hash`, 43 characters of hash."""
    digest = hashlib.scrypt(clear.encode(), salt=salt.encode(), n=16384, r=1, p=1, dklen=32)
    return f"$9${salt}${base64.b64encode(digest).decode().rstrip('=').translate(_TO_CRYPT)}"


def sha512(clear: str, salt: str) -> str:
    """The stored form `$6$salt$hash`, 86 characters of hash."""
    return str(sha512_crypt.using(rounds=5000, salt=salt).hash(clear))  # type: ignore[no-untyped-call]


def new_type9(clear: str, salt: Salt) -> str:
    """The clear secret as type 9 under a new salt."""
    return type9(clear, salt(_TYPE9_SALT))


def new_sha512(clear: str, salt: Salt) -> str:
    """The clear secret as type sha512 under a new salt."""
    return sha512(clear, salt(_SHA512_SALT))


def matches(clear: str, stored: str) -> bool:
    """Whether a secret is the one that was stored: `$9$`, `$6$`, or in clear."""
    kind, _, rest = stored[1:].partition("$")
    salt = rest.rpartition("$")[0]
    if stored.startswith("$") and kind in {"9", "6"} and salt:
        stored_now = type9(clear, salt) if kind == "9" else sha512(clear, salt)
        return hmac.compare_digest(stored_now.encode(), stored.encode())
    return hmac.compare_digest(clear.encode(), stored.encode())


class Logins:
    """Checks secrets, and remembers which were right.

    The hashes are slow on purpose, which would make the lab and not the product the slow part of every measurement.
    What is kept is a keyed digest of the secret, and only for a stored form that has been checked in full once.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._right: dict[str, bytes] = {}

    def right(self, clear: str, stored: str) -> bool:
        """Whether the secret is the stored one."""
        digest = hmac.digest(self._key, clear.encode(), "sha256")
        known = self._right.get(stored)
        if known is not None and hmac.compare_digest(known, digest):
            return True
        if not matches(clear, stored):
            return False
        self._right[stored] = digest
        return True
