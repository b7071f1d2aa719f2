"""SSH logins with strict host keys, for devices and jump hosts. Neither agents nor files of the user are looked at."""

import functools
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from paramiko.message import Message

from automation.platforms.contract import (
    Endpoint,
    HostKeyError,
    HostKeyUnknownError,
    LegacyCryptoError,
    Limits,
    LoginRefusedError,
    LoginUnusableError,
    PlatformError,
    UnreachableError,
)
from automation.platforms.links import Connection, hung_up, reason, where
from inventory.hostkeys import CERTIFICATE, HostKey
from inventory.hostkeys import HostKeyError as UnusableKeyError

#: What is taken only from devices whose inventory says so: SHA-1 and MD5, CBC, small groups.
_LEGACY: Mapping[str, tuple[str, ...]] = {
    "kex": ("diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"),
    "keys": ("ssh-rsa",),
    "pubkeys": ("ssh-rsa",),
    "macs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"),
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"),
}
_BROKEN: Mapping[str, tuple[str, ...]] = {
    "kex": ("diffie-hellman-group1-sha1",),
    "macs": ("hmac-md5", "hmac-md5-96"),
}
_RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")
_KEEPALIVE = timedelta(seconds=10)
_PRIVATE_KEYS: Mapping[type, type[paramiko.Ed25519Key | paramiko.ECDSAKey | paramiko.RSAKey]] = {
    Ed25519PrivateKey: paramiko.Ed25519Key,
    EllipticCurvePrivateKey: paramiko.ECDSAKey,
    RSAPrivateKey: paramiko.RSAKey,
}


class _Transport(paramiko.Transport):
    """Paramiko's transport, which also remembers whether the other side said good-bye."""

    dismissed = False

    def _parse_disconnect(self, message: Message) -> None:
        self.dismissed = True
        super()._parse_disconnect(message)  # type: ignore[misc]  # not in the stubs


class _Pinned(paramiko.MissingHostKeyPolicy):
    """Lets the recorded keys pass and nothing else."""

    def __init__(self, endpoint: Endpoint, trusted: tuple[HostKey, ...]) -> None:
        self._endpoint = endpoint
        self._trusted = trusted

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        if any(key.asbytes() == trusted.blob for trusted in self._trusted):
            return
        shown = HostKey(algorithm=key.get_name(), blob=key.asbytes())
        raise HostKeyError(changed_key(self._endpoint, shown, self._trusted))


def changed_key(endpoint: Endpoint, shown: HostKey, trusted: tuple[HostKey, ...]) -> str:
    """What to say of a key that is not one of the recorded ones."""
    recorded = ", ".join(f"{key.algorithm} {key.fingerprint}" for key in trusted)
    return (
        f"{where(endpoint)} shows the key {shown.algorithm} {shown.fingerprint}, recorded is {recorded}. Nothing was "
        "sent to it. If its hardware or keys were changed on purpose, enroll it anew with --replace"
    )


def trusted_keys(endpoint: Endpoint) -> tuple[HostKey, ...]:
    """The recorded keys of an endpoint, at least one.

    Raises:
        HostKeyUnknownError: there is none.
        HostKeyError: one of them cannot be read.
    """
    if not endpoint.host_keys:
        raise HostKeyUnknownError(f"no host key of {where(endpoint)} is recorded; enroll it before anything is sent")
    try:
        return tuple(HostKey.parse(text) for text in endpoint.host_keys)
    except UnusableKeyError as error:
        raise HostKeyError(f"{where(endpoint)}: a recorded host key cannot be used: {error}") from error


def log_in(endpoint: Endpoint, connect: Callable[[], Connection], limits: Limits) -> paramiko.SSHClient:
    """Logs in over a connection, which is made once it is known that the login and the keys can be used.

    Raises:
        HostKeyError, HostKeyUnknownError, LoginRefusedError, LoginUnusableError, LegacyCryptoError, DeviceBusyError,
        UnreachableError: as they say; nothing was sent but, where it was refused, the login.
    """
    trusted = tuple(key for key in trusted_keys(endpoint) if key.algorithm != CERTIFICATE)
    if not trusted:
        raise HostKeyUnknownError(f"only certificates of {where(endpoint)} are recorded; enroll it over SSH")
    private_key = _private_key(endpoint)
    connection = connect()
    client = paramiko.SSHClient()
    client.set_log_channel(_log_name())
    client.set_missing_host_key_policy(_Pinned(endpoint, trusted))
    try:
        _authenticate(client, endpoint, connection, private_key, limits)
    except PlatformError:
        _drop(client, connection)
        raise
    except (paramiko.SSHException, OSError, EOFError) as error:
        explained = _explained(error, endpoint, client.get_transport())
        _drop(client, connection)
        raise explained from error
    return client


def _drop(client: paramiko.SSHClient, connection: Connection) -> None:
    client.close()
    connection.close()


