"""Host keys, certificates, and what clients need to trust them."""

import ipaddress
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from lab.keys import known_hosts_line, new_certificate, new_host_key, write_trust

NOW = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(("legacy", "kind"), [(False, "ssh-ed25519"), (True, "ssh-rsa")])
def test_host_keys(legacy: bool, kind: str) -> None:
    key = new_host_key(legacy=legacy)

    line = known_hosts_line("127.0.1.1", 2222, key)

    assert line.startswith(f"[127.0.1.1]:2222 {kind} AAAA")
    assert len(line.split()) == 3
    assert known_hosts_line("127.0.1.1", 22, key).startswith("127.0.1.1 ")


def test_a_certificate_is_for_the_address() -> None:
    certificate = x509.load_pem_x509_certificate(new_certificate("sw1", "127.0.1.1", NOW).certificate)

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.1.1")]
    assert certificate.issuer == certificate.subject
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


def test_a_certificate_serves_tls_and_leaves_its_key_on_no_disk(tmp_path: Path) -> None:
    context = new_certificate("sw1", "127.0.1.1", NOW).server_context()

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert list(tmp_path.iterdir()) == []


def test_trust_is_written_in_place_of_the_old(tmp_path: Path) -> None:
    write_trust(tmp_path / "trust", ["old"], {})

    write_trust(tmp_path / "trust", ["b x", "a y"], {"sw1": b"PEM"})

    assert (tmp_path / "trust" / "known_hosts").read_text() == "a y\nb x\n"
    assert (tmp_path / "trust" / "sw1.pem").read_bytes() == b"PEM"
