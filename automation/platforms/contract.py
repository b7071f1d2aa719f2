"""The contract of a platform, and the table of what each can do.

The push protocol consults the table in place of vendors' names. A session is one login on one device, for one thread.
What is staged or pending on a device has a label, so that any process finds it again: labels are `wg-` and 16
hexadecimal digits, with a `u` behind them for an undo. A device has one unfinished order at a time: a label that is not
the current one's was left behind by a worker that is gone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from automation.config.vendor import Vendor
from automation.errors import AutomationError
from events.values import Cause, UndoRank
from inventory.credentials import Login

_LABEL = re.compile(r"wg-[0-9a-f]{16}u?")


def is_label(name: str) -> bool:
    """Whether a name on a device is a label of ours, of whatever order."""
    return _LABEL.fullmatch(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a platform can do.

    ``atomic``: lines take effect together, at the commit; ``candidate``: it shows beforehand what it would have;
    ``lock``: it keeps others from configuring meanwhile; ``merge`` and ``replace``: what can be staged;
    ``confirm_elsewhere``: a commit under a timer is confirmed by another session or process than the one that made it;
    ``undo``: how it may undo what nobody confirms, best first (which one a device has, its session says);
    ``timer_step`` and ``timer_longest``: what its timers can be set to; ``dead_man_restarts``: its dead-man brings
    back what is saved, by a restart, and not what ran when it was armed.
    """

    atomic: bool
    candidate: bool
    lock: bool
    merge: bool
    replace: bool
    confirm_elsewhere: bool
    undo: tuple[UndoRank, ...]
    timer_step: timedelta
    timer_longest: timedelta
    dead_man_restarts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where something listens, and by which keys it is known.

    ``host_keys`` are lines as in a known_hosts file without the host (``ssh-ed25519 AAAA...``), or certificates in PEM
    for what is reached over TLS. ``credential`` is the name under which the login is kept.
    """

    name: str
    address: str
    port: int
    credential: str
    login: Login
    host_keys: tuple[str, ...]
    legacy_crypto: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait for a device and how much to take from it."""

    connect: timedelta = timedelta(seconds=15)
    answer: timedelta = timedelta(seconds=30)
    answer_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A commit that nobody has confirmed yet.

    ``label`` is the one it was made under, whose it is where it was made under none (``user ops``), or None where the
    device does not tell it from ours. ``left`` is how long until it is undone, ``lasts`` what its timer was set to,
    where the device tells.
    """

    label: str | None
    left: timedelta
    lasts: timedelta | None = None


def freely() -> None:
    """Lets every line through."""


class Session(Protocol):
    """One login on one device.

    Every method raises :class:`PlatformError`: :class:`SessionLostError` and :class:`AnswerTimeoutError` where the
    device does not answer, :class:`AnswerTooLargeError` where it does not stop. After an error the session may be
    closed; it is never left waiting at a question. What a device answers comes without terminal escapes.
    """

    def running(self) -> str:
        """The running configuration as the device shows it.

        Raises:
            IncompleteAnswerError: it does not come to its end; a part is never taken for the whole.
        """
        ...

    def startup(self) -> str:
        """The configuration that the device would start with, empty where there is none.

        Raises:
            IncompleteAnswerError: as for :meth:`running`.
        """
        ...

    def undo_rank(self) -> UndoRank:
        """How this very device undoes what nobody confirms, as it is configured now."""
        ...

    def lock(self, label: str) -> None:
        """Keeps others from configuring, as far as the device can. The lock ends with the session or the commit.

        What another label of ours has staged is dropped: nobody is left who would commit it.

        Raises:
            LockedError: somebody else has it, or has a commit pending; who, is in the text. It is never taken from
                them.
        """
        ...

    def stage(self, lines: Sequence[str], *, label: str, replace: bool) -> str | None:
        """Prepares the lines without an effect on the device, in place of what is staged under the label.

        Returns:
            What the running configuration would be, on platforms with a candidate; None on others.

        Raises:
            LineRejectedError: the device refuses a line, or the line would leave the configuration (a control
                character, ``end``, ``do reload``); nothing is staged.
        """
        ...

    def discard(self, label: str) -> None:
        """Drops what is staged under the label, by whatever process. Nothing staged is no error.

        What is committed stays, also what waits for a confirmation.
        """
        ...

    def arm(self, label: str, timer: timedelta) -> None:
        """Has the device undo what is about to be committed under the label, unless it is confirmed in time.

        No line takes effect by it, and :meth:`confirm` takes it back. The timer is rounded up to the platform's steps.
        Where lines take effect together the timer is a part of the commit, and this does nothing.

        Raises:
            LockedError: somebody else was there first, and nothing is armed.
            DeviceFullError: the device has no room for the way back, and nothing is armed.
            SessionLostError, AnswerTimeoutError: whether it is armed is unknown.
        """
        ...

    def commit(self, label: str, timer: timedelta | None, permit: Callable[[], None] = freely) -> None:
        """Makes what was staged effective; under a timer it is undone by the device unless it is confirmed in time.

        Where lines take effect one by one, the timer was armed before, on this session. ``permit`` is called before
        everything that takes effect, each line where they do so one by one; whatever it raises ends the commit there:
        no further line is sent, configuration mode is left, what was entered and what is armed stay.

        Raises:
            LockedError: somebody else was there first; nothing took effect, nothing stays armed.
            RefusedCommandError: nothing is staged, or the undo is not armed; nothing took effect.
            LineRejectedError: the device refused a line after earlier ones took effect; they are there still.
            SessionLostError, AnswerTimeoutError: the device did not answer: what it did is unknown.
        """
        ...

    def pending(self) -> Pending | None:
        """The commit that waits for a confirmation, whoever made it."""
        ...

    def confirm(self, label: str) -> None:
        """Makes a commit under a timer stay. Any process may, not only the one that committed.

        Raises:
            UnconfirmedError: nothing is pending, or not under this label.
        """
        ...

    def revert(self, label: str) -> None:
        """Undoes a commit under a timer now, by the device's own means. The session may be lost by it.

        Where ``dead_man_restarts``, that is a restart of the device: the last resort.

        Raises:
            UnconfirmedError: nothing is pending, or not under this label.
        """
        ...

    def save(self) -> None:
        """Writes running to startup, and has the device's word for it.

        Raises:
            DeviceFullError: there is no room for it.
            NotSavedError: the device does not say that it saved.
        """
        ...

    def show(self, command: str) -> str:
        """What a command that changes nothing answers; what it says where it refuses the command.

        Raises:
            ForbiddenCommandError: the command may change something.
        """
        ...

    def close(self) -> None:
        """Ends the session. What is committed under a timer stays so; what is staged is left to :meth:`discard`."""
        ...


class Platform(Protocol):
    """One kind of network operating system."""

    @property
    def name(self) -> str:
        """Its name, as inventories have it."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        ...

    @property
    def vendor(self) -> Vendor:
        """Its configuration language."""
        ...

    @property
    def commands(self) -> tuple[str, ...]:
        """A pattern for every command that is ever sent to it, besides a change's own lines and checks."""
        ...

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:
        """Logs in, with strict host keys, through a jump host where there is one.

        Raises:
            UnreachableError, LoginRefusedError, HostKeyError, DeviceBusyError: as they say; nothing was written.
        """
        ...


