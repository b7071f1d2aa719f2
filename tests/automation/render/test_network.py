"""Addresses, masks and VLANs, held against Python's own arithmetic."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.render import network as net
from automation.render.errors import RefusedError

v4 = st.builds(lambda address, length: f"{address}/{length}", st.ip_addresses(v=4), st.integers(0, 32))
v6 = st.builds(lambda address, length: f"{address}/{length}", st.ip_addresses(v=6), st.integers(0, 128))
vlans = st.sets(st.integers(1, 4094), max_size=60)


@given(v4 | v6)
def test_parts_of_a_network_fit_together(text: str) -> None:
    interface = ipaddress.ip_interface(text)

    assert net.ip_address(text) == str(interface.ip)
    assert net.ip_network(text) == f"{net.network_address(text)}/{net.prefix_length(text)}"
    assert net.ip_network(f"{net.network_address(text)}/{net.netmask(text)}" if interface.version == 4 else text) == (
        net.ip_network(text)
    )
    assert net.is_in_network(net.ip_address(text), net.ip_network(text))
    assert net.is_in_network(net.broadcast(text), net.ip_network(text))
    assert int(ipaddress.ip_address(net.netmask(text))) + int(ipaddress.ip_address(net.wildcard(text))) == (
        2**interface.max_prefixlen - 1
    )


@given(v4)
def test_a_mask_makes_a_prefix(text: str) -> None:
    address = net.ip_address(text)

    assert net.cidr(address, net.netmask(text)) == f"{address}/{net.prefix_length(text)}"


@given(v4 | v6, st.integers(-300, 300))
def test_a_host_lies_in_its_network(text: str, number: int) -> None:
    try:
        found = net.host(text, number)
    except RefusedError:
        assert abs(number) >= 2 ** (ipaddress.ip_interface(text).max_prefixlen - net.prefix_length(text)) - 1
    else:
        assert net.is_in_network(found, net.ip_network(text))


@given(v4, st.integers(0, 6))
def test_subnets_make_up_their_network(text: str, longer: int) -> None:
    length = min(net.prefix_length(text) + longer, 32)

    found = [ipaddress.IPv4Network(subnet) for subnet in net.subnets(text, length)]

    assert list(ipaddress.collapse_addresses(found)) == [ipaddress.IPv4Network(net.ip_network(text))]


@given(vlans)
def test_vlans_go_and_come_back(numbers: set[int]) -> None:
    text = net.vlan_ranges(list(numbers))

    assert (net.vlan_list(text) if text else []) == sorted(numbers)


@given(st.ip_addresses(v=4), st.integers(-1000, 1000))
def test_adding_and_taking_away_is_nothing(address: ipaddress.IPv4Address, number: int) -> None:
    try:
        there = net.ip_add(str(address), number)
    except RefusedError:
        assert not 0 <= int(address) + number < 2**32
    else:
        assert net.ip_add(there, -number) == str(address)


@pytest.mark.parametrize(
    ("interface", "short"),
    [
        ("GigabitEthernet1/0/1", "Gi1/0/1"),
        ("TenGigabitEthernet1/1", "Te1/1"),
        ("Ethernet1", "Et1"),
        ("Loopback0", "Lo0"),
        ("Vlan10", "Vlan10"),
        ("Port-channel5", "Po5"),
    ],
)
def test_interfaces_have_a_long_name_and_a_short_one(interface: str, short: str) -> None:
    assert net.interface_short(interface) == short
    assert net.interface_name(short) == interface


def test_an_unknown_interface_stays_as_it_is() -> None:
    assert net.interface_name("wan0") == net.interface_short("wan0") == "wan0"


@pytest.mark.parametrize("separator", [":", "-", ".", ""])
@pytest.mark.parametrize("text", ["aabb.ccdd.eeff", "AA:BB:CC:DD:EE:FF", "aa-bb-cc-dd-ee-ff", "aabbccddeeff"])
def test_one_address_in_every_writing(text: str, separator: str) -> None:
    size = 4 if separator == "." else 2

    assert net.mac_address(text, separator) == separator.join(
        "aabbccddeeff"[place : place + size] for place in range(0, 12, size)
    )


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.0/24", "10.1.2.0/24", True),
        ("10.1.2.0/23", "10.1.2.0/24", False),
        ("11.0.0.0", "10.0.0.0/8", False),
        ("2001:db8::1", "2001:db8::/32", True),
        ("10.0.0.1", "::/0", False),
        ("10.0.0.1", "0.0.0.0/0", True),
    ],
)
def test_what_lies_in_a_network(inner: str, outer: str, *, expected: bool) -> None:
    assert net.is_in_network(inner, outer) is expected


@pytest.mark.parametrize(
    ("value", "is_four", "is_six"),
    [
        ("10.1.2.3", True, False),
        ("10.1.2.3/24", True, False),
        ("2001:db8::1", False, True),
        ("x", False, False),
        (7, False, False),
    ],
)
def test_which_version_an_address_is(value: object, *, is_four: bool, is_six: bool) -> None:
    assert (net.is_ipv4(value), net.is_ipv6(value)) == (is_four, is_six)
