"""Asks a live device for its host keys: trust on first use, as an explicit act before any credential is sent.

What a scan brings proves nothing yet. Whoever asked compares fingerprints, or decides to believe the network once; the
keys count from when they are recorded.
"""

import asyncio
import ssl
from datetime import timedelta

import asyncssh

from inventory.hostkeys import HostKey, HostKeyError

#: One connection brings one key, so each family is asked for on its own.
_FAMILIES = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
_LEGACY_FAMILIES = (*_FAMILIES, ("ssh-rsa",))
#: asyncssh would still agree on SHA-1; what a session later refuses is not to be enrolled without a word.
_KEX = "-*sha1"
_LEGACY_KEX = "+diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1"
_OLD_GEAR = "; it may be old gear that needs legacy_crypto: true"
_LEGACY_CIPHERS = "+aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc"


class HostKeyScanError(HostKeyError):
    """A device gave no host key. May succeed later."""

    retriable = True

    def __init__(self, address: str, port: int, reason: str) -> None:
        self.address = address
        self.port = port
        self.reason = reason
        super().__init__(f"no host key from {address} port {port}: {reason}")


async def scan_ssh(
    address: str,
    port: int,
    *,
    within: timedelta,
    legacy_crypto: bool = False,
    tunnel: asyncssh.SSHClientConnection | None = None,
) -> tuple[HostKey, ...]:
    """The SSH host keys of a device, one of each family it has. Sends no user name and no credential.

    Args:
        address: IP address or host name.
        port: TCP port.
        within: for all connections together.
        legacy_crypto: allows SHA-1, as the device's record says.
        tunnel: an open connection to the jump host that leads there.

    Raises:
        HostKeyScanError: when the device cannot be reached, does not speak SSH, or has no key that is taken.
    """
    keys: dict[HostKey, None] = {}
    why = "none of the algorithms was agreed on" + ("" if legacy_crypto else _OLD_GEAR)
    try:
        async with asyncio.timeout(within.total_seconds()):
            for family in _LEGACY_FAMILIES if legacy_crypto else _FAMILIES:
                try:
                    key = await _ssh_key(address, port, family, legacy_crypto=legacy_crypto, tunnel=tunnel)
                except (asyncssh.ConnectionLost, ConnectionResetError) as error:
                    # A device may hang up at once on an algorithm that it lacks, before it can be seen why.
                    key, why = None, _reason(error)
                if key is not None:
                    keys[key] = None
    except TimeoutError as error:
        raise HostKeyScanError(address, port, f"no answer within {within.total_seconds():g} s") from error
    except (OSError, asyncssh.Error) as error:
        raise HostKeyScanError(address, port, _reason(error)) from error
    if not keys:
        raise HostKeyScanError(address, port, why)
    return tuple(sorted(keys))


async def scan_https(address: str, port: int, *, within: timedelta) -> tuple[HostKey, ...]:
    """The certificate of an HTTPS device, whatever it is. Sends no request.

    Raises:
        HostKeyScanError: when the device cannot be reached or does not speak TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(within.total_seconds()):
            der = await _certificate(address, port, context)
    except TimeoutError as error:
        raise HostKeyScanError(address, port, f"no answer within {within.total_seconds():g} s") from error
    except OSError as error:
        raise HostKeyScanError(address, port, _reason(error)) from error
    return (HostKey.of_certificate(der),)


async def _ssh_key(
    address: str,
    port: int,
    family: tuple[str, ...],
    *,
    legacy_crypto: bool,
    tunnel: asyncssh.SSHClientConnection | None,
) -> HostKey | None:
    # Nothing of the user's own ~/.ssh may matter here, so all that asyncssh would read by itself is switched off.
    options = asyncssh.SSHClientConnectionOptions(
        config=None,
        client_keys=None,
        agent_path=None,
        username="nobody",
        encryption_algs=_LEGACY_CIPHERS if legacy_crypto else (),
    )
    try:
        key = await asyncssh.get_server_host_key(
            address,
            port,
            tunnel=tunnel or (),
            server_host_key_algs=family,
            kex_algs=_LEGACY_KEX if legacy_crypto else _KEX,
            options=options,
        )
    except asyncssh.KeyExchangeFailed:
        return None
    return HostKey.parse(key.export_public_key("openssh").decode()) if key is not None else None


async def _certificate(address: str, port: int, context: ssl.SSLContext) -> bytes:
    _, writer = await asyncio.open_connection(address, port, ssl=context)
    try:
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return tls.getpeercert(binary_form=True) or b""
    finally:
        writer.transport.abort()  # a polite end would wait for the device's


def _reason(error: Exception) -> str:
    """What went wrong, in one printable line: parts of it may be the device's own words."""
    text = str(error) or type(error).__name__
    return "".join(character if character.isprintable() else " " for character in text)[:200]
