"""What happened, and who did what, when and why."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.home import open_home
from console.views import Filter
from events.log.contract import Partition, Topic

pytestmark = pytest.mark.timeout(300)

DEVICE = "de-001-r1"
FACTS = Partition(Topic.FACTS, 0)


@pytest.fixture(scope="module")
def story(site: Any) -> str:
    """A rollout that went out to one site and was rolled back; gives its id."""
    rollout = str(site.request(site.place.change("story", select="site=de-001"), "ed", "-r", "the old one retires"))
    assert site.approve(rollout, "--note", "go").code == 0
    assert site.watch(rollout).code == 0
    assert site.place("rollout", "rollback", rollout, "-r", "it was the wrong one", "--yes", by="olga").code == 0
    assert site.watch(rollout).code == 1
    return rollout


def test_every_fact_is_there_once_in_order(site: Any, story: str) -> None:
    lines = site.place("log", "--last", "0", "--json").lines
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert lines[0]["type"] == "ControlNoted"
    assert len(site.place("log", "--last", "0").out.splitlines()) == len(lines)


def test_a_fact_as_machines_see_it(site: Any, story: str) -> None:
    line = site.place("log", "--rollout", story, "--type", "PlanApproved", "--json").lines[0]
    assert {"seq", "at", "by", "cause", "type", "sentence", "data", "rollout", "device", "site", "change"} == set(line)
    assert (line["by"], line["rollout"], line["device"]) == ("olga", story, None)
    assert line["cause"].startswith("command:c-")
    assert datetime.fromisoformat(line["at"]).tzinfo == UTC
    assert line["data"]["note"] == "go"


@pytest.mark.parametrize(
    ("option", "holds"),
    [
        pytest.param(("--device", DEVICE), lambda line: line["device"] == DEVICE, id="a device"),
        pytest.param(("--site", "de-001"), lambda line: line["site"] == "de-001", id="a site"),
        pytest.param(("--by", "olga"), lambda line: line["by"] == "olga", id="a person"),
        pytest.param(("--type", "DeviceVerified"), lambda line: line["type"] == "DeviceVerified", id="a type"),
        pytest.param(
            ("--type", "WaveStarted", "--type", "BakeStarted"),
            lambda line: line["type"] in {"WaveStarted", "BakeStarted"},
            id="two types",
        ),
        pytest.param(
            ("--by", "olga", "--type", "PlanApproved"), lambda line: line["type"] == "PlanApproved", id="both"
        ),
    ],
)
def test_filters(site: Any, story: str, option: tuple[str, ...], holds: Any) -> None:
    every = site.place("log", "--last", "0", "--json").lines
    found = site.place("log", *option, "--last", "0", "--json").lines
    assert found
    assert all(holds(line) for line in found)
    if len(option) == 2:
        assert [line["seq"] for line in found] == [line["seq"] for line in every if holds(line)]


def test_the_last_ones(site: Any, story: str) -> None:
    every = site.place("log", "--last", "0", "--json").lines
    assert site.place("log", "--last", "3", "--json").lines == every[-3:]


def test_since_when(site: Any, story: str) -> None:
    assert site.place("log", "--since", "1h", "--last", "0", "--json").lines
    assert site.place("log", "--since", "2100-01-01", "--json").out == ""
    refused = site.place("log", "--since", "yesterday")
    assert refused.code == 2
    assert "'yesterday' is no time" in refused.err


def test_a_slip_in_a_type(site: Any, story: str) -> None:
    refused = site.place("log", "--type", "PlanAproved")
    assert refused.code == 2
    assert "there is no type of fact 'PlanAproved'; did you mean 'PlanApproved'?" in refused.err


def test_following_goes_on_with_what_happens(site: Any, story: str) -> None:
    process = site.place.popen("log", "--follow", "--last", "1", "--type", "ChangeSubmitted")
    assert process.stdout
    process.stdout.readline()
    submitted = site.place("change", "submit", str(site.place.change("followed", title="Followed")), by="ed")
    assert submitted.code == 0
    assert "submitted “Followed”" in process.stdout.readline()


def test_the_views_hold_every_fact_as_it_is_in_the_log(site: Any, story: str) -> None:
    home = open_home(site.place.home)
    with home.log() as log, home.views() as views:
        told = views.timeline(Filter())
        reader = log.reader({FACTS: 0})
        end, kept = reader.end(FACTS), []
        while reader.position(FACTS) < end:
            kept += [stored.value.decode() for stored in reader.poll(timedelta(milliseconds=50))]
    assert [happening.content for happening in told] == kept


@pytest.mark.usefixtures("story")
class TestAudit:
    """Complete sentences, with tickets, approvals and causes."""

    def test_of_a_device(self, site: Any, story: str) -> None:
        told = site.place("audit", "--device", DEVICE)
        assert told.code == 0
        section = next(part for part in told.out.split("\n\n") if story in part)
        heading, *lines = section.strip().splitlines()
        assert heading.startswith(f"Rollout {story}: “An NTP server for everybody”, ticket NET-7, sha256:")
        assert heading.endswith("team netauto, by ed; rolled_back")
        sentences = [line[24:] for line in lines]
        expected = [
            "ed of team netauto submitted",
            "ed asked to roll out “An NTP server for everybody” (ticket NET-7",
            "The workers were given the order to read de-001-r1",
            "read de-001-r1: 1 line to add and 0 lines to remove, undone by timer.",
            "The plan was sealed: sha256:",
            "olga approved plan sha256:",
            "The workers were given the order to change de-001-r1",
            "went to de-001-r1 to change it",
            "is about to write to de-001-r1; its timer undoes it unless it is confirmed.",
            "changed de-001-r1 and read back that it is saved",
            "It is completed: every device of every wave is decided.",
            "olga had all that it changed brought back: it was the wrong one.",
            "The workers were given the order to bring back de-001-r1",
            "brought de-001-r1 back",
            "All that it had changed is undone.",
        ]
        place = 0
        for sentence in expected:
            place = next(n for n in range(place, len(sentences)) if sentence in sentences[n]) + 1
        assert all(re.match(r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  \S", line) for line in lines)
        assert "to 2 devices as" in section
        assert ": the old one retires." in section

    def test_it_begins_outside_of_rollouts_with_its_host_keys(self, site: Any) -> None:
        first = site.place("audit", "--device", DEVICE).out.split("\n\n")[0]
        assert first.startswith("Outside of rollouts\n")
        assert "olga recorded 1 host key of de-001-r1: from " in first

    def test_of_a_site(self, site: Any) -> None:
        told = site.place("audit", "--site", "de-001").out
        assert "changed de-001-r1 and read back" in told
        assert "changed de-001-s1 and read back" in told
        assert "fr-002" not in told

    def test_of_a_person(self, site: Any) -> None:
        told = site.place("audit", "--person", "olga").out
        assert "olga approved plan" in told
        assert "olga had all that it changed brought back" in told
        assert "ed asked" not in told

    def test_of_a_change(self, site: Any, story: str) -> None:
        change = site.show(story)["rollout"]["change"]
        told = site.place("audit", "--change", change[:19]).out
        assert "ed of team netauto submitted" in told
        assert f"Rollout {story}: " in told
        assert "olga approved plan" in told

    def test_of_a_rollout(self, site: Any, story: str) -> None:
        told = site.place("audit", "--rollout", story[:5]).out
        assert "changed de-001-s1 and read back" in told
        assert "ed of team netauto submitted" in told

    def test_as_machines_see_it(self, site: Any, story: str) -> None:
        lines = site.place("audit", "--rollout", story, "--json").lines
        assert {line["ticket"] for line in lines} == {"NET-7"}
        assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
        assert all({"by", "at", "cause", "sentence", "data", "rollout", "device"} <= set(line) for line in lines)

    @pytest.mark.parametrize("options", [(), ("--device", "x", "--site", "y")], ids=["nothing", "two things"])
    def test_of_what(self, site: Any, options: tuple[str, ...]) -> None:
        refused = site.place("audit", *options)
        assert refused.code == 2
        assert "the story of what? One of --device, --site, --person, --change, --rollout" in refused.err

    @pytest.mark.parametrize("option", ["--device", "--site", "--person"])
    def test_of_what_nothing_is_known_of(self, site: Any, option: str) -> None:
        told = site.place("audit", option, "nobody")
        assert (told.code, told.out, told.err) == (0, "", "nothing is recorded about nobody\n")

    def test_of_a_device_nothing_is_known_of(self, site: Any) -> None:
        told = site.place("device", "history", "nobody")
        assert (told.code, told.out, told.err) == (0, "", "nothing is recorded about nobody\n")
