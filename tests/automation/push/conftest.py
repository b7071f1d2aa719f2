"""A push as a worker makes it ready, and a desk that keeps what it is told."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from automation.config.compare import Comparison, compare_merge, compare_restore
from automation.config.reading import read_change, read_device
from automation.config.replacement import Replacement
from automation.config.secrets import Digester
from automation.config.tree import Tree
from automation.planning.device import Subject, planned, read_and_compare
from automation.platforms.contract import Endpoint, Limits, Platform, Session
from automation.push.before import unpack
from automation.push.protocol import push
from automation.push.work import Earlier, Timing, Work
from events.reports import Outcome, PushStaged, PushVerified, Report
from lab.faults import Fault, FaultKind
from lab.journal import Event

DIGESTER = Digester(b"k" * 32)
_QUICK = Limits(connect=timedelta(seconds=2), answer=timedelta(seconds=4))
#: On EOS the timer is then 5 s, on IOS one minute, as long as the lab makes it.
_TIMING = Timing(
    within=timedelta(seconds=2),
    pause=timedelta(milliseconds=50),
    give_up=timedelta(seconds=20),
    quiet=timedelta(milliseconds=100),
    limits=_QUICK,
)


@dataclass
class Desk:
    """Reports and blobs in memory. ``on`` has what happens when a report of a kind is announced, ``write`` and
    ``confirm`` what happens where permission is asked for, ``mine`` whether the order is still ours."""

    reports: list[Report] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    on: dict[type[Report], Callable[[], None]] = field(default_factory=dict)
    write: Callable[[], None] = lambda: None
    confirm: Callable[[], None] = lambda: None
    mine: Callable[[], bool] = lambda: True
    slept: float = 0.0

    def announce(self, report: Report) -> None:
        self.reports.append(report)
        self.on.get(type(report), lambda: None)()

    def may_write(self) -> None:
        self.write()

    def may_confirm(self) -> None:
        self.confirm()

    def still_mine(self) -> bool:
        return self.mine()

    def keep(self, content: bytes, *, secret: bool) -> str:
        address = ("secret-" if secret else "sha256-") + hashlib.sha256(content).hexdigest()
        self.blobs[address] = content
        return address

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        time.sleep(seconds)

    def staged(self) -> PushStaged:
        return next(report for report in self.reports if isinstance(report, PushStaged))

    def kinds(self) -> list[str]:
        return [type(report).__name__ for report in self.reports]


@dataclass
class Rollout:
    """A change for one device of the lab, planned against it as it is when this is made."""

    bench: Any
    desk: Desk
    work: Work

    def tree(self, text: str) -> Tree:
        return read_device(text, self.work.platform.vendor)

    def is_as(self, text: str) -> bool:
        """Whether the device runs this configuration."""
        return self.tree(self.bench.running()) == self.tree(text)

    def push(self, desk: Desk | None = None, **changes: Any) -> Outcome:
        return push(replace(self.work, **changes), desk or self.desk)

    def back(self, outcome: PushVerified) -> Work:
        """The roll-back of a push that was verified."""
        vendor = self.work.platform.vendor
        before = unpack(self.desk.blobs[outcome.before], vendor)
        return replace(
            self.work,
            order="order-back",
            label="wg-00000000000000bb",
            compare=lambda running: compare_restore(running, before.running, before.touched, vendor),
            base=outcome.after,
            diff=None,
            config=None,
            checks=(),
            replace=None,
        )

    def earlier(self, *, again: bool = True) -> Earlier:
        """What a worker knows that takes over from the one whose reports the desk has."""
        staged = self.desk.staged()
        before = unpack(self.desk.blobs[staged.before], self.work.platform.vendor)
        return Earlier(label=self.work.label, before=before, kept=staged.before, undo=staged.undo, again=again)

    def times_applied(self) -> int:
        """How often the change was written."""
        if self.bench.kind.startswith("eos"):
            return len([entry for entry in self.bench.journal(Event.COMMIT) if entry.detail == self.work.label])
        entered: list[str] = self.bench.sent()
        return entered.count("name GUESTS")

    def taken_over(self, **changes: Any) -> Outcome:
        """What the next worker makes of the order."""
        staged = any(isinstance(report, PushStaged) for report in self.desk.reports)
        earlier = self.earlier() if staged else None
        fresh = replace(self.desk, write=lambda: None, confirm=lambda: None, on={})
        return self.push(desk=fresh, worker="worker-2", earlier=earlier, **changes)

    def dies(self, at: str) -> None:
        """Runs the push until its worker dies, ``before`` or ``after`` a step of its session."""
        with pytest.raises(WorkerKilled):
            self.push(platform=_Dying(self.bench.platform, at))

    def dies_among_the_lines(self) -> None:
        """Runs the push until its session is lost among its lines, and its worker with it."""
        fault = Fault(kind=FaultKind.DROP, match="ntp server .*", once=True)
        self.bench.lab.set_fault(self.bench.device, fault)
        with pytest.raises(WorkerKilled):
            self.push(platform=OnSession(self.bench.platform, 2, _killed))


class WorkerKilled(BaseException):
    """The worker dies here, with whatever it had in hand."""


def _killed() -> None:
    raise WorkerKilled


class _Dying:
    """The platform of a worker that dies when it has been told something, or just before."""

    def __init__(self, platform: Platform, at: str) -> None:
        self._platform = platform
        self._when, _, self._step = at.partition(" ")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Any:
        opened: Any = self._platform.connect(device, via, limits)
        inner = getattr(opened, self._step)

        def dying(*arguments: Any, **named: Any) -> None:
            if self._when == "after":
                inner(*arguments, **named)
            raise WorkerKilled

        setattr(opened, self._step, dying)
        # Whoever dies does not discard what it staged either.
        opened.discard = lambda _label: None
        return opened


def _aim(text: str, bench: Any, replacement: Replacement | None) -> Callable[[Tree], Comparison]:
    vendor = bench.platform.vendor
    if replacement is not None:
        return replacement.compare
    lines = read_change(text, vendor)
    return lambda running: compare_merge(running, lines, vendor)


class OnSession:
    """A device's platform; something happens when a session of a number, counted from one, has opened."""

    def __init__(self, platform: Platform, number: int, happens: Callable[[], object]) -> None:
        self._platform = platform
        self._number = number
        self._happens = happens
        self._opened = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:
        self._opened += 1
        session = self._platform.connect(device, via, limits)
        if self._opened == self._number:
            self._happens()
        return session


