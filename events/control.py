"""What every process must know at once: halts, revocations, keys. Signed, never compacted, never in a transaction.

A subject is halted while any id raised on it is not lifted, so nobody's lift erases somebody else's halt.
"""

import base64
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator

from events.catalogue import Catalogue, Message
from events.values import Identifier, Moment, Name, Text, Value

#: Points of small order, under which signatures can be forged by anybody: their y in hexadecimal, little-endian. A
#: key's owner could disown what it signed. The list is libsodium's, ``ge25519_has_small_order``.
_WEAK = frozenset(
    {
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    }
)

#: What only a coordinator raises has an id that begins like this.
AUTOMATIC = "auto."


class Role(StrEnum):
    """What a key may do; a key can have several."""

    ENGINEER = "engineer"
    """Submits changes, requests rollouts and withdraws them."""
    OPERATOR = "operator"
    """Approves for its areas, holds, halts, resumes, skips, retries, rolls back."""
    ADMIN = "admin"
    """Registers and revokes keys."""
    PIPELINE = "pipeline"
    """Submits changes and requests rollouts by itself."""
    COORDINATOR = "coordinator"
    """A coordinator's own key: halts what hurts."""


class KeyEntry(Value):
    """A registered public key: who it belongs to and what it may do.

    ``public`` is the raw Ed25519 key in URL-safe base64 without padding (as in RFC 8037).
    """

    public: str = Field(pattern=r"^[A-Za-z0-9_-]{43}$")
    name: Name
    team: Name
    areas: tuple[Name, ...] = ()
    roles: tuple[Role, ...] = Field(min_length=1)

    @field_validator("public")
    @classmethod
    def _signs_for_one(cls, public: str) -> str:
        raw = base64.urlsafe_b64decode(public + "=")
        if (raw[:31] + bytes([raw[31] & 0x7F])).hex() in _WEAK:
            raise ValueError("anybody could sign for this key; make another one")
        return public


class Subject(Value):
    """What a halt is on: everything (no name) or one thing of a kind."""

    kind: str = Field(pattern=r"^(all|rollout|site|device|credential)$")
    name: Identifier | None = None

    @model_validator(mode="after")
    def _named_unless_all(self) -> Self:
        if (self.kind == "all") != (self.name is None):
            raise ValueError("'all' stands alone; every other subject needs a name")
        return self

    def __str__(self) -> str:
        return self.kind if self.name is None else f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """A subject from ``all`` or ``kind:name``."""
        kind, _, name = text.partition(":")
        return cls(kind=kind, name=name or None)


class Control(Message):
    """Base of all control records. The envelope's id is the id under which something is raised."""


class LogFounded(Control):
    """The first record: who is at the root of all rights. Signed by that very key; the log's name is its digest."""

    wire: ClassVar[str] = "LogFounded"

    root: KeyEntry
    at: Moment


class KeyRegistered(Control):
    """A key may act from now on. Registering a known key anew replaces what it may do."""

    wire: ClassVar[str] = "KeyRegistered"

    key: KeyEntry


class KeyRevoked(Control):
    """A key may not act any more, and approvals that it signed do not count any more."""

    wire: ClassVar[str] = "KeyRevoked"

    key: Identifier
    reason: Text


class ApprovalRevoked(Control):
    """An approval, by the id of the command that gave it, does not count any more."""

    wire: ClassVar[str] = "ApprovalRevoked"

    rollout: Identifier
    approval: Identifier
    reason: Text


class HaltRaised(Control):
    """Nothing new may start on these subjects.

    ``revert`` asks that pushes which were in flight and healthy be undone too, at the rollout's pace; it counts from
    operators alone.
    """

    wire: ClassVar[str] = "HaltRaised"

    subjects: tuple[Subject, ...] = Field(min_length=1, max_length=1_000)
    reason: Text
    revert: bool = False


class HaltLifted(Control):
    """One halt, by its id, stands no longer."""

    wire: ClassVar[str] = "HaltLifted"

    halt: Identifier
    reason: Text = ""


CONTROL = Catalogue("control record", LogFounded, KeyRegistered, KeyRevoked, ApprovalRevoked, HaltRaised, HaltLifted)
