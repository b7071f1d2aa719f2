"""Variables: which level wins, where a value comes from, what it overrides."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.estate import Estate
from inventory.model import Device, Origin, Scope, Site
from inventory.variables import ChangeVariables, Level, Resolved, VariableError, resolve

Load = Callable[[Mapping[str, str]], Estate]

CHANGE = Origin(file="change.yaml", line=7)


def story(resolved: Resolved, name: str) -> list[tuple[str, str, object, str]]:
    """What there is to tell of a variable, as a person reads it."""
    return [
        (setting.level.value, setting.owner, setting.value, f"{Path(setting.origin.file).name}:{setting.origin.line}")
        for setting in resolved.settings[name]
    ]


def test_a_value_tells_where_it_is_from_and_what_it_overrides(estate: Estate) -> None:
    change = ChangeVariables(values={"ntp": "10.9.9.9"}, origin=CHANGE)
    resolved = resolve(estate, estate.devices["hq-rtr1"], change)
    assert story(resolved, "ntp") == [
        ("site", "hq", "10.0.0.9", "sites.yaml:9"),
        ("region", "emea", "10.0.0.1", "variables.yaml:4"),
        ("change", "change", "10.9.9.9", "change.yaml:7"),
    ]
    assert story(resolved, "vlan") == [
        ("device", "hq-rtr1", 10, "devices.csv:2"),
        ("role", "router", 1, "variables.yaml:9"),
    ]


def test_values_are_those_that_count_in_order_of_their_names(estate: Estate) -> None:
    values = resolve(estate, estate.devices["hq-rtr1"]).values()
    assert values == {"dns": ["10.49.0.53"], "ntp": "10.0.0.9", "vlan": 10}
    assert list(values) == sorted(values)


def test_a_value_replaces_the_whole_of_another(load_files: Load, right: dict[str, str]) -> None:
    """Maps are not merged: where a value comes from is one place."""
    variables = (
        "variables:\n  regions:\n    emea: {dhcp: {pool: a, lease: 1}}\n  countries:\n    DE: {dhcp: {pool: b}}\n"
    )
    estate = load_files({**right, "variables.yaml": variables})
    assert resolve(estate, estate.devices["hq-sw1"]).values()["dhcp"] == {"pool": "b"}


def test_null_is_a_value_and_hides_others(load_files: Load, right: dict[str, str]) -> None:
    variables = "variables:\n  regions:\n    emea: {proxy: p}\n  countries:\n    DE: {proxy: ~}\n"
    estate = load_files({**right, "variables.yaml": variables})
    assert resolve(estate, estate.devices["hq-sw1"]).values()["proxy"] is None


levels = st.sets(st.sampled_from(Level), min_size=1)


@settings(deadline=None, derandomize=True)
@given(levels)
def test_precedence_is_fixed(present: set[Level]) -> None:
    """For every set of levels at which a variable is set, the rightmost one counts and the others follow in order."""
    order = [Level.CHANGE, Level.REGION, Level.COUNTRY, Level.SITE, Level.ROLE, Level.DEVICE]

    def at(level: Level) -> dict[str, object]:
        return {"x": level.value} if level in present else {}

    site = Site(name="s", country="DE", timezone="Europe/Berlin", region="emea", variables=at(Level.SITE))
    device = Device(
        name="d", site="s", role="r", platform="ios", address="h", credentials="c", variables=at(Level.DEVICE)
    )
    estate = Estate.of(
        sites=[site],
        devices=[device],
        regions=[Scope(name="emea", variables=at(Level.REGION))],
        countries=[Scope(name="DE", variables=at(Level.COUNTRY))],
        roles=[Scope(name="r", variables=at(Level.ROLE))],
    )
    resolved = resolve(estate, device, ChangeVariables(values=at(Level.CHANGE)))
    assert [setting.level for setting in resolved.settings["x"]] == [
        level for level in reversed(order) if level in present
    ]
    assert resolved.values()["x"] == resolved.settings["x"][0].value


def test_other_sites_and_roles_count_for_nothing(estate: Estate) -> None:
    assert resolve(estate, estate.devices["store-2-rtr1"]).values() == {"vlan": 1}


def test_a_row_stands_beside_the_levels(estate: Estate) -> None:
    """A column that is called as a variable neither overrides it nor is overridden."""
    change = ChangeVariables(row={"vlan": "99"}, row_origin=Origin(file="stores.csv", line=3))
    resolved = resolve(estate, estate.devices["hq-rtr1"], change)
    assert resolved.values()["vlan"] == 10
    assert resolved.row == {"vlan": "99"}
    assert str(resolved.row_origin) == "stores.csv:3"


def test_changing_the_values_changes_nothing_else(estate: Estate) -> None:
    device = estate.devices["hq-sw1"]
    change = ChangeVariables(values={"deep": {"map": {"list": [1]}}})
    values: dict[str, Any] = resolve(estate, device, change).values()
    values["dns"].append("evil")
    values["deep"]["map"]["list"].append("evil")
    values["deep"]["evil"] = True
    again = resolve(estate, device, change).values()
    assert (again["dns"], again["deep"]) == (["10.49.0.53"], {"map": {"list": [1]}})


@pytest.mark.parametrize("name", ["row", "device", "site", "change", "a-b", "1a", "", "a b", "ä"])
def test_a_change_cannot_take_every_name(name: str) -> None:
    with pytest.raises(VariableError, match=r"change\.yaml:7: .* cannot be the name of a variable"):
        ChangeVariables(values={name: 1}, origin=CHANGE)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"values": {"snmp": {"community": "c4n4ry"}}, "origin": CHANGE}, id="in a value"),
        pytest.param({"row": {"psk": "c4n4ry"}, "row_origin": CHANGE}, id="in a row"),
    ],
)
def test_a_change_brings_no_secret_along(change: dict[str, object]) -> None:
    with pytest.raises(VariableError, match=r"change\.yaml:7: a secret is written out in ") as caught:
        ChangeVariables(**change)  # type: ignore[arg-type]
    assert "c4n4ry" not in str(caught.value)


def test_references_are_told_with_their_places(load_files: Load, right: dict[str, str]) -> None:
    """Nothing here resolves them; whoever renders has to know of them."""
    variables = "variables:\n  regions:\n    emea: {snmp: {communities: ['env:SNMP_RO']}}\n"
    estate = load_files({**right, "variables.yaml": variables})
    resolved = resolve(estate, estate.devices["hq-sw1"])
    assert resolved.references() == {"snmp.communities.0": "env:SNMP_RO"}
    assert resolved.values()["snmp"] == {"communities": ["env:SNMP_RO"]}
