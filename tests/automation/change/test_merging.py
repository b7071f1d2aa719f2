"""What is rendered is what a device ends up with: from before to after, on each platform, and nothing left to do."""

from collections.abc import Callable, Mapping

import pytest

from automation.change.lines import faults
from automation.change.model import Change
from automation.change.rendering import render
from automation.change.starter import starter
from automation.config.compare import compare_merge
from automation.config.reading import read_change, read_device
from automation.platforms.contract import Platform
from inventory.estate import Estate

BEFORE = {
    "ios": "hostname r1\nip route 203.0.113.0 255.255.255.0 192.0.2.1\ninterface Vlan1\n no ip address\n",
    "eos": "hostname r1\nip route 203.0.113.0/24 192.0.2.1\ninterface Vlan1\n   ip address 10.0.0.1/8\n",
    "frr": "hostname r1\nip route 203.0.113.0/24 192.0.2.1\ninterface lan\n ip address 10.0.0.1/8\n",
}
ACL = {
    "ios": "ip access-list standard MGMT\n permit 198.51.100.0 0.0.0.255\n deny any log\n",
    "eos": "ip access-list standard MGMT\n   permit 198.51.100.0/24\n   deny any log\n",
    "frr": "access-list MGMT seq 5 permit 198.51.100.0/24\naccess-list MGMT seq 10 deny any\n",
}
DEVICES = {"ios": "ber-1-r1", "eos": "ber-1-r2", "frr": "nyc-1-r1"}
ALL = sorted(BEFORE)


@pytest.fixture
def lines(opened: Callable[..., Change], estate: Estate) -> Callable[[str, Mapping[str, str]], str]:
    """The lines of a change for a platform's device."""
    return lambda name, files: render(opened(files), estate, estate.device(DEVICES[name]))


@pytest.mark.parametrize("name", ALL)
def test_the_starter_adds_its_route_and_nothing_else(
    lines: Callable[[str, Mapping[str, str]], str], platforms: Mapping[str, Platform], estate: Estate, name: str
) -> None:
    vendor = platforms[name].vendor
    text = lines(name, starter([name], sites=list(estate.sites)))
    running = read_device(BEFORE[name], vendor)

    comparison = compare_merge(running, read_change(text, vendor), vendor)

    assert [(edit.sign, edit.text) for edit in comparison.edits] == [("+", text.strip())]
    assert comparison.lines == (text.strip(),)


@pytest.mark.parametrize("name", ALL)
def test_once_it_is_there_nothing_is_left_to_do(
    lines: Callable[[str, Mapping[str, str]], str], platforms: Mapping[str, Platform], estate: Estate, name: str
) -> None:
    vendor = platforms[name].vendor
    text = lines(name, starter([name], sites=list(estate.sites)))

    after = read_device(BEFORE[name] + text, vendor)

    assert compare_merge(after, read_change(text, vendor), vendor).reached


@pytest.mark.parametrize("name", ALL)
def test_an_acl_is_merged_without_a_fault(platforms: Mapping[str, Platform], name: str) -> None:
    vendor = platforms[name].vendor

    assert not list(faults(ACL[name], vendor, merge=True))
    assert compare_merge(read_device(BEFORE[name], vendor), read_change(ACL[name], vendor), vendor).lines


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no line is left for the device"),
        ("!\n! a comment\n", "no line is left for the device"),
        ("\n\n   \n", "no line is left for the device"),
        ("default hostname\n", "what a line would do depends on the device"),
        ("do show version\n", "a line is a command and no configuration"),
        ("interface Loopback0\n do reload\n", "a line is a command and no configuration"),
        ("configure terminal\nroute-map A permit 10\n", "a line is a command and no configuration"),
        ("write memory\n", "a line is a command and no configuration"),
        ("copy running-config startup-config\n", "a line is a command and no configuration"),
        ("reload in 5\n", "a line is a command and no configuration"),
    ],
)
def test_what_no_platform_takes(platforms: Mapping[str, Platform], name: str, text: str, message: str) -> None:
    assert [fault.message for fault in faults(text, platforms[name].vendor, merge=True)] == [message]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "text",
    [
        "route-map A permit 10\n",
        "no route-map A permit 10\n",
        "interface Loopback0\n description do not touch\n",
        "! do\nroute-map A permit 10\n",
    ],
)
def test_what_every_platform_takes(platforms: Mapping[str, Platform], name: str, text: str) -> None:
    assert not list(faults(text, platforms[name].vendor, merge=True))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ios", "enable secret 9 $9$abc"),
        ("ios", "username a privilege 15 secret 5 $1$abc"),
        ("ios", "snmp-server community public RO"),
        ("ios", "router bgp 1\n neighbor 192.0.2.1 password 7 0822455D0A16"),
        ("ios", "crypto isakmp key s3cret address 192.0.2.1"),
        ("eos", "username a secret sha512 $6$abc"),
        ("eos", "ntp authentication-key 1 md5 7 0822455D0A16"),
        ("frr", "router bgp 1\n neighbor 192.0.2.1 password s3cret"),
    ],
)
def test_a_line_that_sets_a_secret_is_refused(platforms: Mapping[str, Platform], name: str, line: str) -> None:
    found = list(faults(f"{line}\n", platforms[name].vendor, merge=True))

    assert [fault.message for fault in found] == ["a line sets a secret, which would go into the log with the change"]
    assert not any(secret in found[0].detail for secret in ("$", "s3cret", "0822455D0A16", "public"))
