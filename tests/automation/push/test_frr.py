"""The push protocol on a real router: its daemons and its kernel say what became of each push, and root asks them.

FRR has no transactions, and some of its lines cut the path that they came on: whatever goes wrong is undone by the
dead-man on the router, which was armed before the first line.
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import AnswerTimeoutError, Limits
from automation.push.work import Check, ForbiddenError, LeaseLostError, Timing
from events.reports import (
    AlreadyApplied,
    DriftFound,
    OrderReturned,
    Outcome,
    PushFailed,
    PushRefused,
    PushReverted,
    PushUnknown,
    PushVerified,
)
from events.values import Access, Cause, UndoRank
from lab.journal import Event

pytestmark = [pytest.mark.frr, pytest.mark.timeout(300)]

#: Nobody is too late, on a machine that does other things as well: the timer is 20 s.
PATIENT = Timing(
    within=timedelta(seconds=5),
    pause=timedelta(milliseconds=50),
    give_up=timedelta(seconds=60),
    quiet=timedelta(milliseconds=500),
    limits=Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=10)),
)
#: Where the timer is to run out: it is 6 s.
SHORT = replace(
    PATIENT,
    within=timedelta(seconds=1),
    limits=Limits(connect=timedelta(seconds=1.5), answer=timedelta(seconds=4)),
)
FIVE_LINES = """\
ip route 10.77.1.0/24 Null0
ip route 10.77.2.0/24 Null0
ip prefix-list STORES seq 5 permit 10.77.0.0/16{bounds}
ip route 10.77.4.0/24 Null0
route-map STORES permit 10
"""
CHANGE = FIVE_LINES.format(bounds=" le 24")


@dataclass(frozen=True)
class Before:
    """What a router was before a push, asked of its daemons, its kernel and its disk."""

    bench: Any
    running: str
    startup: str
    routes: frozenset[str]

    @classmethod
    def of(cls, bench: Any) -> "Before":
        return cls(bench, bench.running(), bench.startup(), _routes(bench))

    def is_back(self) -> None:
        """Fails unless everything is as it was, with nothing that would change it later."""
        assert self.bench.running() == self.running
        assert self.bench.startup() == self.startup
        assert pending(self.bench) is None
        self.bench.await_that(lambda: _routes(self.bench) == self.routes)


def _routes(bench: Any) -> frozenset[str]:
    """Where the kernel sends what, without what the neighbours tell it."""
    return frozenset(each["dst"] for each in bench.routers.kernel_routes(bench.device) if each["protocol"] != "ospf")


def pending(bench: Any) -> Any:
    """What the dead-man has armed, told to root on the router itself."""
    return json.loads(bench.routers.run(bench.device, "wavegate-deadman", "status"))["pending"]


def config_lines(bench: Any) -> list[str]:
    """The lines that were typed in configuration mode."""
    return [entry.line for entry in bench.journal(Event.COMMAND) if entry.mode == "config"]


@pytest.fixture
def bench(make_frr_bench: Callable[..., Any]) -> Any:
    """A router that is reached over a network of its own."""
    return make_frr_bench()


@pytest.fixture
def rollout(bench: Any, plan: Any) -> Any:
    """A change of five lines, all of which the router takes."""
    return plan(bench, CHANGE, timing=PATIENT)


@pytest.fixture
def seen(bench: Any) -> Iterator[Any]:
    """What comes into the router's kernel and goes, however briefly it is there."""
    with bench.routers.watching(bench.device) as watch:
        yield watch


# A push that goes well.


def test_a_change_is_verified_and_saved_once(bench: Any, rollout: Any) -> None:
    outcome = rollout.push()
    assert isinstance(outcome, PushVerified), outcome
    assert rollout.desk.staged().undo is UndoRank.DEAD_MAN
    for config in (bench.running(), bench.startup()):
        assert set(CHANGE.splitlines()) <= set(config.splitlines())
    assert {"10.77.1.0/24", "10.77.2.0/24", "10.77.4.0/24"} <= _routes(bench)
    assert pending(bench) is None
    # When it is pushed again, then there is nothing to do
    written = config_lines(bench)
    assert isinstance(rollout.push(), AlreadyApplied)
    assert config_lines(bench) == written


