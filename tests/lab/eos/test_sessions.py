"""Configuration sessions and the commit timer."""

from collections.abc import Callable
from typing import Any

import pytest


def states(eapi: Any) -> dict[str, str]:
    """The configuration sessions by name with their states."""
    found = eapi.run("show configuration sessions")[0]["sessions"]
    return {name: each["state"] for name, each in found.items()}


def test_nothing_runs_before_the_commit(eos: Any) -> None:
    eapi, before = eos.eapi(), eos.lab.running("sw1")

    eapi.run("configure session s1", "hostname other", "end")
    pending = states(eapi)
    staged = eapi.text("show session-config named s1")
    diffs = eapi.text("show session-config named s1 diffs")

    assert eos.lab.running("sw1") == before
    assert pending == {"s1": "pending"}
    assert staged.startswith("! Command: show session-configuration named s1\n! device: sw1 (vEOS-lab, EOS-")
    assert "hostname other" in staged
    assert diffs.splitlines()[:2] == ["--- system:/running-config", "+++ session:/s1-session-config"]
    assert diffs.splitlines()[2].startswith("@@ ")
    assert "-hostname sw1\n+hostname other\n" in diffs


def test_a_session_goes_on_where_any_client_left_it(eos: Any) -> None:
    first = eos.eapi()
    first.run("configure session s1", "hostname other", "interface Ethernet1", "description new")
    first.close()

    second = eos.eapi()
    second.run("configure session s1", "vlan 20", "commit")

    running = eos.lab.running("sw1")
    assert all(part in running for part in ("hostname other", "description new", "vlan 20"))
    assert states(second) == {"s1": "completed"}


def test_the_candidate_is_forked_when_the_session_is_opened(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other")
    eos.lab.edit("sw1", ["vlan 77"])

    eapi.run("configure session s1 commit")

    assert "vlan 77" not in eos.lab.running("sw1")


@pytest.mark.parametrize("inside", [True, False], ids=["inside the session", "by name"])
def test_aborts(eos: Any, inside: bool) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other")

    eapi.run(*(("configure session s1", "abort") if inside else ("configure session s1 abort",)))

    assert states(eapi) == {}
    assert eos.lab.device("sw1").hostname == "sw1"


def test_clean_config_leaves_ports_and_defaults(eos: Any) -> None:
    eapi = eos.eapi()

    eapi.run("configure session s1", "interface Ethernet1", "rollback clean-config", "hostname clean")

    staged = [line for line in eapi.text("show session-config named s1").splitlines() if line[0] != "!"]
    assert staged == [
        "hostname clean",
        "spanning-tree mode mstp",
        "no aaa root",
        "interface Ethernet1",
        "interface Management1",
        "no ip routing",
        "end",
    ]


def test_a_session_without_a_name_gets_one(eos: Any) -> None:
    eapi = eos.eapi()

    eapi.run("configure session", "hostname other", "show session-config", "commit")

    assert states(eapi) == {"sess-1": "completed"}


def test_five_sessions_may_be_pending(eos: Any) -> None:
    eapi = eos.eapi()
    for number in range(5):
        eapi.run(f"configure session s{number}")

    error = eapi.refused("configure session s5")
    eapi.run("no configure session s0", "configure session s5")

    assert error["data"][-1]["errors"][0].startswith("Maximum number of pending sessions has been reached.")


def test_only_the_last_completed_session_is_kept(eos: Any) -> None:
    eapi = eos.eapi()

    for name in ("s1", "s2"):
        eapi.run(f"configure session {name}", f"hostname {name}", "commit")

    assert states(eapi) == {"s2": "completed"}


# What can no longer be done with a session that is done.
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("configure session s1", "Cannot enter session s1 (already completed)"),
        ("configure session s1 commit", "Cannot commit session s1 (already completed)"),
        ("configure session s1 commit timer 00:05:00", "Cannot commit session s1 (already completed)"),
        ("configure session s1 abort", "Cannot abort session s1 (already completed)"),
        ("configure session s2 abort", "Session s2 does not exist"),
        ("show session-config named s2 diffs", "Session s2 does not exist"),
        ("show session-config", "Not currently in a session"),
    ],
)
def test_refuses_what_is_done_or_unknown(eos: Any, command: str, said: str) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit")

    assert eapi.refused(command, encoding="text")["data"][-1] == {"errors": [said]}


