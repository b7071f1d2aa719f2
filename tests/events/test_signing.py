"""Keys and signed envelopes: what counts, and everything that does not."""

import base64
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from events.commands import COMMANDS, HoldRollout, SubmitChange
from events.errors import MalformedError, MessageError
from events.signing import (
    COMMAND,
    CONTROL,
    KeyFileError,
    SignatureError,
    Signer,
    claimed_key,
    claimed_purpose,
    key_id,
    log_name,
    peek,
    public_from_pem,
    seal,
    unseal,
)

LATER = datetime(2026, 1, 1, 13, tzinfo=UTC)
ASKED = HoldRollout(rollout="r-1", reason="lunch, 昼食")
SEED = b"\x01" * 32


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(SEED))


@pytest.fixture
def signed(signer: Signer) -> str:
    return seal(signer, COMMAND, ASKED, log="log-1", id="c-1", expires=LATER)


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _parts(signed: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, payload, signature = (base64.urlsafe_b64decode(part + "==") for part in signed.split("."))
    return json.loads(header), json.loads(payload), signature


def _forged(header: object, payload: object, signer: Signer | None = None) -> str:
    """An envelope of any header and payload, signed with a key or not at all."""
    unsigned = ".".join(_b64(json.dumps(part).encode()) for part in (header, payload))
    signature = signer._private.sign(unsigned.encode()) if signer else b"\x00" * 64
    return f"{unsigned}.{_b64(signature)}"


def test_what_was_sealed_is_unsealed_with_its_own_key(signer: Signer, signed: str) -> None:
    envelope = unseal(signed, COMMAND, signer.public)
    assert (envelope.log, envelope.id, envelope.expires) == ("log-1", "c-1", LATER)
    assert envelope.message(COMMANDS) == ASKED
    assert claimed_key(signed) == signer.key_id
    assert claimed_purpose(signed) == COMMAND
    assert peek(signed) == envelope


def test_an_envelope_is_what_rfc_7515_and_8037_say(signer: Signer, signed: str) -> None:
    header, payload, signature = _parts(signed)
    assert header == {"alg": "EdDSA", "kid": signer.key_id, "typ": "wavegate-command"}
    assert set(payload) == {"log", "id", "type", "v", "expires", "data"}
    signer._private.public_key().verify(signature, signed.rpartition(".")[0].encode())


def test_the_example_of_rfc_8037_is_verified() -> None:
    # RFC 8037, appendix A: the key, its thumbprint's input, and a JWS over "Example of Ed25519 signing"
    public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    private = Ed25519PrivateKey.from_private_bytes(
        base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    )
    assert Signer(private).public == public
    unsigned = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    # It is no envelope of ours: its signature is right, and then its purpose is not.
    with pytest.raises(SignatureError, match="not signed as 'wavegate-command'"):
        unseal(f"{unsigned}.{signature}", COMMAND, public)


def test_another_key_does_not_open_it(signed: str) -> None:
    with pytest.raises(SignatureError, match="the signature does not match"):
        unseal(signed, COMMAND, Signer.generate().public)


@pytest.mark.parametrize(("sealed", "opened"), [(COMMAND, CONTROL), (CONTROL, COMMAND)])
def test_what_was_signed_for_one_purpose_is_worth_nothing_for_another(signer: Signer, sealed: str, opened: str) -> None:
    signed = seal(signer, sealed, ASKED, log="log-1", id="c-1", expires=LATER)
    with pytest.raises(SignatureError, match=f"not signed as '{opened}'"):
        unseal(signed, opened, signer.public)


ALTERED: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "the data": lambda _, payload: payload["data"].update(rollout="r-2"),
    "the log": lambda _, payload: payload.update(log="log-2"),
    "the id": lambda _, payload: payload.update(id="c-2"),
    "the expiry": lambda _, payload: payload.update(expires="2036-01-01T00:00:00Z"),
    "the key's name": lambda header, _: header.update(kid="k-0000000000000000"),
    "the purpose": lambda header, _: header.update(typ=CONTROL),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_whatever_is_altered_the_signature_is_gone(
    signer: Signer, signed: str, alter: Callable[[dict[str, Any], dict[str, Any]], object]
) -> None:
    header, payload, signature = _parts(signed)
    alter(header, payload)
    altered = ".".join([*(_b64(json.dumps(part).encode()) for part in (header, payload)), _b64(signature)])
    for purpose in (COMMAND, CONTROL):
        with pytest.raises(SignatureError, match="the signature does not match"):
            unseal(altered, purpose, signer.public)


ALGORITHMS: dict[str, Callable[[Signer], str]] = {
    "none": lambda signer: _forged({"alg": "none", "kid": signer.key_id, "typ": COMMAND}, {"id": "c-1"}),
    "None": lambda signer: _forged({"alg": "None", "kid": signer.key_id, "typ": COMMAND}, {"id": "c-1"}),
    "HMAC with the public key": lambda signer: jwt.PyJWS(algorithms=["HS256"]).encode(
        b"{}", signer.public, algorithm="HS256", headers={"kid": signer.key_id, "typ": COMMAND}
    ),
    "ECDSA": lambda signer: jwt.PyJWS(algorithms=["ES256"]).encode(
        b"{}", ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": signer.key_id}
    ),
    "another name": lambda signer: _forged({"alg": "Ed25519", "kid": signer.key_id, "typ": COMMAND}, {}, signer),
    "no name": lambda signer: _forged({"kid": signer.key_id, "typ": COMMAND}, {}, signer),
    "a critical extension": lambda signer: _forged(
        {"alg": "EdDSA", "kid": signer.key_id, "typ": COMMAND, "crit": ["x"], "x": 1}, {}, signer
    ),
    "a payload that is elsewhere": lambda signer: _forged(
        {"alg": "EdDSA", "kid": signer.key_id, "typ": COMMAND, "b64": False, "crit": ["b64"]}, {}, signer
    ),
    "a key of its own": lambda signer: _forged(
        {"alg": "EdDSA", "kid": signer.key_id, "typ": COMMAND, "jwk": {"kty": "OKP"}}, {}
    ),
}


@pytest.mark.parametrize("forge", ALGORITHMS.values(), ids=ALGORITHMS)
def test_no_other_algorithm_and_no_extension_is_taken(signer: Signer, forge: Callable[[Signer], str]) -> None:
    with pytest.raises(SignatureError):
        unseal(forge(signer), COMMAND, signer.public)


NO_ENVELOPES = {
    "nothing": "",
    "words": "halt everything, please",
    "two parts": "a.b",
    "four parts": "a.b.c.d",
    "padding": "e30=.e30.AAAA",
    "white space": "e30.e30.AAAA ",
    "a line break inside": "e30.e3\n0.AAAA",
    "another alphabet": "e+0.e/0.AAAA",
    "another script": "\u043530.e30.AAAA",
    "no signature": "e30.e30.",
    "no header": ".e30.AAAA",
    "a header that is no JSON": f"{_b64(b'x')}.e30.AAAA",
    "a header that is no object": f"{_b64(b'[1]')}.e30.AAAA",
    "a header without end": f"{_b64(b'[' * 200_000)}.e30.AAAA",
    "ten megabytes": f"{'A' * 10_000_000}.e30.AAAA",
}


@pytest.mark.parametrize("text", NO_ENVELOPES.values(), ids=NO_ENVELOPES)
def test_what_is_no_envelope_is_refused_wherever_it_is_looked_at(signer: Signer, text: str) -> None:
    for look in (claimed_key, peek, lambda text: unseal(text, COMMAND, signer.public)):
        with pytest.raises(SignatureError) as refused:
            look(text)
        assert len(str(refused.value)) < 300
    assert claimed_purpose(text) is None


@given(text=st.text(max_size=100) | st.binary(max_size=100).map(lambda raw: f"{_b64(raw)}.{_b64(raw)}.{_b64(raw)}"))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for look in (claimed_key, peek, lambda text: unseal(text, COMMAND, Signer(_PRIVATE).public)):
        with pytest.raises(MessageError):
            look(text)


_PRIVATE = Ed25519PrivateKey.from_private_bytes(SEED)


@pytest.mark.parametrize("kid", [None, 7, ["k"]], ids=["missing", "a number", "a list"])
def test_an_envelope_names_its_key(signer: Signer, kid: object) -> None:
    header = {"alg": "EdDSA", "typ": COMMAND} | ({} if kid is None else {"kid": kid})
    with pytest.raises(SignatureError):
        claimed_key(_forged(header, {}, signer))


PAYLOADS: dict[str, tuple[object, str]] = {
    "no object": ([], "the whole"),
    "nothing in it": ({}, "log: Field required"),
    "no expiry": ({"log": "l", "id": "c", "type": "t", "v": 1, "data": {}}, "expires: Field required"),
    "an expiry without a zone": (
        {"log": "l", "id": "c", "type": "t", "v": 1, "data": {}, "expires": "2026-01-01T00:00:00"},
        "expires: ",
    ),
    "an expiry before time began": (
        {"log": "l", "id": "c", "type": "t", "v": 1, "data": {}, "expires": "0001-01-01T00:00:00+10:00"},
        "expires: ",
    ),
    "a field more": (
        {"log": "l", "id": "c", "type": "t", "v": 1, "data": {}, "expires": "2026-01-01T00:00:00Z", "hunter2": 1},
        "(a field that is not known)",
    ),
    "an id of half a character": (
        {"log": "l", "id": "\ud800", "type": "t", "v": 1, "data": {}, "expires": "2026-01-01T00:00:00Z"},
        "JSON",
    ),
    "version 0": ({"log": "l", "id": "c", "type": "t", "v": 0, "data": {}, "expires": "2026-01-01T00:00:00Z"}, "v: "),
}


@pytest.mark.parametrize(("payload", "says"), PAYLOADS.values(), ids=PAYLOADS)
def test_what_is_signed_and_is_no_envelope_is_malformed(signer: Signer, payload: object, says: str) -> None:
    signed = _forged({"alg": "EdDSA", "kid": signer.key_id, "typ": COMMAND}, payload, signer)
    with pytest.raises(MalformedError) as refused:
        unseal(signed, COMMAND, signer.public)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_bundle_of_the_largest_size_can_be_signed(signer: Signer) -> None:
    files = {"change.yaml": "A" * 700_000}
    message = SubmitChange(bundle="sha256:" + "0" * 64, files=files)
    signed = seal(signer, COMMAND, message, log="log-1", id="c-1", expires=LATER)
    assert unseal(signed, COMMAND, signer.public).message(COMMANDS) == message


# Keys


def test_a_key_survives_its_pem(signer: Signer) -> None:
    again = Signer.from_pem(signer.pem())
    assert (again.public, again.key_id) == (signer.public, signer.key_id)
    assert seal(again, COMMAND, ASKED, log="l", id="c", expires=LATER) == seal(
        signer, COMMAND, ASKED, log="l", id="c", expires=LATER
    )


def test_a_private_key_does_not_show() -> None:
    made = Signer.generate()
    assert repr(made) == f"Signer({made.key_id})"
    assert Signer.generate().public != made.public


def test_ids_and_names_follow_from_the_public_half(signer: Signer) -> None:
    raw = signer._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert signer.public == _b64(raw)
    assert key_id(signer.public) == signer.key_id
    assert (len(signer.key_id), len(log_name(signer.public))) == (2 + 16, 4 + 32)
    assert log_name(signer.public) != log_name(Signer.generate().public)


def _openssl(*arguments: str, cwd: Path) -> bytes:
    return subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, check=True).stdout


