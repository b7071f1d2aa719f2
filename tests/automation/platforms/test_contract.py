"""The contract of platforms, sentence by sentence, held against devices of the lab and a real FRR router.

What a real router cannot be made to do on demand (to hang, to flood, to drop a session at a word) is left to the lab.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from automation.config.reading import read_device
from automation.platforms.contract import (
    AnswerTimeoutError,
    AnswerTooLargeError,
    DeviceFullError,
    ForbiddenCommandError,
    IncompleteAnswerError,
    Limits,
    LineRejectedError,
    LockedError,
    RefusedCommandError,
    SessionLostError,
    UnconfirmedError,
    is_label,
)
from events.values import UndoRank
from lab.faults import Fault, FaultKind, Moment
from lab.journal import Event

LABEL, OTHER = "wg-0123456789abcdef", "wg-fedcba9876543210"
MINUTES = timedelta(minutes=2)
QUICK = Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=1))
ATOMIC, LINE_BY_LINE = ("eos", "eos-4.33"), ("ios", "ios-dead-man")
KINDS = (*ATOMIC, *LINE_BY_LINE)
FRR = pytest.param("frr", marks=pytest.mark.frr)


@dataclass(frozen=True)
class Sample:
    """A change in a platform's language: a section with GUESTS in it, another one, a line of somebody else's."""

    lines: tuple[str, ...] = ("vlan 77", "name GUESTS")
    other: str = "vlan 88"
    foreign: str = "hostname renamed"
    refusal: str = "Invalid input"
    look: tuple[str, str] = ("show clock", "UTC")


_SAMPLE = Sample()
_FRR_SAMPLE = Sample(
    lines=("route-map GUESTS permit 10", " set tag 77"),
    other="route-map OTHERS permit 10",
    foreign="ip route 10.66.0.0/16 Null0",
    refusal="% Unknown command",
    look=("show version", "FRRouting"),
)


def sample(bench: Any) -> Sample:
    return _FRR_SAMPLE if bench.kind == "frr" else _SAMPLE


@pytest.fixture(params=[*KINDS, FRR])
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of device in turn."""
    return str(request.param)


def fault(kind: FaultKind, **settings: Any) -> Fault:
    return Fault(kind=kind, **settings)


def committed(bench: Any, timer: timedelta | None) -> Any:
    """A session in which lines were committed."""
    session = bench.connect()
    session.lock(LABEL)
    session.stage(sample(bench).lines, label=LABEL, replace=False)
    if timer is not None:
        session.arm(LABEL, timer)
    session.commit(LABEL, timer)
    return session


# What is there.


@pytest.mark.parametrize("name", ["running", "startup"])
def test_configurations_are_the_devices_own(bench: Any, name: str) -> None:
    bench.lab.edit(bench.device, [sample(bench).foreign])
    shown = getattr(bench.connect(), name)()
    wanted = getattr(bench, name)()
    assert read_device(shown, bench.platform.vendor) == read_device(wanted, bench.platform.vendor)
    assert (sample(bench).foreign in shown) == (name == "running")


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_that_does_not_end_is_none(bench: Any) -> None:
    session = bench.connect()
    bench.lab.set_fault(bench.device, fault(FaultKind.FLOOD, match="show running-config", megabytes=1))
    with pytest.raises(IncompleteAnswerError, match=r"show running-config.* does not come to its end"):
        session.running()


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_without_end_is_cut_off(bench: Any) -> None:
    session = bench.connect(Limits(answer_bytes=300_000))
    bench.lab.set_fault(bench.device, fault(FaultKind.FLOOD, match="show clock", megabytes=1))
    bench.looks.append("show clock")
    with pytest.raises(AnswerTooLargeError, match="more than"):
        session.show("show clock")


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_comes_to_an_end_in_time(bench: Any) -> None:
    session = bench.connect(QUICK)
    bench.lab.set_fault(bench.device, fault(FaultKind.HANG, match="show running-config"))
    with pytest.raises(AnswerTimeoutError, match="did not answer in 1 s"):
        session.running()


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("kind", KINDS)
def test_a_session_that_ends_is_lost(bench: Any, moment: Moment) -> None:
    session = bench.connect()
    bench.lab.set_fault(bench.device, fault(FaultKind.DROP, match="show running-config", moment=moment))
    with pytest.raises(SessionLostError):
        session.running()