def test_the_timer_reverts_by_itself_whatever_becomes_of_the_client(eos: Any, eventually: Callable[..., None]) -> None:
    eapi, before = eos.eapi(), eos.lab.running("sw1")
    eapi.run("configure session s1", "hostname other", "commit timer 00:00:01")
    eapi.close()

    eventually(lambda: "reverted" in eos.events("sw1"))
    assert eos.lab.running("sw1") == before

    assert states(eos.eapi()) == {}
    events = [event for event in eos.events("sw1") if event.startswith(("timer", "reverted", "commit"))]
    assert [event for event in events if event != "command"] == ["timer-armed", "commit", "timer-fired", "reverted"]


def test_another_client_confirms_by_name(eos: Any) -> None:
    first = eos.eapi()
    first.run("configure session s1", "hostname other", "commit timer 00:01:00")
    first.close()

    second = eos.eapi()
    second.run("configure session s1 commit", "write memory")

    assert states(second) == {"s1": "completed"}
    assert "hostname other" in eos.lab.startup("sw1")
    assert "confirmed" in eos.events("sw1")


def test_aborting_under_the_timer_reverts_at_once(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit timer 01:00:00")

    eapi.run("configure session s1 abort")

    assert eos.lab.device("sw1").hostname == "sw1"
    assert states(eapi) == {}


def test_a_revert_takes_others_edits_with_it(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit timer 01:00:00")
    eos.lab.edit("sw1", ["vlan 77"])

    eapi.run("configure session s1 abort")

    assert "vlan 77" not in eos.lab.running("sw1")


def test_the_timer_can_be_set_again(eos: Any, eventually: Callable[..., None]) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit timer 01:00:00")

    eapi.run("configure session s1 commit timer 00:00:01")

    eventually(lambda: eos.lab.device("sw1").hostname == "sw1")


def test_nothing_else_is_committed_while_a_timer_runs(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit timer 01:00:00")
    eapi.run("configure session s2", "hostname third")

    for command in ("configure session s2 commit", "configure session s2 commit timer 00:05:00"):
        said = eapi.refused(command)["data"][-1]["errors"]
        assert said == ["Cannot commit session: commit timer of session s1 is pending"]
    assert "cannot delete" in str(eapi.refused("no configure session s1")).lower()


@pytest.mark.parametrize("timer", ["5", "00:00:00", "00:61:00", "25:00:00", "soon"])
def test_a_timer_that_is_none_is_refused(eos: Any, timer: str) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other")

    assert f"Invalid commit timer {timer}" in str(eapi.refused(f"configure session s1 commit timer {timer}"))


def test_the_list_tells_what_is_pending(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit timer 00:10:00")

    plain, detail, version = eapi.run(
        "show configuration sessions", "show configuration sessions detail", "show version"
    )

    session = detail["sessions"]["s1"]
    assert (plain["maxSavedSessions"], plain["maxOpenSessions"]) == (1, 5)
    assert "commitBy" not in plain["sessions"]["s1"]
    assert session["state"] == "pendingCommitTimer"
    assert 590 < session["commitBy"] - version["uptime"] < 601
    assert session["commitUser"] == "netops"


def test_the_list_has_another_shape_since_4_32(start: Callable[..., Any]) -> None:
    bench = start(only="sw1", sw1={"version": "4.33.1F"})
    eapi = bench.eapi()
    before = eapi.run("show configuration sessions detail")[0]
    eapi.run("configure session s1", "hostname other", "commit timer 00:10:00")

    detail, version = eapi.run("show configuration sessions detail", "show version")

    assert "commitTimerSessionName" not in before
    assert detail["commitTimerSessionName"] == "s1"
    assert 590 < detail["commitTimerExpireTime"] - version["uptime"] < 601
    assert detail["sessions"]["s1"]["state"] == "committed"


def test_the_list_as_text(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit timer 00:10:00")

    text = eapi.text("show configuration sessions detail")

    assert "Maximum number of pending sessions: 5" in text
    assert "Session with pending commit timer: s1\nTime left until commit timer expiry: in 0:" in text
    assert "  s1                       pendingCommitTimer netops" in text


def test_a_restart_forgets_sessions_and_timers(eos: Any, eventually: Callable[..., None]) -> None:
    eapi = eos.eapi()
    eapi.run("configure session s1", "hostname other", "commit timer 01:00:00")
    eapi.run("configure session s2", "hostname third")

    eos.lab.power_cut("sw1")
    eventually(lambda: eos.lab.device("sw1").up)

    assert states(eos.eapi()) == {}
    assert eos.lab.device("sw1").hostname == "sw1"


def test_configuring_without_a_session_takes_effect_line_by_line(eos: Any) -> None:
    eapi = eos.eapi()

    eapi.refused("configure", "hostname other", "no such line")

    assert eos.lab.device("sw1").hostname == "other"
