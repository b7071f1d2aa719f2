"""Pushes that are stopped, or lose their lease, session or worker: each has one right outcome, and one write."""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import Limits
from automation.push.work import Check, ForbiddenError, LeaseLostError, Timing
from events.reports import (
    CredentialRefused,
    OrderReturned,
    Outcome,
    PushFailed,
    PushReverted,
    PushStaged,
    PushUnknown,
    PushVerified,
)
from events.values import Cause
from lab.faults import Fault, FaultKind, Moment
from lab.journal import Event

LABEL = "wg-00000000000000aa"
#: On EOS the timer is then 4 s.
SHORT = Timing(
    within=timedelta(milliseconds=500),
    pause=timedelta(milliseconds=50),
    give_up=timedelta(seconds=30),
    quiet=timedelta(milliseconds=100),
    limits=Limits(connect=timedelta(seconds=1), answer=timedelta(seconds=3)),
)
PLATFORMS = ("eos", "ios")
LINE_BY_LINE = ("ios", "ios-dead-man")


def times_applied(bench: Any) -> int:
    """How often the change was written."""
    if bench.kind.startswith("eos"):
        return len([entry for entry in bench.journal(Event.COMMIT) if entry.detail == LABEL])
    entered: list[str] = bench.sent()
    return entered.count("name GUESTS")


def raising(error: Exception) -> Callable[..., None]:
    """A desk's answer that is an error."""

    def refuse(*_arguments: object, **_named: object) -> None:
        raise error

    return refuse


# The point of no return.


