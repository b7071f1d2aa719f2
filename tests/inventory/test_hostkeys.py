"""Host keys as values, and the book of those that are trusted."""

import asyncio
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncssh
import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.hostkeys import (
    CERTIFICATE,
    HostKey,
    HostKeyBook,
    HostKeyConflictError,
    HostKeyError,
    NoHostKeyError,
    known_hosts_text,
    tls_context,
)
from inventory.model import Device

PublicKey = Callable[[str], str]
MakeCertificate = Callable[[str], tuple[Path, Path]]


def device(address: str = "10.0.0.1", port: int = 22) -> Device:
    return Device(
        name="rtr1", site="hq", role="router", platform="ios", address=address, port=port, credentials="tacacs"
    )


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "ssh-rsa"])
def test_a_key_of_ssh_is_read_and_written(public_key: PublicKey, algorithm: str) -> None:
    text = public_key(algorithm)
    key = HostKey.parse(f"{text} somebody@somewhere")
    assert (key.algorithm, key.text) == (algorithm, text)
    assert HostKey.parse(key.text) == key


def told_by(*command: str, given: str = "") -> str:
    """What a program prints; skipped where there is no such program, but not on the machine that decides."""
    if shutil.which(command[0]) is None and "CI" not in os.environ:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


def test_its_fingerprint_is_the_one_that_ssh_keygen_prints(public_key: PublicKey) -> None:
    text = public_key("ssh-ed25519")
    assert HostKey.parse(text).fingerprint == told_by("ssh-keygen", "-lf", "-", given=text).split()[1]


def test_a_certificate_is_read_and_written(certificate: MakeCertificate) -> None:
    pem = certificate("rtr1")[0].read_text()
    key = HostKey.parse(pem)
    assert key.algorithm == CERTIFICATE
    assert HostKey.parse(key.text) == HostKey.of_certificate(ssl.PEM_cert_to_DER_cert(pem)) == key


def test_its_fingerprint_is_the_one_that_openssl_prints(certificate: MakeCertificate) -> None:
    pem = certificate("rtr1")[0].read_text()
    printed = told_by("openssl", "x509", "-noout", "-fingerprint", "-sha256", given=pem)
    assert HostKey.parse(pem).fingerprint == printed.strip().partition("=")[2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "host keys are ssh-ed25519, ", id="nothing"),
        pytest.param("ssh-dss AAAAB3NzaC1kc3M=", "not 'ssh-dss'", id="DSA"),
        pytest.param("sk-ssh-ed25519@openssh.com AAAA", "not 'sk-ssh-ed25519@openssh.com'", id="on a token"),
        pytest.param("ssh-ed25519", "this is not a public key of ssh-ed25519", id="no key"),
        pytest.param("ssh-ed25519 AAAA", "this is not a public key of ssh-ed25519", id="cut off"),
        pytest.param("ssh-ed25519 ÄÖÜ", "this is not a public key of ssh-ed25519", id="no base64"),
        pytest.param("-----BEGIN CERTIFICATE-----\nAAAA\n", "this is not a certificate in PEM", id="no certificate"),
        pytest.param("x" * 500, f"not '{'x' * 40}'", id="long"),
    ],
)
def test_what_is_no_key_is_refused(text: str, reason: str) -> None:
    with pytest.raises(HostKeyError, match=re.escape(reason)):
        HostKey.parse(text)


def test_a_key_under_the_name_of_another_algorithm_is_refused(public_key: PublicKey) -> None:
    blob = public_key("ssh-rsa").split()[1]
    with pytest.raises(HostKeyError, match="this is not a public key of ssh-ed25519"):
        HostKey.parse(f"ssh-ed25519 {blob}")


def test_bytes_that_are_no_certificate_are_refused() -> None:
    with pytest.raises(HostKeyError, match=r"not an X\.509 certificate"):
        HostKey.of_certificate(b"\x30\x00")


def test_a_device_without_keys_is_not_trusted() -> None:
    with pytest.raises(NoHostKeyError, match="no host key of 'rtr1' is recorded: enroll it before anything is sent"):
        HostKeyBook().of("rtr1")


def test_keys_are_recorded_in_another_book(public_key: PublicKey) -> None:
    empty, key = HostKeyBook(), HostKey.parse(public_key("ssh-ed25519"))
    book = empty.with_keys("rtr1", [key])
    assert book.of("rtr1") == (key,)
    assert "rtr1" not in empty.keys


def test_other_keys_need_an_explicit_replace(public_key: PublicKey) -> None:
    old, new = (HostKey.parse(public_key("ssh-ed25519")) for _ in range(2))
    book = HostKeyBook().with_keys("rtr1", [old])
    with pytest.raises(HostKeyConflictError) as caught:
        book.with_keys("rtr1", [new])
    assert (caught.value.recorded, caught.value.offered) == ((old,), (new,))
    assert old.fingerprint in str(caught.value)
    assert new.fingerprint in str(caught.value)
    assert book.with_keys("rtr1", [new], replace=True).of("rtr1") == (new,)


