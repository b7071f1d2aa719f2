"""A change as everybody else uses it."""

from collections.abc import Callable

import pytest

from automation.change.model import Change
from inventory.estate import Estate

Open = Callable[..., Change]
Edited = Callable[[str, str], dict[str, str]]


@pytest.mark.parametrize(
    ("platform", "names"),
    [("ios", ["NTP is synchronised", "No error"]), ("eos", ["No error"]), ("frr", ["No error"])],
)
def test_checks_are_for_their_platforms(opened: Open, platform: str, names: list[str]) -> None:
    assert [check.name for check in opened().checks_for(platform)] == names


def test_a_check_says_what_it_looks_for(opened: Open) -> None:
    [ntp, no_error] = opened().checks_for("ios")

    assert (ntp.command, ntp.matches, ntp.lacks) == ("show ntp status", "Clock is synchronized", None)
    assert (no_error.command, no_error.matches, no_error.lacks) == ("show logging", None, "%ERR")


def test_it_knows_which_templates_a_platform_reaches(opened: Open) -> None:
    change = opened()

    assert set(change.reached("ios")) == {"templates/ios.j2", "common.j2"}
    assert set(change.reached("eos")) == {"templates/eos.j2", "common.j2"}
    assert change.reached("frr") == ()


def test_it_knows_what_a_platforms_templates_read(opened: Open) -> None:
    change = opened({"templates/eos.j2": "{% include 'common.j2' %}"})

    assert change.uses("ios", "row")
    assert not change.uses("eos", "row")
    assert change.uses("eos", "noc_prefix")
    assert not change.uses("frr", "row")


def test_an_included_template_reads_for_the_one_that_includes_it(opened: Open) -> None:
    change = opened(
        {"templates/eos.j2": "{% include 'common.j2' %}", "common.j2": "ip route {{ row.vlan }} {{ row.text }}"}
    )

    assert change.uses("eos", "row")


def test_without_a_table_there_is_no_row(opened: Open, edited: Edited, estate: Estate) -> None:
    files = edited("    data: stores.csv\n", "")
    change = opened({**files, "templates/ios.j2": "ip routing\n", "templates/eos.j2": "ip routing\n"})

    added = change.variables_for(estate.device("ber-1-r1"))

    assert dict(added.row) == {}
    assert dict(added.values) == {"noc_prefix": "198.51.100.0/24"}


@pytest.mark.parametrize(
    ("path", "line"), [(("title",), 1), (("checks", "1", "lacks"), 13), (("checks", "9"), 11), (("nothing",), 0)]
)
def test_a_problem_knows_its_line(opened: Open, path: tuple[str, ...], line: int) -> None:
    problem = opened().problem(path, "is wrong", "mend it")

    assert (problem.file, problem.line, problem.message, problem.hint) == ("change.yaml", line, "is wrong", "mend it")


def test_it_does_not_print_its_files(opened: Open) -> None:
    assert "lines=" not in repr(opened())
    assert "names=" not in repr(opened())
