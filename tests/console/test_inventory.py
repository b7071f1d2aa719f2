"""The inventory on the command line: checked, listed, shown, and by which host keys its devices are known."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)

ESTATE = """
credentials:
  lab: {username: netops, password: 'env:PASSWORD'}
sites:
  ber: {country: DE, timezone: Europe/Berlin, region: emea, tier: store, labels: {pilot: 'yes'}, variables: {ntp: a}}
  par: {country: FR, timezone: Europe/Paris, region: emea}
devices:
  ber-r1: {site: ber, role: router, platform: ios, address: 10.0.0.1, credentials: lab, variables: {ntp: b}}
  ber-s1: {site: ber, role: switch, platform: eos, address: 10.0.0.2, credentials: lab, os_version: 4.30.5M}
  par-r1: {site: par, role: router, platform: ios, address: 10.0.1.1, credentials: lab}
variables:
  regions: {emea: {ntp: z, domain: example.net}}
"""


@pytest.fixture(scope="module")
def place(make_place: Any) -> Any:
    made = make_place(people=False)
    (made.home / "estate" / "all.yaml").write_text(ESTATE)
    return made


def test_it_is_checked_as_a_whole(place: Any) -> None:
    checked = place("inventory", "check")
    assert (checked.code, checked.out) == (0, "2 sites, 3 devices, 0 jump hosts, 1 credentials\n")
    told = place("inventory", "check", "--json").json
    assert (told["sites"], told["devices"], told["warnings"]) == (2, 3, [])
    assert told["hash"].startswith("sha256:")


def test_everything_that_is_wrong_is_told_at_once(place: Any, tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text(ESTATE.replace("Europe/Paris", "Europe/Pairs").replace("role: switch, ", ""))
    checked = place("inventory", "check", "--estate", str(tmp_path))
    assert checked.code == 1
    assert "2 problems" in checked.err
    assert "did you mean 'Europe/Paris'?" in checked.err
    assert f"{tmp_path}/e.yaml:" in checked.err
    assert checked.out == ""


def test_a_warning_is_no_error(place: Any, tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text(ESTATE.replace("regions: {emea", "regions: {apac: {x: 1}, emea"))
    checked = place("inventory", "check", "--estate", str(tmp_path))
    assert checked.code == 0
    assert checked.err.startswith("warning: ")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        pytest.param(None, ["ber-r1", "ber-s1", "par-r1"], id="all"),
        pytest.param("role=router", ["ber-r1", "par-r1"], id="a role"),
        pytest.param("pilot", ["ber-r1", "ber-s1"], id="a label"),
        pytest.param("ber-*,platform!=eos", ["ber-r1"], id="several"),
    ],
)
def test_what_a_selector_means(place: Any, selector: str | None, names: list[str]) -> None:
    given = [selector] if selector else []
    assert [line["device"] for line in place("inventory", "list", *given, "--json").lines] == names
    listed = place("inventory", "list", *given)
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == names


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        pytest.param("role=ruter", "role=ruter alone excludes all 3 devices; did you mean 'router'?", id="nothing"),
        pytest.param("rloe=router", "no device has an attribute or a label 'rloe'; did you mean 'role'?", id="a key"),
        pytest.param("role in (router", "role in (router", id="half a list"),
    ],
)
def test_a_selector_that_cannot_be_meant(place: Any, selector: str, says: str) -> None:
    refused = place("inventory", "list", selector)
    assert refused.code == 1
    assert says in refused.err
    assert refused.out == ""


def test_a_value_that_nothing_has_is_pointed_out(place: Any) -> None:
    listed = place("inventory", "list", "tier!=lba")
    assert listed.code == 0
    assert "note: in tier!=lba, no device has tier lba" in listed.err


def test_a_device_with_where_its_variables_come_from(place: Any) -> None:
    shown = place("inventory", "show", "ber-r1", "--vars")
    assert shown.code == 0
    path = f"{place.home}/estate/all.yaml"
    row = next(line for line in shown.out.splitlines() if line.startswith("ntp"))
    assert row.split("  ")[0] == "ntp"
    assert "'b'" in row
    assert "device ber-r1" in row
    assert f"'a' of site ber ({path}:" in row
    assert f"'z' of region emea ({path}:" in row
    told = place("inventory", "show", "ber-r1", "--vars", "--json").json
    variables = {each["name"]: each for each in told["variables"]}
    assert (variables["ntp"]["value"], variables["ntp"]["level"]) == ("b", "device")
    assert (variables["domain"]["value"], variables["domain"]["owner"]) == ("example.net", "emea")
    assert "variables" in place("inventory", "show", "ber-r1", "--json").json


def test_a_device_that_is_not_there(place: Any) -> None:
    refused = place("inventory", "show", "ber-r2")
    assert refused.code == 1
    assert "the estate has no device 'ber-r2'; did you mean 'ber-r1'?" in refused.err


def test_without_an_installation_the_files_are_named(place: Any, tmp_path: Path) -> None:
    refused = place("inventory", "list", WAVEGATE_HOME="")
    assert refused.code in {1, 2}
    listed = place("inventory", "list", "--estate", str(place.home / "estate"), WAVEGATE_HOME="")
    assert listed.code == 0


class TestEnrolling:
    """On an installation that runs, whose devices are known by the files of the lab."""

    def test_keys_are_listed_with_their_fingerprints(self, site: Any) -> None:
        lines = site.place("inventory", "keys", "--json").lines
        kinds = {line["device"]: line["algorithm"] for line in lines}
        assert set(kinds) == set(site.devices)
        assert set(kinds.values()) == {"ssh-ed25519", "x509"}
        assert {line["by"] for line in lines} == {"olga"}
        shown = site.place("inventory", "keys", site.devices[0])
        assert len(shown.out.splitlines()) == 2
        assert "SHA256:" in shown.out

    def test_enrolling_again_changes_nothing(self, site: Any) -> None:
        again = site.place("inventory", "enroll", "--known-hosts", str(site.lab.known_hosts), by="olga")
        assert again.code == 0
        assert "Recorded the keys of 0 devices: none." in again.out
        assert "3 devices had these keys already." in again.out

    def test_where_they_are_has_to_be_said(self, site: Any) -> None:
        refused = site.place("inventory", "enroll", by="olga")
        assert refused.code == 2
        assert "where are the keys? --known-hosts FILE, --certificates FOLDER or --scan SELECTOR" in refused.err

    def test_lines_that_cannot_be_used_are_told(self, site: Any, tmp_path: Path) -> None:
        file = tmp_path / "known_hosts"
        file.write_text("10.9.9.9 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBroken\n@revoked * ssh-rsa AAAA\n")
        told = site.place("inventory", "enroll", "--known-hosts", str(file), by="olga")
        assert told.code == 0
        assert f"{file}:1: this is not a public key of ssh-ed25519" in told.err
        assert f"{file}:2: lines with @revoked are not supported" in told.err

    def test_certificates_of_nobody_are_told(self, site: Any, tmp_path: Path) -> None:
        (tmp_path / "nobody.pem").write_text("x")
        (tmp_path / "de-001-s1.pem").write_text("x")
        told = site.place("inventory", "enroll", "--certificates", str(tmp_path), by="olga")
        assert "nobody.pem: there is no device 'nobody'" in told.err
        assert "de-001-s1.pem: host keys are" in told.err

    def test_an_engineer_cannot_say_whom_to_trust(self, site: Any) -> None:
        device = next(name for name in site.devices if name.endswith("r1"))
        site.lab.swap_hardware(device)
        refused = site.place("inventory", "enroll", "--scan", f"name={device}", "--replace", "--yes", by="ed")
        assert refused.code == 1
        assert "refused (not-allowed)" in refused.err

    def test_swapped_hardware_is_refused_until_it_is_replaced_on_purpose(self, site: Any) -> None:
        # Given a device that shows another key than the one on record
        place, device = site.place, "gb-003-r1"
        known = place("inventory", "keys", device, "--json").lines[0]["fingerprint"]
        site.lab.swap_hardware(device)
        # When somebody scans it, then it is not taken for the same device
        refused = place("inventory", "enroll", "--scan", f"name={device}", by="olga")
        assert refused.code == 1
        assert f"{device} has other keys on record; if they changed on purpose, say --replace" in refused.err
        assert place("inventory", "keys", device, "--json").lines[0]["fingerprint"] == known
        # When it is replaced, the fingerprint is shown and asked about
        asked = place("inventory", "enroll", "--scan", f"name={device}", "--replace", by="olga")
        assert asked.code == 2
        assert "SHA256:" in asked.err
        assert "will be trusted by these keys; their earlier keys count no more" in asked.err
        # Then, once confirmed, the new key is the device's only one
        done = place("inventory", "enroll", "--scan", f"name={device}", "--replace", "--yes", "--json", by="olga")
        assert done.code == 0, done.err
        assert done.json["recorded"] == [device]
        keys = [line["fingerprint"] for line in place("inventory", "keys", device, "--json").lines]
        assert len(keys) == 1
        assert keys[0] != known
        assert f"recorded 1 host key of {device} in place of all earlier ones: scanned" in place("log").out

    def test_a_certificate_is_scanned_over_https(self, site: Any) -> None:
        device = "de-001-s1"
        site.lab.swap_hardware(device)
        done = site.place("inventory", "enroll", "--scan", f"name={device}", "--replace", "--yes", "--json", by="olga")
        assert (done.code, done.json["recorded"]) == (0, [device]), done.err

    def test_a_device_that_does_not_answer_is_told(self, site: Any) -> None:
        device = "fr-002-r1"
        site.lab.power_cut(device, 30.0)
        told = site.place("inventory", "enroll", "--scan", f"name={device}", "--replace", "--yes", by="olga")
        site.lab.reboot(device, 0.1)
        assert told.code == 1
        assert f"{device}: no host key from" in told.err
        assert "Recorded the keys of 0 devices" in told.out
