"""Logins, read from where they are kept at the moment when a session opens, and never kept here.

Nothing is remembered between two calls, so a rotated password counts from the next session on. Messages and ``repr``
name the reference and never what it leads to.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from inventory.model import CredentialReference
from inventory.problems import InventoryError
from inventory.secrets import is_reference

#: A private key of RSA with 16,384 bits has 13 kB.
MAX_SECRET_BYTES = 64 * 1024


class CredentialError(InventoryError):
    """A login cannot be read. Names the record, its field and the reference, never a value.

    ``retriable`` where the place may come back by itself: files of secrets are mounted, and rotated.
    """

    def __init__(self, name: str, field: str, reference: str, reason: str, *, retriable: bool = False) -> None:
        self.name = name
        self.field = field
        self.reference = reference
        self.reason = reason
        self.retriable = retriable
        super().__init__(f"credentials {name!r}, {field} from {reference}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What opens a session. Has a password, a private key (the text of its file) or both."""

    username: str
    password: SecretStr | None = None
    private_key: SecretStr | None = None
    enable_secret: SecretStr | None = None


def resolve_login(credentials: CredentialReference, environ: Mapping[str, str]) -> Login:
    """Reads a login from the environment and from files.

    Raises:
        CredentialError: when a reference leads nowhere, to nothing usable, or to a file that others can read.
    """
    return Login(
        username=_username(credentials, environ),
        password=_secret(credentials, "password", credentials.password, environ),
        private_key=_private_key(credentials, environ),
        enable_secret=_secret(credentials, "enable_secret", credentials.enable_secret, environ),
    )


def reveal(name: str, field: str, reference: str, environ: Mapping[str, str]) -> SecretStr:
    """What one reference leads to, without the newline that ends a file.

    ``name`` and ``field`` say in messages whose secret it is.

    Raises:
        CredentialError: as for :func:`resolve_login`.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        text = environ.get(place, "")
        if not text:
            raise CredentialError(name, field, reference, "the environment of this process has no such variable")
    else:
        text = _read(name, field, reference, place)
    return SecretStr(text)


def _username(credentials: CredentialReference, environ: Mapping[str, str]) -> str:
    if not is_reference(credentials.username):
        return credentials.username
    revealed = _secret(credentials, "username", credentials.username, environ)
    return revealed.get_secret_value() if revealed is not None else ""


def _secret(
    credentials: CredentialReference, field: str, reference: str | None, environ: Mapping[str, str]
) -> SecretStr | None:
    if reference is None:
        return None
    secret = reveal(credentials.name, field, reference, environ)
    # What follows a newline would be typed into the device as a command.
    if not secret.get_secret_value().isprintable():
        raise CredentialError(credentials.name, field, reference, "it is not one line of printable text")
    return secret


def _private_key(credentials: CredentialReference, environ: Mapping[str, str]) -> SecretStr | None:
    if credentials.private_key is None:
        return None
    secret = reveal(credentials.name, "private_key", credentials.private_key, environ)
    if "PRIVATE KEY-----" not in secret.get_secret_value():
        reason = "it is not a private key in PEM or OpenSSH format"
        raise CredentialError(credentials.name, "private_key", credentials.private_key, reason)
    return secret


def _read(name: str, field: str, reference: str, place: str) -> str:
    try:
        fault, content = _content(place)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror}"
        raise CredentialError(name, field, reference, reason, retriable=True) from error
    if fault:
        raise CredentialError(name, field, reference, fault)
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        # The error would carry the bytes of the secret along.
        raise CredentialError(name, field, reference, "the file is not UTF-8 text") from None
    if not text:
        raise CredentialError(name, field, reference, "the file is empty", retriable=True)
    return text


def _content(place: str) -> tuple[str, bytes]:
    """Why a file cannot be used (empty: it can), and what is in it."""
    # Without O_NONBLOCK a named pipe would hold the session up until somebody writes to it.
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fault = _fault(os.fstat(descriptor))
        return fault, b"" if fault else os.read(descriptor, MAX_SECRET_BYTES)
    finally:
        os.close(descriptor)


def _fault(status: os.stat_result) -> str:
    """Why a file is no place for a secret; judged on the open file, so that nobody can put another in between."""
    if not stat.S_ISREG(status.st_mode):
        return "this is not a regular file"
    if status.st_uid not in {0, os.geteuid()}:
        return "the file belongs to somebody else; give it to the user that Wavegate runs as"
    if status.st_mode & 0o077:
        return f"others can read the file (its mode is {stat.S_IMODE(status.st_mode):04o}); run chmod 600 on it"
    return "the file is too large for a secret" if status.st_size > MAX_SECRET_BYTES else ""
