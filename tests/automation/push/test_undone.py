"""Pushes that do not go well: each ends as it began, and says why."""

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from automation.platforms.contract import Limits
from automation.push.work import Check, Timing
from events.reports import PushFailed, PushReverted, PushUnknown
from events.values import Cause
from lab.faults import Fault, FaultKind, Moment
from lab.journal import Event

HOLDS = Check(name="guests are there", command="show version", matches="never to be seen")
#: On EOS the timer is then 4 s; a check that fails is given up after half a second.
SHORT = Timing(
    within=timedelta(milliseconds=500),
    pause=timedelta(milliseconds=50),
    give_up=timedelta(seconds=30),
    quiet=timedelta(milliseconds=100),
    limits=Limits(connect=timedelta(seconds=1), answer=timedelta(seconds=3)),
)
ATOMIC, LINE_BY_LINE = ("eos",), ("ios", "ios-dead-man")


@pytest.mark.parametrize("kind", ATOMIC)
def test_a_refused_line_of_a_candidate_fails_the_push(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.rejected)
    before = bench.running()
    outcome = rollout.push()
    assert isinstance(outcome, PushFailed)
    assert outcome.reason.cause is Cause.LINE_REJECTED
    assert "router nonsense" in outcome.reason.detail
    assert "Invalid input" in outcome.reason.detail
    assert bench.running() == before
    assert not bench.journal(Event.COMMIT)


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_a_line_refused_after_others_took_effect_is_undone(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.rejected)
    before = bench.running()
    outcome = rollout.push()
    assert isinstance(outcome, PushReverted)
    assert outcome.reason.cause is Cause.LINE_REJECTED
    assert "router nonsense" in outcome.reason.detail
    assert "vlan 77" in bench.sent()
    assert rollout.is_as(before)
    assert "GUESTS" not in bench.startup()


@pytest.mark.parametrize("kind", ["ios-dead-man"])
def test_a_dead_man_is_disarmed_rather_than_set_off(bench: Any, plan: Any, texts: Any) -> None:
    assert isinstance(plan(bench, texts.rejected).push(), PushReverted)
    assert not bench.journal(Event.REBOOTED)
    events = [entry.event for entry in bench.journal(Event.TIMER_ARMED, Event.TIMER_CANCELLED)]
    assert events == [Event.TIMER_ARMED, Event.TIMER_CANCELLED]
    # The lines went before the dead-man did.
    sent = bench.sent()
    assert sent.index("no vlan 77") < sent.index("reload cancel")


@pytest.mark.parametrize("kind", ["ios-dead-man"])
def test_a_dead_man_is_the_last_resort(bench: Any, plan: Any, texts: Any) -> None:
    # What is to be taken back cannot be, so the restart does it.
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.SWALLOW, match="no vlan 77"))
    rollout = plan(bench, texts.rejected, timing=SHORT)
    before = bench.running()
    assert isinstance(rollout.push(), PushReverted)
    assert len(bench.journal(Event.REBOOTED)) == 1
    assert rollout.is_as(before)


def test_checks_that_fail_undo_it(bench: Any, plan: Any, texts: Any) -> None:
    bench.looks.append(HOLDS.command)
    rollout = plan(bench, texts.ordinary, checks=(HOLDS,), timing=SHORT)
    before = bench.running()
    outcome = rollout.push()
    assert isinstance(outcome, PushReverted)
    assert outcome.reason.cause is Cause.CHECKS_FAILED
    assert HOLDS.name in outcome.reason.detail
    assert [(result.name, result.passed) for result in outcome.checks] == [
        ("a fresh session opens", True),
        (HOLDS.name, False),
    ]
    assert rollout.is_as(before)
    assert not bench.journal(Event.CONFIRMED, Event.SAVED, Event.REBOOTED)


