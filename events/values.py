"""The value types that messages are made of."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

#: The longest envelope that facts and orders carry on, in characters; a plan's thousands of orders repeat it.
KEPT_LIMIT = 256 * 1024

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
"""A name of a device, site, area, person, team or credential."""

Text = Annotated[str, StringConstraints(max_length=4_000)]
"""Free text that a person or a device gave; never trusted, escaped where it is shown."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._/@-]{0,127}$")]
"""An id of a command, rollout, order, report or control record."""

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""The SHA-256 of bytes that anybody may know: bundles, plans, facts."""

KeyedDigest = Annotated[str, StringConstraints(pattern=r"^hmac:[0-9a-f]{64}$")]
"""A keyed HMAC-SHA-256 over unredacted, normalised config lines, so that it tells nothing about a secret in them."""

BlobAddress = Annotated[str, StringConstraints(pattern=r"^(sha256|secret)-[0-9a-f]{64}$")]
"""Where a blob is; one that holds secrets is addressed by a keyed digest."""

Signed = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$", max_length=KEPT_LIMIT)
]
"""A signed envelope: a JWS in compact serialisation (RFC 7515)."""

HostKey = Annotated[str, StringConstraints(min_length=1, max_length=8_000)]
"""A host key or certificate as one line of text (see :mod:`inventory.hostkeys`)."""

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A number of things; it fits every reader's integers, JSON's and a database's among them."""


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this is too near the beginning or the end of time to be one in UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A point in time, aware, in UTC."""


class Value(BaseModel):
    """Base of every model that goes over the wire: frozen, and strange fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


class UndoRank(StrEnum):
    """How a push on a device is undone when nobody confirms it; the best that the device can do."""

    TIMER = "timer"
    DEAD_MAN = "dead-man"
    NONE = "none"


class Access(StrEnum):
    """Whether management traffic takes the path that a change may cut."""

    IN_BAND = "in-band"
    OUT_OF_BAND = "out-of-band"


class Cause(StrEnum):
    """Why something did not go as asked. What it means and what to do is in docs/guides/operations.md."""

    UNREACHABLE = "unreachable"
    LOGIN_REFUSED = "login-refused"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    CREDENTIAL_MISSING = "credential-missing"
    DEVICE_BUSY = "device-busy"
    DEVICE_LOCKED = "device-locked"
    DEVICE_FULL = "device-full"
    ANSWER_TOO_LARGE = "answer-too-large"
    TIMED_OUT = "timed-out"
    LINE_REJECTED = "line-rejected"
    DIFF_DIFFERS = "diff-differs"
    DRIFT = "drift"
    CHECKS_FAILED = "checks-failed"
    ACCESS_LOST = "access-lost"
    NOT_SAVED = "not-saved"
    UNDO_FAILED = "undo-failed"
    NO_UNDO = "no-undo"
    FOREIGN_UNSAVED = "foreign-unsaved"
    CUTS_LOGIN = "cuts-login"
    SALTED_SECRET = "salted-secret"  # noqa: S105 - the name of a cause
    NO_TEMPLATE = "no-template"
    RENDER_FAILED = "render-failed"
    TASK_VERSION = "task-version"
    CHANGE_MISSING = "change-missing"
    NOT_IN_INVENTORY = "not-in-inventory"
    INVENTORY_DIFFERS = "inventory-differs"
    HALTED = "halted"
    CONTROL_UNREAD = "control-unread"
    LEASE_LOST = "lease-lost"
    APPROVAL_INVALID = "approval-invalid"
    SHUTTING_DOWN = "shutting-down"
    LATER_CHANGE = "later-change"
    INTERNAL = "internal"


class Reason(Value):
    """A cause and what was seen, redacted, for a person."""

    cause: Cause
    detail: Text = ""

    def __str__(self) -> str:
        return f"{self.cause.value}: {self.detail}" if self.detail else self.cause.value


def utc(text: str) -> datetime:
    """A moment from its ISO 8601 text.

    Raises:
        ValueError: the text is none, has no zone, or is out of range.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; add Z or an offset such as +02:00")
    return _in_utc(moment)
