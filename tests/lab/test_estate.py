"""The estate file of a lab."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.errors import EstateFileError
from lab.estate import Platform, load_estate
from lab.startup import startup_lines

R1 = {"name": "r1", "platform": "ios", "address": "127.0.1.1"}
SW1 = {"name": "sw1", "platform": "eos", "address": "127.0.1.2"}
JUMP = {"name": "jump", "address": "127.0.1.3", "username": "u", "password": "p"}


def write(folder: Path, data: Any, name: str = "lab.yaml") -> Path:
    path = folder / name
    path.write_text(json.dumps(data) if name.endswith("json") else yaml.safe_dump(data))
    return path


@pytest.mark.parametrize("name", ["lab.yaml", "lab.json"])
def test_platforms_have_their_defaults(tmp_path: Path, name: str) -> None:
    estate = load_estate(write(tmp_path, {"devices": [R1, SW1], "jump_hosts": [JUMP], "minute": 0.5}, name))

    assert [(each.platform, each.port, each.version) for each in estate.devices] == [
        (Platform.IOS, 2222, "17.09.04a"),
        (Platform.EOS, 8443, "4.30.5M"),
    ]
    assert (estate.minute, estate.jump_hosts[0].connections) == (0.5, 10)


def test_a_startup_file_is_relative_to_the_estate_file(tmp_path: Path) -> None:
    (tmp_path / "r1.cfg").write_text("hostname r1\n")

    estate = load_estate(write(tmp_path, {"devices": [R1 | {"startup_file": "r1.cfg"}]}))

    assert estate.devices[0].startup == "hostname r1\n"


BAD = {
    "not YAML": ("devices: [", "while parsing"),
    "no devices": ({}, "devices: Field required"),
    "another platform": (
        {"devices": [R1 | {"platform": "junos"}]},
        "devices.0.platform: Input should be 'ios' or 'eos'",
    ),
    "an address that is not loopback": ({"devices": [R1 | {"address": "10.0.0.1"}]}, "10.0.0.1 is not in 127.0.0.0/8"),
    "an address that is none": ({"devices": [R1 | {"address": "here"}]}, "devices.0.address"),
    "an unknown key": ({"devices": [R1 | {"colour": "blue"}]}, "devices.0.colour: Extra inputs"),
    "a name twice": ({"devices": [R1, SW1 | {"name": "r1"}]}, "more than one device or jump host has the name r1"),
    "an address twice": (
        {"devices": [R1, R1 | {"name": "r2"}]},
        "more than one device or jump host has the address and port 127.0.1.1 port 2222",
    ),
    "the jump host's address": (
        {"devices": [R1], "jump_hosts": [JUMP | {"address": "127.0.1.1"}]},
        "127.0.1.1 port 2222",
    ),
    "startup twice": (
        {"devices": [R1 | {"startup": "hostname x", "startup_file": "x"}]},
        "give either startup or startup_file, not both",
    ),
    "a minute of nothing": ({"devices": [R1], "minute": 0}, "minute: Input should be greater than 0"),
    "a name with a slash": ({"devices": [R1 | {"name": "../r1"}]}, "devices.0.name"),
    "a password with a blank": (
        {"devices": [R1 | {"credentials": {"username": "u", "password": "a b"}}]},
        "devices.0.credentials.password",
    ),
}


@pytest.mark.parametrize(("data", "said"), BAD.values(), ids=BAD)
def test_says_what_is_wrong_and_where(tmp_path: Path, data: Any, said: str) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data))

    with pytest.raises(EstateFileError) as caught:
        load_estate(path)

    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("entry", [None, {"startup_file": "nowhere.cfg"}], ids=["the file", "a startup file"])
def test_a_file_that_is_not_there(tmp_path: Path, entry: dict[str, str] | None) -> None:
    path = write(tmp_path, {"devices": [R1 | entry]}) if entry else tmp_path / "nowhere.yaml"

    with pytest.raises(EstateFileError, match="No such file"):
        load_estate(path)


@pytest.mark.parametrize(
    ("device", "user", "enable"),
    [
        (R1, "username u privilege 15 secret 9 $9$", "enable secret 9 $9$"),
        (SW1, "username u privilege 15 role network-admin secret sha512 $6$", "enable password sha512 $6$"),
    ],
    ids=["ios", "eos"],
)
def test_credentials_become_lines(tmp_path: Path, device: dict[str, str], user: str, enable: str) -> None:
    credentials = {"username": "u", "password": "clear-p", "enable": "clear-e"}
    estate = load_estate(write(tmp_path, {"devices": [device | {"credentials": credentials, "startup": "hostname x"}]}))

    lines = startup_lines(estate.devices[0])

    assert lines[0].startswith(user)
    assert lines[1].startswith(enable)
    assert lines[2:] == ["hostname x"]
    assert "clear" not in "".join(lines)


def test_a_user_of_an_aaa_server_is_not_in_the_configuration(tmp_path: Path) -> None:
    credentials = {"username": "u", "password": "clear-p", "remote": True}
    estate = load_estate(write(tmp_path, {"devices": [R1 | {"credentials": credentials, "startup": "hostname x"}]}))

    assert startup_lines(estate.devices[0]) == ["hostname x"]