class PlatformError(AutomationError):
    """Something went wrong at a device. The text is for people and has no secret in it."""

    cause: Cause = Cause.INTERNAL


class UnreachableError(PlatformError):
    """No connection could be made."""

    cause = Cause.UNREACHABLE
    retriable = True


class LoginRefusedError(PlatformError):
    """The device, or its AAA server, or its jump host refused the login; trying on would lock the account.

    ``credential`` names the login that was refused.
    """

    cause = Cause.LOGIN_REFUSED

    def __init__(self, text: str, credential: str | None = None) -> None:
        super().__init__(text)
        self.credential = credential


class HostKeyError(PlatformError):
    """The device shows another key than the one that is trusted; nothing was sent to it."""

    cause = Cause.HOST_KEY_CHANGED


class LegacyCryptoError(UnreachableError):
    """The device knows none of the algorithms that are taken from it."""

    retriable = False


class HostKeyUnknownError(HostKeyError):
    """No key of the device is trusted yet."""

    cause = Cause.HOST_KEY_UNKNOWN


class DeviceBusyError(PlatformError):
    """Every terminal line or session of the device is taken."""

    cause = Cause.DEVICE_BUSY
    retriable = True


class LockedError(PlatformError):
    """Somebody else is configuring, or has a commit pending."""

    cause = Cause.DEVICE_LOCKED
    retriable = True


class LineRejectedError(PlatformError):
    """The device refused a line. Line and answer may hold secrets: redact them before anybody sees them."""

    cause = Cause.LINE_REJECTED

    def __init__(self, line: str, answer: str) -> None:
        super().__init__("the device refused a line")
        self.line = line
        self.answer = answer


class ForbiddenCommandError(PlatformError):
    """A command that may change something was to be sent as one that only looks; nothing was sent."""


class RefusedCommandError(PlatformError):
    """The device refused one of the platform's own commands: an AAA server, or a release that lacks it."""


class LoginUnusableError(PlatformError):
    """The login that is kept for a device cannot be used as it is; nothing was sent."""

    cause = Cause.CREDENTIAL_MISSING


class NotSavedError(PlatformError):
    """Running was not written to startup."""

    cause = Cause.NOT_SAVED


class DeviceFullError(NotSavedError):
    """The device has no room to save."""

    cause = Cause.DEVICE_FULL


class AnswerTooLargeError(PlatformError):
    """The device answered with more than is taken from it."""

    cause = Cause.ANSWER_TOO_LARGE


class AnswerTimeoutError(PlatformError):
    """The device did not answer in time; what it did is unknown."""

    cause = Cause.TIMED_OUT
    retriable = True


class IncompleteAnswerError(AnswerTimeoutError):
    """The device's answer is not whole; what it has is unknown."""


class SessionLostError(PlatformError):
    """The session ended before the device answered; what it did is unknown."""

    cause = Cause.ACCESS_LOST
    retriable = True


class UnconfirmedError(PlatformError):
    """What was to be confirmed is not pending: its timer has run out, or it was never committed."""

    cause = Cause.TIMED_OUT
