"""Pushes whose session or login fails, and others at the device: each has one right outcome, and one write."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import Limits
from automation.push.work import Timing
from events.reports import (
    CredentialRefused,
    PushFailed,
    PushReverted,
    PushStaged,
    PushUnknown,
    PushVerified,
)
from events.values import Cause
from lab.faults import Fault, FaultKind, Moment
from lab.journal import Event

#: On EOS the timer is then 4 s.
SHORT = Timing(
    within=timedelta(milliseconds=500),
    pause=timedelta(milliseconds=50),
    give_up=timedelta(seconds=30),
    quiet=timedelta(milliseconds=100),
    limits=Limits(connect=timedelta(seconds=1), answer=timedelta(seconds=3)),
)
PLATFORMS = ("eos", "ios")


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
        assert rollout.times_applied() == 1
        assert "GUESTS" in bench.startup()
    else:
        # The revert timer is armed on the way into configuration mode: without it nothing was entered.
        assert isinstance(outcome, PushFailed if bench.kind == "ios" else PushReverted), outcome
        assert outcome.reason.cause is Cause.ACCESS_LOST
        assert rollout.times_applied() == 0
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
    assert rollout.times_applied() == 1


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
    assert rollout.times_applied() == 1
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
    assert rollout.times_applied() == 0
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
