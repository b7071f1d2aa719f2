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