def test_a_secret_in_a_failed_checks_answer_is_not_shown(bench: Any, plan: Any, texts: Any) -> None:
    bench.lab.edit(bench.device, ["snmp-server community canary-community ro"])
    check = Check(name="no communities", command="show running-config | include community", lacks="community")
    bench.looks.append(check.command)
    outcome = plan(bench, texts.ordinary, checks=(check,), timing=SHORT, save_foreign=True).push()
    assert isinstance(outcome, PushReverted)
    assert "canary-community" not in outcome.model_dump_json()


@pytest.mark.parametrize(("kind", "minute"), [("eos", 30.0), ("ios", 3.0), ("ios-dead-man", 3.0)])
def test_an_access_list_that_shuts_us_out_is_undone_by_the_device(
    make_bench: Any, plan: Any, texts: Any, kind: str, minute: float
) -> None:
    bench = make_bench(kind, minute=minute)
    rollout = plan(bench, texts.denying, timing=SHORT)
    before = bench.running()

    outcome = rollout.push()

    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.ACCESS_LOST
    assert len(bench.journal(Event.TIMER_FIRED)) == 1
    assert bench.journal(Event.SESSION_CUT)
    assert not bench.journal(Event.CONFIRMED, Event.TIMER_CANCELLED, Event.SAVED)
    assert rollout.is_as(before)


def test_a_swallowed_line_is_undone(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.SWALLOW, match="name GUESTS", once=True))
    outcome = rollout.push()
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    there, lacking = outcome.reason.detail.split("approved, and not there:\n")
    assert "+ vlan 77" in there
    assert "GUESTS" not in there
    assert "GUESTS" in lacking
    assert "ntp server" not in lacking
    assert rollout.is_as(before)
    assert not bench.journal(Event.SAVED)


@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_a_line_that_lands_one_level_up_is_taken_back_there(bench: Any, plan: Any) -> None:
    # The header is swallowed, and what belongs below it is a line of its own too.
    change = "aaa group server tacacs+ OURS\n ip tacacs source-interface Loopback0\nvlan 77\n name GUESTS\n"
    rollout = plan(bench, change, timing=SHORT)
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.SWALLOW, match="aaa group .*", once=True))
    outcome = rollout.push()
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    assert "lines landed elsewhere:\n+ ip tacacs source-interface Loopback0" in outcome.reason.detail
    assert rollout.is_as(before)


def test_a_check_that_answers_without_end_is_undone(bench: Any, plan: Any, texts: Any) -> None:
    check = Check(name="addresses", command="show ip interface brief")
    bench.looks.append(check.command)
    rollout = plan(bench, texts.ordinary, checks=(check,))
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.FLOOD, match=check.command, megabytes=1))
    limits = replace(rollout.work.timing.limits, answer_bytes=300_000)
    outcome = rollout.push(timing=replace(rollout.work.timing, limits=limits))
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.ANSWER_TOO_LARGE
    assert rollout.is_as(before)


def test_checks_have_to_hold_for_their_time(bench: Any, plan: Any, texts: Any) -> None:
    check = Check(name="the time", command="show clock", matches="UTC")
    bench.looks.append(check.command)
    outcome = plan(bench, texts.ordinary, checks=(check,), timing=replace(SHORT, hold=timedelta(minutes=5))).push()
    assert isinstance(outcome, PushReverted), outcome
    assert [result.name for result in outcome.checks if not result.passed] == ["the checks hold"]


@pytest.mark.parametrize("kind", ["ios", "ios-dead-man"])
def test_an_undo_waits_for_whoever_configures(bench: Any, plan: Any, texts: Any, on_session: Any) -> None:
    # What was saved and then found wanting is undone by lines, which a lock keeps out.
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.FLASH_FULL, match="save", once=True))
    original = rollout.desk.sleep

    def sleep(seconds: float) -> None:
        bench.lab.clear_faults(bench.device, FaultKind.LOCKED)
        original(seconds)

    rollout.desk.sleep = sleep
    locked = partial(bench.lab.set_fault, bench.device, Fault(kind=FaultKind.LOCKED))
    outcome = rollout.push(platform=on_session(bench, 3, locked))
    assert isinstance(outcome, PushReverted), outcome
    assert rollout.is_as(before)