def test_a_halt_at_the_point_of_no_return_gives_the_order_back(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    rollout.desk.write = raising(ForbiddenError(Cause.HALTED, "ops halted: too warm"))
    outcome = rollout.push()
    assert isinstance(outcome, OrderReturned)
    assert outcome.reason.cause is Cause.HALTED
    assert "too warm" in outcome.reason.detail
    assert bench.running() == before
    assert not bench.journal(Event.COMMIT, Event.TIMER_ARMED, Event.SAVED)
    bench.connect().lock("wg-00000000000000cc")


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_lease_lost_before_the_write_leaves_nothing(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    rollout.desk.write = raising(LeaseLostError("gone"))
    with pytest.raises(LeaseLostError):
        rollout.push()
    assert bench.running() == before
    bench.connect().lock("wg-00000000000000cc")


@pytest.mark.parametrize("kind", PLATFORMS)
def test_whatever_fails_before_the_write_leaves_nothing_staged(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    rollout.desk.keep = raising(OSError("no space left on device"))
    with pytest.raises(OSError, match="no space"):
        rollout.push()
    assert "GUESTS" not in bench.running()
    bench.connect().lock("wg-00000000000000cc")


def test_a_lease_lost_before_the_confirmation_confirms_nothing(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    rollout.desk.confirm = raising(LeaseLostError("gone"))
    with pytest.raises(LeaseLostError):
        rollout.push()
    assert "GUESTS" in bench.running()
    assert bench.connect().pending() is not None
    assert not bench.journal(Event.CONFIRMED, Event.TIMER_CANCELLED, Event.SAVED)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_lease_lost_before_an_undo_undoes_nothing(bench: Any, plan: Any, texts: Any) -> None:
    bench.looks.append("show version")
    failing = Check(name="never", command="show version", matches="never to be seen")
    rollout = plan(bench, texts.ordinary, checks=(failing,), timing=SHORT)
    rollout.desk.confirm = raising(LeaseLostError("gone"))
    with pytest.raises(LeaseLostError):
        rollout.push()
    assert bench.connect().pending() is not None
    assert not bench.journal(Event.REVERTED)


class Permission:
    """The desk's answer to whether it may be written: the first so many times yes, then an error."""

    def __init__(self, times: int, error: Exception) -> None:
        self.asked: list[bool] = []
        self._times = times
        self._error = error

    def __call__(self) -> None:
        self.asked.append(True)
        if len(self.asked) > self._times:
            raise self._error


HALTED = ForbiddenError(Cause.HALTED, "ops halted: too warm")


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_a_halt_while_the_undo_is_being_armed_is_obeyed(bench: Any, plan: Any, texts: Any) -> None:
    # Given a halt that comes when permission was had, and before the first line
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    rollout.desk.write = Permission(1, HALTED)
    outcome = rollout.push()
    # Then nothing was entered, and what was armed is taken back
    assert isinstance(outcome, OrderReturned), outcome
    assert outcome.reason.cause is Cause.HALTED
    assert len(bench.journal(Event.TIMER_ARMED)) == 1
    assert times_applied(bench) == 0
    assert bench.running() == before
    bench.connect().lock("wg-00000000000000cc")
    assert not bench.journal(Event.REBOOTED, Event.REVERTED, Event.SAVED)


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_what_cannot_be_disarmed_over_its_own_session_is_over_another(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    drop = Fault(kind=FaultKind.DROP, match="configure confirm|reload cancel", once=True)
    bench.lab.set_fault(bench.device, drop)
    rollout.desk.write = Permission(1, HALTED)
    outcome = rollout.push()
    assert isinstance(outcome, OrderReturned), outcome
    assert outcome.reason.detail == str(HALTED)
    assert times_applied(bench) == 0
    assert bench.connect().pending() is None
    assert not bench.journal(Event.REBOOTED, Event.REVERTED, Event.SAVED)


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_what_cannot_be_disarmed_at_all_is_unknown(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary, timing=replace(SHORT, give_up=timedelta(0)))
    rollout.desk.monotonic = lambda: 0.0
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match="configure confirm|reload cancel"))
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match="configure revert now|reload"))
    rollout.desk.write = Permission(1, HALTED)
    outcome = rollout.push()
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.UNDO_FAILED
    assert "too warm" in outcome.reason.detail


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_a_lease_lost_while_the_undo_is_being_armed_leaves_it_to_the_next(
    make_bench: Any, plan: Any, texts: Any, kind: str
) -> None:
    bench = make_bench(kind, minute=2.0)
    rollout = plan(bench, texts.ordinary)
    rollout.desk.write = Permission(1, LeaseLostError("gone"))
    with pytest.raises(LeaseLostError):
        rollout.push()
    # Whoever has the order now knows of it, since it was staged, and may have armed theirs under the same label.
    assert times_applied(bench) == 0
    assert bench.connect().pending() is not None
    assert isinstance(takeover(rollout), PushVerified)
    assert times_applied(bench) == 1


@pytest.mark.parametrize("kind", PLATFORMS)
def test_permission_is_asked_for_when_the_undo_is_armed_and_right_before_the_first_line(
    bench: Any, plan: Any, texts: Any
) -> None:
    rollout = plan(bench, texts.ordinary)
    armed: list[bool] = []
    rollout.desk.write = lambda: armed.append(bench.connect().pending() is not None)
    assert isinstance(rollout.push(), PushVerified)
    # On EOS the timer is a part of the commit.
    assert armed == ([False] if bench.kind == "eos" else [False, True])


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("kind", ["ios-dead-man"])
def test_a_session_lost_at_the_arming_has_failed_and_leaves_nothing_armed(
    bench: Any, plan: Any, texts: Any, moment: Moment
) -> None:
    rollout = plan(bench, texts.ordinary)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match="reload in .*", moment=moment, once=True))
    outcome = rollout.push()
    assert isinstance(outcome, PushFailed), outcome
    assert outcome.reason.cause is Cause.ACCESS_LOST
    assert times_applied(bench) == 0
    assert bench.connect().pending() is None
    assert not bench.journal(Event.REBOOTED)