def test_one_more_key_needs_it_too(public_key: PublicKey) -> None:
    """Whoever can add a key can pass for the device."""
    first, second = HostKey.parse(public_key("ssh-ed25519")), HostKey.parse(public_key("ssh-rsa"))
    book = HostKeyBook().with_keys("rtr1", [first])
    with pytest.raises(HostKeyConflictError):
        book.with_keys("rtr1", [first, second])
    assert book.with_keys("rtr1", [first, second], replace=True).of("rtr1") == tuple(sorted([first, second]))


def test_keys_that_are_known_change_nothing(public_key: PublicKey) -> None:
    keys = [HostKey.parse(public_key("ssh-ed25519")), HostKey.parse(public_key("ssh-rsa"))]
    book = HostKeyBook().with_keys("rtr1", keys)
    assert book.with_keys("rtr1", keys[:1]) is book
    assert book.with_keys("rtr1", reversed(keys)) == book


def test_a_device_can_be_taken_out(public_key: PublicKey) -> None:
    book = HostKeyBook().with_keys("rtr1", [HostKey.parse(public_key("ssh-ed25519"))])
    assert book.without("rtr1") == HostKeyBook() == HostKeyBook().without("rtr1")


@pytest.mark.parametrize("count", [0, 17])
def test_the_number_of_keys_is_bounded(public_key: PublicKey, count: int) -> None:
    keys = [HostKey.parse(public_key("ssh-ed25519")) for _ in range(count)]
    with pytest.raises(HostKeyError, match=f"'rtr1' must have 1 to 16 host keys, not {count}"):
        HostKeyBook().with_keys("rtr1", keys)


some_keys = st.frozensets(
    st.builds(HostKey, algorithm=st.just("ssh-rsa"), blob=st.binary(min_size=1, max_size=1)), min_size=1, max_size=3
)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("ab"), some_keys, st.booleans()), max_size=12))
def test_a_book_holds_what_was_recorded_last_and_not_refused(
    records: list[tuple[str, frozenset[HostKey], bool]],
) -> None:
    book, expected = HostKeyBook(), dict[str, frozenset[HostKey]]()
    for name, keys, replace in records:
        before = expected.get(name, frozenset())
        if replace or not before or keys <= before:
            book = book.with_keys(name, keys, replace=replace)
            expected[name] = keys if replace or not before else before
        else:
            with pytest.raises(HostKeyConflictError):
                book.with_keys(name, keys)
    assert dict(book.keys) == expected


@pytest.mark.parametrize("port", [22, 2222])
def test_paramiko_and_asyncssh_read_what_is_exported(public_key: PublicKey, tmp_path: Path, port: int) -> None:
    keys = [HostKey.parse(public_key(algorithm)) for algorithm in ("ssh-ed25519", "ssh-rsa")]
    text = known_hosts_text(device(port=port), keys)
    path = tmp_path / "known_hosts"
    path.write_text(text)
    entries = paramiko.HostKeys(str(path)).lookup("10.0.0.1" if port == 22 else "[10.0.0.1]:2222")
    assert entries is not None
    assert {key.get_name(): key.asbytes() for key in entries.values()} == {key.algorithm: key.blob for key in keys}
    matched = asyncssh.import_known_hosts(text).match("", "10.0.0.1", None if port == 22 else port)[0]
    assert {HostKey.parse(key.export_public_key().decode()) for key in matched} == set(keys)


def test_certificates_are_not_exported_for_ssh(public_key: PublicKey, certificate: MakeCertificate) -> None:
    tls, key = HostKey.parse(certificate("rtr1")[0].read_text()), HostKey.parse(public_key("ssh-ed25519"))
    assert known_hosts_text(device(), [tls, key]) == f"10.0.0.1 {key.text}\n"
    with pytest.raises(HostKeyError, match="no SSH host key of 'rtr1' is recorded"):
        known_hosts_text(device(), [tls])


def test_a_tls_context_needs_a_certificate(public_key: PublicKey) -> None:
    with pytest.raises(HostKeyError, match="no certificate of 'rtr1' is recorded"):
        tls_context("rtr1", [HostKey.parse(public_key("ssh-ed25519"))])


async def handshake(server: tuple[Path, Path], context: ssl.SSLContext) -> str:
    """What a client makes of a server: 'trusted', or why not."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*server)
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=serving) as listening:
        port = listening.sockets[0].getsockname()[1]
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        writer.transport.abort()
        return "trusted"


def test_the_recorded_certificate_is_trusted_and_no_other(certificate: MakeCertificate) -> None:
    """Over real TLS: also one with the same name that somebody else made."""
    recorded, other = certificate("rtr1"), certificate("rtr1")
    context = tls_context("rtr1", [HostKey.parse(recorded[0].read_text())])
    assert asyncio.run(handshake(recorded, context)) == "trusted"
    assert asyncio.run(handshake(other, context)) != "trusted"


def test_an_issued_certificate_is_trusted_without_its_issuer(
    certificate: MakeCertificate, issued: MakeCertificate
) -> None:
    recorded = issued("rtr1")
    context = tls_context("rtr1", [HostKey.parse(recorded[0].read_text())])
    assert asyncio.run(handshake(recorded, context)) == "trusted"
    assert asyncio.run(handshake(issued("rtr2"), context)) != "trusted"
