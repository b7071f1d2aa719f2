"""The lab on the command line: run, looked at, broken on demand."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.branches.estate import branch_devices, device_spec

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def lab(make_place: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A lab with two devices as a process of its own; gives a way to ask it things."""
    place = make_place(people=False)
    folder = tmp_path_factory.mktemp("cli-lab")
    devices = []
    for number, branch in enumerate(branch_devices(1, 2), 1):
        spec = device_spec(branch, reboot_seconds=0.1).model_dump(mode="json", exclude_defaults=True)
        address = f"127.{120 + os.getpid() % 7}.{os.getpid() // 7 % 250}.{number}"
        devices.append({**spec, "platform": branch.platform.value, "address": address})
    (folder / "lab.yaml").write_text(yaml.safe_dump({"devices": devices}))
    process = place.popen("lab", "up", str(folder / "lab.yaml"), "--folder", str(folder))
    assert process.stdout
    ready = json.loads(process.stdout.readline())
    assert (ready["ready"], ready["devices"]) == (True, 2)

    def ask(*arguments: str) -> Any:
        return place("lab", *arguments, WAVEGATE_LAB=ready["control"])

    return ask


def test_its_devices(lab: Any) -> None:
    lines = lab("devices", "--json").lines
    assert [(line["name"], line["platform"], line["up"]) for line in lines] == [
        ("de-001-r1", "ios", True),
        ("de-001-s1", "eos", True),
    ]
    assert "de-001-r1  ios  127." in lab("devices").out


def test_a_fault_is_set_and_taken_away(lab: Any) -> None:
    options = ("--match", "show run.*", "--nth", "2", "--once", "--seconds", "3", "--when", "after")
    assert lab("fault", "de-001-r1", "drop", *options).code == 0
    fault = lab("devices", "--json").lines[0]["faults"][0]
    assert fault == {
        "kind": "drop",
        "match": "show run.*",
        "nth": 2,
        "once": True,
        "seconds": 3.0,
        "moment": "after",
        "megabytes": 10,
    }
    assert "drop" in lab("devices").out
    assert lab("fault", "de-001-r1", "drop", "--clear").code == 0
    assert lab("devices", "--json").lines[0]["faults"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(("fault", "de-001-r9", "slow"), 1, "the lab has no device 'de-001-r9'", id="no such device"),
        pytest.param(("fault", "de-001-r1"), 1, "this is not a fault: kind", id="no kind"),
        pytest.param(("fault", "de-001-r1", "explode"), 2, "'explode' is not one of", id="no such kind"),
        pytest.param(("fault", "de-001-r1", "slow", "--match", "("), 1, "is not a regular expression", id="no pattern"),
        pytest.param(("fault", "de-001-s1", "vty-exhausted"), 1, "", id="not on this platform"),
        pytest.param(("journal", "de-001-r9"), 1, "the lab has no device 'de-001-r9'", id="no journal"),
    ],
)
def test_what_cannot_be(lab: Any, arguments: tuple[str, ...], code: int, says: str) -> None:
    refused = lab(*arguments)
    assert refused.code == code
    assert says in refused.err
    assert "Traceback" not in refused.err


def test_what_is_typed_by_hand_is_in_the_journal(lab: Any) -> None:
    assert lab("edit", "de-001-r1", "ntp server 192.0.2.44").code == 0
    assert "ntp server 192.0.2.44" in lab("running", "de-001-r1").out
    refused = lab("edit", "de-001-r1", "nonsense here")
    assert refused.code == 1
    assert "nonsense here" in refused.err
    assert "edited-by-hand" in lab("journal", "de-001-r1").out
    assert "edited-by-hand" in {line["event"] for line in lab("journal", "de-001-r1", "--json").lines}


def test_a_lab_that_does_not_run(make_place: Any, tmp_path: Path) -> None:
    place = make_place(people=False)
    refused = place("lab", "devices", "--control", str(tmp_path / "none.sock"))
    assert refused.code == 1
    assert f"no lab answers devices on {tmp_path}/none.sock" in refused.err
    assert place("lab", "devices").code == 2


def test_an_estate_file_that_is_none(make_place: Any, tmp_path: Path) -> None:
    place = make_place(people=False)
    (tmp_path / "lab.yaml").write_text("devices: [{name: x, platform: vax, address: 10.0.0.1}]")
    refused = place.shell("lab", "up", str(tmp_path / "lab.yaml"))
    assert refused.code == 1
    assert "not a valid estate of the lab" in refused.err


