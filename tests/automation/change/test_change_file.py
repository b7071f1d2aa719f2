"""Everything that can be wrong in a change file, with its line and what to do about it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from automation.change.errors import ChangeError
from automation.change.model import Change
from automation.change.packing import pack
from inventory.problems import Problem

Problems = Callable[[dict[str, str]], list[Problem]]
Edited = Callable[[str, str], dict[str, str]]


def test_a_right_change_is_understood(opened: Callable[..., Change]) -> None:
    change = opened()

    assert change.id.startswith("sha256:")
    assert (change.title, change.ticket, change.team) == (
        "Management ACL with the NOC's new prefix",
        "NET-4711",
        "netauto",
    )
    assert change.select == "role=router,region=emea"
    assert change.mode == "merge"
    assert change.platforms == ("eos", "ios")
    assert change.task is None
    assert change.checks_within == timedelta(seconds=30)
    assert change.checks_hold == timedelta(seconds=5)
    assert [check.name for check in change.checks_for("ios")] == ["NTP is synchronised", "No error"]
    assert [check.lacks for check in change.checks_for("eos")] == ["%ERR"]
    assert change.strategy.model_dump() == {
        "canary": 2,
        "waves": ("10%", "25%", "50%"),
        "max_in_flight": 50,
        "max_unhealthy": 20,
        "halt_at": 1,
        "bake_s": 300.0,
    }
    assert [(wanted.area, wanted.count) for wanted in change.approvals] == [("network-ops", 1)]
    assert change.variables == {"noc_prefix": "198.51.100.0/24"}
    assert not change.notes


def test_what_is_left_out_has_a_sensible_default(opened: Callable[..., Change]) -> None:
    change = opened(
        {
            "change.yaml": """\
                title: t
                ticket: T-1
                team: a
                select: "*"
                config: {ios: i.j2}
                approvals: [{area: b}]
                """,
            "i.j2": "ip routing\n",
        }
    )

    assert (change.checks_within, change.checks_hold) == (timedelta(seconds=60), timedelta(0))
    assert change.checks_for("ios") == ()
    assert change.strategy.waves == ("10%", "25%", "50%")
    assert change.approvals[0].count == 1
    assert change.table is None


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "hint"),
    [
        ("title: M", "titel: M", 1, "there is no field 'titel'", "did you mean 'title'?"),
        ("    ticket: NET-4711\n", "", 0, "ticket is missing", ""),
        ("ticket: NET-4711", "ticket:", 0, "ticket is missing", ""),
        ("ticket: NET-4711", "ticket: [a]", 2, "ticket (a list) must be text", ""),
        ("team: netauto", "team: net auto", 3, "team 'net auto' must be 1 to 63 letters", None),
        ("select: role=router,region=emea", "select: role router", 4, "select, column 6: after 'role' belongs", None),
        ("select: role=router,region=emea", "select: ''", 4, "select, column 1: a selector must not be empty", None),
        ("ios: templates/ios.j2", "ios: ../ios.j2", 6, "config.ios '../ios.j2' must be a path below the change", ""),
        ("ios: templates/ios.j2", "ios: /etc/passwd", 6, "config.ios '/etc/passwd' must be a path below", ""),
        ("ios: templates/ios.j2", "ios: templates/.ios.j2", 6, "config.ios 'templates/.ios.j2' must be a path", ""),
        ("ios: templates/ios.j2", "ios: change.yaml", 6, "'change.yaml' has another meaning in a change", None),
        ("ios: templates/ios.j2", "ios: templates", 6, "'templates' is not a regular file", ""),
        ("ios: templates/ios.j2", "ios: ios.j2", 6, "there is no file 'ios.j2'",
         "there is 'templates/ios.j2': paths are relative to the change file's folder"),
        ("ios: templates/ios.j2", "ios: templates/iso.j2", 6, "there is no file 'templates/iso.j2'",
         "did you mean 'templates/ios.j2'?"),
        ("    config:\n      ios: templates/ios.j2\n      eos: templates/eos.j2\n", "", 0,
         "there is neither config nor task", "config names a template for each platform"),
        ("data: stores.csv", "task: mgmt_acl", 8, "the lines come from config or from task, and both are here",
         "remove one of them"),
        ("data: stores.csv", "data: stores.cvs", 8, "there is no file 'stores.cvs'", "did you mean 'stores.csv'?"),
        ("data: stores.csv", "mode: replaced", 8, "mode 'replaced' must be merge or replace", ""),
        ("noc_prefix:", "noc-prefix:", 10, "variables.noc-prefix must be a name: letters, digits", ""),
        ("noc_prefix:", "device:", 10, "'device' cannot be the name of a variable", None),
        ("198.51.100.0/24", "{password: hunter2}", 10, "a secret is written out in noc_prefix.password", None),
        ("198.51.100.0/24", "env:NOC", 10, "noc_prefix is a reference to a secret (env:NOC)", None),
        ("matches: Clock", "match: Clock", 12, "there is no field 'checks.0.match'", "did you mean 'matches'?"),
        ("matches: Clock is synchronized", "matches: '('", 12, "checks.0.matches '(' must be a regular expression", ""),
        ("matches: Clock is synchronized", "matches: (a+)+", 12, "matches of check 'NTP is synchronised' repeat", None),
        (", matches: Clock is synchronized", "", 12, "the check 'NTP is synchronised' looks for nothing", None),
        ("platforms: [ios]", "platforms: [frr]", 12, "check 'NTP is synchronised' is for 'frr', for which", None),
        ("show ntp status", "reload", 12, "the command of check 'NTP is synchronised' begins with 'reload'", ""),
        ("show ntp status", "show run | redirect flash:x", 12, "the command of check 'NTP is synchronised' sends", ""),
        ("name: No error", "name: NTP is synchronised", 12, "several checks are called 'NTP is synchronised'", None),
        ("checks_within: 30s", "checks_within: 30", 14, "checks_within '30' must be a time span such as 500ms", ""),
        ("checks_within: 30s", "checks_within: 2h", 14, "checks_within must lie between 1s and 1h", ""),
        ("checks_within: 30s", "checks_within: 500ms", 14, "checks_within must lie between 1s and 1h", ""),
        ("checks_hold: 5s", "checks_hold: 30s", 15, "checks_hold must be shorter than checks_within", ""),
        ("canary: 2", "canary: 0", 16, "strategy.canary '0' must be at least 1", ""),
        ("canary: 2", "canaries: 2", 16, "there is no field 'strategy.canaries'", "did you mean 'canary'?"),
        ("canary: 2", "canary: two", 16, "strategy.canary 'two' must be a whole number", ""),
        ("[10%, 25%, 50%]", "[0%]", 16, "strategy.waves.0 '0%' must be a number of sites, at least 1, or a share", ""),
        ("[10%, 25%, 50%]", "[101%]", 16, "strategy.waves.0 '101%' must be a number of sites", ""),
        ("[10%, 25%, 50%]", "[10, 0]", 16, "strategy.waves.1 '0' must be a number of sites", ""),
        ("[10%, 25%, 50%]", "[]", 16, "strategy.waves (a list) must have at least 1", ""),
        ("[10%, 25%, 50%]", "50%", 16, "strategy.waves '50%' must be a list", ""),
        ("[10%, 25%, 50%]", "[10, 20]", 16, "1000000 sites would make more than 40 waves", None),
        ("[10%, 25%, 50%]", "[50%, 1%]", 16, "sites would make more than 40 waves", None),
        ("max_in_flight: 50", "max_in_flight: 9999", 16, "strategy.max_in_flight '9999' must be at most 5000", ""),
        ("halt_at: 1", "halt_at: 21", 16, "halt_at 21 is never reached: max_unhealthy 20 stops it before", None),
        ("bake: 5m", "bake: 5 minutes", 16, "strategy.bake '5 minutes' must be a time span", ""),
        ("bake: 5m", "bake: 169h", 16, "strategy.bake must be at most 168h", ""),
        ("count: 1", "count: 0", 17, "approvals.0.count '0' must be at least 1", ""),
        ("[{area: network-ops, count: 1}]", "[]", 17, "approvals (a list) must have at least 1", ""),
        ("[{area: network-ops, count: 1}]", "[{area: a}, {area: a}]", 17, "the area 'a' stands here twice", None),
        ("[{area: network-ops, count: 1}]", "network-ops", 17, "approvals 'network-ops' must be a list", ""),
        ("team: netauto", "team: netauto\n    team: other", 4, "'team' stands here twice", "the first is on line 3"),
        ("team: netauto", "<<: {a: b}\n    team: netauto", 3, "merge keys (<<) are not read", None),
        ("team: netauto", "team: !!python/name:os.system x", 3, "tags such as", None),
        ("team: netauto", "team: 'netauto", 18, "the YAML is broken: found unexpected end", ""),
    ],
)  # fmt: skip
def test_tells_what_is_wrong(
    problems: Problems, edited: Edited, old: str, new: str, line: int, message: str, hint: str | None
) -> None:
    found = [problem for problem in problems(edited(old, new)) if problem.line == line and message in problem.message]

    assert found, problems(edited(old, new))
    assert found[0].file == "change.yaml"
    assert hint is None or found[0].hint == hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# nothing but a comment\n", "the file is empty"),
        ("- a\n- b\n", "a change is a map of fields: title, ticket, team and so on"),
        ("title: a\n---\ntitle: b\n", "a second document begins here"),
        ("a: &x [1]\nb: " + "[" * 40 + "\n", "maps and lists are nested more than 24 deep"),
    ],
    ids=["empty", "list", "two documents", "deep"],
)
def test_refuses_what_is_no_change_file(problems: Problems, text: str, message: str) -> None:
    assert message in [problem.message for problem in problems({"change.yaml": text})]


def test_tells_everything_at_once(problems: Problems, edited: Edited) -> None:
    # given a mistake in the file, one in a rule, one in a template, one in the table
    files = {
        **edited("halt_at: 1", "halt_at: 50"),
        "templates/ios.j2": "{{ row.vlan | uper }}",
        "stores.csv": "site,vlan,text\nber-1,10\n",
    }
    files["change.yaml"] = files["change.yaml"].replace("team: netauto", "team: net auto\n    colour: red")

    found = [f"{problem.file}:{problem.line}" for problem in problems(files)]

    assert found == ["change.yaml:3", "change.yaml:4", "change.yaml:17", "stores.csv:2", "templates/ios.j2:1"]


def test_a_wrong_field_is_not_judged_a_second_time(problems: Problems, edited: Edited) -> None:
    # the rules look at what is right, not at what stands in for what is wrong
    found = problems(edited("      ios: templates/ios.j2\n", "      ios: [a]\n"))

    assert [problem.message for problem in found] == ["config.ios (a list) must be text"]


def test_a_file_that_is_no_text_is_refused(write: Callable[..., Path]) -> None:
    path = write({})
    path.write_bytes(b"title: \xff\n")

    with pytest.raises(ChangeError, match=r"change\.yaml: this is not UTF-8 text; save it as UTF-8"):
        pack(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChangeError, match=r"change\.yaml: 'change\.yaml' is not a regular file"):
        pack(tmp_path / "change.yaml")