def test_keys_made_by_openssl_sign(tmp_path: Path) -> None:
    # Given a key that openssl made
    _openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem", cwd=tmp_path)
    public = public_from_pem(_openssl("pkey", "-in", "key.pem", "-pubout", cwd=tmp_path))
    # When it signs
    made = Signer.from_pem((tmp_path / "key.pem").read_bytes())
    signed = seal(made, COMMAND, ASKED, log="log-1", id="c-1", expires=LATER)
    # Then the public half that openssl gives opens it, and openssl agrees
    assert unseal(signed, COMMAND, public).message(COMMANDS) == ASKED
    unsigned, _, signature = signed.rpartition(".")
    (tmp_path / "unsigned").write_text(unsigned)
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
    said = _openssl(
        "pkeyutl", "-verify", "-rawin", "-inkey", "key.pem", "-in", "unsigned", "-sigfile", "signature", cwd=tmp_path
    )
    assert b"Verified Successfully" in said


def test_openssl_reads_our_keys(signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "ours.pem").write_bytes(signer.pem())
    assert public_from_pem(_openssl("pkey", "-in", "ours.pem", "-pubout", cwd=tmp_path)) == signer.public


def _pem(private: Any, encryption: Any = None) -> bytes:
    made: bytes = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    return made


PEMS: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no unencrypted private key in PEM"),
    "words": (lambda: b"my key", "no unencrypted private key in PEM"),
    "an encrypted one": (
        lambda: _pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"pass")),
        "no unencrypted private key in PEM",
    ),
    "an RSA key": (lambda: _pem(rsa.generate_private_key(65537, 2048)), "not an Ed25519 key; make one with"),
    "an elliptic curve": (lambda: _pem(ec.generate_private_key(ec.SECP256R1())), "not an Ed25519 key"),
    "the public half": (
        lambda: Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "no unencrypted private key in PEM",
    ),
}


@pytest.mark.parametrize(("pem", "says"), PEMS.values(), ids=PEMS)
def test_what_is_no_such_private_key_is_said_to_be_none(pem: Callable[[], bytes], says: str) -> None:
    with pytest.raises(KeyFileError, match=says):
        Signer.from_pem(pem())


PUBLIC_PEMS: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no public key in PEM"),
    "a private key": (lambda: _pem(Ed25519PrivateKey.generate()), "no public key in PEM"),
    "an RSA key": (
        lambda: (
            rsa.generate_private_key(65537, 2048)
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        ),
        "not an Ed25519 key",
    ),
}


@pytest.mark.parametrize(("pem", "says"), PUBLIC_PEMS.values(), ids=PUBLIC_PEMS)
def test_what_is_no_such_public_key_is_said_to_be_none(pem: Callable[[], bytes], says: str) -> None:
    with pytest.raises(KeyFileError, match=says):
        public_from_pem(pem())