@pytest.mark.parametrize("kind", KINDS)
def test_terminal_escapes_do_not_come_through(bench: Any) -> None:
    clean = bench.connect().running()
    bench.lab.set_fault(bench.device, fault(FaultKind.ESCAPES))
    bench.looks.append("show version")
    session = bench.connect()
    assert read_device(session.running(), bench.platform.vendor) == read_device(clean, bench.platform.vendor)
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", session.show("show version")) is None


def test_it_says_how_this_device_undoes(bench: Any) -> None:
    rank = bench.connect().undo_rank()
    assert rank is (UndoRank.DEAD_MAN if bench.kind in {"ios-dead-man", "frr"} else UndoRank.TIMER)
    assert rank in bench.platform.abilities.undo


# Others at work.


@pytest.mark.parametrize("kind", KINDS)
def test_it_backs_off_from_somebody_elses_lock(bench: Any) -> None:
    bench.lab.set_fault(bench.device, fault(FaultKind.LOCKED))
    with pytest.raises(LockedError, match=r"unknown|ops-manual-change") as caught:
        bench.connect().lock(LABEL)
    assert caught.value.retriable


def test_it_backs_off_from_another_pending_commit(bench: Any) -> None:
    committed(bench, MINUTES).close()
    with pytest.raises(LockedError, match=rf"{LABEL}|{bench.endpoint.login.username}"):
        bench.connect().lock(OTHER)
    assert "GUESTS" in bench.running()


def test_it_drops_what_a_lost_worker_of_another_order_staged(bench: Any) -> None:
    bench.connect().stage(sample(bench).lines, label=OTHER, replace=False)
    session = bench.connect()
    session.lock(LABEL)
    session.stage((sample(bench).other,), label=LABEL, replace=False)
    session.commit(LABEL, None)
    assert sample(bench).other in bench.running()
    assert "GUESTS" not in bench.running()


# Staging.


def test_staging_has_no_effect(bench: Any) -> None:
    before = bench.running()
    candidate = bench.connect().stage(sample(bench).lines, label=LABEL, replace=False)
    assert bench.running() == before
    assert (candidate is not None) == bench.platform.abilities.candidate
    assert candidate is None or "GUESTS" in candidate


def test_staging_again_takes_the_place_of_what_was_staged(bench: Any) -> None:
    bench.connect().stage((sample(bench).other,), label=LABEL, replace=False)
    committed(bench, None)
    assert "GUESTS" in bench.running()
    assert sample(bench).other not in bench.running()


@pytest.mark.parametrize("line", ["end", "do reload", "configure terminal", "vlan 9\x1a", "vlan 9\nreload"])
def test_a_line_that_leaves_the_configuration_is_not_sent(bench: Any, line: str) -> None:
    with pytest.raises(LineRejectedError) as caught:
        bench.connect().stage((sample(bench).lines[0], line, "name X"), label=LABEL, replace=False)
    assert caught.value.line == line
    assert sample(bench).lines[0] not in bench.sent()


def test_what_is_staged_can_be_discarded_by_anybody(bench: Any) -> None:
    bench.connect().stage(sample(bench).lines, label=LABEL, replace=False)
    session = bench.connect()
    session.discard(LABEL)
    session.discard(LABEL)
    bench.connect().lock(OTHER)
    assert "GUESTS" not in bench.running()


def test_discarding_leaves_alone_what_waits_for_its_confirmation(bench: Any) -> None:
    committed(bench, MINUTES)
    bench.connect().discard(LABEL)
    assert bench.connect().pending() is not None
    assert "GUESTS" in bench.running()


# Committing.


def test_a_commit_without_timer_stays(bench: Any) -> None:
    session = committed(bench, None)
    assert "GUESTS" in bench.running()
    assert session.pending() is None
    assert not bench.journal(Event.TIMER_ARMED)


def test_a_commit_under_a_timer_is_pending_until_it_is_confirmed_elsewhere(bench: Any) -> None:
    committed(bench, timedelta(seconds=90)).close()
    elsewhere = bench.connect()
    pending = elsewhere.pending()
    assert pending is not None
    assert pending.label in {None, LABEL}
    # In the platform's steps: 90 seconds are two minutes where it counts minutes.
    assert timedelta(seconds=60) < pending.left <= timedelta(minutes=2)
    elsewhere.confirm(LABEL)
    assert elsewhere.pending() is None
    assert "GUESTS" in bench.running()
    assert "GUESTS" not in bench.startup()


