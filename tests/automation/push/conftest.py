"""A push as a worker makes it ready, and a desk that keeps what it is told."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from automation.config.compare import Comparison, compare_merge, compare_replace, compare_restore
from automation.config.reading import read_change, read_device
from automation.config.secrets import Digester
from automation.config.tree import Tree
from automation.planning.device import Subject, planned, read_and_compare
from automation.platforms.contract import Limits
from automation.push.before import unpack
from automation.push.protocol import push
from automation.push.work import Earlier, Timing, Work
from events.reports import Outcome, PushStaged, PushVerified, Report

DIGESTER = Digester(b"k" * 32)
_QUICK = Limits(connect=timedelta(seconds=2), answer=timedelta(seconds=4))
#: On EOS the timer is then 5 s, on IOS one minute, as long as the lab makes it.
_TIMING = Timing(
    within=timedelta(seconds=2), pause=timedelta(milliseconds=50), give_up=timedelta(seconds=20), limits=_QUICK
)


@dataclass
class Desk:
    """Reports and blobs in memory. ``on`` has what happens when a report of a kind is announced, ``write`` and
    ``confirm`` what happens where permission is asked for."""

    reports: list[Report] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    on: dict[type[Report], Callable[[], None]] = field(default_factory=dict)
    write: Callable[[], None] = lambda: None
    confirm: Callable[[], None] = lambda: None
    slept: float = 0.0

    def announce(self, report: Report) -> None:
        self.reports.append(report)
        self.on.get(type(report), lambda: None)()

    def may_write(self) -> None:
        self.write()

    def may_confirm(self) -> None:
        self.confirm()

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


def _aim(text: str, bench: Any, *, replaces: bool) -> Callable[[Tree], Comparison]:
    vendor = bench.platform.vendor
    if replaces:
        wanted = read_device(text, vendor)
        return lambda running: compare_replace(running, wanted, vendor)
    lines = read_change(text, vendor)
    return lambda running: compare_merge(running, lines, vendor)


RolloutMaker = Callable[..., Rollout]


@pytest.fixture
def plan() -> RolloutMaker:
    """Plans a change against a device: reads it, compares, and makes the order ready."""

    def make(bench: Any, text: str, *, replaces: bool = False, **options: Any) -> Rollout:
        compare = _aim(text, bench, replaces=replaces)
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
            replace=tuple(text.splitlines()) if replaces else None,
            **{"timing": _TIMING, **options},
        )
        return Rollout(bench, Desk(), work)

    return make