@pytest.fixture
def on_session() -> Callable[[Any, int, Callable[[], object]], OnSession]:
    """Makes something happen when the push's n-th session has opened: 1 writes, 2 checks, 3 undoes."""
    return lambda bench, number, happens: OnSession(bench.platform, number, happens)


@dataclass(frozen=True)
class Texts:
    """Changes in a platform's language."""

    ordinary: str
    denying: str
    rejected: str
    replacing: str = ""


_TEXTS = {
    "eos": Texts(
        ordinary=(
            "vlan 77\n   name GUESTS\ninterface Ethernet1\n   description till\nntp server 10.9.9.9\n"
            "banner motd\n  ! for guests\nEOF\n"
        ),
        denying="ip access-list standard MGMT-IN\n   permit 10.0.0.0/8\n   deny any\n",
        rejected="vlan 77\n   name GUESTS\nrouter nonsense\nvlan 78\n",
    ),
    "ios": Texts(
        ordinary=(
            "vlan 77\n name GUESTS\ninterface GigabitEthernet0/0/1\n description till? yes\nntp server 10.9.9.9\n"
            "banner login ^C\n  # for guests\n^C\n"
        ),
        denying="ip access-list standard MGMT-IN\n permit 10.0.0.0 0.255.255.255\n deny any log\n",
        rejected="vlan 77\n name GUESTS\nrouter nonsense\nvlan 78\n",
    ),
}


@pytest.fixture
def texts(kind: str) -> Texts:
    """Changes for devices of the kind."""
    return _TEXTS[kind.split("-", maxsplit=1)[0]]


RolloutMaker = Callable[..., Rollout]


@pytest.fixture
def plan() -> RolloutMaker:
    """Plans a change against a device: reads it, compares, and makes the order ready."""

    def make(bench: Any, text: str, *, replaces: bool = False, keep: tuple[str, ...] = (), **options: Any) -> Rollout:
        replacement = Replacement(text=text, vendor=bench.platform.vendor, keep=keep) if replaces else None
        compare = _aim(text, bench, replacement)
        subject = Subject(
            device=bench.device,
            site="de-001",
            platform=bench.platform,
            role="router",
            os_version="unknown",
            region="emea",
            tier=None,
            group=None,
            access=options.get("access", Work.__dataclass_fields__["access"].default),
            endpoint=bench.endpoint,
            via=bench.via,
            own={},
        )
        reading = read_and_compare(subject, compare, DIGESTER, _QUICK)
        part = planned(subject, reading, DIGESTER, "sha256-" + "0" * 64)
        work = Work(
            order="order-1",
            rollout="rollout-1",
            device=bench.device,
            worker="worker-1",
            label="wg-00000000000000aa",
            platform=bench.platform,
            endpoint=bench.endpoint,
            via=bench.via,
            compare=compare,
            base=part.base,
            diff=part.diff,
            config=part.config,
            digester=DIGESTER,
            replace=replacement,
            **{"timing": _TIMING, **options},
        )
        return Rollout(bench, Desk(), work)

    return make
