"""A change held against an estate: everything that would go wrong, told once."""

from collections.abc import Callable, Mapping

import pytest

from automation.change.errors import ChangeError
from automation.change.model import Change
from automation.change.starter import starter
from automation.change.validation import validate
from automation.errors import AutomationError
from automation.platforms.contract import Platform
from inventory.estate import Estate
from inventory.model import Device, Site

Open = Callable[..., Change]
Edited = Callable[[str, str], dict[str, str]]
Validated = Callable[[dict[str, str]], list[str]]


@pytest.fixture
def validated(opened: Open, estate: Estate, platforms: Mapping[str, Platform]) -> Validated:
    """Everything that is said about the right files with others over them."""
    return lambda files: [f"{problem.severity}: {problem}" for problem in validate(opened(files), estate, platforms)]


def test_nothing_is_wrong_with_a_right_change(validated: Validated) -> None:
    assert validated({}) == []


def test_devices_without_a_template_are_named(validated: Validated, edited: Edited) -> None:
    assert validated(edited("select: role=router,region=emea", "select: role=router")) == [
        (
            "error: change.yaml:5: there is no template for the platform 'frr' of 1 device: nyc-1-r1; "
            "add it to config, or narrow the selector: role=router,platform!=frr"
        )
    ]


def test_a_selector_that_means_nothing_is_refused(validated: Validated, edited: Edited) -> None:
    found = validated(edited("region=emea", "region=apac"))

    assert found == [
        (
            "error: change.yaml:4: no device matches role=router,region=apac: region=apac alone excludes all 5 "
            "devices; a change is for one device at least"
        )
    ]


def test_a_selector_with_a_slip_is_refused(validated: Validated, edited: Edited) -> None:
    found = validated(edited("region=emea", "regoin=emea"))

    assert found[0].startswith(
        "error: change.yaml:4: select, column 13: no device has an attribute or a label 'regoin'"
    )


def test_a_value_that_no_device_has_is_noted(validated: Validated, edited: Edited) -> None:
    found = validated(edited("role=router", "role in (router,ruoter)"))

    assert found[0].startswith("warning: change.yaml:4: in role in (router,ruoter), no device has role ruoter")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ios: templates/ios.j2", "isos: templates/ios.j2",
         "error: change.yaml:6: there is no platform 'isos'; did you mean 'ios'?"),
        ("data: stores.csv", "data: stores.csv\n    mode: replace",
         "error: change.yaml:9: the whole configuration of 'ios' cannot be replaced; use merge; replace is for eos"),
    ],
    ids=["unknown", "cannot replace"],
)  # fmt: skip
def test_platforms_are_checked(validated: Validated, edited: Edited, old: str, new: str, expected: str) -> None:
    files = edited(old, new)
    files["change.yaml"] = files["change.yaml"].replace("platforms: [ios], ", "")

    assert expected in validated(files)


def test_sites_without_a_row_are_listed(validated: Validated) -> None:
    assert validated({"stores.csv": "site,vlan,text\nnyc-1,1,x\n"}) == [
        (
            "error: stores.csv: there is no row for 2 sites: ber-1, osl-1; "
            "3 devices of the selection cannot be rendered without"
        )
    ]


def test_no_row_is_needed_where_none_is_read(validated: Validated) -> None:
    files = {"stores.csv": "site,vlan,text\nosl-1,1,x\n", "templates/eos.j2": "{% include 'common.j2' %}"}

    assert validated(files) == [
        "error: stores.csv: there is no row for 1 site: ber-1; 1 device of the selection cannot be rendered without"
    ]


def test_rows_for_unknown_sites_are_noted(validated: Validated) -> None:
    rows = "site,vlan,text\nber-1,1,x\nosl-1,2,y\nosl-2,3,z\n"

    assert validated({"stores.csv": rows}) == [
        "warning: stores.csv:4: the estate has no site 'osl-2'; did you mean 'osl-1'?"
    ]


def test_the_same_problem_of_many_devices_is_told_once(validated: Validated) -> None:
    found = validated({"templates/ios.j2": "ntp {{ ntpp }} {{ row.vlan }} {{ row.text }}"})

    assert found == [
        (
            "error: templates/ios.j2:1: 'ntpp' is not defined, in: ntp {{ ntpp }} {{ row.vlan }} {{ row.text }} "
            "(2 devices: ber-1-r1, osl-1-r1); did you mean 'ntp'? it was looked for in change, region emea, "
            "country DE, site ber-1, role router, device ber-1-r1"
        )
    ]


