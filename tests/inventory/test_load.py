"""What a right estate becomes: from YAML, from CSV, from folders and from single files."""

import gc
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from events.values import Access
from inventory.estate import Estate
from inventory.load import load
from inventory.model import Device, JumpHost, Site
from inventory.problems import EstateError, Severity

Load = Callable[[Mapping[str, str]], Estate]
Write = Callable[[Mapping[str, str]], Path]

HEAD = """\
sites:
  hq: {country: DE, timezone: Europe/Berlin, region: emea}
credentials:
  tacacs: {username: automation, password: "env:SECRET"}
devices:
"""


def test_a_site_is_as_it_was_written(estate: Estate) -> None:
    assert estate.sites["hq"] == Site(
        name="hq",
        country="DE",
        timezone="Europe/Berlin",
        region="emea",
        tier="core",
        labels={"building": "a"},
        variables={"ntp": "10.0.0.9"},
    )


def test_a_device_is_as_it_was_written(estate: Estate) -> None:
    assert estate.devices["store-1-rtr1"] == Device(
        name="store-1-rtr1",
        site="store-1",
        role="router",
        platform="frr",
        os_version="8.4",
        address="10.1.0.1",
        port=22,
        via="jump-emea",
        access=Access.IN_BAND,
        credentials="tacacs",
        labels={"pilot": "yes"},
        variables={"vlan": 30},
    )


def test_a_jump_host_has_a_cap_of_its_own(estate: Estate) -> None:
    expected = JumpHost(name="jump-emea", address="jump.example.net", credentials="tacacs", max_connections=40)
    assert estate.jump_hosts["jump-emea"] == expected


def test_devices_are_in_order_of_site_and_name(estate: Estate) -> None:
    assert list(estate.devices) == ["hq-rtr1", "hq-rtr2", "hq-sw1", "store-1-rtr1", "store-2-rtr1"]


def test_devices_are_found_by_site_and_by_group(estate: Estate) -> None:
    assert [device.name for device in estate.by_site["hq"]] == ["hq-rtr1", "hq-rtr2", "hq-sw1"]
    assert [device.name for device in estate.by_group["hq-wan"]] == ["hq-rtr1", "hq-rtr2"]


def test_everything_remembers_where_it_is_written(estate: Estate) -> None:
    site, device = estate.sites["store-1"].origin, estate.devices["hq-rtr2"].origin
    assert (Path(site.file).name, site.line) == ("sites.yaml", 10)
    assert (Path(device.file).name, device.line) == ("devices.csv", 3)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("platform: ios", 22, id="SSH"),
        pytest.param("platform: eos", 443, id="HTTPS"),
        pytest.param("platform: eos, port: 8443", 8443, id="given"),
    ],
)
def test_the_port_is_the_platforms_unless_it_is_given(load_files: Load, written: str, expected: int) -> None:
    line = f"  d1: {{site: hq, role: switch, {written}, address: 10.0.0.1, credentials: tacacs}}\n"
    assert load_files({"estate.yaml": HEAD + line}).devices["d1"].port == expected


def test_text_stays_text_whatever_it_looks_like(load_files: Load) -> None:
    """YAML 1.1 makes False of NO and 4.3 of 4.30; fields and labels are text, and stay as they were written."""
    text = """\
        sites:
          0042: {country: NO, timezone: Europe/Oslo, region: on}
        credentials:
          tacacs: {username: automation, password: "env:SECRET"}
        devices:
          007:
            site: 0042
            role: router
            platform: ios
            address: 10.0.0.1
            credentials: tacacs
            os_version: 4.30
            labels: {pilot: no, rack: 1e3, since: 2024-01-01}
        """
    device = load_files({"estate.yaml": text}).devices["007"]
    assert (device.site, device.os_version) == ("0042", "4.30")
    assert device.labels == {"pilot": "no", "rack": "1e3", "since": "2024-01-01"}


def test_csv_and_yaml_say_the_same(load_files: Load) -> None:
    """The same device, once in each form, is the same but for where it is written."""
    fields = "site: hq, role: router, platform: ios, address: 10.0.0.1, credentials: tacacs, access: out-of-band"
    extras = "legacy_crypto: true, labels: {pilot: yes}, variables: {vlan: 10, name: '10', on: true, mtu: 1.5}"
    row = "d1,hq,router,ios,10.0.0.1,tacacs,out-of-band,true,yes,10,'10',true,1.5"
    columns = "name,site,role,platform,address,credentials,access,legacy_crypto,label.pilot"
    csv = f"{columns},var.vlan,var.name,var.on,var.mtu\n{row}\n"
    in_yaml = load_files({"estate.yaml": f"{HEAD}  d1: {{{fields}, {extras}}}\n"})
    in_csv = load_files({"estate.yaml": HEAD, "devices.csv": csv})
    assert in_csv.devices["d1"] == in_yaml.devices["d1"]
    assert in_csv.devices["d1"].legacy_crypto
    assert in_csv.devices["d1"].variables == {"vlan": 10, "name": "10", "on": True, "mtu": 1.5}