# The fence before every line.


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_whoever_loses_the_order_among_the_lines_enters_none_after_that(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    rollout.desk.mine = lambda: "GUESTS" not in bench.running()
    rollout.desk.confirm = raising(LeaseLostError("gone"))
    with pytest.raises(LeaseLostError):
        rollout.push()
    sent = bench.sent()
    # No line after that, and configuration mode was left; the device's own undo runs on.
    assert sent[-2:] == ["name GUESTS", "end"]
    bench.await_that(lambda: bench.lab.device(bench.device).sessions == 0)
    assert bench.connect().pending() is not None
    rollout.desk.mine = lambda: True
    outcome = takeover(rollout)
    assert isinstance(outcome, PushReverted), outcome
    assert "GUESTS" not in bench.running()


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_while_it_is_open_whose_the_order_is_the_lines_wait(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    doubts = iter([True, False])
    rollout.desk.mine = lambda: next(doubts, True)
    waited: list[str] = []
    rollout.desk.confirm = lambda: waited.append(bench.sent()[-1])
    assert isinstance(rollout.push(), PushVerified)
    # Once among the lines, and once before the confirmation.
    assert waited[0] == "vlan 77"
    assert len(waited) == 2


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_an_undo_is_fenced_line_by_line_too(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.FLASH_FULL, match="save", once=True))
    permitted = iter([True] * 3)
    rollout.desk.confirm = lambda: None if next(permitted, False) else raising(LeaseLostError("gone"))()
    rollout.desk.mine = lambda: not bench.journal(Event.CONFIRMED, Event.TIMER_CANCELLED)
    with pytest.raises(LeaseLostError):
        rollout.push()
    assert "no vlan 77" not in bench.sent()


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_no_line_is_entered_once_the_undo_is_due(bench: Any, plan: Any, texts: Any) -> None:
    # On the desk's clock an hour passes with the second line.
    rollout = plan(bench, texts.ordinary)
    rollout.desk.monotonic = lambda: time.monotonic() + 3600 * ("name GUESTS" in bench.sent())
    outcome = rollout.push(timing=replace(rollout.work.timing, give_up=timedelta(hours=2)))
    assert isinstance(outcome, PushReverted), outcome
    assert "ntp server 10.9.9.9" not in bench.sent()
    assert "GUESTS" not in bench.running()


# Sessions that end.


@pytest.mark.parametrize("moment", list(Moment))
def test_a_session_lost_at_the_commit_is_resolved_by_reading_back(
    bench: Any, plan: Any, texts: Any, moment: Moment
) -> None:
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, moment=moment, once=True))
    outcome = rollout.push()
    if moment is Moment.AFTER:
        assert isinstance(outcome, PushVerified), outcome
        assert times_applied(bench) == 1
        assert "GUESTS" in bench.startup()
    else:
        # The revert timer is armed on the way into configuration mode: without it nothing was entered.
        assert isinstance(outcome, PushFailed if bench.kind == "ios" else PushReverted), outcome
        assert outcome.reason.cause is Cause.ACCESS_LOST
        assert times_applied(bench) == 0
        assert rollout.is_as(before)


@pytest.mark.parametrize("kind", ["ios", "ios-dead-man"])
def test_a_session_lost_among_the_lines_is_undone(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match="ntp server .*", once=True))
    outcome = rollout.push()
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    assert rollout.is_as(before)
    assert times_applied(bench) == 1


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_session_that_hangs_at_the_commit_is_resolved_too(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    commit = "configure session .* commit .*" if bench.kind == "eos" else "ntp server .*"
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.HANG, match=commit, once=True))
    limits = replace(rollout.work.timing.limits, answer=rollout.work.timing.limits.answer / 4)
    outcome = rollout.push(timing=replace(rollout.work.timing, limits=limits))
    assert isinstance(outcome, PushReverted), outcome
    assert rollout.is_as(before)


