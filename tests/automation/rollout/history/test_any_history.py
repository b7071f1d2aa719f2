"""Whatever people, workers and the clock do, and in whatever order: what the facts tell keeps to the invariants.

A state machine drives the decider, and an auditor reads the facts (see conftest.py). At the end of every history people
tidy up, and every rollout has to come to an end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from automation.rollout.states import ACTIVE, OPEN, RETRIABLE, SKIPPABLE
from events import commands
from events.control import ApprovalRevoked, KeyRegistered, KeyRevoked
from events.facts import Strategy, Target
from events.orders import Order, PlanDevice, PushDevice, RollBackDevice
from events.plans import ApprovalWanted

# The machine

VERDICTS = (
    "well",
    "well",
    "well",
    "reverted",
    "failed",
    "refused",
    "drifted",
    "already",
    "unknown",
    "unknown",
    "returned",
)
REPORTED = (
    *("computed", "nothing", "plan-failed", "intended", "staged", "noted", "verified", "already"),
    *("reverted", "failed", "refused", "drifted", "unknown", "returned", "credential"),
)
PASSING = (1, 5, 61, 61, 61, 700, 3_601, 25 * 3_600, 8 * 86_400)
BLANK = "sha256:" + "0" * 64
COMMANDS: Mapping[str, Any] = {
    "hold": commands.HoldRollout,
    "resume": commands.ResumeRollout,
    "withdraw": commands.WithdrawRollout,
    "reject": commands.RejectPlan,
    "skip": commands.SkipDevices,
    "retry": commands.RetryDevices,
    "undo": commands.RollBack,
    "undo devices": commands.RollBack,
    "undo a wave": commands.RollBack,
}
ASKED = (*COMMANDS, "hold", "undo devices")
WORKERS = st.sampled_from(["w1", "w2"])
SOME = st.integers(0, 1_000)


@dataclass(frozen=True)
class Estate:
    """The devices that selectors name: pairs at the first sites, singles at the others."""

    targets: tuple[Target, ...]

    def some(self, picked: set[int]) -> tuple[Target, ...]:
        return tuple(self.targets[number] for number in sorted(number % len(self.targets) for number in picked))


STRATEGIES = st.builds(
    Strategy,
    canary=st.integers(1, 3),
    waves=st.sampled_from([("50%",), (1, 2), ("10%", 3), ("100%",)]),
    max_in_flight=st.integers(1, 4),
    max_unhealthy=st.integers(1, 4),
    halt_at=st.integers(1, 3),
    bake_s=st.sampled_from([0, 60]),
)
WANTED = st.sampled_from(
    [
        (ApprovalWanted(area="noc"),),
        (ApprovalWanted(area="noc", count=2),),
        (ApprovalWanted(area="noc"), ApprovalWanted(area="unix")),
    ]
)
OPERATORS = st.sampled_from(["olga", "omar", "uma", "eva"])


class Histories(RuleBasedStateMachine):
    """People, workers and the clock, in any order. What a decision leads to is folded in at once."""

    def __init__(self, make_drill: Callable[[], Any], make_auditor: Callable[[], Any], build: Any) -> None:
        super().__init__()
        self.drill = make_drill()
        self.build = build
        self.auditor = make_auditor()
        self.estate = Estate((*build.twins(3), *build.singles(3, first=3)))
        self.orders: list[Order] = []
        self.last: Any = None
        self.heard = 0

    @initialize(strategy=STRATEGIES, wanted=WANTED, begun=st.booleans())
    def a_rollout_over_everything(self, strategy: Strategy, wanted: tuple[ApprovalWanted, ...], begun: bool) -> None:
        """Chance alone would hardly ever get to where it hurts."""
        self.drill.submit()
        self.drill.request(self.estate.targets, strategy=strategy, approvals=wanted)
        if begun:
            self.drill.work()
            self._approved()

    # What people ask

    @precondition(lambda self: len(self.drill.state.rollouts) < 3)
    @rule(picked=st.sets(SOME, min_size=1, max_size=9), strategy=STRATEGIES, wanted=WANTED)
    def request(self, picked: set[int], strategy: Strategy, wanted: tuple[ApprovalWanted, ...]) -> None:
        targets = tuple(dict.fromkeys(self.estate.some(picked)))
        self.drill.request(targets, strategy=strategy, approvals=wanted)

    @rule(picked=SOME)
    def turn_to(self, picked: int) -> None:
        """From now on another rollout is talked about."""
        self.drill.rid = sorted(self.drill.state.rollouts)[picked % len(self.drill.state.rollouts)]

    @rule(who=OPERATORS, area=st.sampled_from(["noc", "unix"]), hours=st.sampled_from([1, 24, 700]))
    def approve(self, who: str, area: str, hours: float) -> None:
        self.drill.approve(who, area, hours)

    @precondition(lambda self: self.drill.standing == "awaiting_approval")
    @rule()
    def everybody_approves(self) -> None:
        self._approved()

    @rule(who=OPERATORS, kind=st.sampled_from(ASKED), picked=st.sets(SOME, max_size=3))
    def ask_anything(self, who: str, kind: str, picked: set[int]) -> None:
        """Whether it makes sense or not."""
        rollout, names = self.drill.rollout, sorted(self.drill.rollout.devices)
        chosen = tuple(sorted({names[number % len(names)] for number in picked}))
        given: dict[str, dict[str, Any]] = {
            "reject": {"plan": rollout.plan or BLANK, "area": "noc"},
            "skip": {"devices": chosen or names[:1]},
            "retry": {"devices": chosen},
            "undo devices": {"devices": chosen},
            "undo a wave": {"wave": len(chosen)},
        }
        self.drill.ask(who, COMMANDS[kind](rollout=rollout.id, reason="because", **given.get(kind, {})))

    @precondition(lambda self: self.drill.rollout.wave >= 0)
    @rule(wave=st.one_of(st.none(), st.integers(0, 3)))
    def roll_back(self, wave: int | None) -> None:
        self.drill.ask("olga", commands.RollBack(rollout=self.drill.rid, wave=wave, reason="x"))

    @rule(
        who=st.sampled_from(["ann", "olga"]),
        on=st.sampled_from(["rollout", "all", "site:s000", "device:s003-r1", "credential:tacacs"]),
        revert=st.booleans(),
    )
    def halt(self, who: str, on: str, revert: bool) -> None:
        self.drill.halt(who, f"rollout:{self.drill.rid}" if on == "rollout" else on, revert=revert)

    @precondition(lambda self: self.drill.standing in {"held", "halted"})
    @rule(retry=st.booleans())
    def go_on(self, retry: bool) -> None:
        """All that stands in the way is seen to."""
        self.drill.raise_own_halts()
        self.drill.lift("olga")
        self._about_the_hurt("retry" if retry else "skip")
        self._go_on()

    @precondition(lambda self: self.drill.state.authority.halts)
    @rule(picked=SOME)
    def lift(self, picked: int) -> None:
        halts = sorted(self.drill.state.authority.halts)
        self.drill.lift("omar", halts[picked % len(halts)])

    @precondition(lambda self: self.drill.state.authority.halts)
    @rule()
    def lift_all(self) -> None:
        self.drill.lift("omar")

    @precondition(lambda self: self.drill.state.own_halts)
    @rule()
    def raise_own_halts(self) -> None:
        self.drill.raise_own_halts()

    @precondition(lambda self: self.drill.rollout.approvals)
    @rule(picked=SOME)
    def revoke_an_approval(self, picked: int) -> None:
        given = self.drill.rollout.approvals
        name = given[picked % len(given)].approval
        self.drill.control("olga", ApprovalRevoked(rollout=self.drill.rid, approval=name, reason="x"))

    @precondition(lambda self: self.drill.rollout.approvals)
    @rule(registered=st.sampled_from(["gone", "as before", "without areas"]))
    def change_a_key(self, registered: str) -> None:
        if registered == "gone":
            self.drill.control("root", KeyRevoked(key=self.build.signer("omar").key_id, reason="x"))
        else:
            areas = ("noc",) if registered == "as before" else ()
            self.drill.control("root", KeyRegistered(key=self.drill.entry("omar", areas=areas)))

    # What workers do, and the clock

    @rule(verdicts=st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=6), worker=WORKERS)
    def work(self, verdicts: list[str], worker: str) -> None:
        for verdict in verdicts:
            for order in self._next_orders(PushDevice, RollBackDevice)[:1]:
                self._carry_out(order, verdict, worker)

    @precondition(lambda self: self.drill.open)
    @rule(picked=SOME, verdict=st.sampled_from(VERDICTS), worker=WORKERS)
    def work_on_any(self, picked: int, verdict: str, worker: str) -> None:
        self._carry_out(self._order(list(self.drill.open.values()), picked), verdict, worker)

    @rule(verdict=st.sampled_from(VERDICTS), seconds=st.sampled_from([61, 700]))
    def a_wave_goes_by(self, verdict: str, seconds: float) -> None:
        """All goes well but for one device, and time passes."""
        for order in self._next_orders(PushDevice, RollBackDevice)[:1]:
            self._carry_out(order, verdict, "w1")
        self._everybody_works()
        self.drill.tick(seconds)

    def _carry_out(self, order: Order, verdict: str, worker: str) -> None:
        """What is only read is planned, or cannot be."""
        bad = "plan-failed" if verdict == "failed" else "well"
        self.drill.carry_out(order, bad if isinstance(order, PlanDevice) else verdict, worker)

    @precondition(lambda self: self.orders)
    @rule(picked=SOME, how=st.sampled_from(REPORTED), worker=WORKERS)
    def report_anything(self, picked: int, how: str, worker: str) -> None:
        """Of an order that is out or was once, by whichever worker, whether it can be so or not."""
        self.last = self.drill.report(self._order(self.orders, picked), how, worker)
        self.drill.tell(self.last)

    @precondition(lambda self: self.last)
    @rule()
    def report_again(self) -> None:
        self.drill.tell(self.last)

    @rule(seconds=st.sampled_from(PASSING))
    def time_passes(self, seconds: float) -> None:
        self.drill.tick(seconds)

    @staticmethod
    def _order(orders: list[Order], picked: int) -> Order:
        return orders[picked % len(orders)]

    # What must hold

    @invariant()
    def all_that_must_hold_holds(self) -> None:
        for record in self.drill.records[self.heard :]:
            self.auditor.read(record)
        self.heard = len(self.drill.records)
        self.orders += [order for order in self.drill.open.values() if order not in self.orders]
        self.drill.check_now()

    def teardown(self) -> None:
        """People tidy up, workers work, time passes: no rollout is stuck for ever."""
        self.drill.control("root", KeyRegistered(key=self.drill.entry("omar")))
        for _ in range(60):
            if not self.drill.state.active:
                break
            self._tidied_up()
        left = [(name, self.drill.state.rollouts[name].state) for name in self.drill.state.active]
        assert not left, "they never end, whatever people do"
        self.all_that_must_hold_holds()
        self.drill.check()

    def _tidied_up(self) -> None:
        self.drill.raise_own_halts()
        self.drill.lift("olga")
        self._everybody_works()
        for rollout in sorted(self.drill.state.rollouts):
            self.drill.rid = rollout
            self._about_the_hurt("skip")
            if self.drill.rollout.state in ACTIVE:
                self._approved()
                self._go_on()
        self.drill.tick(700)

    def _approved(self) -> None:
        for who, area in (("olga", "noc"), ("omar", "noc"), ("uma", "unix")):
            self.drill.approve(who, area)

    def _go_on(self) -> None:
        if self.drill.rollout.undoing or self.drill.standing == "rollback_failed":
            self.drill.ask("olga", commands.RollBack(rollout=self.drill.rid, reason="to an end"))
        else:
            self.drill.ask("olga", commands.ResumeRollout(rollout=self.drill.rid))

    def _everybody_works(self) -> None:
        """Also those who have orders of another rollout, which may stand in the way."""
        for _ in range(100):
            for order in self._next_orders()[:1]:
                self.drill.carry_out(order)

    def _next_orders(self, *kinds: type[Order]) -> list[Order]:
        """Those that anybody waits for still: what a withdrawn rollout wanted to have read, nobody does."""
        rollouts = self.drill.state.rollouts
        waited_for = (order for order in self.drill.open.values() if rollouts[order.rollout].state in OPEN)
        return [order for order in waited_for if isinstance(order, kinds or Order)]

    def _about_the_hurt(self, kind: str) -> None:
        rollout = self.drill.rollout
        states = SKIPPABLE - {"planned"} if kind == "skip" else RETRIABLE
        hurt = (device for device in rollout.devices.values() if device.state in states and device.order is None)
        names = tuple(device.target.device for device in hurt if kind == "skip" or device.wave is not None)
        if names and rollout.state in OPEN and kind == "skip":
            self.drill.ask("olga", commands.SkipDevices(rollout=rollout.id, devices=names, reason="x"))
        elif names:
            self.drill.ask("olga", commands.RetryDevices(rollout=rollout.id, devices=names))


@pytest.mark.slow
def test_no_history_breaks_what_must_always_hold(
    make_drill: Callable[[], Any], make_auditor: Callable[[], Any], build: Any
) -> None:
    class History(Histories):
        def __init__(self) -> None:
            super().__init__(make_drill, make_auditor, build)

    # Shrinking takes minutes: whoever needs a short history takes the phases away.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    checks = (HealthCheck.too_slow, HealthCheck.filter_too_much)
    chosen = settings(
        max_examples=120, stateful_step_count=40, deadline=None, phases=phases, suppress_health_check=checks
    )
    run_state_machine_as_test(History, settings=chosen)
