"""A log on a broker that wants TLS and a login."""

import datetime as dt
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from events.log.contract import LogError, Partition, Topic
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings, Security
from events.log.kafka.topics import apply_topics
from events.log.terms import Terms

FACTS = Partition(Topic.FACTS, 0)
PASSWORD = "canary-5e1f"

BROKER = """
listener.security.protocol.map=BROKER:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.broker.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  username="wavegate" password="{password}" user_wavegate="{password}";
ssl.keystore.type=PEM
ssl.keystore.certificate.chain={certificate}
ssl.keystore.key={key}
ssl.truststore.type=PEM
ssl.truststore.certificates={certificate}
"""


@dataclass(frozen=True)
class Identity:
    """A certificate that signs itself, for 127.0.0.1."""

    certificate: str
    key: str


def identity() -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Identity(
        certificate=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    )


def one_line(pem: str) -> str:
    return pem.replace("\n", "\\n")


@pytest.fixture(scope="module")
def secured(deployed: Any, tmp_path_factory: pytest.TempPathFactory, needs_java: None) -> Iterator[KafkaSettings]:
    """A broker with TLS and a login, and the topics of a log."""
    ours = identity()
    folder = tmp_path_factory.mktemp("secured")
    authority = folder / "ca.pem"
    authority.write_text(ours.certificate)
    settings = BROKER.format(password=PASSWORD, certificate=one_line(ours.certificate), key=one_line(ours.key))
    cluster = deployed.start(folder / "cluster", more=settings)
    security = Security(protocol="SASL_SSL", ca_file=authority, mechanism="PLAIN", user="wavegate", password=PASSWORD)
    terms = Terms(deadline=dt.timedelta(seconds=3))
    try:
        log = KafkaSettings(bootstrap=cluster.bootstrap, security=security, terms=terms)
        apply_topics(log, spread=2, replicas=1)
        yield log
    finally:
        deployed.stop(cluster)


@pytest.mark.kafka
def test_with_the_right_login_everything_works(secured: KafkaSettings, help_: Any) -> None:
    log = KafkaLog(secured)

    log.append([help_.record(value="appended")])
    log.fenced_writer("w").commit([help_.record(value="committed")], {FACTS: 1})
    membership = log.join("workers", Topic.ORDERS, "m")

    assert help_.values(help_.read(log.reader({FACTS: 0}), 2)) == [b"appended", b"committed"]
    help_.until(lambda: membership.poll(dt.timedelta(milliseconds=100)).gained)
    log.close()


@pytest.mark.kafka
@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning")
def test_a_wrong_password_is_refused_and_told_to_nobody(secured: KafkaSettings) -> None:
    wrong = replace(secured, security=replace(secured.security, password="wrong-7c2d"))

    with pytest.raises(LogError, match="login") as caught:
        KafkaLog(wrong)

    assert "wrong-7c2d" not in str(caught.value)


@pytest.mark.kafka
@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning")
def test_a_broker_with_another_certificate_is_not_believed(secured: KafkaSettings, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text(identity().certificate)

    with pytest.raises(LogError):
        KafkaLog(replace(secured, security=replace(secured.security, ca_file=other)))


@pytest.mark.parametrize(
    ("protocol", "mechanism"), [("SASL_SSL", None), ("SSL", "PLAIN"), ("PLAINTEXT", "SCRAM-SHA-512")]
)
def test_half_a_login_is_refused(
    protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"], mechanism: Literal["PLAIN", "SCRAM-SHA-512"] | None
) -> None:
    with pytest.raises(ValueError, match="mechanism"):
        Security(protocol=protocol, mechanism=mechanism, user="wavegate", password=PASSWORD)


@pytest.mark.parametrize(("user", "password"), [(None, PASSWORD), ("wavegate", None), ("", "")])
def test_so_is_a_login_without_a_user_or_a_password(user: str | None, password: str | None) -> None:
    with pytest.raises(ValueError, match="PLAIN needs a user and a password"):
        Security(protocol="SASL_SSL", mechanism="PLAIN", user=user, password=password)
    assert Security(protocol="SASL_SSL", mechanism="GSSAPI").user is None


def test_settings_do_not_show_their_secrets() -> None:
    security = Security(protocol="SASL_SSL", mechanism="PLAIN", user="u", password="canary-1", key_password="canary-2")

    assert "canary" not in repr(KafkaSettings(bootstrap="b:1", security=security))


def test_addresses_are_listed_with_commas() -> None:
    assert KafkaSettings(bootstrap="a:1, b:2").addresses == ["a:1", "b:2"]