@pytest.mark.parametrize(
    ("eos", "ios"),
    [
        ("configure session .* commit", "configure confirm"),
        ("write memory", "write memory"),
        ("show startup-config", "show startup-config"),
    ],
    ids=["confirm", "save", "compare"],
)
@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_session_lost_while_finishing_is_taken_up_again(
    bench: Any, plan: Any, texts: Any, eos: str, ios: str, moment: Moment
) -> None:
    rollout = plan(bench, texts.ordinary)
    match = eos if bench.kind == "eos" else ios
    # The startup configuration is read once before the write.
    fault = Fault(kind=FaultKind.DROP, match=match, moment=moment, once=True, nth=2 if "startup" in match else 1)
    bench.lab.set_fault(bench.device, fault)
    outcome = rollout.push()
    assert isinstance(outcome, PushVerified), outcome
    assert times_applied(bench) == 1
    assert "GUESTS" in bench.startup()


# Others at work.


def test_a_lock_is_waited_for(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.LOCKED))
    original = rollout.desk.sleep

    def sleep(seconds: float) -> None:
        bench.lab.clear_faults(bench.device)
        original(seconds)

    rollout.desk.sleep = sleep
    assert isinstance(rollout.push(), PushVerified)


def test_a_lock_that_stays_is_never_taken(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.LOCKED))
    outcome = rollout.push(timing=replace(rollout.work.timing, within=rollout.work.timing.pause))
    assert isinstance(outcome, PushFailed)
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert "GUESTS" not in bench.running()


@pytest.mark.parametrize("kind", ["ios", "ios-dead-man"])
def test_somebody_who_locks_after_the_plan_was_found_to_stand_stops_it(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    rollout.desk.on[PushStaged] = lambda: bench.lab.set_fault(bench.device, Fault(kind=FaultKind.LOCKED))
    outcome = rollout.push()
    assert isinstance(outcome, PushFailed), outcome
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert times_applied(bench) == 0
    bench.lab.clear_faults(bench.device)
    assert bench.connect().pending() is None


@pytest.mark.parametrize("kind", ["ios"])
def test_busy_lines_are_tried_again(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.VTY_EXHAUSTED))
    rollout.desk.sleep = lambda _seconds: bench.lab.clear_faults(bench.device)
    assert isinstance(rollout.push(), PushVerified)


# Logins that are refused.


def test_a_refused_login_stops_the_push_and_the_credential_at_once(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.REFUSE_LOGIN))
    outcome = rollout.push()
    assert isinstance(outcome, PushFailed)
    assert outcome.reason.cause is Cause.LOGIN_REFUSED
    assert [report.credential for report in rollout.desk.reports if isinstance(report, CredentialRefused)] == [
        "login-of-branch-1"
    ]
    assert len(bench.journal(Event.LOGIN_REFUSED)) == 1


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_jump_hosts_refusal_stops_its_own_credential(make_bench: Any, plan: Any, texts: Any, kind: str) -> None:
    bench = make_bench(kind, jump=True)
    rollout = plan(bench, texts.ordinary)
    wrong = replace(bench.via, login=replace(bench.via.login, username="nobody"))
    outcome = rollout.push(via=wrong)
    assert isinstance(outcome, PushFailed)
    assert [report.credential for report in rollout.desk.reports if isinstance(report, CredentialRefused)] == [
        "login-of-jump-1"
    ]


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_login_refused_after_the_commit_waits_for_the_device_to_undo(
    make_bench: Any, plan: Any, texts: Any, kind: str, for_good: bool
) -> None:
    # A minute lasts two seconds here, and so it does on the desk's clock.
    bench = make_bench(kind, minute=2.0)
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    before = bench.running()
    pace = 30 if kind == "ios" else 1
    rollout.desk.monotonic = lambda: time.monotonic() * pace
    rollout.desk.sleep = lambda seconds: time.sleep(seconds / pace)
    # eAPI logs in with every request: the commit itself is the first one after the desk's permission.
    first = 1 if kind == "ios" else 2

    def refuse() -> None:
        for number in range(first, first + (5 if for_good else 1)):
            bench.lab.set_fault(bench.device, Fault(kind=FaultKind.REFUSE_LOGIN, nth=number))

    rollout.desk.write = refuse
    outcome = rollout.push()
    refusals = [report for report in rollout.desk.reports if isinstance(report, CredentialRefused)]
    assert isinstance(outcome, PushUnknown if for_good else PushReverted), outcome
    assert len(refusals) == len(bench.journal(Event.LOGIN_REFUSED)) == (2 if for_good else 1)
    assert len(bench.journal(Event.TIMER_FIRED)) == 1
    assert rollout.is_as(before)


