"""Faults on demand, on both platforms."""

import socket
import time
from collections.abc import Callable
from typing import Any

import paramiko
import pytest

from lab.errors import FaultError
from lab.faults import Fault, FaultKind, Faults, Moment, fault_from

GONE = (OSError, EOFError)


def push(console: Any, *lines: str) -> None:
    console.run("configure terminal")
    for line in lines:
        console.run(line)


# When a fault strikes.


@pytest.mark.parametrize(
    ("options", "struck"),
    [
        ({}, [True, True, True]),
        ({"match": "show .*"}, [False, True, False]),
        ({"match": "SHOW"}, [False, False, False]),
        ({"nth": 2}, [False, True, False]),
        ({"once": True}, [True, False, False]),
        ({"match": "conf.*", "nth": 2}, [False, False, True]),
    ],
    ids=["always", "a command", "a part of one", "the second", "once", "the second that fits"],
)
def test_strikes_at_the_commands_that_it_was_set_for(options: dict[str, Any], struck: list[bool]) -> None:
    faults = Faults()
    faults.add(Fault(kind=FaultKind.SLOW, **options))

    found = [faults.strike(FaultKind.SLOW, command) for command in ("configure", "show clock", "configure")]

    assert [fault is not None for fault in found] == struck


def test_before_and_after_are_told_apart() -> None:
    faults = Faults()
    faults.add(Fault(kind=FaultKind.DROP, moment=Moment.AFTER))

    assert faults.strike(FaultKind.DROP, "x", moment=Moment.BEFORE) is None
    assert faults.strike(FaultKind.DROP, "x", moment=Moment.AFTER) is not None


def test_the_usual_command_stands_in_for_a_match() -> None:
    faults = Faults()
    faults.add(Fault(kind=FaultKind.DROP))

    assert faults.strike(FaultKind.DROP, "show clock", usual="commit") is None
    assert faults.strike(FaultKind.DROP, "commit", usual="commit") is not None


def test_clearing_takes_a_kind_or_all() -> None:
    faults = Faults()
    for kind in (FaultKind.SLOW, FaultKind.DROP, FaultKind.HANG):
        faults.add(Fault(kind=kind))

    assert [fault.kind for fault in faults.clear(FaultKind.DROP)] == [FaultKind.DROP]
    assert [fault.kind for fault in faults] == [FaultKind.SLOW, FaultKind.HANG]
    assert len(faults.clear()) == 2
    assert not faults.has(FaultKind.SLOW)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"kind": "nonsense"}, "kind: Input should be"),
        ({"kind": "slow", "seconds": -1}, "seconds: "),
        ({"kind": "slow", "match": "("}, "'(' is not a regular expression"),
        ({"kind": "slow", "colour": "blue"}, "colour: Extra inputs"),
        ({}, "kind: Field required"),
        ("slow", "should be a valid dictionary"),
    ],
    ids=["kind", "seconds", "match", "extra", "empty", "no object"],
)
def test_says_what_is_wrong_with_a_fault(data: object, said: str) -> None:
    with pytest.raises(FaultError) as caught:
        fault_from(data)

    assert said in str(caught.value)
    assert "The kinds are slow, slow-banner, hang" in str(caught.value)


# What they do.


def test_slow(bench: Any) -> None:
    console, eapi = bench.console(), bench.eapi()
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=FaultKind.SLOW, seconds=0.2, match="show privilege"))

    for client in (console, eapi):
        began = time.monotonic()
        client.run("show privilege")
        assert time.monotonic() - began >= 0.2


def test_slow_banner(bench: Any) -> None:
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=FaultKind.SLOW_BANNER, seconds=0.2, once=True))

    for act in (bench.console, lambda: bench.eapi().run("show clock")):
        began = time.monotonic()
        act()
        assert time.monotonic() - began >= 0.2


def test_hang_lasts_until_it_is_cleared_and_others_are_served(bench: Any, eventually: Callable[..., None]) -> None:
    hung, other = bench.console(), bench.console()
    bench.lab.set_fault("r1", Fault(kind=FaultKind.HANG, nth=1))

    hung.type("show privilege\n")
    eventually(lambda: "fault-fired" in bench.events("r1"))

    assert "15" in other.run("show privilege")
    assert bench.lab.device("r1").sessions == 2
    bench.lab.clear_faults("r1", FaultKind.HANG)
    hung.expect("privilege level is 15")