def _authenticate(
    client: paramiko.SSHClient,
    endpoint: Endpoint,
    connection: Connection,
    private_key: paramiko.PKey | None,
    limits: Limits,
) -> None:
    seconds = limits.connect.total_seconds()
    login = endpoint.login
    client.connect(
        endpoint.address,
        endpoint.port,
        username=login.username,
        password=login.password.get_secret_value() if login.password else None,
        pkey=private_key,
        timeout=seconds,
        banner_timeout=seconds,
        auth_timeout=seconds,
        channel_timeout=seconds,
        allow_agent=False,
        look_for_keys=False,
        sock=cast("socket.socket", connection),
        disabled_algorithms=_BROKEN if endpoint.legacy_crypto else _LEGACY,
        transport_factory=functools.partial(_transport, trusted_keys(endpoint)),
    )
    transport = client.get_transport()
    if transport is not None:
        transport.set_keepalive(round(_KEEPALIVE.total_seconds()))


def _transport(trusted: tuple[HostKey, ...], connection: Any, **options: Any) -> _Transport:  # noqa: ANN401
    """A transport that asks for the recorded kinds of key first: a device has several, and any may be recorded."""
    transport = _Transport(connection, **options)
    known = [key.algorithm for key in trusted if key.algorithm != CERTIFICATE]
    wanted = [name for algorithm in known for name in (_RSA if algorithm == "ssh-rsa" else (algorithm,))]
    # Taken from the device's own choice, another key than the recorded one would look like a changed one.
    security = transport.get_security_options()
    security.key_types = (*wanted, *(name for name in security.key_types if name not in wanted))
    return transport


def _private_key(endpoint: Endpoint) -> paramiko.PKey | None:
    """The private key, from whatever form it is kept in: paramiko itself reads only some of them."""
    if endpoint.login.private_key is None:
        return None
    text = endpoint.login.private_key.get_secret_value()
    load = load_ssh_private_key if "OPENSSH" in text else load_pem_private_key
    try:
        key = load(text.encode(), password=None)
        kind = next(ours for theirs, ours in _PRIVATE_KEYS.items() if isinstance(key, theirs))
        form = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    except TypeError as error:
        raise LoginUnusableError(
            f"credentials {endpoint.credential!r}: the private key is encrypted; give one without a passphrase"
        ) from error
    except (ValueError, UnsupportedAlgorithm, StopIteration) as error:
        raise LoginUnusableError(
            f"credentials {endpoint.credential!r}: the private key cannot be read; Ed25519, ECDSA and RSA are known"
        ) from error
    return kind.from_private_key(io.StringIO(form.decode()))


def _explained(error: Exception, endpoint: Endpoint, transport: paramiko.Transport | None) -> PlatformError:
    """What an error of paramiko's means."""
    place = where(endpoint)
    if isinstance(error, paramiko.AuthenticationException):
        return _login_error(error, endpoint, transport)
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        hint = "" if endpoint.legacy_crypto else ". If it is too old for anything else, set legacy_crypto for it"
        return LegacyCryptoError(f"{place} offers no algorithm that is taken: {error}{hint}")
    if _hung_up(error, transport):
        return hung_up(endpoint)
    return UnreachableError(f"{place}: no SSH session came about: {reason(error)}")


def _hung_up(error: Exception, transport: paramiko.Transport | None) -> bool:
    """Whether the other side ended the connection before it said who it is; a slow one has not ended it."""
    if transport is None or transport.remote_version or transport.is_active():
        return False
    return not isinstance(error.__context__, TimeoutError)


def _login_error(error: Exception, endpoint: Endpoint, transport: paramiko.Transport | None) -> PlatformError:
    # A device that says good-bye has refused; one that is gone without a word may have restarted just then.
    dismissed = isinstance(transport, _Transport) and transport.dismissed
    if not dismissed and ("timeout" in str(error) or "saw EOF" in str(error)):
        return UnreachableError(f"{where(endpoint)} went away during the login")
    return LoginRefusedError(
        f"{where(endpoint)} refused the login {endpoint.login.username!r} (credentials {endpoint.credential!r})",
        endpoint.credential,
    )


@contextmanager
def cut_off(transport: paramiko.Transport | None, limit: timedelta) -> Iterator[None]:
    """Closes a transport when the limit is over: what paramiko waits for without one then ends."""
    guard = threading.Timer(limit.total_seconds(), lambda: transport.close() if transport else None)
    guard.daemon = True
    guard.start()
    try:
        yield
    finally:
        guard.cancel()


@functools.cache
def _log_name() -> str:
    """A logger for paramiko that says nothing: its errors are raised here, and it logs them with their tracebacks."""
    logger = logging.getLogger(f"{__name__}.transport")
    logger.setLevel(logging.CRITICAL + 1)
    return logger.name
