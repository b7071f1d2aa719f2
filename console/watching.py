"""A rollout as it goes on, until it ends or waits for a person."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from rich.live import Live

from automation.rollout.states import DeviceState, RolloutState
from automation.rollout.waiting import AN_ADMIN
from console.exits import Exit
from console.freshness import await_views
from console.outbox import fact_told
from console.output import Output, moment
from console.queries import ViewsReader
from console.rollout_page import Page, read_page
from console.showing import NOT_WELL, rollout_page
from console.telling import GOOD_ENDS, tell, tell_together
from console.views import Filter, Happening
from events import facts
from events.codec import FactRecord
from events.log.contract import EventLog, LogError

D, R = DeviceState, RolloutState

_LOOK_S = 0.25
_DOUBT_S = 5.0
_MOST = 2_000
_GATHER_S = 2.0

#: Rollouts in these wait until somebody decides.
_FOR_A_PERSON = frozenset({R.AWAITING_APPROVAL, R.HELD, R.HALTED, R.ROLLBACK_FAILED})
_OVER = frozenset({R.COMPLETED, R.ROLLED_BACK, R.REJECTED, R.WITHDRAWN, R.EXPIRED})

#: Steps of single devices that nobody wants to see thousands of.
_QUIET: tuple[type[facts.Fact], ...] = (
    facts.OrderReleased,
    facts.PushStarted,
    facts.DeviceStaged,
    facts.DevicePlanned,
    facts.TargetsFrozen,
)

#: What people decided last is where the telling begins: what came before it has been seen, or is in the log.
_TURNS: tuple[type[facts.Fact], ...] = (
    facts.RolloutProposed,
    facts.PlanApproved,
    facts.RolloutResumed,
    facts.DeviceRetried,
    facts.RollbackStarted,
)


@dataclass(slots=True, kw_only=True)
class Watch:
    """Follows one rollout through the views; ``log`` tells whether these get on."""

    views: ViewsReader
    log: EventLog
    rollout: str
    output: Output
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    _seen: int = -1
    _doubted: float = 0.0
    _warned: bool = False
    _alike: list[FactRecord] = field(default_factory=list)
    _gathered: float = 0.0
    _settled: float | None = None

    def run(self) -> Exit:
        """Shows what happens until the rollout ends or waits for a person; which of these, the exit code says.

        Raises:
            ViewsError: the views are gone.
        """
        self._doubted = self.monotonic()
        live = self.output.console.is_terminal and not self.output.as_json
        page = self._draw() if live else self._list()
        code = verdict(page)
        self.output.emit_if_json({"rollout": page.rollout, "exit": code.value})
        return code

    def _draw(self) -> Page:
        page = read_page(self.views, self.rollout)
        with Live(console=self.output.console, auto_refresh=False) as live:
            while True:
                live.update(rollout_page(page.rollout, page.waves, page.failures, page.approvals), refresh=True)
                if self._ends_with(page):
                    return page
                self._wait()
                page = read_page(self.views, self.rollout)

    def _list(self) -> Page:
        self._skip_what_came_before()
        while True:
            page = read_page(self.views, self.rollout)
            self._tell_new()
            if self._ends_with(page):
                self._tell_alike()
                self.output.show(rollout_page(page.rollout, page.waves, page.failures, page.approvals))
                return page
            self._wait()

    def _ends_with(self, page: Page) -> bool:
        """A coordinator's own halt is a moment on its way: whoever looks should not be sent for an admin meanwhile."""
        if not is_settled(page):
            self._settled = None
            return False
        self._settled = self.monotonic() if self._settled is None else self._settled
        on_its_way = any(who == AN_ADMIN for _, who in page.rollout.waits)
        return not on_its_way or self.monotonic() - self._settled >= _DOUBT_S

    def _skip_what_came_before(self) -> None:
        turns = Filter(rollout=self.rollout, types=tuple(kind.wire for kind in _TURNS), last=1)
        if self.output.as_json or not (found := self.views.timeline(turns)):
            return  # a machine gets everything, every time
        if not isinstance(found[0].record.fact, facts.RolloutProposed):
            self._seen = found[0].record.seq - 1
            self.output.say(f"What came before: wavegate log --rollout {self.rollout}", style="dim")

    def _tell_new(self) -> None:
        while found := self.views.timeline(Filter(rollout=self.rollout, after=self._seen, most=_MOST)):
            for happening in found:
                self._tell(happening)
            self._seen = found[-1].record.seq
        if self._alike and self.monotonic() - self._gathered >= _GATHER_S:
            self._tell_alike()

    def _tell(self, happening: Happening) -> None:
        record = happening.record
        self.output.emit_if_json(fact_told(record))
        if isinstance(record.fact, _QUIET):
            return
        if self._alike and type(record.fact) is not type(self._alike[0].fact):
            self._tell_alike()
        if isinstance(record.fact, GOOD_ENDS):
            self._gathered = self._gathered if self._alike else self.monotonic()
            self._alike.append(record)
        else:
            self.output.say(f"{moment(record.at)}  {tell(record)}")

    def _tell_alike(self) -> None:
        """Devices that ended well are told by the dozen: of thousands nobody reads a line each."""
        if self._alike:
            self.output.say(f"{moment(self._alike[-1].at)}  {tell_together(self._alike)}")
            self._alike.clear()

    def _wait(self) -> None:
        self.sleep(_LOOK_S)
        if self.monotonic() - self._doubted < _DOUBT_S or self._warned:
            return
        self._doubted = self.monotonic()
        try:
            behind = await_views(self.log, self.views, timedelta(seconds=2))
        except LogError as error:
            self.output.warn(f"the log cannot be reached, so nothing new can be seen: {error}")
            self._warned = True
            return
        if behind:
            self.output.warn("the views do not get on, so nothing new can be seen: is a projector running?")
            self._warned = True


def is_settled(page: Page) -> bool:
    """Whether nothing happens any more without a person, or at all."""
    rollout = page.rollout
    if rollout.state in _OVER:
        return True
    idle = not rollout.count(D.RELEASED, D.IN_PROGRESS)
    if rollout.state in _FOR_A_PERSON:
        return idle
    people = [who for _, who in rollout.waits if who not in {"workers", "nobody"}]
    return idle and bool(people) and len(people) == len(rollout.waits)


def verdict(page: Page) -> Exit:
    """How a rollout that is settled ended: with all devices well, otherwise, or not yet."""
    rollout = page.rollout
    if rollout.state not in _OVER:
        return Exit.WAITING
    well = rollout.state == R.COMPLETED and not rollout.count(*NOT_WELL)
    return Exit.DONE if well else Exit.FAILED
