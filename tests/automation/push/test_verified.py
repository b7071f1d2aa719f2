"""Pushes that go well, and those that are refused before anything is written."""

from functools import partial
from typing import Any

import pytest

from automation.push.work import Check, ForbiddenError
from events.reports import (
    AlreadyApplied,
    DriftFound,
    DriftNoted,
    OrderReturned,
    PushFailed,
    PushRefused,
    PushStaged,
    PushVerified,
)
from events.values import Access, Cause, UndoRank
from lab.faults import Fault, FaultKind
from lab.journal import Event

CHECK = Check(name="it tells the time", command="show clock", matches="UTC")


def writes(bench: Any) -> list[str]:
    """What our login typed where it takes effect, and what it saved."""
    events = bench.journal(Event.COMMAND, Event.SAVED, Event.COMMIT)
    return [entry.line or entry.event.value for entry in events if entry.user != "console" and _writes(entry)]


def _writes(entry: Any) -> bool:
    looks = entry.line.startswith(("show ", "terminal ", "enable")) or entry.line == "end"
    inside = entry.mode.startswith("config-s-") or entry.line.startswith(("configure session", "no configure session"))
    return not looks and (entry.event is not Event.COMMAND or not inside or "commit" in entry.line)


def test_what_was_approved_is_pushed_verified_and_saved(bench: Any, plan: Any, texts: Any) -> None:
    bench.looks.append("show clock")
    rollout = plan(bench, texts.ordinary, checks=(CHECK,))

    outcome = rollout.push()

    assert isinstance(outcome, PushVerified), outcome
    assert [result.name for result in outcome.checks if result.passed] == ["a fresh session opens", CHECK.name]
    assert rollout.desk.kinds() == ["PushIntended", "PushStaged"]
    shown = rollout.desk.blobs[outcome.observed].decode()
    assert "+  name GUESTS" in shown
    assert "for guests" in bench.running()
    assert rollout.is_as(bench.startup())