def test_a_commit_that_nobody_confirms_is_undone_by_the_device(make_bench: Any, kind: str) -> None:
    bench = make_bench(kind, minute=1.0)
    before = bench.running()
    committed(bench, timedelta(seconds=1)).close()  # on FRR two are the least
    bench.await_that(lambda: bool(bench.journal(Event.TIMER_FIRED)))
    bench.await_that(
        lambda: read_device(bench.running(), bench.platform.vendor) == read_device(before, bench.platform.vendor)
    )
    bench.await_that(lambda: bench.lab.device(bench.device).up)
    assert bench.connect().pending() is None


@pytest.mark.parametrize("kind", [*LINE_BY_LINE, FRR])
def test_the_timer_runs_before_the_first_line_takes_effect(bench: Any) -> None:
    committed(bench, MINUTES)
    events = bench.journal(Event.TIMER_ARMED, Event.COMMAND)
    armed = next(place for place, entry in enumerate(events) if entry.event is Event.TIMER_ARMED)
    assert armed < next(place for place, entry in enumerate(events) if entry.line == sample(bench).lines[0])


@pytest.mark.parametrize("kind", ATOMIC)
def test_a_refused_line_of_a_candidate_stages_nothing(bench: Any) -> None:
    session = bench.connect()
    with pytest.raises(LineRejectedError) as caught:
        session.stage(("vlan 77", "no such line", "name X"), label=LABEL, replace=False)
    assert caught.value.line == "no such line"
    assert "Invalid input" in caught.value.answer
    session.lock(OTHER)
    assert "vlan 77" not in bench.running()


@pytest.mark.parametrize("kind", [*LINE_BY_LINE, FRR])
def test_a_refused_line_stops_at_once_and_leaves_what_came_before(bench: Any) -> None:
    session = bench.connect()
    session.stage((sample(bench).lines[0], "no such line", "name X"), label=LABEL, replace=False)
    session.arm(LABEL, MINUTES)
    with pytest.raises(LineRejectedError) as caught:
        session.commit(LABEL, MINUTES)
    assert caught.value.line == "no such line"
    assert sample(bench).refusal in caught.value.answer
    assert sample(bench).lines[0] in bench.running()
    assert "name X" not in bench.sent()
    # The session is at its prompt again, out of configuration mode, and the undo is armed.
    assert session.pending() is not None


