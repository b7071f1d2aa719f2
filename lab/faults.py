"""What can go wrong on a device when it is told to, and when it does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lab.errors import FaultError


class FaultKind(Enum):
    """A way to fail."""

    SLOW = "slow"
    """Each command takes `seconds` longer."""
    SLOW_BANNER = "slow-banner"
    """A new connection waits `seconds` before the device says anything."""
    HANG = "hang"
    """The device stops answering on the session and keeps its connection open, until the fault is cleared."""
    DROP = "drop"
    """The connection dies just before or just after a command, by default the one that applies a change."""
    REFUSE_LOGIN = "refuse-login"
    """Every login is refused, as by an AAA server."""
    LOCKED = "locked"
    """Somebody else holds the configuration: a pending session on eos, the configuration lock on ios."""
    VTY_EXHAUSTED = "vty-exhausted"
    """ios: all terminal lines are taken by others."""
    FLASH_FULL = "flash-full"
    """Nothing can be written to flash or to the startup config."""
    ESCAPES = "escapes"
    """The banner and the output of commands hold terminal escapes."""
    FLOOD = "flood"
    """A command answers with `megabytes` of output."""
    SWALLOW = "swallow"
    """A configuration line is accepted without an error and without an effect."""
    POWER_CUT = "power-cut"
    """The power fails just before or just after a command: the device comes back with its startup config."""
    REBOOT = "reboot"
    """The device restarts just before or just after a command, also with its startup config."""


class Moment(Enum):
    """On which side of the command a fault strikes."""

    BEFORE = "before"
    AFTER = "after"


class Fault(BaseModel):
    """One fault.

    `match` is a regular expression for the whole of a command or line (any command without it), `nth` counts the
    commands that fit from the moment the fault is set (1 is the next). `once` takes the fault away after it struck.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    match: str | None = None
    nth: int | None = Field(default=None, ge=1)
    once: bool = False
    seconds: float = Field(default=1.0, ge=0)
    moment: Moment = Moment.BEFORE
    megabytes: int = Field(default=10, ge=1, le=100)

    @field_validator("match")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from error
        return value


def fault_from(data: object) -> Fault:
    """A fault from what a control message holds; raises FaultError naming what is wrong."""
    try:
        return Fault.model_validate(data, strict=False)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise FaultError(
            f"this is not a fault: {wrong}. The kinds are {', '.join(kind.value for kind in FaultKind)}"
        ) from error


@dataclass(slots=True)
class _Set:
    fault: Fault
    seen: int = 0


class Faults:
    """The faults that are set on one device."""

    def __init__(self) -> None:
        self._set: list[_Set] = []

    def add(self, fault: Fault) -> None:
        """Sets a fault, besides those that are set."""
        self._set.append(_Set(fault))

    def clear(self, kind: FaultKind | None = None) -> list[Fault]:
        """Takes away the faults of a kind, or all of them, and returns them."""
        gone = [each.fault for each in self._set if kind in {None, each.fault.kind}]
        self._set = [each for each in self._set if each.fault not in gone]
        return gone

    def __iter__(self) -> Iterator[Fault]:
        return iter([each.fault for each in self._set])

    def has(self, kind: FaultKind) -> bool:
        """Whether a fault of this kind is set, whatever command it waits for."""
        return any(each.fault.kind is kind for each in self._set)

    def strike(self, kind: FaultKind, command: str, *, moment: Moment | None = None, usual: str = ".*") -> Fault | None:
        """The fault of this kind that strikes at this command, if one does; counts the command and uses it up.

        `usual` is the expression that stands in where a fault has none of its own.
        """
        struck: Fault | None = None
        for each in list(self._set):
            fault = each.fault
            if fault.kind is not kind or moment not in {None, fault.moment}:
                continue
            if re.fullmatch(fault.match or usual, command.strip(), re.IGNORECASE | re.DOTALL) is None:
                continue
            # Each fault counts for itself, also where another one strikes first.
            each.seen += 1
            if struck is None and fault.nth in {None, each.seen}:
                struck = fault
                if fault.once:
                    self._set.remove(each)
        return struck
