"""What identifies a device to its clients (host keys, certificates), and the files with which they trust it."""

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=3650)
_BACKDATED = timedelta(days=1)
_LEGACY_BITS = 2048


def new_host_key(*, legacy: bool) -> asyncssh.SSHKey:
    """A host key: Ed25519, or RSA where the device is too old for anything else."""
    if legacy:
        return asyncssh.generate_private_key("ssh-rsa", key_size=_LEGACY_BITS)
    return asyncssh.generate_private_key("ssh-ed25519")


def known_hosts_line(address: str, port: int, key: asyncssh.SSHKey) -> str:
    """The line of a known_hosts file that trusts the key at this address."""
    host = address if port == 22 else f"[{address}]:{port}"
    public = " ".join(key.export_public_key().decode().split()[:2])
    return f"{host} {public}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A self-signed certificate and its private key, both as PEM."""

    certificate: bytes
    private_key: bytes

    def server_context(self) -> ssl.SSLContext:
        """A TLS server with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # The sessions that this would let clients resume cost memory on each of hundreds of devices.
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
        # The ssl module reads a key from a file only.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(self.private_key + self.certificate)
            file.flush()
            context.load_cert_chain(file.name)
        return context


def new_certificate(name: str, address: str, now: datetime) -> Certificate:
    """A self-signed certificate for a device, with its address as subject alternative name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        private_key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def write_trust(folder: Path, known_hosts: list[str], certificates: dict[str, bytes]) -> None:
    """Writes `known_hosts` and one `NAME.pem` for each certificate, in place of what was there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "known_hosts").write_text("".join(f"{line}\n" for line in sorted(known_hosts)))
    for name, pem in certificates.items():
        (folder / f"{name}.pem").write_bytes(pem)