def test_the_journal_has_each_step_once_and_in_order(bench: Any, rollout: Any) -> None:
    rollout.push()
    wanted = (Event.TIMER_ARMED, Event.TIMER_CANCELLED, Event.SAVED)
    assert [entry.event for entry in bench.journal(*wanted)] == list(wanted)
    assert config_lines(bench) == CHANGE.splitlines()
    sent = bench.sent()
    assert sent.index("configure terminal") > next(n for n, line in enumerate(sent) if " arm " in line)
    # After the last line everything comes over a fresh session.
    sessions = {entry.line: entry.session for entry in bench.journal(Event.COMMAND)}
    assert sessions["write memory"] != sessions["configure terminal"]


def test_checks_ask_the_router_itself(bench: Any, plan: Any) -> None:
    check = Check(name="the route is there", command="show ip route 10.77.1.0/24", matches="Known via .static.")
    bench.looks.append(check.command)
    outcome = plan(bench, CHANGE, checks=(check,), timing=PATIENT).push()
    assert isinstance(outcome, PushVerified), outcome
    assert [(result.name, result.passed) for result in outcome.checks][1:] == [(check.name, True)]


def test_a_verified_push_can_be_rolled_back(bench: Any, rollout: Any) -> None:
    before = Before.of(bench)
    outcome = rollout.push()
    back = rollout.push(**_fields(rollout.back(outcome)))
    assert isinstance(back, PushVerified), back
    before.is_back()


def _fields(work: Any) -> dict[str, Any]:
    return {name: getattr(work, name) for name in type(work).__dataclass_fields__}


# (a) A line is refused.


def test_a_refused_line_takes_those_before_it_back_out_of_the_kernel(bench: Any, plan: Any, seen: Any) -> None:
    # Given a change whose third line of five no router takes: a length that the prefix is longer than
    rollout = plan(bench, FIVE_LINES.format(bounds=" le 8"), timing=PATIENT)
    before = Before.of(bench)

    outcome = rollout.push()

    # Then the router is as it was, and it is said which line it was and what was answered
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.LINE_REJECTED
    assert "le 8" in outcome.reason.detail
    assert "Invalid prefix range" in outcome.reason.detail
    before.is_back()
    # And its kernel did have the first two lines, and none of those after the third
    bench.await_that(lambda: seen.went("10.77.1.0/24") and seen.went("10.77.2.0/24"))
    assert seen.came("blackhole 10.77.1.0/24")
    assert seen.came("blackhole 10.77.2.0/24")
    assert not seen.came("10.77.4.0/24")
    assert len(config_lines(bench)) == 3
    assert not bench.journal(Event.SAVED, Event.TIMER_CANCELLED)


# (b) A line is swallowed.


SWALLOWED = "ip route 10.77.1.0/24 Null0\nkey chain STORES\n key 7\nip route 10.77.4.0/24 Null0\n"


def test_a_line_that_is_swallowed_without_a_word_is_found_out(bench: Any, plan: Any, seen: Any) -> None:
    # Given lines for a daemon that does not run here: vtysh takes them, and no daemon ever has them
    rollout = plan(bench, SWALLOWED, timing=PATIENT)
    before = Before.of(bench)

    outcome = rollout.push()

    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    there, lacking = outcome.reason.detail.split("approved, and not there:\n")
    assert "+ ip route 10.77.1.0/24 Null0" in there
    assert "key chain" not in there
    assert lacking == "+ key chain STORES\n+  key 7"
    before.is_back()
    # All lines were sent, those that the router has took effect, and nothing of it was ever saved or confirmed
    assert config_lines(bench)[-1] == "ip route 10.77.4.0/24 Null0"
    assert seen.came("blackhole 10.77.4.0/24")
    bench.await_that(lambda: seen.went("10.77.4.0/24"))
    assert not bench.journal(Event.SAVED, Event.TIMER_CANCELLED)


def test_a_section_of_a_daemon_that_does_not_run_is_refused(bench: Any, plan: Any) -> None:
    rollout = plan(bench, f"{CHANGE}router bgp 65000\n bgp router-id 192.0.2.1\n", timing=PATIENT)
    before = Before.of(bench)
    outcome = rollout.push()
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.LINE_REJECTED
    assert "bgpd is not running" in outcome.reason.detail
    before.is_back()


# (c) The path is cut.


BOTH_LINKS_DOWN = """\
ip route 10.77.1.0/24 Null0
interface eth1
 shutdown
interface eth0
 shutdown
route-map STORES permit 10
"""