def test_a_power_cut_afterwards_keeps_it(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    assert isinstance(rollout.push(), PushVerified)
    after = bench.running()
    bench.power_cut()
    assert rollout.is_as(after)
    assert "GUESTS" in after


def test_the_confirmation_comes_before_the_save(bench: Any, plan: Any, texts: Any) -> None:
    assert isinstance(plan(bench, texts.ordinary).push(), PushVerified)
    events = [entry.event for entry in bench.journal(Event.CONFIRMED, Event.TIMER_CANCELLED, Event.SAVED)]
    assert events == [Event.TIMER_CANCELLED if bench.kind == "ios-dead-man" else Event.CONFIRMED, Event.SAVED]


def test_the_undo_of_the_device_is_known_before_the_first_line(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    before: list[list[str]] = []
    rollout.desk.on[PushStaged] = lambda: before.append(writes(bench))
    rollout.push()
    assert before == [[]]
    assert rollout.desk.staged().undo is (UndoRank.DEAD_MAN if bench.kind == "ios-dead-man" else UndoRank.TIMER)


def test_what_is_there_already_is_not_pushed_again(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    assert isinstance(rollout.push(), PushVerified)
    written = writes(bench)
    assert isinstance(rollout.push(), AlreadyApplied)
    assert writes(bench) == written


NTP = "ntp server 10.9.9.9"


def test_what_runs_already_and_is_not_saved_is_saved(bench: Any, plan: Any) -> None:
    # Given somebody who types the change by hand between its plan and its push
    rollout = plan(bench, f"{NTP}\n")
    bench.lab.edit(bench.device, [NTP])
    outcome = rollout.push()
    # Then it is there after a power cut too, and that it was saved is told
    assert isinstance(outcome, AlreadyApplied), outcome
    noted = [report.detail for report in rollout.desk.reports if isinstance(report, DriftNoted)]
    assert noted == ["the target ran already without being saved; now it is saved"]
    assert sorted(writes(bench)) == ["saved", "write memory"]
    bench.power_cut()
    assert NTP in bench.running()
    # And the next push has nothing to do
    assert isinstance(rollout.push(), AlreadyApplied)
    assert len(bench.journal(Event.SAVED)) == 1


def test_what_runs_already_is_not_saved_along_with_lines_of_others(bench: Any, plan: Any) -> None:
    rollout = plan(bench, f"{NTP}\n")
    bench.lab.edit(bench.device, [NTP, "snmp-server contact somebody"])
    outcome = rollout.push()
    assert isinstance(outcome, PushRefused), outcome
    assert outcome.reason.cause is Cause.FOREIGN_UNSAVED
    assert "snmp-server contact somebody" in outcome.reason.detail
    assert writes(bench) == []
    assert isinstance(rollout.push(save_foreign=True), AlreadyApplied)
    assert "snmp-server contact somebody" in bench.startup()


@pytest.mark.parametrize("kind", ["eos", "ios"])
def test_what_runs_already_is_not_saved_under_a_halt(bench: Any, plan: Any) -> None:
    rollout = plan(bench, f"{NTP}\n")
    bench.lab.edit(bench.device, [NTP])

    def halted() -> None:
        raise ForbiddenError(Cause.HALTED, "ops halted")

    rollout.desk.write = halted
    outcome = rollout.push()
    assert isinstance(outcome, OrderReturned), outcome
    assert writes(bench) == []


@pytest.mark.parametrize("kind", ["eos", "ios"])
def test_what_runs_already_and_cannot_be_saved_has_failed(bench: Any, plan: Any) -> None:
    rollout = plan(bench, f"{NTP}\n")
    bench.lab.edit(bench.device, [NTP])
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.FLASH_FULL))
    outcome = rollout.push()
    assert isinstance(outcome, PushFailed), outcome
    assert outcome.reason.cause is Cause.DEVICE_FULL


def test_drift_in_a_touched_section_stops_it(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    port = "Ethernet1" if bench.kind.startswith("eos") else "GigabitEthernet0/0/1"
    bench.lab.edit(bench.device, [f"interface {port}", "description by hand"])
    outcome = rollout.push()
    assert isinstance(outcome, DriftFound)
    assert outcome.reason.cause is Cause.DRIFT
    assert f"interface {port}" in outcome.reason.detail
    assert writes(bench) == []


def test_drift_does_not_tell_secrets(bench: Any, plan: Any) -> None:
    rollout = plan(bench, f"{NTP}\nsnmp-server community canary-community ro\n")
    bench.lab.edit(bench.device, ["snmp-server community canary-community rw"])
    bench.lab.edit(bench.device, [f"{NTP} prefer"])
    outcome = rollout.push()
    assert isinstance(outcome, DriftFound), outcome
    assert "snmp-server community" in outcome.reason.detail
    assert "canary-community" not in outcome.model_dump_json()


def test_drift_elsewhere_is_noted_and_stops_nothing(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    bench.lab.edit(bench.device, ["snmp-server contact somebody"])
    outcome = rollout.push(save_foreign=True)
    assert isinstance(outcome, PushVerified), outcome
    assert [kind for kind in rollout.desk.kinds() if kind == "DriftNoted"] == ["DriftNoted"]
    assert "snmp-server contact somebody" in bench.startup()


def test_lines_that_others_left_unsaved_are_not_saved_without_leave(bench: Any, plan: Any, texts: Any) -> None:
    bench.lab.edit(bench.device, ["snmp-server contact somebody", "snmp-server community canary-community ro"])
    outcome = plan(bench, texts.ordinary).push()
    assert isinstance(outcome, PushRefused)
    assert outcome.reason.cause is Cause.FOREIGN_UNSAVED
    assert "snmp-server contact somebody" in outcome.reason.detail
    assert "canary-community" not in outcome.reason.detail
    assert writes(bench) == []


@pytest.mark.parametrize("kind", ["ios-dead-man"])
def test_a_dead_man_loses_nothing_of_others(bench: Any, plan: Any, texts: Any) -> None:
    bench.lab.edit(bench.device, ["snmp-server contact somebody"])
    rollout = plan(bench, texts.ordinary, save_foreign=True)
    assert isinstance(rollout.push(), PushVerified)
    # What a reload would bring back is saved before one is scheduled.
    events = [entry.event for entry in bench.journal(Event.SAVED, Event.TIMER_ARMED)]
    assert events == [Event.SAVED, Event.TIMER_ARMED, Event.SAVED]


def test_another_difference_than_the_approved_one_is_refused(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    other = plan(bench, texts.denying)
    outcome = rollout.push(diff=other.work.diff)
    assert isinstance(outcome, PushRefused)
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    assert "+  name GUESTS" in outcome.reason.detail
    assert writes(bench) == []


@pytest.mark.parametrize("kind", ["eos"])
def test_another_candidate_than_the_approved_one_is_refused(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    # Somebody edits between our reading and the session's fork of what runs: the candidate has that edit too.
    compare = rollout.work.compare

    def compare_late(running: Any) -> Any:
        bench.lab.edit(bench.device, ["snmp-server contact somebody"])
        return compare(running)

    outcome = rollout.push(compare=compare_late)
    assert isinstance(outcome, PushRefused), outcome
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    assert "besides, and not of this change:\n+ snmp-server contact somebody" in outcome.reason.detail
    assert writes(bench) == []
    bench.connect().lock("wg-00000000000000cc")


def test_an_order_for_an_undoable_device_needs_leave_in_band(bench: Any, plan: Any, texts: Any) -> None:
    class Helpless:
        """The same platform on a device that undoes nothing."""

        def __init__(self, platform: Any) -> None:
            self.platform = platform

        def __getattr__(self, name: str) -> Any:
            return getattr(self.platform, name)

        def connect(self, *place: Any) -> Any:
            session = self.platform.connect(*place)
            session.undo_rank = lambda: UndoRank.NONE
            return session

    rollout = plan(bench, texts.ordinary)
    helpless = Helpless(bench.platform)
    outcome = rollout.push(platform=helpless)
    assert isinstance(outcome, PushRefused)
    assert outcome.reason.cause is Cause.NO_UNDO
    assert writes(bench) == []
    verified = rollout.push(platform=helpless, access=Access.OUT_OF_BAND)
    assert isinstance(verified, PushVerified), verified
    assert not bench.journal(Event.TIMER_ARMED)


def test_edits_by_others_inside_the_confirm_window_are_named(
    bench: Any, plan: Any, texts: Any, on_session: Any
) -> None:
    rollout = plan(bench, texts.ordinary)
    edited = partial(bench.lab.edit, bench.device, ["snmp-server contact somebody"])
    outcome = rollout.push(platform=on_session(bench, 2, edited))
    assert isinstance(outcome, PushVerified), outcome
    noted = [report for report in rollout.desk.reports if isinstance(report, DriftNoted)]
    assert len(noted) == 1
    assert "+ snmp-server contact somebody" in noted[0].detail
    assert "snmp-server contact somebody" in bench.startup()


@pytest.mark.parametrize("kind", ["eos"])
def test_a_whole_configuration_is_replaced(bench: Any, plan: Any) -> None:
    text = bench.running().replace("description STAFF", "description EVERYBODY").replace("   name VOICE\n", "")
    rollout = plan(bench, text, replaces=True)
    outcome = rollout.push()
    assert isinstance(outcome, PushVerified), outcome
    assert rollout.is_as(text)
    assert "name VOICE" not in bench.startup()


def test_a_push_through_a_jump_host(make_bench: Any, plan: Any, texts: Any, kind: str) -> None:
    bench = make_bench(kind, jump=True)
    assert isinstance(plan(bench, texts.ordinary).push(), PushVerified)
    assert {entry.peer for entry in bench.journal(Event.LOGIN)} == {bench.via.address}