def test_hang_of_an_api(bench: Any, eventually: Callable[..., None]) -> None:
    bench.lab.set_fault("sw1", Fault(kind=FaultKind.HANG, match="configure session .*"))
    eapi = bench.eapi()
    eapi._connection.timeout = 0.3

    with pytest.raises(TimeoutError):
        eapi.run("configure session s1")

    assert bench.eapi().run("show configuration sessions")[0]["sessions"] == {}


@pytest.mark.parametrize(("moment", "there"), [(Moment.BEFORE, False), (Moment.AFTER, True)], ids=str)
def test_drop_of_an_eos_commit(eos: Any, moment: Moment, there: bool) -> None:
    eapi = eos.eapi()
    eos.lab.set_fault("sw1", Fault(kind=FaultKind.DROP, moment=moment, once=True))

    with pytest.raises(GONE):
        eapi.run("configure session s1", "hostname other", "commit timer 01:00:00")

    assert (eos.lab.device("sw1").hostname == "other") is there
    listed = eos.eapi().run("show configuration sessions")[0]["sessions"]["s1"]["state"]
    assert listed == ("pendingCommitTimer" if there else "pending")


@pytest.mark.parametrize(("moment", "there"), [(Moment.BEFORE, False), (Moment.AFTER, True)], ids=str)
def test_drop_of_an_ios_change(ios: Any, moment: Moment, there: bool) -> None:
    console = ios.console()
    ios.lab.set_fault("r1", Fault(kind=FaultKind.DROP, moment=moment))

    console.type("configure terminal\nhostname other\nend\n")

    console.ends()
    assert (ios.lab.device("r1").hostname == "other") is there


def test_drop_in_the_middle_of_an_ios_change_leaves_half_of_it(ios: Any) -> None:
    console = ios.console()
    ios.lab.set_fault("r1", Fault(kind=FaultKind.DROP, match="description .*"))

    console.type("configure terminal\ninterface Vlan77\ndescription x\n")

    console.ends()
    running = ios.lab.running("r1")
    assert "interface Vlan77\n" in running
    assert "description x" not in running


def test_refused_logins(bench: Any) -> None:
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=FaultKind.REFUSE_LOGIN))

    with pytest.raises(paramiko.AuthenticationException):
        bench.console()
    assert bench.eapi().post("{}")[0] == 401

    bench.lab.clear_faults("r1")
    assert bench.console()
    assert "login-refused" in bench.events("r1")
    assert "login-refused" in bench.events("sw1")


def test_locked(bench: Any) -> None:
    console, eapi = bench.console(), bench.eapi()
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=FaultKind.LOCKED))

    refused = console.run("configure terminal")
    sessions = eapi.run("show configuration sessions")[0]["sessions"]

    assert "Configuration mode locked exclusively by user 'unknown' process '3' from terminal '0'." in refused
    assert [each["state"] for each in sessions.values()] == ["pending"]
    for device in ("r1", "sw1"):
        bench.lab.clear_faults(device)
    assert "Enter configuration commands" in console.run("configure terminal")
    assert eapi.run("show configuration sessions")[0]["sessions"] == {}


def test_exhausted_lines(bench: Any) -> None:
    console = bench.console()
    bench.lab.set_fault("r1", Fault(kind=FaultKind.VTY_EXHAUSTED))

    assert not bench.reaches("r1")
    assert "15" in console.run("show privilege")


def test_a_switch_has_no_lines_to_exhaust(bench: Any) -> None:
    with pytest.raises(FaultError, match="sw1 runs eos, which has no terminal lines"):
        bench.lab.set_fault("sw1", Fault(kind=FaultKind.VTY_EXHAUSTED))


def test_escapes(bench: Any) -> None:
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=FaultKind.ESCAPES))

    console = bench.console()

    assert b"\x1b]0;owned" in console.banner
    assert "\x1b[2J" in console.run("show privilege")
    assert "\x1b[2J" in bench.eapi().text("show version")


def test_flood(bench: Any) -> None:
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=FaultKind.FLOOD, megabytes=2, once=True))
    console, eapi = bench.console(), bench.eapi()
    console.run("terminal length 0")

    flooded = console.run("show privilege")
    api = eapi.text("show version")

    assert min(len(flooded), len(api)) > 1_900_000
    assert len(console.run("show privilege")) < 100


def test_flood_of_ten_megabytes_waits_for_a_client_that_does_not_read(
    bench: Any, eventually: Callable[..., None]
) -> None:
    bench.lab.set_fault("r1", Fault(kind=FaultKind.FLOOD, once=True))
    console = bench.console()
    console.run("terminal length 0")

    console.type("show privilege\n")
    eventually(lambda: bench.lines("r1")[-1] == "show privilege")
    others = bench.eapi().run("show clock")
    console.close()

    assert others
    eventually(lambda: bench.lab.device("r1").sessions == 0)


