"""What one push is about, and what it needs from the world around it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from automation.config.compare import Comparison
from automation.config.replacement import Replacement
from automation.config.secrets import Digester
from automation.config.tree import Tree
from automation.errors import AutomationError
from automation.platforms.contract import Endpoint, Limits, Platform
from automation.push.before import Before
from events.reports import Report
from events.values import Access, Cause, UndoRank


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One post-check: a command that changes nothing, and what its answer has to contain, or must not.

    ``matches`` and ``lacks`` are regular expressions, searched line by line.
    """

    name: str
    command: str
    matches: str | None = None
    lacks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long the steps may take.

    Checks have to have held for ``hold`` when ``within`` is over. ``pause`` lies between two looks at a device.
    ``give_up`` is for how long a device that was written to is looked for before it is called unknown. ``quiet`` is for
    how long, at the least, lines that took effect one by one have to stay as they are before it is believed that nobody
    is still entering them.
    """

    within: timedelta = timedelta(seconds=60)
    hold: timedelta = timedelta(0)
    pause: timedelta = timedelta(seconds=1)
    give_up: timedelta = timedelta(minutes=10)
    quiet: timedelta = timedelta(seconds=3)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier attempt at the same work, which may have written.

    ``label`` is what it left pending, if anything, ``undo`` how the device undoes that, and ``kept`` the blob of
    ``before``. ``again``: whether the work may be done anew where nothing of the attempt is found; a reconciliation
    only finds out.
    """

    label: str
    before: Before
    kept: str
    undo: UndoRank
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One order, made ready. ``label`` names what is pending on the device, so that any process finds it again.

    ``compare`` holds the order's aim against a running configuration. ``base`` is the digest of the touched sections
    that it starts from, ``diff`` the approved difference (None for a roll-back, which has none of its own).
    ``config`` is the digest of everything else when it was planned. ``replace`` has what takes the place of the whole
    configuration, where that is replaced.
    """

    order: str
    rollout: str
    device: str
    worker: str
    label: str
    platform: Platform
    endpoint: Endpoint
    via: Endpoint | None
    compare: Callable[[Tree], Comparison]
    base: str
    diff: str | None
    config: str | None
    digester: Digester
    replace: Replacement | None = None
    checks: tuple[Check, ...] = ()
    timing: Timing = field(default_factory=Timing)
    access: Access = Access.IN_BAND
    accept_no_undo: bool = False
    save_foreign: bool = False
    earlier: Earlier | None = None


class ForbiddenError(AutomationError):
    """The write, or the confirmation, must not happen now. ``cause`` says why."""

    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(why)
        self.cause = cause


class LeaseLostError(AutomationError):
    """Somebody else owns this order now, or may soon: leave the device as it is and say nothing more about it."""


class Desk(Protocol):
    """What a push needs besides the device: reports, permissions, blobs, time."""

    def announce(self, report: Report) -> None:
        """Publishes a report and waits until it is acknowledged.

        Raises:
            LeaseLostError: it could not be published in time.
        """
        ...

    def may_write(self) -> None:
        """Checks halts, approvals and the lease: the point of no return.

        Raises:
            ForbiddenError: nothing may be written.
            LeaseLostError: somebody else owns the order.
        """
        ...

    def still_mine(self) -> bool:
        """Whether lease and tenure stand now, without waiting; asked before every line that takes effect."""
        ...

    def may_confirm(self) -> None:
        """Checks the lease, the one fence before a confirmation.

        Raises:
            LeaseLostError: somebody else owns the order.
        """
        ...

    def keep(self, content: bytes, *, secret: bool) -> str:
        """Stores a blob durably; returns its address."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ...
