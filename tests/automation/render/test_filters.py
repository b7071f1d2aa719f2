"""What templates can do with values."""

from collections.abc import Callable

import pytest

from automation.render.errors import Failure
from automation.render.filters import FILTERS, TESTS


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'10.1.2.3/24' | ip_address", "10.1.2.3"),
        ("'10.1.2.3' | ip_address", "10.1.2.3"),
        ("'10.1.2.3/24' | ip_network", "10.1.2.0/24"),
        ("'10.1.2.3/24' | network_address", "10.1.2.0"),
        ("'10.1.2.3/24' | netmask", "255.255.255.0"),
        ("'10.1.2.3/255.255.255.0' | prefix_length", "24"),
        ("'10.1.2.3/24' | wildcard", "0.0.0.255"),
        ("'10.1.2.3/24' | broadcast", "10.1.2.255"),
        ("'10.1.2.0/24' | host(1)", "10.1.2.1"),
        ("'10.1.2.0/24' | host(-1)", "10.1.2.254"),
        ("'10.1.2.0/31' | host(-1)", "10.1.2.1"),
        ("'2001:db8::/64' | host(-1)", "2001:db8::ffff:ffff:ffff:ffff"),
        ("'2001:db8::/64' | host(1)", "2001:db8::1"),
        ("'10.1.2.0' | cidr('255.255.255.0')", "10.1.2.0/24"),
        ("'10.1.2.255' | ip_add(1)", "10.1.3.0"),
        ("'10.1.0.0/22' | subnets(24) | join(' ')", "10.1.0.0/24 10.1.1.0/24 10.1.2.0/24 10.1.3.0/24"),
        ("[12, 10, 11, '20'] | vlan_ranges", "10-12,20"),
        ("[] | vlan_ranges", ""),
        ("'10-12,20' | vlan_list | join(' ')", "10 11 12 20"),
        ("range(1, 4095) | vlan_ranges", "1-4094"),
        ("'Gi1/0/1' | interface_name", "GigabitEthernet1/0/1"),
        ("'GigabitEthernet1/0/1' | interface_short", "Gi1/0/1"),
        ("'AABB.CCDD.EEFF' | mac_address", "aa:bb:cc:dd:ee:ff"),
        ("'aa:bb:cc:dd:ee:ff' | mac_address('.')", "aabb.ccdd.eeff"),
        ("'12' | int + 1", "13"),
        ("'-12' | int", "-12"),
        ("'x' | int(7)", "7"),
        ("3.0 | int", "3"),
        ("'1.5' | float * 2", "3.0"),
        ("2.5 | round", "2"),
        ("2.345 | round(2)", "2.35"),
        ("users | map(attribute='name') | join(',')", "ann,bob,Cy"),
        ("users | selectattr('level', 'defined') | map(attribute='level') | sum", "16"),
        ("users | map(attribute='level') | select('defined') | max", "15"),
        ("users | rejectattr('level', 'defined') | map(attribute='name') | first", "Cy"),
        ("users | sort(attribute='name', reverse=true) | map(attribute='name') | join", "Cybobann"),
        ("servers | length ~ servers | count", "22"),
        ("servers | last", "192.0.2.2"),
        ("servers | reverse | join(' ')", "192.0.2.2 192.0.2.1"),
        ("['b', 'a', 'b'] | unique | join", "ba"),
        ("[1, 2, 3] | batch(2) | map('join', '+') | join(' ')", "1+2 3"),
        ("' a, b ,, c' | split(',') | join('|')", "a|b|c"),
        ("'ab' | ljust(4) ~ '|' ~ 'ab' | rjust(4, '.')", "ab  |..ab"),
        ("'x\ny\n' | indent(2)", "  x\n  y\n"),
        ("'x\ny' | indent(2, first=false)", "x\n  y"),
        ("'%s-%03d' | format('a', 7)", "a-007"),
        ("'%5.1f%%' % ratio", "  0.5%"),
        ("'aXbX' | replace('X', '-')", "a-b-"),
        ("missing | default('there')", "there"),
        ("row.missing | d('there')", "there"),
        ("mtu | string ~ 'B'", "1500B"),
        ("'mgmt' | upper ~ 'A' | lower ~ 'x y' | title", "MGMTaX Y"),
        ("'yes' if '10.1.2.3' is in_network('10.0.0.0/8') else 'no'", "yes"),
        ("'yes' if '10.0.0.0/7' is in_network('10.0.0.0/8') else 'no'", "no"),
        ("'yes' if '2001:db8::1' is in_network('10.0.0.0/8') else 'no'", "no"),
        ("'yes' if '2001:db8::1/64' is ipv6 and '10.1.1.1' is ipv4 and mtu is not ipv4 else 'no'", "yes"),
        ("'yes' if mtu is number and servers is sequence and device is mapping else 'no'", "yes"),
        ("'yes' if nothing is none and enabled is boolean and mtu is divisibleby(2) else 'no'", "yes"),
    ],
)
def test_gives(text: Callable[[str], str], expression: str, expected: str) -> None:
    assert text("{{ " + expression + " }}") == expected