def test_an_undo_that_does_not_work_is_said(bench: Any, plan: Any, texts: Any) -> None:
    # The save fails after the confirmation, and what would take the change back is swallowed each time.
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.FLASH_FULL, match="save"))
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.SWALLOW, match="no vlan 77"))
    outcome = rollout.push()
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.UNDO_FAILED
    assert "not-saved" in outcome.reason.detail
    assert "vlan 77" in bench.running()


def test_a_save_that_fails_is_undone(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.FLASH_FULL, match="save"))
    outcome = rollout.push()
    assert isinstance(outcome, PushReverted), outcome
    assert outcome.reason.cause is Cause.NOT_SAVED
    assert "pace" in outcome.reason.detail
    assert rollout.is_as(before)
    assert rollout.tree(bench.startup()) == rollout.tree(before)


def test_a_power_cut_in_the_confirm_window_is_reported(bench: Any, plan: Any, texts: Any) -> None:
    check = Check(name="it is up", command="show version")
    bench.looks.append(check.command)
    rollout = plan(bench, texts.ordinary, checks=(check,))
    before = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.POWER_CUT, match=check.command, nth=_nth(bench), once=True))
    outcome = rollout.push()
    assert isinstance(outcome, PushReverted), outcome
    assert len(bench.journal(Event.REBOOTED)) == 1
    assert rollout.is_as(before)
    assert not bench.journal(Event.CONFIRMED, Event.SAVED)


def _nth(bench: Any) -> int:
    """Which `show version` is the check's: on EOS every session begins with one of its own."""
    return 3 if bench.kind.startswith("eos") else 1


@pytest.mark.parametrize("kind", ["eos", "ios"])
def test_edits_by_others_that_an_undo_takes_back_are_named(bench: Any, plan: Any, texts: Any, on_session: Any) -> None:
    bench.looks.append(HOLDS.command)
    rollout = plan(bench, texts.ordinary, checks=(HOLDS,), timing=SHORT)
    lines = ["snmp-server contact somebody", "snmp-server community canary-community ro"]
    outcome = rollout.push(platform=on_session(bench, 3, partial(bench.lab.edit, bench.device, lines)))
    assert isinstance(outcome, PushReverted), outcome
    assert "somebody else changed" in outcome.reason.detail
    assert "+ snmp-server contact somebody" in outcome.reason.detail
    assert "canary-community" not in outcome.reason.detail
    assert "snmp-server contact somebody" not in bench.running()


@pytest.mark.parametrize("kind", ["ios-dead-man"])
def test_edits_by_others_outlast_an_undo_by_lines(bench: Any, plan: Any, texts: Any, on_session: Any) -> None:
    bench.looks.append(HOLDS.command)
    rollout = plan(bench, texts.ordinary, checks=(HOLDS,), timing=SHORT)
    edited = partial(bench.lab.edit, bench.device, ["snmp-server contact somebody"])
    assert isinstance(rollout.push(platform=on_session(bench, 3, edited)), PushReverted)
    assert "snmp-server contact somebody" in bench.running()
    assert "GUESTS" not in bench.running()


def test_a_device_that_stays_away_is_unknown(make_bench: Any, plan: Any, texts: Any, kind: str) -> None:
    bench = make_bench(kind, reboot_seconds=600)
    rollout = plan(bench, texts.ordinary, timing=replace(SHORT, give_up=timedelta(seconds=1)))
    # The device's timer is waited for; this clock makes a minute of it a second.
    start, monotonic = time.monotonic(), time.monotonic
    rollout.desk.monotonic = lambda: start + 60 * (monotonic() - start)
    last = "configure session .* commit.*" if kind.startswith("eos") else "ntp server .*"
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.POWER_CUT, match=last, moment=Moment.AFTER))
    outcome = rollout.push()
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.UNREACHABLE
