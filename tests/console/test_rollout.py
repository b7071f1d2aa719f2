"""A rollout as engineers and operations live through it: through the command line, on simulated devices."""

from typing import Any

import pytest

from lab.journal import Event

pytestmark = pytest.mark.timeout(300)

NTP = "ntp server 192.0.2.7"


def configuration(site: Any, name: str) -> list[str]:
    """What runs on a device; the comments in it tell of the last change and save."""
    return [line for line in site.lab.running(name).splitlines() if not line.startswith("!")]


def test_a_plan_is_read_and_approved_by_somebody_else_than_its_author(site: Any) -> None:
    # Given a change that an engineer has written
    place = site.place
    change = place.change("planned")

    # When it is requested, what is planned can be read by class of difference
    rollout = site.request(change)
    planned = place("rollout", "plan", rollout)
    assert planned.code == 0
    assert "6 devices at 3 sites, regions emea; waves of" in planned.out
    assert "Class 1 of" in planned.out
    assert f"+ {NTP}" in planned.out
    assert "undone by: timer 6" in planned.out
    plan = place("rollout", "plan", rollout, "--json").json
    assert plan["plan"] in planned.out
    assert sum(each["devices"] for each in plan["classes"]) == plan["devices"] == 6

    # Then it waits for the area that has the say, and says so
    waiting = site.show(rollout)
    assert waiting["rollout"]["state"] == "awaiting_approval"
    assert waiting["rollout"]["waits"] == [["approval of network-ops", "network-ops"]]

    # When somebody else than its author approves it, then what is signed is what was shown
    approved = site.approve(rollout, "--json")
    assert approved.code == 0
    assert plan["plan"] in approved.err
    assert "6 devices at 3 sites in DE, FR, GB" in approved.err
    assert approved.json["facts"][0]["data"]["plan"] == plan["plan"]
    assert site.watch(rollout).code == 0
    assert place("rollout", "rollback", rollout, "--reason", "a drill", "--yes", by="olga").code == 0
    assert site.watch(rollout).code == 1
    assert site.state(rollout) == "rolled_back"


def test_from_a_file_to_devices_and_back(site: Any) -> None:
    # Given what runs on each device, and a rollout that was agreed to
    place = site.place
    before = {name: configuration(site, name) for name in site.devices}
    rollout = site.request(place.change("ntp"))
    assert site.approve(rollout).code == 0

    # When it goes out in waves, whoever watches sees it end well
    watched = site.watch(rollout)
    assert watched.code == 0, watched.out
    assert "Work on the canary began." in watched.out
    assert "It is completed: every device of every wave is decided." in watched.out
    for name in site.devices:
        assert NTP in site.lab.running(name)
        assert NTP in site.lab.startup(name)

    # When operations wants it back
    undone = place("rollout", "rollback", rollout, "--reason", "a drill", "--yes", by="olga")
    assert undone.code == 0
    assert "6 devices at 3 sites in DE, FR, GB" in undone.err
    back = site.watch(rollout)

    # Then every device is as it was, the exit code says that the change is not out, and nothing is told twice
    assert back.code == 1
    assert f"What came before: wavegate log --rollout {rollout}" in back.out
    assert "Work on the canary began." not in back.out
    assert site.state(rollout) == "rolled_back"
    for name in site.devices:
        assert configuration(site, name) == before[name]
        assert NTP not in site.lab.running(name)
        assert NTP not in site.lab.startup(name)


def test_what_is_told_of_a_device_is_what_its_own_journal_says(site: Any) -> None:
    # Given a device that a change has reached
    place, device = site.place, site.devices[0]
    rollout = site.request(place.change("journal"), "ed", "--only", f"name={device}")
    assert site.approve(rollout).code == 0
    assert site.watch(rollout).code == 0

    # When its history is read
    told = place("device", "history", device, "--json").lines
    types = [each["type"] for each in told if each["rollout"] == rollout]

    # Then it has each step once, in order, and the device's accounting agrees that it was written to
    steps = ["OrderReleased", "DevicePlanned", "OrderReleased", "PushStarted", "DeviceStaged", "DeviceVerified"]
    assert types == steps
    assert any(entry.event is Event.SAVED for entry in site.lab.journal(device))
    plain = place("device", "history", device)
    assert f"changed {device} and read back that it is saved" in plain.out
    assert place("rollout", "rollback", rollout, "-r", "tidy", "--yes", by="olga").code == 0
    site.watch(rollout)


