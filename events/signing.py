"""Ed25519 keys and the signed envelope of commands and control records.

The envelope is a JWS in compact serialisation (RFC 7515) with the EdDSA algorithm (RFC 8037), so that anything that has
openssl and base64 can make one. Its header names the key (``kid``) and the purpose (``typ``), so that an envelope that
was signed for one topic is worth nothing in another.
"""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import Field, ValidationError

from events.catalogue import Catalogue, Message, complaint
from events.errors import MalformedError, MessageError
from events.values import Identifier, Moment, Value

#: The ``typ`` of the two kinds of envelope.
COMMAND = "wavegate-command"
CONTROL = "wavegate-control"

_ALGORITHM = "EdDSA"
_JWS = jwt.PyJWS(algorithms=[_ALGORITHM])

#: The longest envelope, in characters: a change's bundle, in base64 twice, fits.
_LONGEST = 2_000_000

#: Three parts in base64url, and nothing that a lenient reader would pass over.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class SignatureError(MessageError):
    """An envelope is unsigned, badly signed, or signed by a key that is not the one it names."""


class KeyFileError(Exception):
    """A key cannot be read."""


class Envelope(Value):
    """What is signed: which log, under which id, what, until when.

    A command's ``expires`` bounds when it may still be accepted; what it asked for has its own terms.
    """

    log: Identifier
    id: Identifier
    type: str = Field(max_length=64)
    v: int = Field(ge=1)
    expires: Moment
    data: dict[str, Any]

    def message(self, catalogue: Catalogue) -> Message:
        """The message inside.

        Raises:
            MessageError: no message of that catalogue can be read from it.
        """
        return catalogue.read(self.type, self.v, self.data)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that signs. Its ``repr`` does not show it."""

    _private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"

    @classmethod
    def generate(cls) -> "Signer":
        """A new key, from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> "Signer":
        """A key from PEM (PKCS #8, unencrypted), as ``openssl genpkey -algorithm ed25519`` writes it.

        Raises:
            KeyFileError: the text is no such key.
        """
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"this is no unencrypted private key in PEM: {error}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyFileError("this private key is not an Ed25519 key; make one with 'wavegate key new'")
        return cls(private)

    def pem(self) -> bytes:
        """The private key in PEM; for a file that only its owner can read."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> str:
        """The public half: raw, in URL-safe base64 without padding."""
        return encode_public(self._private.public_key())

    @property
    def key_id(self) -> str:
        """The id under which the public half is registered."""
        return key_id(self.public)

    def sign(self, purpose: str, envelope: Envelope) -> str:
        """The envelope as a signed text."""
        payload = json.dumps(envelope.model_dump(mode="json"), separators=(",", ":")).encode()
        return _JWS.encode(payload, self._private, algorithm=_ALGORITHM, headers={"kid": self.key_id, "typ": purpose})


def seal(signer: Signer, purpose: str, message: Message, *, log: str, id: str, expires: datetime) -> str:  # noqa: A002
    """A message in a signed envelope."""
    data = message.model_dump(mode="json", exclude_none=True)
    envelope = Envelope(log=log, id=id, type=message.wire, v=message.version, expires=expires, data=data)
    return signer.sign(purpose, envelope)


def claimed_key(signed: str) -> str:
    """The id of the key that an envelope claims to be signed by. Proves nothing.

    Raises:
        SignatureError: it is no signed envelope at all.
    """
    kid = _header(signed).get("kid")
    if not isinstance(kid, str):
        raise SignatureError("the envelope does not name its key ('kid' in its header)")
    return kid


def claimed_purpose(signed: str) -> str | None:
    """What an envelope claims to be signed for. Proves nothing; None where it does not say, or is none."""
    try:
        purpose = _header(signed).get("typ")
    except SignatureError:
        return None
    return purpose if isinstance(purpose, str) else None


def _header(signed: str) -> dict[str, Any]:
    _check_form(signed)
    try:
        return jwt.get_unverified_header(signed)
    except (jwt.PyJWTError, RecursionError) as error:
        raise SignatureError("this is no signed envelope: its header cannot be read") from error


def _check_form(signed: str) -> None:
    if len(signed) > _LONGEST:
        raise SignatureError(f"this is no signed envelope: it is longer than {_LONGEST:,} characters")
    if not _COMPACT.fullmatch(signed):
        raise SignatureError("this is no signed envelope: three parts in base64url with dots between are expected")


def unseal(signed: str, purpose: str, public: str) -> Envelope:
    """The envelope, once its signature has been checked against a public key.

    Raises:
        SignatureError: the signature does not match, or was given for another purpose.
        MalformedError: it is signed, but is no envelope.
    """
    _check_form(signed)
    try:
        opened = _JWS.decode_complete(signed, decode_public(public), algorithms=[_ALGORITHM])
    except (jwt.PyJWTError, RecursionError) as error:
        raise SignatureError(f"the signature does not match: {error}") from error
    if opened["header"].get("typ") != purpose:
        raise SignatureError(f"the envelope was not signed as {purpose!r} ('typ' in its header)")
    try:
        return Envelope.model_validate_json(opened["payload"])
    except ValidationError as error:
        raise MalformedError("an envelope", complaint(error)) from error


def peek(signed: str) -> Envelope:
    """The envelope without a check of its signature: to show what somebody claims, never to act on it.

    Raises:
        MessageError: it is no envelope.
    """
    _check_form(signed)
    try:
        opened = _JWS.decode_complete(signed, options={"verify_signature": False})
        return Envelope.model_validate_json(opened["payload"])
    except (jwt.PyJWTError, RecursionError) as error:
        raise SignatureError("this is no signed envelope: its header cannot be read") from error
    except ValidationError as error:
        raise MalformedError("an envelope", complaint(error)) from error


def key_id(public: str) -> str:
    """The id of a public key: the first 16 hexadecimal digits of the SHA-256 of its raw bytes, behind ``k-``."""
    return "k-" + hashlib.sha256(_unpad(public)).hexdigest()[:16]


def log_name(root_public: str) -> str:
    """The name of the log that this key founds: 32 hexadecimal digits of its SHA-256, behind ``log-``.

    Whoever knows the log's name thereby knows the root of its rights, and nobody can found another log of that name.
    """
    return "log-" + hashlib.sha256(_unpad(root_public)).hexdigest()[:32]


def public_from_pem(pem: bytes) -> str:
    """A public key's short form from PEM, as ``openssl pkey -pubout`` writes it.

    Raises:
        KeyFileError: the text is no Ed25519 public key.
    """
    try:
        public = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"this is no public key in PEM: {error}") from error
    if not isinstance(public, Ed25519PublicKey):
        raise KeyFileError("this public key is not an Ed25519 key")
    return encode_public(public)


def encode_public(public: Ed25519PublicKey) -> str:
    """A public key's short form: raw, in URL-safe base64 without padding."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_public(public: str) -> Ed25519PublicKey:
    """A public key from its short form."""
    return Ed25519PublicKey.from_public_bytes(_unpad(public))


def _unpad(public: str) -> bytes:
    return base64.urlsafe_b64decode(public + "=" * (-len(public) % 4))