def test_swallow(bench: Any) -> None:
    console, eapi = bench.console(), bench.eapi()
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=FaultKind.SWALLOW, match="hostname .*"))

    push(console, "hostname other", "interface Vlan77", "end")
    eapi.run("configure", "hostname other", "vlan 77")

    assert (bench.lab.device("r1").hostname, bench.lab.device("sw1").hostname) == ("r1", "sw1")
    assert "interface Vlan77" in bench.lab.running("r1")
    assert "vlan 77" in bench.lab.running("sw1")
    swallowed = [entry for entry in bench.lab.journal("r1") if entry.detail == "swallowed"]
    assert [(entry.line, entry.result) for entry in swallowed] == [("hostname other", "accepted")]


@pytest.mark.parametrize("kind", [FaultKind.POWER_CUT, FaultKind.REBOOT], ids=str)
@pytest.mark.parametrize(
    ("moment", "saved"), [(Moment.BEFORE, False), (Moment.AFTER, True)], ids=["before the save", "after the save"]
)
def test_restart_round_the_save(
    bench: Any, kind: FaultKind, moment: Moment, saved: bool, eventually: Callable[..., None]
) -> None:
    console, eapi = bench.console(), bench.eapi()
    for device in ("r1", "sw1"):
        bench.lab.set_fault(device, Fault(kind=kind, moment=moment, match="write memory", once=True))

    push(console, "hostname other", "end")
    console.type("write memory\n")
    console.ends()
    with pytest.raises(GONE):
        eapi.run("configure", "hostname other", "end", "write memory")

    for device in ("r1", "sw1"):
        eventually(lambda device=device: bench.lab.device(device).up)
        assert (bench.lab.device(device).hostname == "other") is saved
        assert "rebooted" in bench.events(device)


def test_restart_inside_the_confirm_window_loses_the_change(eos: Any, eventually: Callable[..., None]) -> None:
    eos.eapi().run("configure session s1", "hostname other", "commit timer 01:00:00")

    eos.lab.power_cut("sw1", seconds=0.05)
    eventually(lambda: eos.lab.device("sw1").up)

    assert eos.lab.device("sw1").hostname == "sw1"


def test_edits_by_hand(bench: Any) -> None:
    refused = bench.lab.edit("r1", ["interface Vlan77", " description by hand", "no such line"])

    assert refused == ["no such line: invalid at 'such'"]
    assert "interface Vlan77\n description by hand" in bench.lab.running("r1")
    edits = [entry for entry in bench.lab.journal("r1") if entry.event.value == "edited-by-hand"]
    assert [(entry.line, entry.result) for entry in edits] == [
        ("interface Vlan77", "accepted"),
        ("description by hand", "accepted"),
        ("no such line", "refused"),
    ]


def test_an_edit_by_hand_can_take_the_way_away(bench: Any) -> None:
    console = bench.console()

    bench.lab.edit("r1", ["ip access-list standard MGMT-IN", "no 10", "10 deny any"])

    console.ends()
    assert not bench.reaches("r1")


def test_new_hardware_has_another_key(bench: Any) -> None:
    before = bench.console().host_key

    bench.lab.swap_hardware("r1")

    after = bench.console().host_key
    assert after != before
    assert after.get_base64() not in bench.lab.known_hosts.read_text()


def test_faults_are_shown_and_journalled(bench: Any) -> None:
    fault = Fault(kind=FaultKind.SLOW, seconds=3.0)

    bench.lab.set_fault("r1", fault)
    shown = bench.lab.device("r1").faults
    bench.lab.clear_faults("r1")

    assert shown == (fault,)
    assert bench.lab.device("r1").faults == ()
    assert bench.events("r1") == ["fault-set", "fault-cleared"]


def test_a_connection_that_waits_through_a_restart_gets_nothing(bench: Any, eventually: Callable[..., None]) -> None:
    bench.lab.set_fault("sw1", Fault(kind=FaultKind.SLOW_BANNER, seconds=0.2, once=True))
    with socket.create_connection(bench.addresses["sw1"], 10) as connection:
        eventually(lambda: bench.lab.device("sw1").faults == ())
        bench.lab.power_cut("sw1", seconds=0.5)

        assert connection.recv(1) == b""

    eventually(lambda: bench.lab.device("sw1").up)
