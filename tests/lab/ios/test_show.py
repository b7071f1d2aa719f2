"""What IOS shows of itself."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab.config.tree import EMPTY, Node
from lab.ios import clock
from lab.ios.commands import CommandError
from lab.ios.pipes import filtered

STARTUP = """
hostname r1
clock timezone CET 1 0
vlan 20
 name POS
interface Loopback0
 ip address {address} 255.255.255.255
interface GigabitEthernet0/0/0
 description to the core
 switchport access vlan 20
interface GigabitEthernet0/0/1
 shutdown
ip access-list extended WEB
 permit tcp any any eq 443
 remark no more
ip access-list standard 10
 permit 10.0.0.1
ntp server 10.0.0.1
ntp server 10.0.0.2
"""


@pytest.fixture
def console(start: Callable[..., Any], new_address: Callable[[], str]) -> Any:
    address = new_address()
    bench = start(only="r1", r1={"address": address, "startup": STARTUP.format(address=address)})
    console = bench.console()
    console.run("terminal length 0")
    return console


# Each case: a command, and expressions that its output fits.
SHOWN = {
    "version": ("show version", [r"Version 17\.09\.04a", r"r1 uptime is \d+ minutes?", r"Configuration register is"]),
    "clock": ("show clock", [r"\d\d:\d\d:\d\d\.\d{3} CET \w{3} \w{3} \d+ \d{4}"]),
    "addresses": (
        "show ip interface brief",
        [
            r"Loopback0 +127\.\S+ +YES NVRAM  up +up",
            r"GigabitEthernet0/0/1 +unassigned +YES unset +administratively down down",
        ],
    ),
    "descriptions": (
        "show interfaces description",
        [r"GigabitEthernet0/0/0 +up +up +to the core", r"GigabitEthernet0/0/1 +admin down +down"],
    ),
    "VLANs": ("show vlan brief", [r"1    default", r"20   POS +active +Gi0/0/0"]),
    "users": ("show users", [r"\*  2 vty 0 +netops +idle +00:00:00 127\."]),
    "privilege": ("show privilege", [r"Current privilege level is 15"]),
    "access lists": (
        "show access-lists",
        [
            r"Extended IP access list WEB\n    10 permit tcp any any eq 443\n",
            r"Standard IP access list 10\n    10 permit",
        ],
    ),
    "one access list": ("show ip access-lists 10", [r"^Standard IP access list 10\n    10 permit 10\.0\.0\.1\n$"]),
    "time servers": ("show ntp associations", [r"\*~10\.0\.0\.1", r"\+~10\.0\.0\.2"]),
    "time": ("show ntp status", [r"Clock is synchronized, stratum 2, reference is 10\.0\.0\.1"]),
    "inventory": ("show inventory", [r"PID: ISR4331/K9 +, VID: V03  , SN: FDO2104A0AB"]),
    "lock": ("show configuration lock", [r"Type +: NO LOCK\nState +: FREE"]),
    "reload": ("show reload", [r"No reload is scheduled\."]),
    "no saved file": ("show archive", [r" Archive feature not enabled"]),
    "one interface": (
        "show running-config interface gi0/0/0",
        [r"interface GigabitEthernet0/0/0\n description to the core\n switchport access vlan 20\nend\n\n$"],
    ),
    "an interface that there is not": ("show running-config interface Vlan77", [r"% Invalid input detected"]),
}


@pytest.mark.parametrize(("command", "expressions"), SHOWN.values(), ids=SHOWN)
def test_shows(console: Any, command: str, expressions: list[str]) -> None:
    output = console.run(command)

    for expression in expressions:
        assert re.search(expression, output), output


def test_the_running_config_has_the_vendors_noise(console: Any) -> None:
    output = console.run("show running-config")

    head, _, body = output.partition("!\n! Last configuration change at ")
    size = re.search(r"Current configuration : (\d+) bytes", head)
    assert head.startswith("Building configuration...\n\nCurrent configuration : ")
    assert size is not None
    assert int(size[1]) == len(output) - len(head) - 1
    assert re.search(r"ntp clock-period 17179\d{3}\nntp server 10\.0\.0\.1", body)
    assert body.endswith("!\nend\n\n")


def test_a_change_and_a_save_leave_their_stamps(console: Any) -> None:
    console.run("configure terminal")
    console.run("hostname r1")
    console.run("hostname r2")
    console.run("end")
    console.run("write memory")

    output = console.run("show running-config")

    assert re.search(r"! Last configuration change at [\d:]+ CET .* by netops\n", output)
    assert "! NVRAM config last updated at " in output
    assert re.match(r"Using \d+ out of 33554432 bytes\n!\n! Last", console.run("show startup-config"))


def test_an_erased_startup_config_is_not_present(console: Any) -> None:
    console.type("write erase\n")
    console.expect(r"\[confirm\]$")
    console.type("\n")
    console.expect("Erase of nvram: complete")
    console.expect("#$")

    assert console.run("show startup-config") == "startup-config is not present\n"


def test_the_log_and_a_terminal_that_watches_it(console: Any) -> None:
    console.run("terminal monitor")
    console.run("configure terminal")

    console.type("end\n")

    console.expect(r"%SYS-5-CONFIG_I: Configured from console by netops on vty0 \(127\.")
    assert "%SYS-5-CONFIG_I" in console.run("show logging")


TEXT = "a 1\n b\n  c\nd\n a 2\n  e\nf"


@pytest.mark.parametrize(
    ("pipe", "left"),
    [
        ("include a", "a 1\n a 2"),
        ("inc ^a", "a 1"),
        ("exclude a|f", " b\n  c\nd\n  e"),
        ("begin d", "d\n a 2\n  e\nf"),
        ("section ^a", "a 1\n b\n  c"),
        ("section a", "a 1\n b\n  c\n a 2\n  e"),
        ("count a", "Number of lines which match regexp = 2"),
        ("begin nothing", ""),
        ("", TEXT),
    ],
)
def test_filters(pipe: str, left: str) -> None:
    assert filtered(TEXT, pipe) == left


@pytest.mark.parametrize("pipe", ["nonsense x", "include", "include ("])
def test_refuses_filters(pipe: str) -> None:
    with pytest.raises(CommandError):
        filtered(TEXT, pipe)


MAY = datetime(2020, 5, 4, 14, 5, 33, 658000, tzinfo=UTC)


def test_times_are_written_as_ios_does() -> None:
    assert clock.stamp(MAY, EMPTY) == "14:05:33 UTC Mon May 4 2020"
    assert clock.stamp_ms(MAY, EMPTY) == "14:05:33.658 UTC Mon May 4 2020"
    assert clock.log_stamp(MAY) == "*May  4 14:05:33.658"
    assert clock.archive_stamp(MAY) == "May--4-14-05-33.658"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (5, "5 minutes"),
        (1, "1 minute"),
        (61.5, "1 hour and 1 minute and 30 seconds"),
        (0, "0 seconds"),
        (120, "2 hours"),
    ],
)
def test_spans_are_said_in_words(minutes: float, said: str) -> None:
    assert clock.span(minutes) == said


def test_uptime_is_said_in_words() -> None:
    assert clock.uptime(timedelta(days=1, hours=2, minutes=1)) == "1 day, 2 hours, 1 minute"
    assert clock.uptime(timedelta(0)) == "0 minutes"


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("clock timezone CET 1 0", "15:05:33 CET Mon May 4 2020"),
        ("clock timezone NST -3 30", "10:35:33 NST Mon May 4 2020"),
        ("clock timezone IST 5 30", "19:35:33 IST Mon May 4 2020"),
    ],
)
def test_the_zone_is_that_of_the_config(line: str, stamp: str) -> None:
    config = EMPTY.put((), Node(text=line, key="clock timezone"))

    assert clock.stamp(MAY, config) == stamp
