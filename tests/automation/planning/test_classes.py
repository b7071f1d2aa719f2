"""Diff classes: differences that are the same but for each device's own values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.config.difference import Difference, Edit
from automation.planning.classes import diff_class, skeleton


def edits(*texts: str, path: tuple[str, ...] = ()) -> Difference:
    """Lines that appear."""
    return tuple(Edit(sign="+", path=path, text=text) for text in texts)


# Each case: a device's own values, a line, and what is left of it.
SKELETONS = {
    "a value": ({"loopback": "10.0.0.1"}, "ip route 0.0.0.0/0 10.0.0.1", "+ ip route 0.0.0.0/0 <loopback>\n"),
    "a value twice": ({"as": "65000"}, "router bgp 65000 and 65000", "+ router bgp <as> and <as>\n"),
    "several values": (
        {"site": "ber-1", "host": "ber-1-r1"},
        "snmp-server location ber-1 (ber-1-r1)",
        "+ snmp-server location <site> (<host>)\n",
    ),
    "the longer one first": ({"net": "10.1", "address": "10.1.2.3"}, "via 10.1.2.3", "+ via <address>\n"),
    "the longer one first, whatever they are called": (
        {"a": "ber", "b": "ber-1"},
        "at ber-1 in ber",
        "+ at <b> in <a>\n",
    ),
    "no part of a word": ({"site": "ber"}, "name number", "+ name number\n"),
    "no part of an address": ({"net": "10.0.0.1"}, "via 10.0.0.10 and 110.0.0.1", "+ via 10.0.0.10 and 110.0.0.1\n"),
    "no part of a longer address": ({"net": "10.0.0"}, "via 10.0.0.1", "+ via 10.0.0.1\n"),
    "a value before a slash": ({"net": "10.1.0.0"}, "network 10.1.0.0/16", "+ network <net>/16\n"),
    "too short to mean it": ({"unit": "1"}, "vlan 1", "+ vlan 1\n"),
    "of two letters": ({"country": "de"}, "name de", "+ name <country>\n"),
    "a value that is another one's name": (
        {"site": "ber-1", "kind": "site"},
        "location ber-1 of site",
        "+ location <site> of <kind>\n",
    ),
    "one value of two names": ({"b": "10.0.0.1", "a": "10.0.0.1"}, "via 10.0.0.1", "+ via <a>\n"),
    "nothing of its own": ({}, "vlan 10", "+ vlan 10\n"),
    "an empty value": ({"tier": ""}, "vlan 10", "+ vlan 10\n"),
    "what looks like a pattern": ({"motd": "a.c(x"}, "say a.c(x abc(x", "+ say <motd> abc(x\n"),
    "what looks like a place to fill in": ({"note": "\\1"}, "say \\1", "+ say <note>\n"),
}


@pytest.mark.parametrize(("own", "line", "left"), SKELETONS.values(), ids=SKELETONS)
def test_a_devices_own_values_are_replaced_by_their_names(own: dict[str, str], line: str, left: str) -> None:
    assert skeleton(edits(line), own) == left


def test_values_in_headers_are_replaced_too() -> None:
    assert skeleton(edits("shutdown", path=("interface Vlan99",)), {"vlan": "Vlan99"}) == (
        "  interface <vlan>\n+  shutdown\n"
    )


# Each case: two devices, each with its values and its line; and whether an approver sees them as one.
PAIRS = {
    "the same but for the values": (({"a": "10.0.0.1"}, "via 10.0.0.1"), ({"a": "10.0.0.2"}, "via 10.0.0.2"), True),
    "another value that is not its own": (
        ({"a": "10.0.0.1"}, "via 10.0.0.1"),
        ({"a": "10.0.0.1"}, "via 10.9.9.9"),
        False,
    ),
    "another's value": (({"a": "10.0.0.1"}, "via 10.0.0.1"), ({"a": "10.0.0.2"}, "via 10.0.0.1"), False),
    "under another name": (({"a": "10.0.0.1"}, "via 10.0.0.1"), ({"b": "10.0.0.1"}, "via 10.0.0.1"), False),
    "a line more": (({}, "vlan 10"), ({}, "vlan 20"), False),
}


@pytest.mark.parametrize(("one", "other", "same"), PAIRS.values(), ids=PAIRS)
def test_which_devices_are_of_one_class(
    one: tuple[dict[str, str], str], other: tuple[dict[str, str], str], same: bool
) -> None:
    classes = {diff_class(edits(line), own) for own, line in (one, other)}
    assert (len(classes) == 1) is same


def test_what_appears_is_of_another_class_than_what_disappears() -> None:
    gone = (Edit(sign="-", path=(), text="vlan 10"),)
    assert diff_class(gone, {}) != diff_class(edits("vlan 10"), {})


OWN = st.dictionaries(
    st.sampled_from(["site", "address", "asn", "host"]), st.from_regex(r"[a-z0-9.]{2,12}", fullmatch=True), max_size=4
)


@settings(deadline=None)
@given(own=OWN, lines=st.lists(st.from_regex(r"[a-z0-9. ]{1,30}", fullmatch=True), max_size=5))
def test_the_order_of_the_values_does_not_count(own: dict[str, str], lines: list[str]) -> None:
    turned = dict(reversed(own.items()))
    assert skeleton(edits(*lines), own) == skeleton(edits(*lines), turned)