@pytest.fixture
def first() -> str:
    """Addresses of this process alone."""
    return f"127.{127 - os.getpid() % 7}.{os.getpid() // 7 % 250}.0"


def test_an_estate_to_try_things_on_is_taken_by_the_lab_and_by_the_inventory(
    make_place: Any, tmp_path: Path, first: str
) -> None:
    # Given an installation that has the inventory of a new estate
    place, folder = make_place(), tmp_path / "mine"
    made = place("lab", "new", str(folder), "--sites", "2", "--devices", "5", "--first", first, "--json")
    assert made.code == 0, made.err
    assert (made.json["sites"], made.json["devices"]) == (2, 5)
    checked = place("inventory", "check", "--estate", made.json["estate"])
    assert checked.code == 0, checked.err
    settings = place.home / "wavegate.toml"
    settings.write_text(settings.read_text() + f'estate = ["{made.json["estate"]}"]\n')
    # When its devices run
    process = place.popen("lab", "up", made.json["lab"], "--folder", str(folder / "run"))
    assert process.stdout
    ready = json.loads(process.stdout.readline())
    assert ready["devices"] == 5
    # Then they can be listed, and both platforms be logged in to with the inventory's password
    listed = place("lab", "devices", "--json", WAVEGATE_LAB=ready["control"]).lines
    assert {line["platform"] for line in listed} == {"ios", "eos"}
    up = place.start("up")
    trust = folder / "run" / "trust"
    options = ("--known-hosts", str(trust / "known_hosts"), "--certificates", str(trust))
    assert place("inventory", "enroll", *options, by="olga").code == 0
    change = place.change("lab", line="ntp server 192.0.2.7\n")
    for name in ("de-001-r1", "fr-002-r1"):
        read = place("change", "diff", str(change), "-d", name)
        assert (read.code, read.out) == (0, "+ ntp server 192.0.2.7\n"), read.err
    assert up.end() == 0
    # And a device that floods is told with what to do about it
    assert place("lab", "fault", "de-001-r1", "flood", "--match", "show run.*", WAVEGATE_LAB=ready["control"]).code == 0
    flooded = place("change", "diff", str(change), "-d", "de-001-r1")
    assert flooded.code == 1
    assert "answers with more than the" in flooded.err
    assert "Look at the device by hand" in flooded.err


def test_its_secrets_are_for_nobody_else(make_place: Any, tmp_path: Path) -> None:
    made = make_place(people=False)("lab", "new", str(tmp_path / "mine"), "--json").json
    password = Path(made["password"]).read_text()
    for name in ("lab", "password"):
        assert Path(made[name]).stat().st_mode & 0o077 == 0
    assert password not in (Path(made["estate"]) / "estate.yaml").read_text()


def test_it_says_how_to_go_on(make_place: Any, tmp_path: Path) -> None:
    told = make_place(people=False)("lab", "new", str(tmp_path / "mine")).out
    assert "Wrote 8 devices at 4 sites." in told
    assert f"wavegate lab up {tmp_path}/mine/lab.yaml --folder {tmp_path}/mine/run" in told


@pytest.mark.parametrize(
    ("options", "says", "code"),
    [
        pytest.param(("--sites", "5", "--devices", "4"), "every site has one at least", 2, id="too few"),
        pytest.param(("--devices", "501"), "all have 500 at most", 2, id="too many"),
        pytest.param(("--first", "10.0.0.0"), "is not in 127.0.0.0/8", 2, id="not this machine"),
        pytest.param(("--first", "here"), "is no IPv4 address", 2, id="no address"),
    ],
)
def test_an_estate_that_cannot_be(
    make_place: Any, tmp_path: Path, options: tuple[str, ...], says: str, code: int
) -> None:
    refused = make_place(people=False)("lab", "new", str(tmp_path / "mine"), *options)
    assert refused.code == code
    assert says in refused.err
    assert not (tmp_path / "mine").exists()


def test_nothing_is_written_over(make_place: Any, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    refused = make_place(people=False)("lab", "new", str(tmp_path))
    assert refused.code == 1
    assert "is not empty; name a folder that is not there yet" in refused.err
