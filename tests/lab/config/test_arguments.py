"""Kinds of argument: what they take and how it is stored."""

import pytest

from lab.config.arguments import arguments, in_range, natural, number_list, numbers_of

KINDS = arguments(["GigabitEthernet", "TenGigabitEthernet", "Tunnel", "Vlan"])


@pytest.mark.parametrize(
    ("kind", "word", "stored"),
    [
        ("IPV4", "10.0.0.1", "10.0.0.1"),
        ("IPV4", "10.0.0.256", None),
        ("IPV4", "10.0.0", None),
        ("MASK", "255.255.255.0", "255.255.255.0"),
        ("MASK", "128.0.0.0", "128.0.0.0"),
        ("MASK", "0.0.0.255", None),
        ("WILDCARD", "0.0.0.255", "0.0.0.255"),
        ("PREFIX", "10.1.2.3/16", "10.1.0.0/16"),
        ("PREFIX", "10.1.2.3/33", None),
        ("ADDRESS", "10.1.2.3/16", "10.1.2.3/16"),
        ("IPV6", "2001:DB8::1", "2001:db8::1"),
        ("IPV6", "2001:DB8::1::2", None),
        ("PREFIX6", "2001:db8::1/32", "2001:db8::/32"),
        ("ADDRESS6", "2001:DB8::1/64", "2001:db8::1/64"),
        ("MAC", "001C.7300.0001", "001c.7300.0001"),
        ("VLANS", "20,10,11", "10-11,20"),
        ("VLANS", "20-10", None),
        ("VLANS", "0", None),
        ("INTERFACE", "gi0/0/1", "GigabitEthernet0/0/1"),
        ("INTERFACE", "Gi0/0/1.10", "GigabitEthernet0/0/1.10"),
        ("INTERFACE", "te1/1", "TenGigabitEthernet1/1"),
        ("INTERFACE", "t1", None),
        ("INTERFACE", "Serial0", None),
        ("STDACL", "99", "99"),
        ("STDACL", "100", None),
        ("EXTACL", "100", "100"),
    ],
)
def test_reads(kind: str, word: str, stored: str | None) -> None:
    assert KINDS[kind].read(word) == stored


def test_a_range_takes_its_ends_and_nothing_beyond() -> None:
    number = in_range(1, 4094)

    assert [number.read(word) for word in ("0", "1", "007", "4094", "4095", "x")] == [
        None,
        "1",
        "7",
        "4094",
        None,
        None,
    ]


def test_lists_of_numbers_are_written_as_runs() -> None:
    assert number_list(numbers_of("30,10-12,11,20")) == "10-12,20,30"
    assert number_list([]) == ""


def test_natural_order_counts() -> None:
    names = ["Vlan10", "Vlan9", "Ethernet1/10", "Ethernet1/2"]

    assert sorted(names, key=natural) == ["Ethernet1/2", "Ethernet1/10", "Vlan9", "Vlan10"]