def test_a_push_that_cuts_its_own_path_is_undone_by_the_router(make_frr_bench: Any, plan: Any) -> None:
    # Given a router that is reached through what it routes, and a change that cuts just that before its last line
    bench = make_frr_bench("in-band")
    rollout = plan(bench, BOTH_LINKS_DOWN, timing=SHORT, access=Access.IN_BAND)
    before = Before.of(bench)

    with bench.routers.watching(bench.device) as seen:
        outcome = rollout.push()
        bench.await_that(lambda: seen.went("10.77.1.0/24"))

    # Then nobody confirmed anything, and the router brought itself back
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.ACCESS_LOST
    assert "nothing of the change is there" in outcome.reason.detail
    assert seen.came("blackhole 10.77.1.0/24")
    assert config_lines(bench).count("shutdown") == 2
    assert "route-map STORES permit 10" not in config_lines(bench)
    assert len(bench.journal(Event.TIMER_FIRED)) == 1
    assert not bench.journal(Event.SAVED, Event.TIMER_CANCELLED, Event.REVERTED)
    bench.routers.converge()
    before.is_back()


# The power goes.


def test_a_power_cut_after_a_push_keeps_the_change(bench: Any, rollout: Any) -> None:
    assert isinstance(rollout.push(), PushVerified)
    bench.power_cut()
    assert set(CHANGE.splitlines()) <= set(bench.running().splitlines())
    bench.await_that(lambda: "10.77.1.0/24" in _routes(bench))


def test_a_power_cut_in_the_confirm_window_loses_the_change(
    bench: Any, rollout: Any, on_session: Any, seen: Any
) -> None:
    before = Before.of(bench)

    def cut() -> None:
        assert pending(bench) is not None
        assert "10.77.1.0/24" in _routes(bench)
        bench.power_cut()

    # When the power goes just as the checks begin
    outcome = rollout.push(platform=on_session(bench, 2, cut))
    # Then the router has started with what it had saved, and that is found out
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.ACCESS_LOST
    assert seen.came("blackhole 10.77.1.0/24")
    assert not bench.journal(Event.TIMER_FIRED, Event.SAVED)
    before.is_back()


# The worker goes.


def _vanished(*_arguments: object) -> None:
    raise LeaseLostError("this worker is gone")


def test_a_worker_that_vanishes_in_the_window_leaves_the_router_to_itself(bench: Any, plan: Any, seen: Any) -> None:
    # Given a worker whose sessions are gone after the last line
    rollout = plan(bench, CHANGE, timing=SHORT)
    before = Before.of(bench)
    rollout.desk.confirm = _vanished
    with pytest.raises(LeaseLostError):
        rollout.push()
    assert pending(bench)["id"] == rollout.work.label
    # When nobody comes in time, then the dead-man restores
    bench.await_that(lambda: bool(bench.journal(Event.TIMER_FIRED)))
    bench.await_that(lambda: pending(bench) is None)
    assert seen.came("blackhole 10.77.1.0/24")
    before.is_back()
    # And whoever comes later finds that out, and writes nothing
    written = config_lines(bench)
    assert isinstance(_taken_over(rollout, again=False), PushReverted)
    assert config_lines(bench) == written
    before.is_back()


def test_the_next_worker_confirms_what_a_vanished_one_left_healthy(bench: Any, rollout: Any) -> None:
    rollout.desk.confirm = _vanished
    with pytest.raises(LeaseLostError):
        rollout.push()
    written = config_lines(bench)

    outcome = _taken_over(rollout)

    assert isinstance(outcome, PushVerified), outcome
    assert config_lines(bench) == written
    assert set(CHANGE.splitlines()) <= set(bench.startup().splitlines())
    assert pending(bench) is None


def _taken_over(rollout: Any, *, again: bool = True) -> Outcome:
    fresh = replace(rollout.desk, confirm=lambda: None)
    outcome: Outcome = rollout.push(desk=fresh, worker="worker-2", earlier=rollout.earlier(again=again))
    return outcome


# Two workers at one order.


def test_a_frozen_worker_that_goes_on_is_waited_for(bench: Any, rollout: Any) -> None:
    # Given a worker that is frozen among its lines, and another one that is given the order
    frozen, thawed = threading.Event(), threading.Event()
    lines = itertools.count()
    slow = replace(rollout.desk, confirm=_vanished)

    def mine() -> bool:
        if next(lines) == 2:
            frozen.set()
            assert thawed.wait(60)
        return True

    slow.mine = mine
    with ThreadPoolExecutor(1) as pool:
        began = pool.submit(rollout.push, desk=slow)
        assert frozen.wait(60)
        # When the first wakes while the other looks on
        fresh = replace(rollout.desk, reports=list(rollout.desk.reports))

        def sleep(seconds: float) -> None:
            thawed.set()
            time.sleep(seconds)

        fresh.sleep = sleep
        outcome = rollout.push(desk=fresh, worker="worker-2", earlier=rollout.earlier())
        with pytest.raises(LeaseLostError):
            began.result(60)
    # Then what it entered in the end is confirmed by the other one
    assert isinstance(outcome, PushVerified), outcome
    assert config_lines(bench) == CHANGE.splitlines()
    assert set(CHANGE.splitlines()) <= set(bench.startup().splitlines())
    assert pending(bench) is None


