"""Halts: they need nobody, they stand until they are lifted, and nobody's lift takes somebody else's away."""

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def quiet(make_place: Any) -> Any:
    """An installation in which no process runs at all, and a second operator."""
    place = make_place()
    (place.home / "estate" / "all.yaml").write_text(
        "sites: {ber: {country: DE, timezone: Europe/Berlin, region: emea}}\n"
        "credentials: {lab: {username: netops, password: 'env:PASSWORD'}}\n"
        "devices: {ber-r1: {site: ber, role: router, platform: ios, address: 127.0.0.1, credentials: lab}}\n"
    )
    place.add("otto", "--area", "network-ops", team="noc", role="operator")
    return place


@pytest.fixture(autouse=True)
def _none_stands_afterwards(request: pytest.FixtureRequest) -> Any:
    yield
    place = (
        request.getfixturevalue("quiet") if "quiet" in request.fixturenames else request.getfixturevalue("site").place
    )
    for halt in standing(place):
        assert place("rollout", "lift", halt["halt"], "--yes", by="olga").code == 0


def standing(place: Any) -> list[Any]:
    found = place("rollout", "halts", "--json")
    assert found.code == 0
    return list(found.lines)


@pytest.mark.parametrize(
    ("arguments", "subjects"),
    [
        pytest.param(("--all", "--yes"), ["all"], id="everything"),
        pytest.param(("--site", "ber"), ["site:ber"], id="a site"),
        pytest.param(("--device", "ber-r1"), ["device:ber-r1"], id="a device"),
        pytest.param(("--site", "ber", "--device", "ber-r1"), ["site:ber", "device:ber-r1"], id="both"),
        pytest.param(("r-abcdefgh",), ["rollout:r-abcdefgh"], id="a rollout"),
    ],
)
@pytest.mark.parametrize("by", ["olga", "ed"])
def test_anybody_can_halt_without_any_process(
    quiet: Any, arguments: tuple[str, ...], subjects: list[str], by: str
) -> None:
    halted = quiet("rollout", "halt", *arguments, "-r", "smoke", "--json", by=by)
    assert halted.code == 0, halted.err
    assert halted.json["subjects"] == subjects
    assert standing(quiet) == [
        {"halt": halted.json["halt"], "subjects": subjects, "by": by, "reason": "smoke", "revert": False}
    ]


def test_it_says_how_to_lift_it(quiet: Any) -> None:
    halted = quiet("rollout", "halt", "--site", "ber", "-r", "smoke", by="olga")
    identity = standing(quiet)[0]["halt"]
    assert halted.out == f"Halted site:ber. It stands until somebody lifts it: wavegate rollout lift {identity}\n"
    assert quiet("rollout", "lift", identity, by="olga").code == 0
    assert standing(quiet) == []


@pytest.mark.parametrize(
    ("arguments", "doubt"),
    [
        pytest.param(("--site", "bre"), "the inventory has no site 'bre'; is it spelt right?", id="a site"),
        pytest.param(("--device", "ber-r9"), "the inventory has no device 'ber-r9'; is it spelt right?", id="a device"),
        pytest.param(("r-abcdefgh",), "whether there is a rollout r-abcdefgh cannot be told", id="a rollout"),
    ],
)
def test_it_halts_all_the_same_where_it_cannot_know_the_name(
    quiet: Any, arguments: tuple[str, ...], doubt: str
) -> None:
    halted = quiet("rollout", "halt", *arguments, "-r", "x", by="olga")
    assert halted.code == 0
    assert doubt in halted.err
    assert len(standing(quiet)) == 1


def test_an_inventory_that_is_broken_is_no_bar(quiet: Any) -> None:
    path = quiet.home / "estate" / "all.yaml"
    before = path.read_text()
    path.write_text("sites: [")
    halted = quiet("rollout", "halt", "--site", "ber", "-r", "x", by="olga")
    path.write_text(before)
    assert halted.code == 0
    assert "whether these names exist cannot be told, the inventory cannot be used" in halted.err


@pytest.mark.parametrize(
    "arguments", [(), ("--all", "--site", "ber"), ("r-1", "--all")], ids=["nothing", "both", "all+id"]
)
def test_it_has_to_be_said_what(quiet: Any, arguments: tuple[str, ...]) -> None:
    refused = quiet("rollout", "halt", *arguments, "-r", "x", "--yes", by="olga")
    assert refused.code == 2
    assert "halt what? A rollout's ID, --site, --device, or --all" in refused.err


def test_a_slip_in_an_id_is_no_halt(quiet: Any) -> None:
    refused = quiet("rollout", "halt", "rabcd", "-r", "x", by="olga")
    assert refused.code == 1
    assert standing(quiet) == []


@pytest.mark.parametrize("option", ["--all", "--revert"])
def test_what_is_large_asks_back(quiet: Any, option: str) -> None:
    named = () if option == "--all" else ("r-abcdefgh",)
    refused = quiet("rollout", "halt", *named, option, "-r", "x", by="olga")
    assert refused.code == 2
    assert "nothing new will start there until the halt is lifted." in refused.err
    assert standing(quiet) == []


@pytest.mark.parametrize("option", ["--all", "--revert"])
def test_before_it_is_written_nothing_is_told_as_done(quiet: Any, option: str) -> None:
    named = () if option == "--all" else ("r-abcdefgh",)
    refused = quiet("rollout", "halt", *named, option, "-r", "x", "--yes", by="ada", WAVEGATE_KEY="/nowhere")
    assert refused.code == 1
    assert (refused.out, refused.err) == ("", "the key /nowhere cannot be read: No such file or directory\n")
    halted = quiet("rollout", "halt", *named, option, "-r", "x", "--yes", by="olga")
    assert halted.out.startswith("Halted ")
    assert halted.out.count("\n") == (2 if option == "--revert" else 1)


