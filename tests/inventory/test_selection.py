"""What selectors mean: against a second, naive reading of them, and what is refused."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.estate import Estate
from inventory.model import Device, Site
from inventory.selection import EmptySelectionError, attributes, select
from inventory.selectors import Operator, Selector, SelectorError, Term, Value, parse_selector


def names(estate: Estate, text: str) -> list[str]:
    return [device.name for device in select(estate, parse_selector(text)).devices]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ["hq-rtr1", "hq-rtr2", "hq-sw1", "store-1-rtr1", "store-2-rtr1"]),
        ("role=switch", ["hq-sw1"]),
        ("role in (router,switch),region=emea,tier!=store", ["hq-rtr1", "hq-rtr2", "hq-sw1"]),
        ("site=store-1", ["store-1-rtr1"]),
        ("country=US", ["store-2-rtr1"]),
        ("timezone=Europe/*", ["hq-rtr1", "hq-rtr2", "hq-sw1", "store-1-rtr1"]),
        ("platform in (eos,frr)", ["hq-sw1", "store-1-rtr1"]),
        ("access=in-band,platform=frr", ["store-1-rtr1"]),
        ("group=hq-wan", ["hq-rtr1", "hq-rtr2"]),
        ("!group", ["hq-sw1", "store-1-rtr1", "store-2-rtr1"]),
        ("group!=hq-wan", ["hq-sw1", "store-1-rtr1", "store-2-rtr1"]),
        ('os_version="15.2(7)E3"', ["store-2-rtr1"]),
        ("os_version=17.*", ["hq-rtr1", "hq-rtr2"]),
        ("store-?-rtr1", ["store-1-rtr1", "store-2-rtr1"]),
        ("!store-*,!*-sw1", ["hq-rtr1", "hq-rtr2"]),
        ("*-rtr[!1]", ["hq-rtr2"]),
        ("STORE-*,role=router", []),
        ("name in (store-1-rtr1,hq-sw1)", ["hq-sw1", "store-1-rtr1"]),
        ("name in (hq-sw1,store-*)", ["hq-sw1", "store-1-rtr1", "store-2-rtr1"]),
        ("pilot", ["hq-sw1", "store-1-rtr1", "store-2-rtr1"]),
        ("pilot=yes", ["store-1-rtr1", "store-2-rtr1"]),
        ("building=a", ["hq-rtr2", "hq-sw1"]),
        ("building=b", ["hq-rtr1"]),
        ("building notin (a)", ["hq-rtr1", "store-1-rtr1", "store-2-rtr1"]),
    ],
)
def test_what_is_selected(estate: Estate, text: str, expected: list[str]) -> None:
    if expected:
        assert names(estate, text) == expected
    else:
        with pytest.raises(EmptySelectionError):
            names(estate, text)


def test_a_list_of_names_selects_in_the_order_of_the_estate(estate: Estate) -> None:
    selector = Selector.of_names(["store-2-rtr1", "hq-rtr1"])
    assert [device.name for device in select(estate, selector).devices] == ["hq-rtr1", "store-2-rtr1"]


def test_a_label_of_the_device_hides_one_of_its_site(estate: Estate) -> None:
    assert attributes(estate, estate.devices["hq-rtr1"])["building"] == "b"
    assert attributes(estate, estate.devices["hq-rtr2"])["building"] == "a"


def test_what_a_device_can_be_selected_by(estate: Estate) -> None:
    assert attributes(estate, estate.devices["store-1-rtr1"]) == {
        "name": "store-1-rtr1",
        "site": "store-1",
        "role": "router",
        "platform": "frr",
        "os_version": "8.4",
        "country": "NO",
        "region": "emea",
        "tier": "store",
        "access": "in-band",
        "timezone": "Europe/Oslo",
        "pilot": "yes",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "role=router,region=apac",
            "region=apac alone excludes all 5 devices",
            id="one term excludes everything",
        ),
        pytest.param(
            "region=emae", "region=emae alone excludes all 5 devices; did you mean 'emea'?", id="one that is mistyped"
        ),
        pytest.param(
            "role=switch,platform=eos,country=US",
            "of 5 devices there are 1 after role=switch, 1 after platform=eos, 0 after country=US",
            id="only together",
        ),
        pytest.param("hp-*", "name=hp-* alone excludes all 5 devices", id="a glob"),
        pytest.param("!name", "!name alone excludes all 5 devices", id="what every device has"),
    ],
)
def test_no_match_is_refused_with_the_reason(estate: Estate, text: str, reason: str) -> None:
    with pytest.raises(EmptySelectionError) as caught:
        select(estate, parse_selector(text))
    assert caught.value.reason == reason
    assert str(caught.value) == f"no device matches {parse_selector(text)}: {reason}"
    assert not caught.value.retriable


def test_an_estate_without_devices_has_nothing_to_select() -> None:
    with pytest.raises(EmptySelectionError, match="the estate has no device at all"):
        select(Estate.of(sites=[], devices=[]), parse_selector("*"))


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        pytest.param(
            "role=router,!pilto",
            13,
            "no device has an attribute or a label 'pilto'; did you mean 'pilot'?",
            id="absent",
        ),
        pytest.param(
            "colour!=red",
            1,
            "no device has an attribute or a label 'colour'; attributes are name, site, role, platform, os_version,"
            " country, region, tier, group, access, timezone",
            id="not equal",
        ),
        pytest.param("hq-rtr1", 1, "'hq-rtr1' is a device and not an attribute; write name=hq-rtr1", id="a device"),
        pytest.param("name in (hq-rtr1,hq-sw11)", 1, "there is no device 'hq-sw11'; did you mean 'hq-sw1'?", id="list"),
        pytest.param(
            "role=router,name!=x", 13, "there is no device 'x'; a list of names must hold nothing else", id="not listed"
        ),
    ],
)
def test_what_would_silently_select_too_much_is_refused(estate: Estate, text: str, column: int, reason: str) -> None:
    with pytest.raises(SelectorError) as caught:
        select(estate, parse_selector(text))
    assert (caught.value.column, caught.value.reason) == (column, reason)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("role=router", ()),
        ("tier!=lab", ("in tier!=lab, no device has tier lab",)),
        ("tier!=stroe", ("in tier!=stroe, no device has tier stroe: did you mean 'store'?",)),
        ("role in (rout*)", ()),
        ("!store-9*", ("in name!=store-9*, no device has name store-9*",)),
        ('building in (a,"[ab]")', ('in building in (a,"[ab]"), no device has building "[ab]"',)),
        ("role in (router,ap-*)", ("in role in (router,ap-*), no device has role ap-*",)),
    ],
)
def test_values_that_change_nothing_are_pointed_out(estate: Estate, text: str, notes: tuple[str, ...]) -> None:
    assert select(estate, parse_selector(text)).notes == notes


# A second reading of Kubernetes' rules, over plain dictionaries, to hold the first one against.


def naive(selector: Selector, found: Mapping[str, str]) -> bool:
    return all(naive_term(term, found) for term in selector.terms)


def naive_term(term: Term, found: Mapping[str, str]) -> bool:
    has = term.key in found
    equal = has and any(
        fnmatchcase(found[term.key], value.text) if value.is_glob else found[term.key] == value.text
        for value in term.values
    )
    return {
        Operator.EXISTS: has,
        Operator.ABSENT: not has,
        Operator.IN: equal,
        Operator.NOT_IN: not equal,
    }[term.operator]


words = st.sampled_from(["a", "b", "ab", "c1"])
labels = st.dictionaries(st.sampled_from(["x", "y", "z"]), words, max_size=3)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    sites = [
        Site(
            name=f"s{number}",
            country=draw(st.sampled_from(["DE", "FR"])),
            timezone="Europe/Berlin",
            region=draw(words),
            tier=draw(st.none() | words),
            labels=draw(labels),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    devices = [
        Device(
            name=f"d{number}",
            site=draw(st.sampled_from(sites)).name,
            role=draw(words),
            platform="ios",
            address=f"h{number}",
            credentials="c",
            redundancy_group=draw(st.none() | words),
            labels=draw(labels),
        )
        for number in range(draw(st.integers(1, 6)))
    ]
    return Estate.of(sites=sites, devices=devices)


selector_keys = st.sampled_from(["role", "region", "tier", "group", "country", "x", "y", "z"])
selector_values = st.lists(
    st.one_of(words.map(Value), st.sampled_from(["a*", "?", "*", "[!a]*"]).map(lambda text: Value(text, is_glob=True))),
    min_size=1,
    max_size=3,
).map(tuple)
selectors = st.lists(
    st.one_of(
        st.builds(
            Term, key=selector_keys, operator=st.sampled_from([Operator.IN, Operator.NOT_IN]), values=selector_values
        ),
        st.builds(Term, key=selector_keys, operator=st.sampled_from([Operator.EXISTS, Operator.ABSENT])),
    ),
    min_size=1,
    max_size=3,
).map(lambda terms: Selector(terms=tuple(terms)))


@settings(deadline=None, derandomize=True)
@given(estates(), selectors)
def test_selection_agrees_with_a_naive_reading(estate: Estate, selector: Selector) -> None:
    expected = [device.name for device in estate.devices.values() if naive(selector, attributes(estate, device))]
    try:
        found = [device.name for device in select(estate, selector).devices]
    except EmptySelectionError:
        found = []
    except SelectorError:
        unknown = {term.key for term in selector.terms} & {"x", "y", "z"}
        assert any(all(key not in attributes(estate, device) for device in estate.devices.values()) for key in unknown)
        return
    assert found == expected