# Workers that die.


class WorkerKilled(BaseException):
    """The worker dies here, with whatever it had in hand."""


def takeover(rollout: Any, **changes: Any) -> Outcome:
    """What the next worker makes of the order."""
    staged = any(isinstance(report, PushStaged) for report in rollout.desk.reports)
    earlier = rollout.earlier() if staged else None
    fresh = replace(rollout.desk, write=lambda: None, confirm=lambda: None, on={})
    outcome = rollout.push(desk=fresh, worker="worker-2", earlier=earlier, **changes)
    assert isinstance(outcome, Outcome)
    return outcome


def dies(rollout: Any, at: str, bench: Any) -> None:
    """Runs a push until its worker dies at a point."""
    session = bench.platform.connect

    class Dying:
        """The platform of a worker that dies when it has been told something, or just before."""

        def __getattr__(self, name: str) -> Any:
            return getattr(bench.platform, name)

        def connect(self, *place: Any) -> Any:
            opened = session(*place)
            when, _, step = at.partition(" ")
            inner = getattr(opened, step)

            def dying(*arguments: Any, **named: Any) -> None:
                if when == "after":
                    inner(*arguments, **named)
                raise WorkerKilled

            setattr(opened, step, dying)
            # Whoever dies does not discard what it staged either.
            opened.discard = lambda _label: None
            return opened

    with pytest.raises(WorkerKilled):
        rollout.push(platform=Dying())


@pytest.mark.parametrize(
    "at",
    [
        "before lock",
        "after lock",
        "before stage",
        "after stage",
        "after commit",
        "before confirm",
        "after confirm",
        "before save",
        "after save",
    ],
)
def test_whoever_takes_over_finishes_it_once(bench: Any, plan: Any, texts: Any, at: str) -> None:
    rollout = plan(bench, texts.ordinary)
    dies(rollout, at, bench)
    outcome = takeover(rollout)
    assert isinstance(outcome, PushVerified), outcome
    assert outcome.worker == "worker-2"
    assert times_applied(bench) == 1
    assert "GUESTS" in bench.startup()
    assert bench.connect().pending() is None


@pytest.mark.parametrize("at", ["before arm", "after arm", "before commit"])
@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_whoever_takes_over_lets_go_what_guards_nothing_and_does_it_anew(
    make_bench: Any, plan: Any, texts: Any, kind: str, at: str
) -> None:
    bench = make_bench(kind, minute=2.0)
    rollout = plan(bench, texts.ordinary)
    dies(rollout, at, bench)
    assert (bench.connect().pending() is not None) == (at != "before arm")
    outcome = takeover(rollout)
    assert isinstance(outcome, PushVerified), outcome
    assert times_applied(bench) == 1
    assert bench.connect().pending() is None
    # A reload is cancelled. A revert timer might as well be a person's: it runs out.
    assert not bench.journal(Event.REBOOTED)
    assert len(bench.journal(Event.TIMER_FIRED)) == (1 if kind == "ios" and at != "before arm" else 0)