def test_a_devices_own_values_are_an_example(validated: Validated) -> None:
    files = {"stores.csv": "site,vlan,text\nber-1,1O,x\nosl-1,2O,y\n", "templates/ios.j2": "vlan {{ row.vlan | int }}"}

    expected = (
        "error: templates/ios.j2:1: this is not a whole number, in: vlan {{ row.vlan | int }} "
        "(2 devices: ber-1-r1, osl-1-r1, on ber-1-r1 it is '1O'); give the filter a default, or mend the value"
    )
    assert expected in validated(files)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("! nothing but a comment\n", "no line is left for the device"),
        ("{% if device.name == 'x' %}ip routing\n{% endif %}", "no line is left for the device"),
        ("default interface Vlan1\n", "what a line would do depends on the device"),
        ("do reload\n", "a line is a command and no configuration"),
        ("interface Vlan1\n do write erase\n", "a line is a command and no configuration"),
        ("ntp authentication-key 1 md5 {{ 'x' ~ 'y' }}\n", "a line sets a secret, which would go into the log"),
        ("ip access-list extended A\n no 10 permit ip any any\n", "what a line would do depends on the device"),
    ],
)
def test_lines_are_read_as_the_device_would(validated: Validated, lines: str, message: str) -> None:
    both = {"templates/ios.j2": lines, "templates/eos.j2": "{% include 'common.j2' %}", "stores.csv": "site,vlan\n"}

    found = [text for text in validated(both) if not text.startswith("warning")]

    assert len(found) == 1
    assert found[0].startswith(f"error: templates/ios.j2: {message}")
    assert "(2 devices: ber-1-r1, osl-1-r1" in found[0]


def test_text_of_a_persons_own_is_no_command(validated: Validated) -> None:
    banner = (
        "banner motd ^C\ndo not enter\nwrite to the NOC\n^C\n{% include 'common.j2' %}! {{ row.vlan }} {{ row.text }}\n"
    )

    assert validated({"templates/ios.j2": banner}) == []


def test_many_devices_are_counted(
    opened: Open, edited: Edited, estate: Estate, platforms: Mapping[str, Platform]
) -> None:
    # given 300 routers of one site
    site = estate.sites["ber-1"]
    devices = [
        Device(name=f"r{n:03}", site="ber-1", role="router", platform="ios", address=f"r{n}", credentials="tacacs")
        for n in range(300)
    ]
    large = Estate.of(sites=[site, *estate.sites.values()], devices=devices)
    change = opened(
        {**edited("role=router,region=emea", "role=router"), "templates/ios.j2": "{{ nope }}{{ row.vlan }}"}
    )

    found = [problem.message for problem in validate(change, large, platforms) if "nope" in problem.message]

    assert found == [
        "'nope' is not defined, in: {{ nope }}{{ row.vlan }} (300 devices: r000, r001, r002, r003, r004 and 295 more)"
    ]


def test_everything_is_told_at_once(validated: Validated, edited: Edited) -> None:
    files = {
        **edited("select: role=router,region=emea", "select: role=router"),
        "templates/ios.j2": "{{ nope }}{{ row.vlan }}{{ row.text }}",
        "templates/eos.j2": "default interface Vlan1\n",
        "stores.csv": "site,vlan,text\nber-1,1,x\nparis,2,y\n",
    }
    files["change.yaml"] = files["change.yaml"].replace("      noc_prefix: 198.51.100.0/24\n", "      spare: x\n")

    places = [text.split(": ")[1] for text in validated(files)]

    assert places == [
        "change.yaml:5",
        "change.yaml:10",
        "stores.csv",
        "stores.csv:3",
        "templates/eos.j2",
        "templates/ios.j2:1",
    ]


def test_a_task_gives_the_lines_by_a_function_of_the_callers(
    opened: Open, edited: Edited, estate: Estate, platforms: Mapping[str, Platform]
) -> None:
    # given a change like one with a task: nobody knows what it reads, and what it says is what its function says
    class NoLinesError(AutomationError):
        pass

    def run(_change: Change, _estate: Estate, device: Device) -> str:
        if device.name == "ber-1-r1":
            raise NoLinesError("the task 'acl' failed on ber-1-r1: KeyError: 'x'")
        return "ip routing\n"

    found = validate(opened(), estate, platforms, render=run)

    assert [str(problem) for problem in found] == [
        (
            "change.yaml: the task gives no lines (1 device: ber-1-r1, on ber-1-r1 the task 'acl' failed on ber-1-r1: "
            "KeyError: 'x')"
        )
    ]


@pytest.mark.parametrize("names", [("ios",), ("eos",), ("frr",), ("eos", "frr", "ios")])
def test_the_starter_is_valid(
    write: Callable[[dict[str, str]], object],
    opened: Open,
    estate: Estate,
    platforms: Mapping[str, Platform],
    names: tuple[str, ...],
) -> None:
    files = starter(names, sites=list(estate.sites), team="netauto")

    change = opened(files)

    assert sorted(files) == ["change.yaml", "data.csv", *(f"templates/{name}.j2" for name in names)]
    assert change.platforms == names
    assert validate(change, estate, platforms) == ()


def test_the_starters_sites_are_an_example(opened: Open, platforms: Mapping[str, Platform]) -> None:
    sites = [Site(name=name, country="DE", timezone="Europe/Berlin", region="emea") for name in ("site-1", "site-2")]
    devices = [
        Device(name=f"{site.name}-r", site=site.name, role="router", platform="ios", address=f"h{n}", credentials="c")
        for n, site in enumerate(sites)
    ]

    assert validate(opened(starter(["ios"])), Estate.of(sites=sites, devices=devices), platforms) == ()


def test_many_problems_are_cut_in_the_message(write: Callable[[dict[str, str]], object], opened: Open) -> None:
    rows = "".join(f"x{n}\n" for n in range(80))

    with pytest.raises(ChangeError) as caught:
        opened({"stores.csv": f"site,vlan\n{rows}"})

    assert len(caught.value.problems) == 80
    assert str(caught.value).startswith("the change cannot be used: 80 problems\n")
    assert str(caught.value).endswith("... and 30 more")