@pytest.mark.parametrize(
    ("moment", "took_effect"), [(Moment.BEFORE, False), (Moment.AFTER, True)], ids=["before", "after"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_commit_whose_answer_is_lost_is_found_out_by_reading(bench: Any, moment: Moment, took_effect: bool) -> None:
    session = bench.connect()
    session.stage(sample(bench).lines, label=LABEL, replace=False)
    bench.lab.set_fault(bench.device, fault(FaultKind.DROP, moment=moment))
    with pytest.raises(SessionLostError):
        _commit_under_a_timer(session)
    bench.lab.clear_faults(bench.device)
    assert ("GUESTS" in bench.connect().running()) is took_effect


def _commit_under_a_timer(session: Any) -> None:
    session.arm(LABEL, MINUTES)
    session.commit(LABEL, MINUTES)


# Arming, and being asked before every line.


@pytest.mark.parametrize("kind", [*LINE_BY_LINE, FRR])
def test_arming_changes_nothing_and_confirming_takes_it_back(bench: Any) -> None:
    session = bench.connect()
    session.stage(sample(bench).lines, label=LABEL, replace=False)
    before = bench.running()
    session.arm(LABEL, MINUTES)
    # Another process sees it, and nothing of the change.
    pending = bench.connect().pending()
    assert pending is not None
    assert pending.label in {None, LABEL}
    assert bench.running() == before
    session.confirm(LABEL)
    assert session.pending() is None
    assert sample(bench).lines[0] not in bench.sent()


@pytest.mark.parametrize("kind", ATOMIC)
def test_where_the_timer_is_a_part_of_the_commit_arming_does_nothing(bench: Any) -> None:
    session = bench.connect()
    session.stage(sample(bench).lines, label=LABEL, replace=False)
    sent = bench.sent()
    session.arm(LABEL, MINUTES)
    assert bench.sent() == sent
    assert session.pending() is None


@pytest.mark.parametrize("kind", [*LINE_BY_LINE, FRR])
def test_under_a_timer_that_was_not_armed_nothing_is_entered(bench: Any) -> None:
    session = bench.connect()
    session.stage(sample(bench).lines, label=LABEL, replace=False)
    with pytest.raises(RefusedCommandError, match=f"armed for {LABEL}"):
        session.commit(LABEL, MINUTES)
    assert sample(bench).lines[0] not in bench.sent()


@pytest.mark.parametrize("kind", [*LINE_BY_LINE, FRR])
def test_whoever_is_no_longer_allowed_enters_no_further_line(bench: Any) -> None:
    session = bench.connect()
    session.stage(sample(bench).lines, label=LABEL, replace=False)
    session.arm(LABEL, MINUTES)
    asked = []

    def permit() -> None:
        asked.append(sample(bench).lines[0] in bench.running())
        if len(asked) == 2:
            raise KeyError

    with pytest.raises(KeyError):
        session.commit(LABEL, MINUTES, permit)
    # It was asked before the first line, and before the second, which was not sent; the undo is armed still.
    assert asked == [False, True]
    assert sample(bench).lines[1].strip() not in bench.sent()
    assert bench.sent()[-1] == "end"
    assert session.pending() is not None


@pytest.mark.parametrize("kind", ATOMIC)
def test_whoever_is_no_longer_allowed_commits_nothing(bench: Any) -> None:
    session = bench.connect()
    session.stage(sample(bench).lines, label=LABEL, replace=False)

    def permit() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        session.commit(LABEL, MINUTES, permit)
    assert "GUESTS" not in bench.running()
    assert session.pending() is None


# Confirming, reverting, saving.


@pytest.mark.parametrize("how", ["confirm", "revert"])
def test_where_nothing_is_pending_nothing_is_finished(bench: Any, how: str) -> None:
    with pytest.raises(UnconfirmedError, match=LABEL):
        getattr(bench.connect(), how)(LABEL)


@pytest.mark.parametrize("how", ["confirm", "revert"])
@pytest.mark.parametrize("kind", [*(kind for kind in KINDS if kind != "ios"), FRR])  # a revert timer has no label
def test_what_is_pending_under_another_label_is_not_finished(bench: Any, how: str) -> None:
    committed(bench, MINUTES)
    with pytest.raises(UnconfirmedError, match=OTHER):
        getattr(bench.connect(), how)(OTHER)
    assert "GUESTS" in bench.running()
    assert bench.connect().pending() is not None


def test_a_commit_is_reverted_at_once(bench: Any) -> None:
    before = read_device(bench.running(), bench.platform.vendor)
    committed(bench, MINUTES).close()
    session = bench.connect()
    try:
        session.revert(LABEL)
    except SessionLostError:
        assert bench.kind == "ios-dead-man"
    bench.await_that(lambda: read_device(bench.running(), bench.platform.vendor) == before)
    bench.await_that(lambda: bench.lab.device(bench.device).up)
    assert bench.connect().pending() is None


def test_what_is_saved_outlasts_a_power_cut(bench: Any) -> None:
    committed(bench, None).save()
    assert "GUESTS" in bench.startup()
    bench.power_cut()
    assert "GUESTS" in bench.running()


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_flash_is_told_from_a_save(bench: Any) -> None:
    session = committed(bench, None)
    bench.lab.set_fault(bench.device, fault(FaultKind.FLASH_FULL))
    with pytest.raises(DeviceFullError, match=r"(?i)space"):
        session.save()
    assert "GUESTS" not in bench.startup()


# Looking, and leaving.


def test_looking_answers_what_the_device_says(bench: Any) -> None:
    look, said = sample(bench).look
    bench.looks.extend((look, "show nonsense at all"))
    session = bench.connect()
    assert said in session.show(look)
    assert re.search(r"nvalid input|Unknown command", session.show("show nonsense at all"))


@pytest.mark.parametrize(
    "command",
    [
        "reload",
        "write memory",
        "clear counters",
        "show running-config | redirect flash:x",
        "show version | tee flash:x",
        "show version > flash:x",
        "show version ; reload",
        "show version\nreload",
        "show version\x1a",
        "show",
    ],
)
def test_what_may_change_something_is_no_look(make_bench: Any, command: str) -> None:
    for kind in ("eos", "ios"):
        bench = make_bench(kind)
        session = bench.connect()
        before = bench.sent()
        with pytest.raises(ForbiddenCommandError):
            session.show(command)
        assert bench.sent() == before


def test_closing_leaves_the_device_as_it_is(bench: Any) -> None:
    committed(bench, MINUTES).close()
    bench.await_that(lambda: bench.lab.device(bench.device).sessions == 0)
    assert "GUESTS" in bench.running()
    assert bench.connect().pending() is not None


@pytest.mark.parametrize(
    ("name", "ours"),
    [(LABEL, True), (f"{LABEL}u", True), ("wg-1", False), ("ops-manual-change", False), (f"{LABEL}x", False)],
)
def test_labels_are_told_from_other_names(name: str, ours: bool) -> None:
    assert is_label(name) is ours