def test_the_author_cannot_approve(site: Any) -> None:
    place = site.place
    place.add("mixed", "--role", "operator", "--area", "network-ops", role="engineer")
    rollout = site.request(place.change("own"), "mixed")
    refused = place("rollout", "approve", rollout, "--yes", by="mixed")
    assert refused.code == 1
    assert "refused (own-change): mixed is an author of this change; somebody else has to decide" in refused.err
    assert site.state(rollout) == "awaiting_approval"
    withdrawn = place("rollout", "withdraw", rollout, "-r", "only a test", by="mixed")
    assert withdrawn.code == 0
    assert "mixed withdrew it: only a test." in withdrawn.out


def test_a_change_that_hurts_is_stopped_and_operations_decides(site: Any) -> None:
    # Given a change whose check fails on one platform, since it says something else there
    place = site.place
    change = place.change("hurts", eos="ntp server 192.0.2.99\n", select="site=de-001")
    rollout = site.request(change)
    assert site.approve(rollout).code == 0

    # When it goes out, the device that is hurt is undone and the rollout stops
    watched = site.watch(rollout)
    assert watched.code == 4
    shown = place("rollout", "show", rollout)
    assert "waits for: halt auto." in shown.out
    assert "1 device without what the change wants:" in shown.out
    hurt = site.show(rollout)["failures"][0]
    assert (hurt["state"], hurt["cause"]) == ("reverted", "checks-failed")
    assert f"{hurt['device']} (site de-001, canary): reverted, checks-failed: The server is there" in shown.out
    assert "Look at the check that the detail names" in shown.out
    assert "192.0.2.99" not in site.lab.running(hurt["device"])

    # Then it cannot just go on
    early = place("rollout", "resume", rollout, "--yes", by="olga")
    assert early.code == 1
    assert "refused (unhealthy): it would halt again at once" in early.err

    # But once the device is skipped it can, and the automatic halt was lifted on the way
    skipped = place("rollout", "skip", rollout, hurt["device"], "-r", "old gear", by="olga")
    assert (skipped.code, skipped.out) == (0, f"olga decided to leave {hurt['device']} as it is: old gear.\n")
    resumed = place("rollout", "resume", rollout, "--yes", by="olga")
    assert resumed.code == 0, resumed.err
    assert "No device is left to be changed." in resumed.err
    ended = site.watch(rollout)
    assert ended.code == 0
    assert site.show(rollout)["rollout"]["counts"] == {"skipped": 1, "verified": 1}
    place("rollout", "rollback", rollout, "-r", "tidy", "--yes", by="olga")
    site.watch(rollout)


def test_only_what_failed_is_tried_again(site: Any) -> None:
    # Given a device that refuses its login, and one that does well
    place = site.place
    rollout = site.request(place.change("again", select="site=fr-002"))
    assert site.approve(rollout).code == 0
    # The configuration is edited by hand in the meantime, in the very section that the change touches
    assert site.watch(rollout).code == 0
    nothing = place("rollout", "retry", rollout, "--yes", by="olga")
    assert nothing.code == 1
    assert f"no device of the plan failed in rollout {rollout}" in nothing.err
    named = place("rollout", "retry", rollout, "fr-002-r1", "--yes", by="olga")
    assert named.code == 1
    assert "none of fr-002-r1 failed" in named.err
    place("rollout", "rollback", rollout, "-r", "tidy", "--yes", by="olga")
    site.watch(rollout)


def test_a_device_that_drifted_is_left_alone_and_can_be_retried(site: Any) -> None:
    # Given a plan, and a device on which somebody then edits what the plan touches
    place = site.place
    rollout = site.request(place.change("drift", select="site=gb-003", line="ntp server {{ ntp_server }} prefer\n"))
    site.lab.edit("gb-003-r1", ["ntp server 192.0.2.7"])
    assert site.approve(rollout).code == 0

    # When it goes out, that device is not written to
    watched = site.watch(rollout)
    assert site.show(rollout)["rollout"]["counts"].get("drifted") == 1, watched.out
    failure = next(each for each in site.show(rollout)["failures"] if each["device"] == "gb-003-r1")
    assert failure["cause"] == "drift"

    # Then, once it is as it was planned, it alone is pushed to again
    site.lab.edit("gb-003-r1", ["no ntp server 192.0.2.7"])
    again = place("rollout", "retry", rollout, "--yes", "--json", by="olga")
    assert again.code == 0, again.err
    assert [each["data"].get("device") for each in again.json["facts"] if each["type"] == "DeviceRetried"] == [
        "gb-003-r1"
    ]
    assert "To be pushed to again: 1 device at 1 site in GB: gb-003-r1." in again.err


