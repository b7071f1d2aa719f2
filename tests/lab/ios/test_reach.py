"""What a pushed configuration does to the way to the device; the lock."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from lab.faults import Fault, FaultKind


def push(console: Any, *lines: str) -> None:
    """Enters configuration mode and types lines, without leaving it."""
    console.run("configure terminal")
    for line in lines:
        console.run(line)


DENY = ("ip access-list standard MGMT-IN", "no 10", "10 permit 10.0.0.0 0.255.255.255")


def test_a_list_that_denies_cuts_when_configuration_mode_ends(ios: Any, eventually: Callable[..., None]) -> None:
    console, other = ios.console(), ios.console()

    push(console, *DENY)
    still = other.run("show privilege")
    console.type("end\n")

    console.ends()
    other.ends()
    assert "15" in still
    assert not ios.reaches("r1")
    cut = [entry for entry in ios.lab.journal("r1") if entry.event.value == "session-cut"]
    assert [entry.detail for entry in cut] == ["an access list no longer permits the peer"] * 2


def test_losing_the_session_in_configuration_mode_ends_that_too(ios: Any, eventually: Callable[..., None]) -> None:
    console, other = ios.console(), ios.console()
    push(console, *DENY)

    console.close()

    other.ends()


def test_new_connections_are_refused_at_once(ios: Any) -> None:
    push(ios.console(), *DENY)

    assert not ios.reaches("r1")


def test_the_revert_timer_brings_the_device_back(ios: Any, eventually: Callable[..., None]) -> None:
    console = ios.console()
    console.run("configure terminal revert timer 60")
    for line in (*DENY, "do configure revert timer 1"):
        console.run(line)
    console.type("end\n")
    console.ends()

    eventually(lambda: ios.reaches("r1"))

    assert "10 permit 127.0.0.0 0.255.255.255" in ios.lab.running("r1")


@pytest.mark.parametrize(
    "lines",
    [("shutdown",), ("no ip address",), ("ip address 127.200.0.1 255.255.255.255",)],
    ids=["shut", "without an address", "with another address"],
)
def test_the_interface_with_the_management_address_goes_down_at_once(ios: Any, lines: tuple[str, ...]) -> None:
    console, other = ios.console(), ios.console()
    console.run("configure terminal")
    console.run("interface GigabitEthernet0/0/0")

    console.type(f"{lines[0]}\nhostname never-sent\n")

    console.ends()
    other.ends()
    assert not ios.reaches("r1")
    # A line that cuts the path leaves the change half applied.
    assert "never-sent" not in ios.lab.running("r1")


def test_a_list_that_is_missing_lets_everybody_in(ios: Any) -> None:
    console = ios.console()

    push(console, "line vty 0 4", "access-class NOBODY-WROTE-IT in", "end")

    assert ios.console()


def test_a_device_that_is_managed_past_its_interfaces_stays_reachable(start: Callable[..., Any]) -> None:
    bench = start(only="r1", r1={"startup": "hostname r1\ninterface GigabitEthernet0/0/0\n shutdown"})

    assert bench.console()


EXCLUSIVE = "\nconfiguration mode exclusive {}\n"
LOCKED = r"Configuration mode locked exclusively by user '\w+' process '3' from terminal '\d'. Please try later."


@pytest.mark.parametrize(
    ("policy", "command"),
    [("manual", "configure terminal lock"), ("auto", "configure terminal")],
)
def test_one_user_can_lock_out_the_others(start: Callable[..., Any], policy: str, command: str) -> None:
    bench = start(only="r1", r1={"startup": "hostname r1" + EXCLUSIVE.format(policy)})
    first, second = bench.console(), bench.console()

    said = first.run(command)
    refused = second.run("configure terminal")
    shown = second.run("show configuration lock")
    first.run("end")
    entered = second.run("configure terminal")

    assert "Configuration mode locked exclusively. The lock will be cleared once you exit" in said
    assert re.search(LOCKED.replace(r"\w+", "netops"), refused)
    assert "User              : netops" in shown
    assert "Type              : EXCLUSIVE" in shown
    assert "Enter configuration commands" in entered


def test_the_lock_ends_with_the_session(start: Callable[..., Any], eventually: Callable[..., None]) -> None:
    bench = start(only="r1", r1={"startup": "hostname r1" + EXCLUSIVE.format("manual")})
    first, second = bench.console(), bench.console()
    first.run("configure terminal lock")

    first.close()

    eventually(lambda: bench.lab.device("r1").sessions == 1)
    assert "Enter configuration commands" in second.run("configure terminal")


def test_locking_wants_the_policy(ios: Any) -> None:
    assert "% Invalid input" in ios.console().run("configure terminal lock")


def test_the_lock_can_be_cleared(start: Callable[..., Any]) -> None:
    bench = start(only="r1", r1={"startup": "hostname r1" + EXCLUSIVE.format("manual")})
    first, second = bench.console(), bench.console()
    first.run("configure terminal lock")

    second.run("clear configuration lock")

    assert "Enter configuration commands" in second.run("configure terminal")


@pytest.mark.parametrize(
    "command", ["configure terminal revert timer 5", "configure replace nvram:startup-config force"]
)
def test_the_lock_keeps_out_whoever_replaces_or_arms(start: Callable[..., Any], command: str) -> None:
    startup = "hostname r1\narchive\n path flash:a" + EXCLUSIVE.format("manual")
    bench = start(only="r1", r1={"startup": startup})
    first, second = bench.console(), bench.console()
    first.run("configure terminal lock")

    assert "locked" in second.run(command)


def test_a_second_restart_takes_the_place_of_the_first(
    start: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    bench = start(only="r1")
    bench.lab.reboot("r1", seconds=30)

    bench.lab.power_cut("r1", seconds=0.05)

    eventually(lambda: bench.lab.device("r1").up)
    assert "power cut" in bench.console().run("show version | include Last reload")


def test_the_console_holds_the_lock(ios: Any) -> None:
    console = ios.console()
    ios.lab.set_fault("r1", Fault(kind=FaultKind.LOCKED))

    shown = console.run("show configuration lock")

    assert "User              : unknown\nTTY               : 0\nType              : EXCLUSIVE" in shown


@pytest.mark.parametrize(
    ("command", "asked", "answer", "said"),
    [
        ("configure", r"\[terminal\]\? $", "memory\n", '?Must be "terminal", "memory" or "network"'),
        ("clear line vty 0", r"\[confirm\]$", "n", ""),
    ],
)
def test_questions_may_be_answered_otherwise(ios: Any, command: str, asked: str, answer: str, said: str) -> None:
    console = ios.console()

    console.type(f"{command}\n")
    console.expect(asked)
    console.type(answer)

    assert said in console.expect("r1#$")
    assert ios.lab.device("r1").sessions == 1


def test_a_list_with_ports_guards_lines_too(start: Callable[..., Any]) -> None:
    entries = "ip access-list extended SSH-ONLY\n 10 permit tcp 127.0.0.0 0.255.255.255 any eq 22\n"
    bench = start(only="r1", r1={"startup": f"hostname r1\n{entries}line vty 0 4\n access-class SSH-ONLY in"})

    assert bench.console()
    bench.lab.edit("r1", ["ip access-list extended SSH-ONLY", "no 10", "10 permit tcp any any eq 23"])
    assert not bench.reaches("r1")


def test_lines_may_have_lists_of_their_own(start: Callable[..., Any]) -> None:
    startup = (
        "hostname r1\nip access-list standard NOBODY\n 10 deny any\n"
        "line vty 0 1\n access-class NOBODY in\nline vty 2 4\n login local\n"
    )
    bench = start(only="r1", r1={"startup": startup})

    consoles = [bench.console() for _ in range(3)]

    assert "*  4 vty 2" in consoles[0].run("show users")
    assert not bench.reaches("r1")
