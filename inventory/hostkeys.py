"""Host keys: who a device proves to be. Keys and certificates as values, and the book of those that are trusted.

The book is immutable and does no I/O: whoever folds the log feeds it. A device that has keys gets others only by an
explicit ``replace``, as after a swap of hardware.
"""

import base64
import hashlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_ssh_public_key
from immutables import Map

from inventory.model import Device, JumpHost
from inventory.problems import InventoryError

CERTIFICATE = "x509"
#: Keys of SSH that are taken; DSA is broken, and keys on tokens (sk-…) are for people.
SSH_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
_PEM = "-----BEGIN CERTIFICATE-----"
_MOST_KEYS = 16


class HostKeyError(InventoryError):
    """A host key cannot be used."""


class NoHostKeyError(HostKeyError):
    """Nothing is known by which a device could be recognised."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no host key of {name!r} is recorded: enroll it before anything is sent to it")


class HostKeyConflictError(HostKeyError):
    """Other keys are recorded for a device than are to be recorded now."""

    def __init__(self, name: str, recorded: Iterable["HostKey"], offered: Iterable["HostKey"]) -> None:
        self.name = name
        self.recorded = tuple(recorded)
        self.offered = tuple(offered)
        super().__init__(
            f"{name!r} has other host keys already: recorded {_listed(self.recorded)}, offered {_listed(self.offered)}."
            " Find out why; replace them only if its hardware or its keys were changed on purpose"
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HostKey:
    """A public key of SSH, or the certificate of an HTTPS server. ``blob`` is SSH's wire form, or the DER."""

    algorithm: str
    blob: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads ``ssh-ed25519 AAAA… [comment]`` or a certificate in PEM.

        Raises:
            HostKeyError: when it is neither, or of an algorithm that is not taken.
        """
        return cls._certificate(text) if _PEM in text else cls._ssh(text)

    @classmethod
    def of_certificate(cls, der: bytes) -> Self:
        """The key for a certificate as it comes from a TLS handshake.

        Raises:
            HostKeyError: when it is no certificate.
        """
        try:
            x509.load_der_x509_certificate(der)
        except ValueError as error:
            raise HostKeyError("this is not an X.509 certificate") from error
        return cls(algorithm=CERTIFICATE, blob=der)

    @classmethod
    def _certificate(cls, text: str) -> Self:
        try:
            der = x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.DER)
        except ValueError as error:
            raise HostKeyError("this is not a certificate in PEM") from error
        return cls(algorithm=CERTIFICATE, blob=der)

    @classmethod
    def _ssh(cls, text: str) -> Self:
        algorithm, _, rest = text.strip().partition(" ")
        if algorithm not in SSH_ALGORITHMS:
            raise HostKeyError(f"host keys are {', '.join(SSH_ALGORITHMS)} or certificates, not {algorithm[:40]!r}")
        encoded = rest.split(maxsplit=1)[0] if rest.strip() else ""
        try:
            load_ssh_public_key(f"{algorithm} {encoded}".encode())
            return cls(algorithm=algorithm, blob=base64.b64decode(encoded, validate=True))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise HostKeyError(f"this is not a public key of {algorithm}") from error

    @property
    def text(self) -> str:
        """What :meth:`parse` reads: one line of OpenSSH, or PEM."""
        if self.algorithm == CERTIFICATE:
            return ssl.DER_cert_to_PEM_cert(self.blob)
        return f"{self.algorithm} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 as ``ssh-keygen -l`` prints it; of certificates as ``openssl x509 -fingerprint -sha256`` does."""
        digest = hashlib.sha256(self.blob).digest()
        if self.algorithm == CERTIFICATE:
            return digest.hex(":").upper()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKeyBook:
    """The trusted keys by name of device or jump host. Every ``with_`` and ``without`` returns another book."""

    keys: Map[str, frozenset[HostKey]] = field(default_factory=Map)

    def with_keys(self, name: str, keys: Iterable[HostKey], *, replace: bool = False) -> Self:
        """The book with keys for a device. Keys that are all recorded already change nothing.

        Raises:
            HostKeyConflictError: when the device has other keys and ``replace`` is not set. One more key counts too:
                whoever can add a key can pass for the device.
            HostKeyError: when there is no key, or an absurd number of them.
        """
        offered = frozenset(keys)
        if not 0 < len(offered) <= _MOST_KEYS:
            raise HostKeyError(f"{name!r} must have 1 to {_MOST_KEYS} host keys, not {len(offered)}")
        recorded = self.keys.get(name, frozenset())
        if replace or not recorded:
            return type(self)(keys=self.keys.set(name, offered))
        if offered <= recorded:
            return self
        raise HostKeyConflictError(name, sorted(recorded), sorted(offered))

    def without(self, name: str) -> Self:
        """The book without any key of a device."""
        return type(self)(keys=self.keys.delete(name)) if name in self.keys else self

    def of(self, name: str) -> tuple[HostKey, ...]:
        """The trusted keys of a device, in a fixed order; at least one.

        Raises:
            NoHostKeyError: when there is none.
        """
        if name not in self.keys:
            raise NoHostKeyError(name)
        return tuple(sorted(self.keys[name]))


def known_hosts_text(host: Device | JumpHost, keys: Iterable[HostKey]) -> str:
    """A known_hosts file for one device, as OpenSSH, paramiko and asyncssh read it. Certificates are left out.

    Raises:
        HostKeyError: when no key of SSH is among them.
    """
    lines = [f"{host_entry(host.address, host.port)} {key.text}\n" for key in keys if key.algorithm != CERTIFICATE]
    if not lines:
        raise HostKeyError(f"no SSH host key of {host.name!r} is recorded: enroll it over SSH")
    return "".join(lines)


def host_entry(address: str, port: int) -> str:
    """How known_hosts names an address: alone for port 22, ``[address]:port`` for others."""
    return address if port == 22 else f"[{address}]:{port}"


def tls_context(name: str, keys: Iterable[HostKey]) -> ssl.SSLContext:
    """A client's context that accepts the recorded certificates and nothing else.

    The certificate itself is what is trusted, self-signed or issued, so its name is not compared with the address; one
    that has expired is refused all the same. The system's authorities are not consulted.

    Raises:
        HostKeyError: when no certificate is among the keys.
    """
    certificates = [key.text for key in keys if key.algorithm == CERTIFICATE]
    if not certificates:
        raise HostKeyError(f"no certificate of {name!r} is recorded: enroll it over HTTPS")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # Lets a certificate that no authority of the file has issued be the end of the chain.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata="".join(certificates))
    return context


def _listed(keys: Iterable[HostKey]) -> str:
    return ", ".join(f"{key.algorithm} {key.fingerprint}" for key in keys)
