"""An estate that is small, complete and right, and ways to load it and what departs from it."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import asyncssh
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from inventory.estate import Estate
from inventory.load import load
from inventory.problems import EstateError

Files = Mapping[str, str]

PLATFORMS = {"ios": 22, "eos": 443, "frr": 22}

RIGHT = {
    "credentials.yaml": """\
        credentials:
          tacacs:
            username: automation
            password: env:TACACS_PASSWORD
            enable_secret: file:/run/secrets/enable
        jump_hosts:
          jump-emea:
            address: jump.example.net
            credentials: tacacs
            max_connections: 40
        """,
    "sites.yaml": """\
        sites:
          hq:
            country: DE
            timezone: Europe/Berlin
            region: emea
            tier: core
            labels: {building: a}
            variables:
              ntp: 10.0.0.9
          store-1:
            country: NO
            timezone: Europe/Oslo
            region: emea
            tier: store
          store-2:
            country: US
            timezone: America/New_York
            region: amer
            tier: store
            labels: {pilot: yes}
        """,
    "devices.csv": """\
        name,site,role,platform,os_version,address,via,credentials,redundancy_group,label.pilot,label.building,var.vlan
        hq-rtr1,hq,router,ios,17.9.4,10.0.0.1,,tacacs,hq-wan,,b,10
        hq-rtr2,hq,router,ios,17.9.4,10.0.0.2,,tacacs,hq-wan,,,20
        hq-sw1,hq,switch,eos,4.30.1F,10.0.0.3,,tacacs,,no,,
        store-1-rtr1,store-1,router,frr,8.4,10.1.0.1,jump-emea,tacacs,,yes,,30
        store-2-rtr1,store-2,router,ios,15.2(7)E3,10.2.0.1,,tacacs,,,,
        """,
    "variables.yaml": """\
        variables:
          regions:
            emea:
              ntp: 10.0.0.1
              dns: [10.0.0.53]
          countries:
            DE: {dns: [10.49.0.53]}
          roles:
            router: {vlan: 1}
        """,
}


@pytest.fixture
def platforms() -> dict[str, int]:
    """The platforms that exist, with their ports."""
    return dict(PLATFORMS)


@pytest.fixture
def right() -> dict[str, str]:
    """The files of the right estate, by name."""
    return {name: dedent(text) for name, text in RIGHT.items()}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Files], Path]:
    """Writes the estate's folder anew with these files alone, and gives the folder."""

    def written(files: Files) -> Path:
        folder = tmp_path / "estate"
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return folder

    return written


@pytest.fixture
def load_files(write: Callable[[Files], Path]) -> Callable[[Files], Estate]:
    """Loads an estate of these files alone."""
    return lambda files: load([write(files)], platforms=PLATFORMS)


@pytest.fixture
def refused(write: Callable[[Files], Path]) -> Callable[[Files], list[str]]:
    """The problems of an estate that has to be refused, as people read them, with names below the folder."""

    def problems(files: Files) -> list[str]:
        folder = write(files)
        with pytest.raises(EstateError) as caught:
            load([folder], platforms=PLATFORMS)
        return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]

    return problems


@pytest.fixture
def estate(load_files: Callable[[Files], Estate]) -> Estate:
    """The right estate, loaded."""
    return load_files(RIGHT)


@pytest.fixture(scope="session")
def public_key() -> Callable[[str], str]:
    """Makes the public half of a new key of SSH, as one line without a comment."""

    def made(algorithm: str) -> str:
        if algorithm == "ssh-rsa":
            key = asyncssh.generate_private_key(algorithm, key_size=2048)
        else:
            key = asyncssh.generate_private_key(algorithm)
        return key.export_public_key("openssh").decode().strip()

    return made


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """Makes a self-signed certificate and its private key, as files of PEM."""

    def made(name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        return _saved(tmp_path, _certificate(name, key, name, key), key)

    return made


@pytest.fixture
def issued(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """Makes a certificate that one authority has issued, and its private key."""
    authority = ec.generate_private_key(ec.SECP256R1())

    def made(name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        return _saved(tmp_path, _certificate(name, key, "authority", authority), key)

    return made


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _saved(folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    own = Path(tempfile.mkdtemp(dir=folder))
    (own / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (own / "key.pem").write_bytes(private)
    return own / "certificate.pem", own / "key.pem"
