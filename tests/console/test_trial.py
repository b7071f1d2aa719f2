"""Trying a change: the whole of it, on simulated devices, with nothing of it left anywhere."""

import json
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.trial.clock import SkippingClock
from console.trial.estate import choose, lab_of, trial_estate
from console.trial.installation import trial_settings
from inventory.load import load
from inventory.selection import EmptySelectionError
from workers.founding import prepare

pytestmark = pytest.mark.timeout(300)

PORTS = {"ios": 22, "eos": 443, "frr": 22}


def estate_of(*sites: str, platforms: tuple[str, ...] = ("ios", "eos")) -> str:
    """An inventory with a router and a switch at each site, behind a jump host, with variables at every level."""
    return json.dumps(
        {
            "sites": {
                name: {
                    "country": "DE",
                    "timezone": "Europe/Berlin",
                    "region": "emea",
                    "tier": "store",
                    "variables": {"ntp_server": "192.0.2.7"},
                }
                for name in sites
            },
            "credentials": {"real": {"username": "automation", "password": "file:/nowhere/of/ours"}},
            "jump_hosts": {"jump": {"address": "jump.example.net", "credentials": "real"}},
            "devices": {
                f"{site}-{kind}-{platform}": {
                    "site": site,
                    "role": kind,
                    "platform": platform,
                    "address": f"10.{place}.{number}.{last}",
                    "credentials": "real",
                    "via": "jump",
                    "legacy_crypto": True,
                    "labels": {"pilot": "yes"},
                }
                for place, site in enumerate(sites)
                for number, kind in enumerate(("edge-router", "access-switch"))
                for last, platform in enumerate(platforms, 1)
            },
            "variables": {"regions": {"emea": {"domain": "example.net"}}},
        }
    )


@pytest.fixture
def estate_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "estate"
    folder.mkdir()
    (folder / "all.yaml").write_text(estate_of("ber", "par", "rom"))
    return folder


@pytest.fixture(scope="module")
def place(make_place: Any) -> Any:
    return make_place(people=False)


class TestChoosing:
    """One device of each role and platform stands for all of them."""

    def test_each_role_and_platform_once(self, estate_folder: Path) -> None:
        chosen = choose(load([estate_folder], platforms=PORTS), "*", 1)
        assert {(device.role, device.platform) for device in chosen.devices} == {
            (role, platform) for role in ("edge-router", "access-switch") for platform in ("ios", "eos")
        }
        assert (len(chosen.devices), chosen.selected, chosen.left_out) == (4, 12, {})

    def test_more_of_each_come_from_other_sites(self, estate_folder: Path) -> None:
        chosen = choose(load([estate_folder], platforms=PORTS), "platform=ios,role=edge-router", 2)
        assert len({device.site for device in chosen.devices}) == len(chosen.devices) == 2

    def test_no_more_than_there_are(self, estate_folder: Path) -> None:
        assert len(choose(load([estate_folder], platforms=PORTS), "platform=ios", 50).devices) == 6

    def test_platforms_without_a_simulation_are_left_out_and_counted(self, tmp_path: Path) -> None:
        (tmp_path / "e.yaml").write_text(estate_of("ber", platforms=("ios", "frr")))
        chosen = choose(load([tmp_path], platforms=PORTS), "*", 1)
        assert {device.platform for device in chosen.devices} == {"ios"}
        assert chosen.left_out == {"frr": 2}

    def test_nothing_is_refused(self, estate_folder: Path) -> None:
        with pytest.raises(EmptySelectionError):
            choose(load([estate_folder], platforms=PORTS), "role=core", 1)

    def test_they_keep_what_a_change_can_see_and_lose_the_way_to_the_real_ones(
        self, estate_folder: Path, tmp_path: Path
    ) -> None:
        real = load([estate_folder], platforms=PORTS)
        chosen = choose(real, "*", 1)
        lab = lab_of(chosen, "secret")
        trial = trial_estate(real, chosen, lab, tmp_path / "password")
        assert set(trial.devices) == {device.name for device in chosen.devices}
        for name, device in trial.devices.items():
            known = real.devices[name]
            assert (device.site, device.role, device.labels) == (known.site, known.role, known.labels)
            assert device.address.startswith("127.")
            assert (device.via, device.legacy_crypto, device.credentials) == (None, False, "trial")
        assert trial.sites["ber"] == real.sites["ber"]
        assert trial.regions == real.regions
        assert set(trial.credentials) == {"trial"}
        assert not trial.jump_hosts


def test_a_clock_goes_forward_and_never_back() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    clock = SkippingClock(lambda: start)
    assert clock() == start
    assert clock.skip_to(start + timedelta(hours=1)) == timedelta(hours=1)
    assert clock() == start + timedelta(hours=1)
    assert clock.skip_to(start) == timedelta(0)
    assert clock() == start + timedelta(hours=1)


