"""A change for one device."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from automation.change.model import Change
from automation.change.rendering import names_for, render
from automation.render.errors import RenderError
from inventory.estate import Estate

Open = Callable[..., Change]


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("ber-1-r1", "ip route 198.51.100.0 255.255.255.0 192.0.2.1\ninterface Vlan10\n description office\n"),
        ("ber-1-r2", "ip route 198.51.100.0 255.255.255.0 192.0.2.1\nvlan 10\n   name office\n"),
        ("osl-1-r1", "ip route 198.51.100.0 255.255.255.0 192.0.2.1\ninterface Vlan20\n description shop\n"),
    ],
)
def test_renders_for_each_device(opened: Open, estate: Estate, device: str, expected: str) -> None:
    assert render(opened(), estate, estate.device(device)) == expected


def test_templates_see_the_device_the_site_and_every_variable(opened: Open, estate: Estate) -> None:
    names = names_for(opened(), estate, estate.device("osl-1-r1"))

    assert names == {
        "device": {
            "name": "osl-1-r1",
            "role": "router",
            "platform": "ios",
            "os_version": "15.2",
            "address": "192.0.2.21",
            "port": 22,
            "access": "out-of-band",
            "group": None,
            "via": None,
            "labels": {},
        },
        "site": {
            "name": "osl-1",
            "country": "NO",
            "region": "emea",
            "tier": "store",
            "timezone": "Europe/Oslo",
            "labels": {},
        },
        "change": {"title": "Management ACL with the NOC's new prefix", "ticket": "NET-4711", "team": "netauto"},
        "row": {"vlan": "20", "text": "shop"},
        "noc_prefix": "198.51.100.0/24",
        "ntp": "10.2.0.1",
    }


def test_a_change_is_the_weakest_level_of_variables(
    opened: Open, edited: Callable[[str, str], dict[str, str]], estate: Estate
) -> None:
    files = edited("noc_prefix: 198.51.100.0/24", "noc_prefix: 198.51.100.0/24\n      ntp: 10.9.9.9")
    change = opened({**files, "common.j2": "ntp server {{ ntp }}\n! {{ noc_prefix }}\n"})

    assert render(change, estate, estate.device("osl-1-r1")).startswith("ntp server 10.2.0.1\n")
    assert render(change, estate, estate.device("ber-1-r1")).startswith("ntp server 10.0.0.1\n")


LOOKED_FOR = (
    "did you mean 'ntp'? it was looked for in change, region emea, country DE, site ber-1, role router, device ber-1-r1"
)
FIRST_LINE = "{% include 'common.j2' %}interface Vlan{{ row.vlan }}"


@pytest.mark.parametrize(
    ("files", "device", "message", "hint"),
    [
        ({}, "nyc-1-r1", "the change has no template for the platform 'frr'", "there are templates for eos, ios"),
        ({"templates/ios.j2": "a\nntp {{ ntpp }} {{ row.vlan }}"}, "ber-1-r1",
         "templates/ios.j2:2: 'ntpp' is not defined, in: ntp {{ ntpp }} {{ row.vlan }}", LOOKED_FOR),
        ({"templates/ios.j2": "{{ row.vlna }}"}, "ber-1-r1",
         "templates/ios.j2:1: row has no 'vlna', in: {{ row.vlna }}", "did you mean 'vlan'?"),
        ({"stores.csv": "site,vlan,text\nosl-1,1,x\n"}, "ber-1-r1",
         f"templates/ios.j2:1: 'row' is not defined, in: {FIRST_LINE}", "add a row for the site 'ber-1' to stores.csv"),
        ({"stores.csv": "device,vlan,text\nber-1-r9,1,x\n"}, "ber-1-r1",
         f"templates/ios.j2:1: 'row' is not defined, in: {FIRST_LINE}",
         "add a row for the device 'ber-1-r1' to stores.csv"),
    ],
    ids=["platform", "variable", "column", "site without a row", "device without a row"],
)  # fmt: skip
def test_says_what_is_wrong(
    opened: Open, estate: Estate, files: dict[str, str], device: str, message: str, hint: str
) -> None:
    with pytest.raises(RenderError) as caught:
        render(opened(files), estate, estate.device(device))

    assert str(caught.value) == f"{device}: {message}; {hint}"
    assert caught.value.device == device


def test_an_empty_cell_is_not_there(opened: Open, estate: Estate) -> None:
    change = opened(
        {
            "stores.csv": "site,vlan,text\nber-1,10,\n",
            "templates/ios.j2": "vlan {{ row.vlan }}\n{% if row.text is defined %}{{ row.text }}{% endif %}",
        }
    )

    assert render(change, estate, estate.device("ber-1-r1")) == "vlan 10\n"


def test_rows_may_be_of_devices(opened: Open, estate: Estate) -> None:
    change = opened({"stores.csv": "device,vlan,text\nber-1-r1,77,x\n"})

    assert "Vlan77" in render(change, estate, estate.device("ber-1-r1"))


def test_threads_render_side_by_side(opened: Open, estate: Estate) -> None:
    change = opened()
    devices = [estate.device(name) for name in ("ber-1-r1", "ber-1-r2", "osl-1-r1")] * 30

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda device: render(change, estate, device), devices))

    assert texts == [render(change, estate, device) for device in devices]


def test_what_a_device_gets_from_the_change_knows_its_place(opened: Open, estate: Estate) -> None:
    added = opened().variables_for(estate.device("osl-1-r1"))

    assert dict(added.values) == {"noc_prefix": "198.51.100.0/24"}
    assert str(added.origin) == "change.yaml:9"
    assert dict(added.row) == {"vlan": "20", "text": "shop"}
    assert str(added.row_origin) == "stores.csv:3"
