"""Changes before anybody is asked: written, checked, rendered, held against a live device."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from automation.change.packing import pack

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def place(make_place: Any) -> Any:
    """An installation with an inventory of two sites, and no process."""
    made = make_place(people=False)
    sites = {
        name: {"country": country, "timezone": zone, "region": "emea", "variables": {"ntp_server": "192.0.2.7"}}
        for name, country, zone in (("ber", "DE", "Europe/Berlin"), ("par", "FR", "Europe/Paris"))
    }
    devices = {
        f"{site}-{unit}": {
            "site": site,
            "role": "router",
            "platform": platform,
            "address": f"10.0.{number}.{last}",
            "credentials": "lab",
        }
        for number, site in enumerate(sites)
        for last, (unit, platform) in enumerate((("r1", "ios"), ("s1", "eos")))
    }
    estate = {"sites": sites, "devices": devices, "credentials": {"lab": {"username": "n", "password": "env:P"}}}
    (made.home / "estate" / "all.yaml").write_text(json.dumps(estate))
    return made


def test_a_starter_is_valid_where_its_sites_are(place: Any, tmp_path: Path) -> None:
    written = place("change", "new", str(tmp_path / "mine"), "--team", "netauto", "--json")
    assert written.code == 0
    assert f"{tmp_path}/mine/change.yaml" in written.json["files"]
    checked = place("change", "validate", str(tmp_path / "mine" / "change.yaml"))
    assert (checked.code, checked.err) == (0, "the change can be used\n")
    for device in ("ber-r1", "par-s1"):
        rendered = place("change", "render", str(tmp_path / "mine" / "change.yaml"), "--device", device)
        assert rendered.out.startswith("ip route 198.51.100.0")


def test_nothing_is_written_over(place: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    refused = place("change", "new", str(tmp_path))
    assert refused.code == 1
    assert f"{tmp_path} is not empty; name a folder that is not there yet" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_everything_that_is_wrong_is_told_at_once_with_its_place(place: Any) -> None:
    change = place.change("wrong", ios="ntp server {{ ntp_sever }}\n", eos="ntp server {{ 1/0 }}\n")
    change.write_text(change.read_text().replace("team: netauto", "team: net auto").replace("halt_at: 1", "halt_at: 0"))
    checked = place("change", "validate", str(change))
    assert checked.code == 1
    lines = checked.out.splitlines()
    assert len(lines) >= 4
    assert any(f"{change}:3: " in line and "team" in line for line in lines)
    assert any("strategy.halt_at '0' must be at least 1" in line for line in lines)
    assert any("ntp_sever" in line and "ios.j2:1" in line for line in lines)
    assert any("eos.j2:1" in line for line in lines)
    assert f"{len(lines)} problems" in checked.err
    told = place("change", "validate", str(change), "--json").lines
    assert {each["severity"] for each in told} == {"error"}
    assert all({"file", "line", "message", "hint"} <= set(each) for each in told)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"select": "platform=junos"}, "platform=junos alone excludes all 4 devices", id="nobody"),
        pytest.param({"select": "tier=gold,("}, "select, column", id="no selector"),
        pytest.param({"ios": "{{ ''.__class__ }}\n"}, "__class__", id="reaching for objects"),
        pytest.param({"ios": "snmp-server community s3cret RO\n"}, "secret", id="a secret"),
    ],
)
def test_bad_input(place: Any, fields: dict[str, str], says: str) -> None:
    checked = place("change", "validate", str(place.change("bad", **fields)))
    assert checked.code == 1
    assert says in checked.out
    assert "s3cret" not in checked.out + checked.err


def test_a_platform_without_a_template(place: Any) -> None:
    change = place.change("half")
    change.write_text(change.read_text().replace("config: {ios: ios.j2, eos: eos.j2}", "config: {ios: ios.j2}"))
    checked = place("change", "validate", str(change))
    assert checked.code == 1
    assert "there is no template for the platform 'eos' of 2 devices: ber-s1, par-s1" in checked.out
    assert "narrow the selector: platform in (ios,eos),platform!=eos" in checked.out


def test_rendering_is_for_files_too(place: Any) -> None:
    change = place.change("render", ios="line one\n\ttabbed {{ device.name }}\n")
    rendered = place("change", "render", str(change), "-d", "ber-r1")
    assert rendered.out == "line one\n\ttabbed ber-r1\n"
    told = place("change", "render", str(change), "-d", "ber-r1", "--json").json
    assert told == {"device": "ber-r1", "lines": ["line one", "\ttabbed ber-r1"]}


def test_rendering_says_where_a_name_was_looked_for(place: Any) -> None:
    refused = place("change", "render", str(place.change("r", ios="{{ nothing }}\n")), "-d", "ber-r1")
    assert refused.code == 1
    assert "'nothing'" in refused.err
    assert "it was looked for in change, region emea, country DE, site ber, role router, device ber-r1" in refused.err


def test_without_an_installation(place: Any, tmp_path: Path) -> None:
    change = str(place.change("alone"))
    estate = ("--estate", str(place.home / "estate"))
    assert place("change", "validate", change, *estate, WAVEGATE_HOME="").code == 0
    assert place("change", "render", change, "-d", "ber-r1", *estate, WAVEGATE_HOME="").code == 0


def test_an_engineer_s_task(place: Any, tmp_path: Path) -> None:
    (tmp_path / "banner.py").write_text(
        "from nornir.core.task import Result, Task\n\n\n"
        "def banner(task: Task) -> Result:\n"
        '    return Result(host=task.host, result=f\'ntp server {task.host.data["variables"]["ntp_server"]}\')\n'
    )
    change = place.change("task")
    change.write_text(change.read_text().replace("config: {ios: ios.j2, eos: eos.j2}", "task: banner"))
    without = place("change", "validate", str(change))
    assert without.code == 1
    assert "banner" in without.out
    given = ("--tasks", str(tmp_path))
    assert place("change", "validate", str(change), *given).code == 0
    assert place("change", "render", str(change), "-d", "ber-r1", *given).out == "ntp server 192.0.2.7\n"


class TestLive:
    """On an installation that runs."""

    def test_what_it_would_do_to_a_live_device(self, site: Any) -> None:
        device, change = site.devices[0], site.place.change("live")
        before = site.lab.running(device)
        shown = site.place("change", "diff", str(change), "--device", device)
        assert shown.code == 0, shown.err
        assert shown.out == "+ ntp server 192.0.2.7\n"
        assert shown.err == "undo: timer (in-band)\n"
        told = site.place("change", "diff", str(change), "--device", device, "--json").json
        assert (told["reached"], told["refused"], told["unsaved"]) == (False, None, "")
        assert site.lab.running(device) == before

    def test_what_it_would_not_have_to_do(self, site: Any) -> None:
        change = site.place.change("live", line="hostname {{ device.name }}\n")
        shown = site.place("change", "diff", str(change), "-d", site.devices[0])
        assert (shown.code, shown.out) == (0, "")
        assert shown.err == f"{site.devices[0]} has what the change wants\n"

    def test_what_would_be_refused(self, site: Any) -> None:
        change = site.place.change("live", line="no username netops\n")
        shown = site.place("change", "diff", str(change), "-d", "de-001-r1")
        assert shown.code == 1
        assert "it would be refused: cuts-login:" in shown.err

    def test_secrets_are_not_shown(self, site: Any) -> None:
        line = "no snmp-server community {{ ('branch', 'read') | join('-') }} RO\n"
        shown = site.place("change", "diff", str(site.place.change("live", line=line)), "-d", "de-001-r1")
        assert "branch-read" not in shown.out + shown.err

    def test_a_device_without_a_key_on_record_is_sent_nothing(self, site: Any) -> None:
        place, estate = site.place, site.place.home / "estate" / "more.yaml"
        address = f"127.{60 + os.getpid() % 9}.0.1"
        more = f"{{site: de-001, role: router, platform: ios, address: {address}, credentials: lab}}"
        estate.write_text(f"devices:\n  de-001-r9: {more}\n")
        refused = place("change", "diff", str(place.change("live")), "-d", "de-001-r9")
        estate.unlink()
        assert refused.code == 1
        assert "de-001-r9" in refused.err
        assert "no key" in refused.err or "host key" in refused.err

    def test_submitting_makes_the_change_known_under_its_digest(self, site: Any) -> None:
        change = site.place.change("submit")
        submitted = site.place("change", "submit", str(change), by="ed")
        assert submitted.code == 0
        identity = pack(change).id
        assert "ed of team netauto submitted “An NTP server for everybody” (ticket NET-7" in submitted.out
        assert f"wavegate rollout request {identity}" in submitted.out

    @pytest.mark.parametrize(
        ("by", "says"),
        [("olga", "refused (not-allowed): SubmitChange is for"), ("ada", "refused (not-allowed): SubmitChange is for")],
    )
    def test_who_may_not_submit(self, site: Any, by: str, says: str) -> None:
        refused = site.place("change", "submit", str(site.place.change("submit")), by=by)
        assert refused.code == 1
        assert says in refused.err

    def test_another_team_s_change(self, site: Any) -> None:
        change = site.place.change("theirs")
        change.write_text(change.read_text().replace("team: netauto", "team: storage"))
        refused = site.place("change", "submit", str(change), by="ed")
        assert refused.code == 1
        assert "refused (wrong-team): the change is team storage's, ed is of netauto" in refused.err


BAD = {
    "a selector with no match": ({"select": "platform=junos"}, "platform=junos alone excludes all"),
    "an undefined variable": ({"ios": "ntp server {{ ntp_sever }}\n"}, "'ntp_sever' is not defined"),
    "a template that reaches for objects": ({"eos": "{{ ''.__class__ }}\n"}, "__class__"),
    "a template that loops for ever": ({"ios": "{% for i in range(10**9) %}x{% endfor %}\n"}, "ios.j2:1"),
}


@pytest.mark.parametrize(("fields", "says"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("command", [("change", "submit"), ("rollout", "request")], ids=["submit", "request"])
def test_what_is_wrong_is_told_before_anything_is_sent(
    asking: Any, command: tuple[str, str], fields: dict[str, str], says: str
) -> None:
    refused = asking(*command, str(asking.change("bad", **fields)), "--within", "0.1", by="ed")
    assert refused.code == 1
    assert says in refused.err
    assert "1 problem: nothing was sent. Mend the change, or send it all the same with --unchecked" in refused.err
    assert refused.out == ""


def test_everything_that_is_wrong_is_told_at_once_when_it_is_submitted(asking: Any) -> None:
    change = asking.change("both", ios="{{ one }}\n", eos="{{ two }}\n")
    refused = asking("change", "submit", str(change), "--json", by="ed")
    assert refused.code == 1
    assert [problem["line"] for problem in refused.json["problems"]] == [1, 1]
    assert "2 problems: nothing was sent." in refused.err


@pytest.mark.parametrize("command", [("change", "submit"), ("rollout", "request")], ids=["submit", "request"])
def test_it_is_sent_unchecked_where_somebody_says_so(asking: Any, command: tuple[str, str]) -> None:
    change = asking.change("all the same", ios="{{ nothing }}\n")
    # Nobody is there to decide, so that it was sent is all there is to see.
    sent = asking(*command, str(change), "--unchecked", "--within", "0.1", by="ed")
    assert sent.code == 3
    assert "nobody decided about command" in sent.err


def test_an_inventory_that_is_broken_is_told_for_what_it_is(asking: Any) -> None:
    estate = asking.home / "estate" / "all.yaml"
    before = estate.read_text()
    estate.write_text("sites: [")
    refused = asking("change", "submit", str(asking.change("fine")), by="ed")
    estate.write_text(before)
    assert refused.code == 1
    assert "the change cannot be checked: the estate cannot be used" in refused.err
    assert "Mend the inventory, or send it all the same with --unchecked" in refused.err


def test_without_an_inventory_it_is_sent_and_said_to_be_unchecked(make_place: Any) -> None:
    place = make_place()
    sent = place("change", "submit", str(place.change("alone")), "--within", "0.1", by="ed")
    assert sent.code == 3
    assert "the change is not checked against an inventory: there is none here" in sent.err


@pytest.fixture(scope="module")
def asking(place: Any, make_place: Any) -> Any:
    """An installation with people and that inventory, and no process."""
    made = make_place()
    (made.home / "estate" / "all.yaml").write_text((place.home / "estate" / "all.yaml").read_text())
    return made