def test_a_worker_that_lost_the_order_leaves_the_lines_to_the_next(bench: Any, rollout: Any) -> None:
    before = Before.of(bench)
    rollout.desk.mine = lambda: len(config_lines(bench)) < 2
    rollout.desk.confirm = _vanished
    with pytest.raises(LeaseLostError):
        rollout.push()
    assert config_lines(bench) == CHANGE.splitlines()[:2]
    assert pending(bench)["id"] == rollout.work.label
    rollout.desk.mine = lambda: True
    assert isinstance(_taken_over(rollout), PushReverted)
    before.is_back()


# Before the first line.


def test_a_halt_while_the_dead_man_is_being_armed_is_obeyed(bench: Any, rollout: Any) -> None:
    before = Before.of(bench)
    asked: list[Any] = []

    def halted() -> None:
        asked.append(pending(bench))
        if asked[-1] is not None:
            raise ForbiddenError(Cause.HALTED, "ops halted")

    rollout.desk.write = halted
    outcome = rollout.push()
    assert isinstance(outcome, OrderReturned), outcome
    assert [each is None for each in asked] == [True, False]
    assert not config_lines(bench)
    assert not bench.journal(Event.REVERTED)
    before.is_back()


def test_a_dead_man_that_is_too_busy_to_be_armed_has_failed_the_push(bench: Any, rollout: Any) -> None:
    # Given a dead-man whose lock another process on the router holds for longer than it waits
    before = Before.of(bench)
    connect = bench.platform.connect

    class Busy:
        """The platform of a router whose dead-man does not get round to it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(bench.platform, name)

        def connect(self, *place: Any) -> Any:
            opened = connect(*place)

            def arm(*_arguments: object) -> None:
                raise AnswerTimeoutError("another session has held the dead-man's lock for 30 s: ask again")

            opened.arm = arm
            return opened

    outcome = rollout.push(platform=Busy())
    assert isinstance(outcome, PushFailed), outcome
    assert outcome.reason.cause is Cause.TIMED_OUT
    assert "dead-man's lock" in outcome.reason.detail
    assert not config_lines(bench)
    before.is_back()


def test_what_is_armed_under_an_orders_own_label_is_found_out_first(bench: Any, rollout: Any) -> None:
    rollout.desk.confirm = _vanished
    with pytest.raises(LeaseLostError):
        rollout.push()
    # Given a next worker that has not seen that the order was begun
    outcome = rollout.push(desk=replace(rollout.desk, confirm=lambda: None))
    assert isinstance(outcome, PushUnknown), outcome
    assert isinstance(_taken_over(rollout), PushVerified)


# Others at work.


def test_what_somebody_changed_since_the_plan_stops_the_push(bench: Any, rollout: Any) -> None:
    bench.lab.edit(bench.device, ["ip prefix-list STORES seq 5 permit 10.78.0.0/16"])
    outcome = rollout.push()
    assert isinstance(outcome, DriftFound), outcome
    assert not config_lines(bench)


def test_what_others_left_unsaved_is_not_saved_along(bench: Any, rollout: Any) -> None:
    bench.lab.edit(bench.device, ["ip route 10.66.0.0/16 Null0"])
    outcome = rollout.push()
    assert isinstance(outcome, PushRefused), outcome
    assert outcome.reason.cause is Cause.FOREIGN_UNSAVED
    assert "+ ip route 10.66.0.0/16 Null0" in outcome.reason.detail
    assert not config_lines(bench)


def test_another_orders_dead_man_is_waited_for_and_left_alone(bench: Any, plan: Any) -> None:
    rollout = plan(bench, CHANGE, timing=SHORT)
    other = "wg-00000000000000cc"
    bench.routers.run(bench.device, "wavegate-deadman", "arm", "60", other)
    outcome = rollout.push()
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert other in outcome.reason.detail
    assert pending(bench)["id"] == other
    assert not config_lines(bench)
    bench.routers.run(bench.device, "wavegate-deadman", "confirm", other)