@pytest.mark.parametrize(
    ("expression", "message", "detail"),
    [
        ("'10.1.2.3' | netmask", "this address has no prefix length", "'10.1.2.3'"),
        ("'10.1.2.300/24' | ip_network", "this is no IP address or network", "'10.1.2.300/24'"),
        ("mtu | ip_address", "an address or a name must be text", "it is a number"),
        ("'10.1.2.0/30' | host(4)", "the network has no host number 4", "10.1.2.0/30 has 4"),
        ("'10.1.2.0/30' | host(-4)", "the network has no host number -4", "10.1.2.0/30 has 4"),
        ("'255.255.255.255' | ip_add(1)", "there is no such address", "255.255.255.255 + 1"),
        ("'10.1.2.0' | cidr('255.0.255.0')", "this is no IP address or network", "'0.0.0.0/255.0.255.0'"),
        ("'10.1.2.0' | cidr('0.0.0.255')", "this is no network mask", "'0.0.0.255'"),
        ("'10.1.2.0' | cidr('24')", "this is no network mask", "'24'"),
        ("'10.0.0.0/8' | subnets(32)", "these are more than 4096 subnets", "10.0.0.0/8, /32"),
        ("'10.0.0.0/8' | subnets(7)", "a subnet's prefix cannot be shorter than its network's", "10.0.0.0/8, /7"),
        ("[4095] | vlan_ranges", "a VLAN is a number from 1 to 4094", "there is '4095'"),
        ("'10-' | vlan_list", "a VLAN is a number from 1 to 4094", None),
        ("'1-99999999999' | vlan_list", "a VLAN is a number from 1 to 4094", "there is '99999999999'"),
        ("'10' | vlan_ranges", "VLANs must be a list of numbers", "there is text"),
        ("'aabb' | mac_address", "this is no MAC address", "'aabb'"),
        ("'aabbccddeeff' | mac_address('/')", "the parts of a MAC address stand apart by one of : - . or nothing", ""),
        ("'12x' | int", "this is not a whole number", "it is '12x'"),
        ("servers | int", "this is not a whole number", "it is a list"),
        ("'1e5' | float", "this is not a number", "it is '1e5'"),
        ("'x' | round", "only a number can be rounded", "this is text"),
        ("1.5 | round(400)", "numbers are rounded to 0 to 12 decimals", ""),
        ("['1'] | sum", "only numbers can be added up", "text"),
        ("mtu | split", "only text can be split", "this is a number"),
        ("servers | batch(0)", "a batch has at least one item", ""),
        ("'abc' | join('-')", "this would take a text apart into its characters", ""),
        ("'%x%y' | format(1)", "the format '%x%y' has a % that means nothing here (%)", ""),
        ("'%*d' % (3, 1)", "the format '%*d' has a % that means nothing here (%)", ""),
        ("'%d' | format('x')", "this cannot be computed", None),
        ("servers | map('uper') | join", "there is no filter 'uper'", ""),
        ("servers | select('definde') | join", "there is no test 'definde'", ""),
        ("'x' | indent('y')", "a width must be a whole number", "it is text"),
    ],
)
def test_refuses(fails: Callable[[str], Failure], expression: str, message: str, detail: str | None) -> None:
    failure = fails("{{ " + expression + " }}")

    assert failure.message == message
    assert detail is None or failure.detail == detail


def test_filters_are_a_fixed_list() -> None:
    assert sorted(FILTERS) == [
        "abs", "batch", "broadcast", "capitalize", "cidr", "count", "d", "default", "dictsort", "first", "float",
        "format", "groupby", "host", "indent", "int", "interface_name", "interface_short", "ip_add", "ip_address",
        "ip_network", "items", "join", "last", "length", "list", "ljust", "lower", "mac_address", "map", "max", "min",
        "netmask", "network_address", "prefix_length", "reject", "rejectattr", "replace", "reverse", "rjust", "round",
        "select", "selectattr", "sort", "split", "string", "subnets", "sum", "title", "trim", "unique", "upper",
        "vlan_list", "vlan_ranges", "wildcard",
    ]  # fmt: skip


def test_no_test_reaches_for_objects() -> None:
    assert TESTS.keys().isdisjoint({"callable", "sameas", "filter", "test", "escaped"})
