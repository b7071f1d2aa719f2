"""Agreeing to a plan: to the one that was shown, for an area of one's own, with what is special about it in view."""

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def planned(site: Any) -> str:
    """A rollout that waits for an approval."""
    site.place.add("uwe", "--area", "unix-ops", team="unix", role="operator")
    return str(site.request(site.place.change("approving")))


@pytest.mark.parametrize(
    ("by", "options", "code", "says"),
    [
        pytest.param("olga", (), 2, "standard input is no terminal", id="without --yes"),
        pytest.param("uwe", ("--yes",), 2, "needs network-ops, yours are unix-ops", id="no area of theirs"),
        pytest.param("uwe", ("--yes", "--area", "network-ops"), 1, "refused (wrong-area)", id="somebody else's area"),
        pytest.param("olga", ("--yes", "--area", "unix-ops"), 1, "refused (wrong-area)", id="an area that has no say"),
        pytest.param("ed", ("--yes", "--area", "network-ops"), 1, "refused (not-allowed)", id="an engineer"),
        pytest.param("olga", ("--yes", "--until", "soon"), 2, "'soon' is no time", id="no time"),
        pytest.param("olga", ("--yes", "--until", "60d"), 1, "refused (bad-until)", id="for too long"),
        pytest.param("olga", ("--yes", "--until", "2020-01-01"), 1, "refused (bad-until)", id="in the past"),
        pytest.param(
            "olga",
            ("--yes", "--accept-no-undo", "de-001-r1"),
            2,
            "these have an undo, or are not in the plan",
            id="an undo that is there",
        ),
    ],
)
def test_what_is_no_approval(site: Any, planned: str, by: str, options: tuple[str, ...], code: int, says: str) -> None:
    refused = site.place("rollout", "approve", planned, *options, by=by)
    assert refused.code == code
    assert says in refused.err
    assert site.state(planned) == "awaiting_approval"


def test_what_is_confirmed_says_how_far_it_reaches(site: Any, planned: str) -> None:
    asked = site.place("rollout", "approve", planned, by="olga").err
    plan = site.show(planned)["rollout"]["plan"]
    assert f"Plan {plan}" in asked
    assert "6 devices at 3 sites in DE, FR, GB, regions emea; waves of" in asked
    assert "undone by: timer 6" in asked
    assert "needs: 1 of network-ops" in asked
    assert "You approve this plan for network-ops until" in asked


def test_of_two_plans_the_one_that_was_shown_is_signed(site: Any, planned: str) -> None:
    given = site.approve(planned, "--note", "looks good", "--until", "2h", "--json")
    assert given.code == 0
    told = given.json["facts"][0]["data"]
    assert told["plan"] == site.show(planned)["rollout"]["plan"]
    assert told["note"] == "looks good"
    site.watch(planned)
    site.place("rollout", "rollback", planned, "-r", "tidy", "--yes", by="olga")
    site.watch(planned)


def test_a_plan_with_lines_of_others_says_so(site: Any) -> None:
    # Given a device on which somebody left a line unsaved
    place = site.place
    site.lab.edit("fr-002-r1", ["ip name-server 192.0.2.53"])
    assert site.lab.running("fr-002-r1") != site.lab.startup("fr-002-r1")
    rollout = site.request(place.change("unsaved", select="name=fr-002-r1"))
    # When its plan is looked at, and approved without a word about that
    assert "UNSAVED lines of others on fr-002-r1; see --save-foreign" in place("rollout", "plan", rollout).out
    assert place("rollout", "plan", rollout, "--json").json["unsaved"] == [{"device": "fr-002-r1", "lines": 1}]
    approved = site.approve(rollout)
    # Then it is said what that leads to, and it does
    assert "fr-002-r1 will be refused: lines of others are unsaved (--save-foreign)" in approved.err
    site.watch(rollout)
    assert site.show(rollout)["failures"][0]["cause"] == "foreign-unsaved"
    assert "192.0.2.7" not in site.lab.running("fr-002-r1")
    # When they are to be saved along, it goes out
    again = site.request(place.change("unsaved", select="name=fr-002-r1"))
    assert "will be refused" not in site.approve(again, "--save-foreign").err
    assert site.watch(again).code == 0
    assert "192.0.2.53" in site.lab.startup("fr-002-r1")
    place("rollout", "rollback", again, "-r", "tidy", "--yes", by="olga")
    site.watch(again)


def test_what_could_not_be_planned_is_named(site: Any) -> None:
    # Given a device that cannot be read
    place, device = site.place, "gb-003-r1"
    site.lab.power_cut(device, 30.0)
    rollout = site.request(place.change("left-out", select="site=gb-003"))
    # Then the plan is without it, and says why
    plan = place("rollout", "plan", rollout, "--json").json
    left_out = {each["device"]: (each["state"], each["cause"]) for each in plan["left_out"]}
    assert left_out == {device: ("failed", "unreachable")}
    told = place("rollout", "plan", rollout)
    assert f"left out: {device} failed (unreachable: " in told.out
    assert "left out: 1 device (gb-003-r1)" in told.out
    assert place("rollout", "reject", rollout, "-r", "wait for it", by="olga").code == 0
    site.lab.reboot(device, 0.1)


def test_without_a_plan_there_is_nothing_to_approve(site: Any) -> None:
    place = site.place
    device = "de-001-s1"
    rollout = site.request(place.change("nothing", select=f"name={device}", line="hostname {{ device.name }}\n"))
    assert site.state(rollout) == "completed"
    refused = site.approve(rollout)
    assert refused.code == 1
    assert f"rollout {rollout} is completed and has no plan" in refused.err
    assert site.watch(rollout).code == 0
    assert "found de-001-s1 to be as it should be; nothing was written." in place("device", "history", device).out
