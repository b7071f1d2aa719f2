"""Workers that die or go on while another one takes over: one right outcome, and one write."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import Limits
from automation.push.work import Check, LeaseLostError, Timing
from events.reports import (
    Outcome,
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


# Workers that die.


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
    rollout.dies(at)
    outcome = rollout.taken_over()
    assert isinstance(outcome, PushVerified), outcome
    assert outcome.worker == "worker-2"
    assert rollout.times_applied() == 1
    assert "GUESTS" in bench.startup()
    assert bench.connect().pending() is None


@pytest.mark.parametrize("at", ["before arm", "after arm", "before commit"])
@pytest.mark.parametrize("kind", LINE_BY_LINE)
def test_whoever_takes_over_lets_go_what_guards_nothing_and_does_it_anew(
    make_bench: Any, plan: Any, texts: Any, kind: str, at: str
) -> None:
    bench = make_bench(kind, minute=2.0)
    rollout = plan(bench, texts.ordinary)
    rollout.dies(at)
    assert (bench.connect().pending() is not None) == (at != "before arm")
    outcome = rollout.taken_over()
    assert isinstance(outcome, PushVerified), outcome
    assert rollout.times_applied() == 1
    assert bench.connect().pending() is None
    # A reload is cancelled. A revert timer might as well be a person's: it runs out.
    assert not bench.journal(Event.REBOOTED)
    assert len(bench.journal(Event.TIMER_FIRED)) == (1 if kind == "ios" and at != "before arm" else 0)


@pytest.mark.parametrize("kind", ["eos"])
def test_whoever_takes_over_before_the_commit_commits(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    rollout.dies("before commit")
    assert isinstance(rollout.taken_over(), PushVerified)
    assert rollout.times_applied() == 1


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
    rollout.dies("before pending" if half else "after commit")
    outcome = rollout.push(desk=replace(rollout.desk, on={}))
    # Then it is neither done nor drift, and whoever knows more finds out
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.LEASE_LOST
    assert bench.connect().pending() is not None
    found = rollout.push(earlier=rollout.earlier(again=False), desk=replace(rollout.desk, on={}))
    assert isinstance(found, PushReverted if half and bench.kind == "ios-dead-man" else PushVerified), found
    assert rollout.times_applied() == 1


@pytest.mark.parametrize("kind", ["ios"])
def test_a_timer_that_runs_is_waited_for_before_anything_is_taken_for_done(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    rollout.dies("after commit")
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
                    replace(rollout, work=other, desk=replace(rollout.desk)).dies("after commit")

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
    rollout.dies(at)
    failing = Check(name="never", command="show version", matches="never to be seen")
    outcome = rollout.taken_over(checks=(failing,), timing=SHORT)
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
    rollout.dies("before pending")
    assert "GUESTS" in bench.running()
    outcome = rollout.taken_over()
    assert isinstance(outcome, PushReverted), outcome
    assert rollout.is_as(before)
    assert rollout.times_applied() == 1


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
    rollout.dies_among_the_lines()
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
    rollout.dies_among_the_lines()
    numbers = itertools.count()
    fresh = replace(rollout.desk)

    def sleep(seconds: float) -> None:
        bench.lab.edit(bench.device, ["vlan 77", f"name GUESTS{next(numbers)}"])
        time.sleep(seconds)

    fresh.sleep = sleep
    outcome = rollout.push(desk=fresh, earlier=rollout.earlier())
    assert isinstance(outcome, PushUnknown), outcome
    assert "still being changed" in outcome.reason.detail


@pytest.mark.parametrize("at", ["before commit", "after commit"])
@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_reconciliation_only_finds_out(make_bench: Any, plan: Any, texts: Any, kind: str, at: str) -> None:
    bench = make_bench(kind, minute=4.0)
    rollout = plan(bench, texts.ordinary)
    rollout.dies(at)
    outcome = rollout.push(earlier=rollout.earlier(again=False), desk=replace(rollout.desk, on={}))
    if at == "after commit":
        assert isinstance(outcome, PushVerified), outcome
    else:
        assert isinstance(outcome, PushReverted), outcome
        assert "GUESTS" not in bench.running()
    assert rollout.times_applied() == (1 if at == "after commit" else 0)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_whoever_takes_over_after_the_timer_ran_out_does_it_anew(
    make_bench: Any, plan: Any, texts: Any, kind: str
) -> None:
    bench = make_bench(kind, minute=4.0)
    rollout = plan(bench, texts.ordinary, timing=SHORT)
    rollout.dies("after commit")
    bench.await_that(lambda: bool(bench.journal(Event.TIMER_FIRED)))
    outcome = rollout.taken_over()
    assert isinstance(outcome, PushVerified), outcome
    assert rollout.times_applied() == 2
    assert len(bench.journal(Event.TIMER_FIRED)) == 1


@pytest.mark.parametrize("kind", ["eos"])  # on ios a timer of the same user cannot be told from ours
def test_somebody_elses_pending_commit_is_not_touched(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    rollout.dies("before commit")
    other = bench.connect()
    other.stage(("vlan 99", "name OTHERS"), label="wg-00000000000000dd", replace=False)
    other.arm("wg-00000000000000dd", rollout.work.timing.give_up)
    other.commit("wg-00000000000000dd", rollout.work.timing.give_up)
    outcome = rollout.taken_over()
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert "OTHERS" in bench.running()
    assert bench.connect().pending() is not None


@pytest.mark.parametrize("found", ["nothing of ours", "all of ours"])
@pytest.mark.parametrize("kind", ["ios"])
def test_a_timer_that_our_login_set_by_hand_is_not_touched(bench: Any, plan: Any, texts: Any, found: str) -> None:
    # Given a person who shares Wavegate's login, and a timer that is longer than ours would be
    rollout = plan(bench, texts.ordinary)
    rollout.dies("before arm" if found == "nothing of ours" else "after confirm")
    person = bench.connect()
    person._shell.ask("configure terminal revert timer 7")
    person._shell.ask("vlan 99")
    person._shell.ask("end")
    outcome = rollout.taken_over()
    assert isinstance(outcome, PushUnknown), outcome
    assert outcome.reason.cause is Cause.DEVICE_LOCKED
    assert "not by this order" in outcome.reason.detail
    assert "vlan 99" in bench.running()
    assert bench.connect().pending() is not None


@pytest.mark.parametrize("kind", ["ios"])
def test_a_timer_of_another_user_is_not_touched(bench: Any, plan: Any, texts: Any) -> None:
    rollout = plan(bench, texts.ordinary)
    rollout.dies("before arm")
    secret = bench.endpoint.login.password
    bench.lab.edit(bench.device, [f"username ops privilege 15 secret 0 {secret.get_secret_value()}"])
    other = bench.connect(login=replace(bench.endpoint.login, username="ops"))
    other.stage(("vlan 99", "name OTHERS"), label="wg-00000000000000dd", replace=False)
    other.arm("wg-00000000000000dd", rollout.work.timing.give_up)
    other.commit("wg-00000000000000dd", rollout.work.timing.give_up)
    outcome = rollout.taken_over()
    assert isinstance(outcome, PushUnknown), outcome
    assert "user ops" in outcome.reason.detail
    assert "OTHERS" in bench.running()
    assert bench.connect().pending() is not None