def test_sites_can_be_in_csv_too(load_files: Load) -> None:
    csv = "name,country,timezone,region,tier,label.pilot,var.ntp\nhq,DE,Europe/Berlin,emea,,yes,10.0.0.1\n"
    site = load_files({"sites-emea.csv": csv}).sites["hq"]
    assert (site.tier, site.labels, site.variables) == (None, {"pilot": "yes"}, {"ntp": "10.0.0.1"})


def test_an_estate_may_be_spread_over_folders(load_files: Load, right: dict[str, str]) -> None:
    moved = {f"{place}/{name}": text for place, (name, text) in zip("abcd", right.items(), strict=True)}
    assert load_files(moved).devices.keys() == load_files(right).devices.keys()


def test_single_files_can_be_named(write: Write, right: dict[str, str], platforms: dict[str, int]) -> None:
    folder = write(right)
    estate = load([folder / name for name in right], platforms=platforms)
    assert len(estate.devices) == 5


def test_hidden_folders_and_other_files_are_passed_over(load_files: Load, right: dict[str, str]) -> None:
    others = {".git/config.yaml": "[broken", "README.md": "# Estate", ".hidden.yaml": "[broken"}
    assert len(load_files({**right, **others}).devices) == 5


def test_a_csv_of_another_name_is_pointed_out(load_files: Load, right: dict[str, str]) -> None:
    """Whoever writes routers.csv would otherwise wait for these routers for a long time."""
    warnings = load_files({**right, "routers.csv": "name\n"}).warnings
    assert [warning.message for warning in warnings] == ["this CSV file is not read"]


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "---\n", "sites:\ndevices: {}\n"], ids=repr)
def test_a_file_may_be_empty(load_files: Load, right: dict[str, str], content: str) -> None:
    assert len(load_files({**right, "more.yaml": content}).devices) == 5


def test_spreadsheets_write_a_byte_order_mark(load_files: Load, right: dict[str, str]) -> None:
    marked = {**right, "devices.csv": "\ufeff" + right["devices.csv"].replace("\n", "\r\n")}
    assert load_files(marked).devices == load_files(right).devices


def test_the_hash_is_over_the_content(load_files: Load, right: dict[str, str]) -> None:
    first = load_files(right).content_hash
    again = load_files(right).content_hash
    changed = load_files({**right, "more.yaml": "# a comment\n"}).content_hash
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", first)
    assert first == again != changed


def test_the_hash_does_not_depend_on_where_the_folder_is(
    write: Write, right: dict[str, str], platforms: dict[str, int], tmp_path: Path
) -> None:
    here = write(right)
    first = load([here], platforms=platforms)
    there = here.rename(tmp_path / "elsewhere")
    assert load([there], platforms=platforms).content_hash == first.content_hash


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(lambda _: None, "there is no such file or folder", id="nothing there"),
        pytest.param(lambda path: path.mkdir(), "there is no estate here", id="an empty folder"),
    ],
)
def test_a_path_without_an_estate_is_refused(
    tmp_path: Path, platforms: dict[str, int], make: Callable[[Path], None], expected: str
) -> None:
    make(tmp_path / "estate")
    with pytest.raises(EstateError, match=expected):
        load([tmp_path / "estate"], platforms=platforms)


def test_a_file_of_another_kind_is_refused(tmp_path: Path, platforms: dict[str, int]) -> None:
    path = tmp_path / "stores.csv"
    path.write_text("name\n")
    with pytest.raises(EstateError, match="begin its name with 'sites' or 'devices'"):
        load([path], platforms=platforms)


def test_warnings_do_not_keep_an_estate_from_use(load_files: Load, right: dict[str, str]) -> None:
    alone = right["devices.csv"].replace(
        "hq-rtr2,hq,router,ios,17.9.4,10.0.0.2,,tacacs,hq-wan", "x,hq,r,ios,,h,,tacacs,"
    )
    abroad = right["sites.yaml"].replace("Europe/Oslo", "Europe/Paris")
    unused = right["variables.yaml"].replace("    emea:", "    emae:")
    estate = load_files({**right, "devices.csv": alone, "sites.yaml": abroad, "variables.yaml": unused})
    assert {warning.severity for warning in estate.warnings} == {Severity.WARNING}
    assert [(Path(warning.file).name, warning.line, warning.message) for warning in estate.warnings] == [
        ("devices.csv", 2, "device 'hq-rtr1': it is alone in redundancy group 'hq-wan', so nothing stands in for it"),
        ("sites.yaml", 12, "site 'store-1': the time zone 'Europe/Paris' is not one of NO"),
        ("variables.yaml", 3, "region 'emae': nothing in the estate has this region, so its variables are of no use"),
    ]
    assert estate.warnings[2].hint == "did you mean 'emea'?"


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
def test_the_garbage_collector_is_left_as_it_was(write: Write, right: dict[str, str], on: bool) -> None:
    """Also when the estate is refused."""
    before = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        with pytest.raises(EstateError):
            load([write(right)], platforms={})
        assert gc.isenabled() is on
    finally:
        (gc.enable if before else gc.disable)()