@pytest.mark.parametrize("kind", ["eos"])
def test_whoever_takes_over_before_the_commit_commits(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    dies(rollout, "before commit", bench)
    assert isinstance(takeover(rollout), PushVerified)
    assert times_applied(bench) == 1


@pytest.mark.parametrize("half", [False, True], ids=["whole", "half"])
@pytest.mark.parametrize("kind", ["eos", "ios-dead-man"])
def test_whoever_was_not_told_of_what_is_pending_does_not_take_it_for_done(
    bench: Any, plan: Any, texts: Any, half: bool
) -> None:
    # Given an order of which the next worker has not seen that it was begun
    rollout = plan(bench, texts.ordinary)
    if half:
        match = "ntp server .*" if bench.kind == "ios-dead-man" else "configure session .* commit .*"
        moment = Moment.BEFORE if bench.kind == "ios-dead-man" else Moment.AFTER
        bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match=match, moment=moment, once=True))
    dies(rollout, "before pending" if half else "after commit", bench)
    outcome = rollout.push(desk=replace(rollout.desk, on={}))
    # Then it is neither done nor drift, and whoever knows more finds out
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.LEASE_LOST
    assert bench.connect().pending() is not None
    found = rollout.push(earlier=rollout.earlier(again=False), desk=replace(rollout.desk, on={}))
    assert isinstance(found, PushReverted if half and bench.kind == "ios-dead-man" else PushVerified), found
    assert times_applied(bench) == 1


@pytest.mark.parametrize("kind", ["ios"])
def test_a_timer_that_runs_is_waited_for_before_anything_is_taken_for_done(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    dies(rollout, "after commit", bench)
    outcome = rollout.push(desk=replace(rollout.desk, on={}))
    assert isinstance(outcome, PushFailed), outcome
    assert outcome.reason.cause is Cause.DEVICE_LOCKED


@pytest.mark.parametrize("kind", ["eos", "ios-dead-man"])
def test_what_another_orders_commit_has_brought_is_not_there_to_stay(bench: Any, plan: Any, texts: Any) -> None:
    # Given another order's commit of the same lines, between the lock and the look
    rollout = plan(bench, texts.ordinary)
    other = replace(rollout.work, label="wg-00000000000000dd", order="order-2")
    connect = bench.platform.connect

    class Later:
        """The platform of a push that is overtaken once it has the lock."""

        def __getattr__(self, name: str) -> Any:
            return getattr(bench.platform, name)

        def connect(self, *place: Any) -> Any:
            opened = connect(*place)
            lock = opened.lock

            def locked(label: str) -> None:
                lock(label)
                if not bench.journal(Event.TIMER_ARMED):
                    dies(replace(rollout, work=other, desk=replace(rollout.desk)), "after commit", bench)

            opened.lock = locked
            return opened

    outcome = rollout.push(platform=Later())
    assert isinstance(outcome, PushFailed), outcome
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert other.label in outcome.reason.detail


@pytest.mark.parametrize("at", ["after commit", "after confirm", "after save"])
def test_whoever_takes_over_undoes_what_is_not_well(bench: Any, plan: Any, texts: Any, at: str) -> None:
    bench.looks.append("show version")
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    dies(rollout, at, bench)
    failing = Check(name="never", command="show version", matches="never to be seen")
    outcome = takeover(rollout, checks=(failing,), timing=SHORT)
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.CHECKS_FAILED
    assert rollout.is_as(before)
    # Nor does the next power cut bring it back.
    assert rollout.tree(bench.startup()) == rollout.tree(before)


@pytest.mark.parametrize("kind", ["ios", "ios-dead-man"])
def test_whoever_takes_over_undoes_half_a_change(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match="ntp server .*", once=True))
    dies(rollout, "before pending", bench)
    assert "GUESTS" in bench.running()
    outcome = takeover(rollout)
    assert isinstance(outcome, PushReverted), outcome
    assert rollout.is_as(before)
    assert times_applied(bench) == 1


# Workers that go on: the one that began is slow, or frozen for a while, and another one takes over meanwhile.

ROUTES = "".join(f"ip route 10.77.{number}.0 255.255.255.0 192.0.2.1\n" for number in range(8))