@pytest.mark.parametrize("name", ["LOG", "LOG_FOLDER", "BLOBS", "VIEWS", "DATA_KEY", "COORDINATOR_KEY", "LOG_NAME"])
def test_no_environment_can_lead_a_trial_to_a_real_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    values = {"LOG": "kafka", "LOG_NAME": "log-" + "0" * 32}
    founded = prepare(tmp_path / "home", {})
    clean = trial_settings(tmp_path / "home", founded.log, None)
    monkeypatch.setenv(f"WAVEGATE_{name}", values.get(name, "/somewhere/real"))
    assert trial_settings(tmp_path / "home", founded.log, None) == clean


def test_the_whole_of_a_change(
    place: Any, estate_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a change with bakes of an hour, and an inventory of devices that cannot be reached from here
    change = place.change("tried", bake="1h")
    threads, temporary = set(threading.enumerate()), tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    # When it is tried
    tried = place("change", "try", str(change), "--estate", str(estate_folder), WAVEGATE_HOME="")
    # Then it is told step by step, with what it did to one device of each kind
    assert tried.code == 0, tried.out + tried.err
    assert "4 devices of 12: access-switch on eos, access-switch on ios, edge-router on eos" in tried.out
    assert "+ ntp server 192.0.2.7" in tried.out
    assert "ber-edge-router-ios: verified" in tried.out
    assert "Rolled back: rolled_back." in tried.out
    assert "All went well on 4 devices, and each is as it was before" in tried.out
    # And nothing is left of it
    assert list(temporary.iterdir()) == []
    assert set(threading.enumerate()) <= threads


def test_a_starter_goes_out_and_comes_back_as_it_is_written(place: Any, estate_folder: Path, tmp_path: Path) -> None:
    estate = ("--estate", str(estate_folder))
    assert place("change", "new", str(tmp_path / "mine"), *estate, WAVEGATE_HOME="").code == 0
    change = tmp_path / "mine" / "change.yaml"
    change.write_text(change.read_text().replace("checks_hold: 5s", "checks_hold: 100ms"))
    tried = place("change", "try", str(change), *estate, WAVEGATE_HOME="")
    assert tried.code == 0, tried.out
    assert "All went well on 4 devices" in tried.out


def test_as_machines_see_it(place: Any, estate_folder: Path) -> None:
    arguments = ("--estate", str(estate_folder), "--json", "--devices", "2")
    change = str(place.change("tried", select="platform=ios,role=edge-router"))
    told = place("change", "try", change, *arguments, WAVEGATE_HOME="").json
    assert (told["ok"], told["state"], told["left_out"]) == (True, "rolled_back", {})
    assert [(each["pushed"], each["ended"], each["left"]) for each in told["devices"]] == [
        ("verified", "rolled_back", "")
    ] * 2
    assert told["plan"]["devices"] == 2


def test_a_change_that_a_device_refuses(place: Any, estate_folder: Path) -> None:
    change = place.change("refused", ios="ntp serber 192.0.2.7\n", select="role=edge-router")
    tried = place("change", "try", str(change), "--estate", str(estate_folder), "--json", WAVEGATE_HOME="")
    assert tried.code == 1
    told = {each["platform"]: each for each in tried.json["devices"]}
    assert tried.json["ok"] is False
    assert told["ios"]["cause"] == "line-rejected"
    assert "ntp serber" in told["ios"]["detail"]
    assert told["ios"]["left"] == told["eos"]["left"] == ""


def test_a_change_whose_check_does_not_hold(place: Any, estate_folder: Path) -> None:
    change = place.change("unchecked", line="ntp server 192.0.2.99\n", select="platform=eos,role=edge-router")
    tried = place("change", "try", str(change), "--estate", str(estate_folder), WAVEGATE_HOME="")
    assert tried.code == 1
    assert "ber-edge-router-eos: reverted: checks-failed: The server is there" in tried.out
    assert "It went well on 0 of 1 device" in tried.out


def test_a_change_that_is_wrong_is_not_tried(place: Any, estate_folder: Path) -> None:
    change = place.change("broken", ios="{{ nothing }}\n")
    tried = place("change", "try", str(change), "--estate", str(estate_folder), WAVEGATE_HOME="")
    assert tried.code == 1
    assert "'nothing'" in tried.err
    assert tried.out == ""


def test_only_platforms_without_a_simulation(place: Any, tmp_path: Path) -> None:
    (tmp_path / "e.yaml").write_text(estate_of("ber", platforms=("frr",)))
    change = place.change("frr", select="platform=frr")
    tried = place("change", "try", str(change), "--estate", str(tmp_path), WAVEGATE_HOME="")
    assert tried.code == 1
    assert "frr" in tried.err


def test_what_a_change_already_finds(place: Any, estate_folder: Path) -> None:
    line = "hostname {{ device.name }}\n"
    change = place.change("same", line=line, select="platform=eos")
    tried = place("change", "try", str(change), "--estate", str(estate_folder), WAVEGATE_HOME="")
    assert tried.code == 0
    assert "Planned: nothing is to be changed anywhere." in tried.out
