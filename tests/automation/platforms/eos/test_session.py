"""What EOS alone does to a session."""

from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import (
    LineRejectedError,
    LockedError,
    RefusedCommandError,
    SessionLostError,
    UnconfirmedError,
)
from lab.faults import Fault, FaultKind
from lab.journal import Event

LABEL, OTHER = "wg-0123456789abcdef", "wg-fedcba9876543210"
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["eos", "eos-4.33"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_session_is_named_after_its_label(bench: Any) -> None:
    session = bench.connect()
    session.stage(("vlan 77",), label=LABEL, replace=False)
    session.commit(LABEL, MINUTE)
    assert f"configure session {LABEL} commit timer 00:01:00" in bench.sent()
    pending = session.pending()
    assert pending.label == LABEL
    assert timedelta(0) < pending.left < MINUTE + timedelta(seconds=1)


def test_napalms_own_ways_to_finish_are_not_taken(bench: Any) -> None:
    session = bench.connect()
    session.stage(("vlan 77",), label=LABEL, replace=False)
    session.commit(LABEL, MINUTE)
    session.close()
    assert "vlan 77" in bench.running()
    assert not [line for line in bench.sent() if "rollback-0" in line or line.endswith("abort")]


def test_what_another_client_left_open_is_not_gone_on_with(bench: Any) -> None:
    # The session of a worker that died between staging and committing is still there, with its lines.
    bench.connect().stage(("vlan 77",), label=LABEL, replace=False)
    candidate = bench.connect().stage(("vlan 78",), label=LABEL, replace=False)
    assert "vlan 78" in candidate
    assert "vlan 77" not in candidate


def test_a_label_can_be_used_again_after_it_is_done(bench: Any) -> None:
    session = bench.connect()
    for number in (77, 78):
        session.stage((f"vlan {number}",), label=LABEL, replace=False)
        session.commit(LABEL, None)
    assert "vlan 78" in bench.running()


def test_a_commit_while_another_waits_is_locked_out(bench: Any) -> None:
    session = bench.connect()
    session.stage(("vlan 77",), label=LABEL, replace=False)
    other = bench.connect()
    other.stage(("vlan 78",), label=OTHER, replace=False)
    other.commit(OTHER, MINUTE)
    with pytest.raises(LockedError, match=OTHER):
        session.commit(LABEL, MINUTE)
    assert "vlan 77" not in bench.running()


def test_a_commit_of_what_is_not_staged_is_refused(bench: Any) -> None:
    with pytest.raises(RefusedCommandError, match="does not exist"):
        bench.connect().commit(LABEL, None)


@pytest.mark.parametrize(
    "line",
    ["reload now", "write memory", "commit", "abort", "configure session x", "bash rm -rf /", "rollback clean-config"],
)
def test_a_command_is_no_line(bench: Any, line: str) -> None:
    with pytest.raises(LineRejectedError, match="refused a line") as caught:
        bench.connect().stage(("vlan 77", line), label=LABEL, replace=False)
    assert caught.value.line == line
    assert not bench.journal(Event.REBOOTED, Event.SAVED)
    assert not any("vlan 77" in sent for sent in bench.sent())


@pytest.mark.parametrize("line", ["enable password 0 x", "snmp-server community a ro", "end"])
def test_a_line_that_looks_like_a_command_is_sent(bench: Any, line: str) -> None:
    candidate = bench.connect().stage(("vlan 77", line), label=LABEL, replace=False)
    assert "vlan 77" in candidate


def test_a_text_is_staged_to_the_letter(bench: Any) -> None:
    text = ("! not a comment", "   indented", "", "end", "# hash")
    candidate = bench.connect().stage(("banner motd", *text, "EOF", "vlan 77"), label=LABEL, replace=False)
    assert "\n".join(("banner motd", *text, "EOF")) in candidate
    assert "vlan 77" in candidate


def test_a_whole_configuration_is_staged_with_its_texts(bench: Any) -> None:
    session = bench.connect()
    candidate = session.stage(session.running().splitlines(), label=LABEL, replace=True)
    assert [line for line in candidate.splitlines() if line[:1] != "!"] == [
        line for line in session.running().splitlines() if line[:1] != "!"
    ]


def test_a_connection_that_ends_while_staging_loses_the_session(bench: Any) -> None:
    session = bench.connect()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.DROP, match="vlan 77", once=True))
    with pytest.raises(SessionLostError):
        session.stage(("vlan 77",), label=LABEL, replace=False)
    # What was left of it is in nobody's way.
    again = bench.connect()
    again.lock(LABEL)
    assert "vlan 78" in again.stage(("vlan 78",), label=LABEL, replace=False)


def test_a_device_that_is_gone_in_between_is_a_session_lost(bench: Any) -> None:
    session = bench.connect()
    bench.lab.power_cut(bench.device, seconds=3600)
    for ask in (session.running, session.pending, lambda: session.stage(("vlan 77",), label=LABEL, replace=False)):
        with pytest.raises(SessionLostError):
            ask()


@pytest.mark.parametrize("how", ["confirm", "revert"])
def test_a_timer_that_ran_out_meanwhile_leaves_nothing_to_finish(bench: Any, how: str) -> None:
    session = bench.connect()
    session.stage(("vlan 77",), label=LABEL, replace=False)
    session.commit(LABEL, timedelta(seconds=1))
    bench.await_that(lambda: bool(bench.journal(Event.TIMER_FIRED)))
    with pytest.raises(UnconfirmedError, match="nothing is"):
        getattr(session, how)(LABEL)
