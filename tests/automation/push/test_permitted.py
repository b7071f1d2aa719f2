"""Pushes that are stopped, or lose their order, at the point of no return and line by line."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import Limits
from automation.push.work import Check, ForbiddenError, LeaseLostError, Timing
from events.reports import (
    OrderReturned,
    PushFailed,
    PushReverted,
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
LINE_BY_LINE = ("ios", "ios-dead-man")


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
    assert rollout.times_applied() == 0
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
    assert rollout.times_applied() == 0
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
    assert rollout.times_applied() == 0
    assert bench.connect().pending() is not None
    assert isinstance(rollout.taken_over(), PushVerified)
    assert rollout.times_applied() == 1


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
    assert rollout.times_applied() == 0
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
    outcome = rollout.taken_over()
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