def test_a_plan_of_a_part(site: Any) -> None:
    rollout = site.request(site.place.change("part"), "ed", "--only", "role=router", "-r", "routers first")
    assert site.show(rollout)["rollout"]["size"] == 3
    listed = site.place("rollout", "list", "--state", "awaiting_approval", "--json").lines
    assert rollout in {each["id"] for each in listed}
    assert {each["state"] for each in listed} == {"awaiting_approval"}
    rejected = site.place("rollout", "reject", rollout, "-r", "not this week", by="olga")
    assert (rejected.code, rejected.out) == (0, "olga rejected the plan for network-ops: not this week.\n")
    assert site.watch(rollout).code == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(("show", "r-nosuch"), "there is no rollout 'r-nosuch'", id="show"),
        pytest.param(("plan", "r-nosuch"), "there is no rollout 'r-nosuch'", id="plan"),
        pytest.param(("watch", "r-nosuch"), "there is no rollout 'r-nosuch'", id="watch"),
        pytest.param(("show", ""), "there is no rollout ''", id="nothing"),
        pytest.param(("request", "sha256:00"), "there is no change 'sha256:00'; submit it first", id="request"),
        pytest.param(("show", "r-%"), "there is no rollout 'r-%'", id="a pattern of SQL is none"),
    ],
)
def test_what_does_not_exist(site: Any, arguments: tuple[str, ...], complaint: str) -> None:
    refused = site.place("rollout", *arguments, by="ed")
    assert refused.code == 1
    assert complaint in refused.err
    assert refused.out == ""


def test_a_submitted_change_is_requested_by_the_beginning_of_its_id(site: Any) -> None:
    place = site.place
    submitted = place("change", "submit", str(place.change("submitted")), "--json", by="ed")
    assert submitted.code == 0
    change = submitted.json["facts"][0]["data"]["change"]
    asked = place("rollout", "request", change[7:19], "--json", by="ed")
    assert asked.code == 0
    assert asked.json["change"] == change
    rollout = asked.json["rollout"]
    assert place("rollout", "show", rollout[:6]).out.startswith(rollout)
    place("rollout", "withdraw", rollout, "-r", "tidy", by="ed")


def test_a_change_that_is_known_is_not_submitted_again(site: Any) -> None:
    # Given a change that was requested by its file
    place = site.place
    change = place.change("once", title="Asked for twice")
    first = site.request(change)
    # When it is requested by its file again
    second = site.request(change)
    # Then there are two rollouts, and one submission
    assert first != second
    told = place("audit", "--change", site.show(first)["rollout"]["change"]).out
    assert told.count("submitted “Asked for twice”") == 1
    for rollout in (first, second):
        place("rollout", "withdraw", rollout, "-r", "tidy", by="ed")


def test_whoever_requests_somebody_else_s_change_by_its_file_is_an_author_too(site: Any) -> None:
    # Given a change that somebody else of the team submitted
    place = site.place
    place.add("emil")
    change = place.change("shared", line="ntp server {{ ntp_server }} prefer\n")
    assert place("change", "submit", str(change), by="emil").code == 0
    # When an engineer requests it by the file that they have before them
    rollout = site.request(change, "ed")
    # Then it is both of theirs: neither may approve it
    assert site.show(rollout)["rollout"]["authors"] == ["ed", "emil"]
    place("rollout", "withdraw", rollout, "-r", "tidy", by="ed")


def test_bringing_back_what_was_not_changed_is_refused_before_anybody_is_asked(site: Any) -> None:
    place = site.place
    rollout = site.request(place.change("not yet", title="Not yet"))
    for options, which in ((("--wave", "0"), "the canary"), (("--device", "de-001-r1"), "de-001-r1")):
        refused = place("rollout", "rollback", rollout, *options, "-r", "x", by="olga")
        assert refused.code == 1
        assert f"nothing that rollout {rollout} changed is on {which}: nothing was sent" in refused.err
        assert "0 devices" not in refused.err
    place("rollout", "withdraw", rollout, "-r", "tidy", by="ed")