class Typist:
    """A worker on a thread of its own, whose device takes long for each line, and who is slow to hear of a takeover."""

    def __init__(self, rollout: Any, bench: Any, *, hears: bool) -> None:
        self.bench = bench
        self.taken_over = False
        desk = replace(rollout.desk, reports=rollout.desk.reports, blobs=rollout.desk.blobs)
        desk.mine = lambda: not (hears and self.taken_over)
        desk.confirm = self._confirm
        bench.lab.set_fault(bench.device, Fault(kind=FaultKind.SLOW, match="ip route .*", seconds=0.15))
        self._pool = ThreadPoolExecutor(1)
        self._push = self._pool.submit(rollout.push, desk=desk)

    def _confirm(self) -> None:
        if self.taken_over:
            raise LeaseLostError("gone")

    def entered(self) -> int:
        """How many lines it has entered."""
        running: str = self.bench.running()
        return running.count("ip route 10.77.")

    def ends(self) -> None:
        """It has to hear in the end that the order is somebody else's."""
        with self._pool, pytest.raises(LeaseLostError):
            self._push.result(30)


@pytest.mark.parametrize("again", [True, False], ids=["takeover", "reconciliation"])
@pytest.mark.parametrize("hears", [True, False], ids=["hears of it", "is frozen meanwhile"])
@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_two_workers_at_one_order_end_in_what_the_outcome_says(bench: Any, plan: Any, hears: bool, again: bool) -> None:
    # Given a worker in the middle of its lines, of which another one is given the order
    rollout = plan(bench, ROUTES, timing=replace(SHORT, quiet=timedelta(milliseconds=600)))
    before = bench.running()
    typist = Typist(rollout, bench, hears=hears)
    bench.await_that(lambda: 2 <= typist.entered() < 6)
    typist.taken_over = True
    outcome = push_again(rollout, again=again)
    typist.ends()
    # Then the device is as approved or as it began, the outcome says which, and nothing is to come
    assert isinstance(outcome, PushReverted if hears else PushVerified), outcome
    whole = isinstance(outcome, PushVerified)
    assert typist.entered() == (8 if whole else 0)
    assert whole or rollout.is_as(before)
    assert rollout.tree(bench.startup()) == rollout.tree(bench.running())
    assert bench.connect().pending() is None


def push_again(rollout: Any, *, again: bool) -> Outcome:
    """What the next worker makes of an order that it knows to have been staged."""
    fresh = replace(rollout.desk, reports=list(rollout.desk.reports), on={})
    outcome: Outcome = rollout.push(desk=fresh, worker="worker-2", earlier=rollout.earlier(again=again))
    return outcome


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_a_line_that_lands_behind_an_undo_is_undone_as_well(bench: Any, plan: Any, texts: Any) -> None:
    # Given half a change, and a line of it that lands once the undo was seen to be done
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    dies_among_the_lines(rollout, bench)
    fresh = replace(rollout.desk)
    late: list[str] = []

    def sleep(seconds: float) -> None:
        if "GUESTS" not in bench.running() and not late:
            late.append("vlan 77")
            bench.lab.edit(bench.device, ["vlan 77", "name GUESTS"])
        time.sleep(seconds)

    fresh.sleep = sleep
    outcome = rollout.push(desk=fresh, earlier=rollout.earlier(again=False))
    assert isinstance(outcome, PushReverted), outcome
    assert late
    assert rollout.is_as(before)


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_a_device_on_which_somebody_goes_on_for_ever_is_unknown(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary, timing=replace(SHORT, give_up=timedelta(seconds=1)))
    dies_among_the_lines(rollout, bench)
    numbers = itertools.count()
    fresh = replace(rollout.desk)

    def sleep(seconds: float) -> None:
        bench.lab.edit(bench.device, ["vlan 77", f"name GUESTS{next(numbers)}"])
        time.sleep(seconds)

    fresh.sleep = sleep
    outcome = rollout.push(desk=fresh, earlier=rollout.earlier())
    assert isinstance(outcome, PushUnknown), outcome
    assert "still being changed" in outcome.reason.detail


def dies_among_the_lines(rollout: Any, bench: Any) -> None:
    """Runs a push until its session is lost among its lines, and its worker with it."""
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match="ntp server .*", once=True))
    with pytest.raises(WorkerKilled):
        rollout.push(platform=_Gone(bench.platform))