def test_two_halt_and_one_lifts(quiet: Any) -> None:
    quiet("rollout", "halt", "--site", "ber", "-r", "mine", by="olga")
    quiet("rollout", "halt", "--site", "ber", "-r", "his", by="otto")
    mine = next(halt for halt in standing(quiet) if halt["by"] == "olga")
    assert quiet("rollout", "lift", mine["halt"], by="olga").code == 0
    assert [halt["by"] for halt in standing(quiet)] == ["otto"]


def test_somebody_else_s_is_lifted_on_purpose_only(quiet: Any) -> None:
    quiet("rollout", "halt", "--site", "ber", "-r", "his", by="otto")
    his = standing(quiet)[0]["halt"]
    refused = quiet("rollout", "lift", his, by="olga")
    assert refused.code == 2
    assert f"It is not yours: halt {his} on site ber by otto: his" in refused.err
    assert len(standing(quiet)) == 1
    assert quiet("rollout", "lift", his, "--yes", "-r", "agreed", by="olga").code == 0


def test_an_engineer_lifts_their_own_and_no_other(quiet: Any) -> None:
    quiet("rollout", "halt", "--site", "ber", "-r", "x", by="otto")
    refused = quiet("rollout", "lift", standing(quiet)[0]["halt"], "--yes", by="ed")
    assert refused.code == 1
    assert "was raised by otto; an operator may lift it too" in refused.err
    quiet("rollout", "halt", "--site", "ber", "-r", "x", by="ed")
    own = next(halt for halt in standing(quiet) if halt["by"] == "ed")
    assert quiet("rollout", "lift", own["halt"], by="ed").code == 0


def test_a_halt_that_does_not_stand(quiet: Any) -> None:
    refused = quiet("rollout", "lift", "halt-nosuch", by="olga")
    assert refused.code == 2
    assert "no halt 'halt-nosuch' stands; 'wavegate rollout halts' lists those that do" in refused.err


def test_hold_and_resume(site: Any) -> None:
    # Given a rollout that bakes
    place = site.place
    rollout = site.request(place.change("hold", select="site=de-001", bake="1h"))
    assert site.approve(rollout).code == 0
    # When it is held
    held = place("rollout", "hold", rollout, "-r", "lunch", by="olga")
    assert (held.code, held.out) == (0, "olga put it on hold: nothing new starts: lunch.\n")
    assert site.watch(rollout).code == 4
    # Then it goes on when it is resumed, and nobody had to lift anything
    resumed = place("rollout", "resume", rollout, "--yes", "--json", by="olga")
    assert resumed.code == 0, resumed.err
    assert resumed.json["lifted"] == []
    assert [fact["type"] for fact in resumed.json["facts"]] == ["RolloutResumed"]
    place("rollout", "rollback", rollout, "-r", "tidy", "--yes", by="olga")
    site.watch(rollout)


def test_resuming_lifts_one_s_own_halt_and_names_whose_others_stand(site: Any) -> None:
    # Given a rollout on which three halts stand: mine, somebody else's, and one on everything
    place = site.place
    place.add("otto", "--area", "network-ops", team="noc", role="operator")
    rollout = site.request(place.change("others", select="site=de-001", bake="1h"))
    assert site.approve(rollout).code == 0
    place("rollout", "halt", rollout, "-r", "mine", by="olga")
    place("rollout", "halt", rollout, "-r", "his", by="otto")
    place("rollout", "halt", "--all", "-r", "mine, but wider", "--yes", by="olga")
    assert site.watch(rollout).code == 4
    # When I resume it
    resumed = place("rollout", "resume", rollout, "--yes", by="olga")
    # Then mine is lifted, the others stand and are named, and it does not go on
    assert resumed.code == 4
    assert "Lifted halt " in resumed.out
    assert "by olga: mine\n" in resumed.out
    assert "still stands: halt " in resumed.err
    assert "by otto: his" in resumed.err
    assert "on all by olga: mine, but wider" in resumed.err
    assert {halt["reason"] for halt in standing(place)} == {"his", "mine, but wider"}
    assert site.state(rollout) == "halted"
    # And once they are lifted it does
    for halt in standing(place):
        place("rollout", "lift", halt["halt"], "--yes", by="olga")
    assert place("rollout", "resume", rollout, "--yes", by="olga").code == 0
    place("rollout", "rollback", rollout, "-r", "tidy", "--yes", by="olga")
    site.watch(rollout)


def test_a_revoked_approval_holds_the_rollout(site: Any) -> None:
    place = site.place
    rollout = site.request(place.change("revoked", select="site=de-001", bake="1h"))
    assert site.approve(rollout).code == 0
    approval = site.show(rollout)["approvals"][0]["id"]
    wrong = place("rollout", "revoke", rollout, "c-nosuch", "-r", "x", by="olga")
    assert wrong.code == 2
    assert f"rollout {rollout} has no approval 'c-nosuch'; it has {approval}" in wrong.err
    revoked = place("rollout", "revoke", rollout, approval, "-r", "wrong night", by="olga")
    assert (revoked.code, revoked.out) == (0, f"Approval {approval} counts no more.\n")
    assert site.watch(rollout).code == 4
    shown = site.show(rollout)
    assert shown["rollout"]["state"] == "held"
    assert "wrong night" in shown["approvals"][0]["withdrawn"]
    refused = place("rollout", "resume", rollout, "--yes", by="olga")
    assert "refused (not-approved)" in refused.err
    assert site.approve(rollout).code == 0
    assert place("rollout", "resume", rollout, "--yes", by="olga").code == 0
    place("rollout", "rollback", rollout, "-r", "tidy", "--yes", by="olga")
    site.watch(rollout)