class _Gone:
    """The platform of a worker that opens one session and no other."""

    def __init__(self, platform: Any) -> None:
        self._platform = platform
        self._opened = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    def connect(self, *place: Any) -> Any:
        self._opened += 1
        if self._opened > 1:
            raise WorkerKilled
        return self._platform.connect(*place)


@pytest.mark.parametrize("at", ["before commit", "after commit"])
@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_reconciliation_only_finds_out(make_bench: Any, plan: Any, texts: Any, kind: str, at: str) -> None:
    bench = make_bench(kind, minute=4.0)
    rollout = plan(bench, texts.ordinary)
    dies(rollout, at, bench)
    outcome = rollout.push(earlier=rollout.earlier(again=False), desk=replace(rollout.desk, on={}))
    if at == "after commit":
        assert isinstance(outcome, PushVerified), outcome
    else:
        assert isinstance(outcome, PushReverted), outcome
        assert "GUESTS" not in bench.running()
    assert times_applied(bench) == (1 if at == "after commit" else 0)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_whoever_takes_over_after_the_timer_ran_out_does_it_anew(
    make_bench: Any, plan: Any, texts: Any, kind: str
) -> None:
    bench = make_bench(kind, minute=4.0)
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    dies(rollout, "after commit", bench)
    bench.await_that(lambda: bool(bench.journal(Event.TIMER_FIRED)))
    outcome = takeover(rollout)
    assert isinstance(outcome, PushVerified), outcome
    assert times_applied(bench) == 2
    assert len(bench.journal(Event.TIMER_FIRED)) == 1


@pytest.mark.parametrize("kind", ["eos"])  # on ios a timer of the same user cannot be told from ours
def test_somebody_elses_pending_commit_is_not_touched(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    dies(rollout, "before commit", bench)
    other = bench.connect()
    other.stage(("vlan 99", "name OTHERS"), label="wg-00000000000000dd", replace=False)
    other.arm("wg-00000000000000dd", rollout.work.timing.give_up)
    other.commit("wg-00000000000000dd", rollout.work.timing.give_up)
    outcome = takeover(rollout)
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert "OTHERS" in bench.running()
    assert bench.connect().pending() is not None


@pytest.mark.parametrize("found", ["nothing of ours", "all of ours"])
@pytest.mark.parametrize("kind", ["ios"])
def test_a_timer_that_our_login_set_by_hand_is_not_touched(bench: Any, plan: Any, texts: Any, found: str) -> None:
    # Given a person who shares Wavegate's login, and a timer that is longer than ours would be
    rollout = plan(bench, texts.ordinary)
    dies(rollout, "before arm" if found == "nothing of ours" else "after confirm", bench)
    person = bench.connect()
    person._shell.ask("configure terminal revert timer 7")
    person._shell.ask("vlan 99")
    person._shell.ask("end")
    outcome = takeover(rollout)
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert "not by this order" in outcome.reason.detail
    assert "vlan 99" in bench.running()
    assert bench.connect().pending() is not None


@pytest.mark.parametrize("kind", ["ios"])
def test_a_timer_of_another_user_is_not_touched(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    dies(rollout, "before arm", bench)
    secret = bench.endpoint.login.password
    bench.lab.edit(bench.device, [f"username ops privilege 15 secret 0 {secret.get_secret_value()}"])
    other = bench.connect(login=replace(bench.endpoint.login, username="ops"))
    other.stage(("vlan 99", "name OTHERS"), label="wg-00000000000000dd", replace=False)
    other.arm("wg-00000000000000dd", rollout.work.timing.give_up)
    other.commit("wg-00000000000000dd", rollout.work.timing.give_up)
    outcome = takeover(rollout)
    assert isinstance(outcome, PushUnknown), outcome
    assert "user ops" in outcome.reason.detail
    assert "OTHERS" in bench.running()
    assert bench.connect().pending() is not None
