"""A lab as a process of its own, and the channel to it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.control import LabClient
from lab.errors import ControlError, FaultError, UnknownDeviceError
from lab.faults import Fault, FaultKind

Start = Callable[..., "subprocess.Popen[str]"]
STARTUP = "hostname r1\ninterface Vlan10"


@pytest.fixture
def estate_file(tmp_path: Path, new_address: Callable[[], str]) -> Path:
    devices = [
        {"name": "r1", "platform": "ios", "address": new_address(), "startup": STARTUP, "reboot_seconds": 0.1},
        {"name": "sw1", "platform": "eos", "address": new_address(), "startup": "hostname sw1"},
    ]
    path = tmp_path / "lab.yaml"
    path.write_text(yaml.safe_dump({"devices": devices}))
    return path


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Start]:
    """Runs `python -m lab` with arguments; ends what is still running."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*arguments: str | Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "lab", *map(str, arguments)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(20)
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()  # type: ignore[union-attr]


@pytest.fixture
def lab(run: Start, estate_file: Path, tmp_path: Path) -> tuple["subprocess.Popen[str]", LabClient]:
    process = run("run", estate_file, "--folder", tmp_path / "out", "--control", tmp_path / "c.sock", "--attached")
    ready = json.loads(process.stdout.readline())  # type: ignore[union-attr]
    assert (ready["ready"], ready["devices"], ready["pid"]) == (True, 2, process.pid)
    return process, LabClient(Path(ready["control"]))


def test_everything_can_be_done_from_outside(lab: Any, eventually: Callable[..., None]) -> None:
    _, client = lab

    client.set_fault("r1", Fault(kind=FaultKind.SLOW, seconds=0.5, match="show .*"))
    client.put_file("r1", "x", "hostname x\n")
    refused = client.edit("r1", ["hostname other", "nonsense"])
    listed = {device.name: device for device in client.devices()}
    running, startup = client.running("r1"), client.startup("r1")
    client.clear_faults("r1", FaultKind.SLOW)
    client.swap_hardware("sw1")
    client.power_cut("r1")
    eventually(lambda: client.device("r1").up)
    client.reboot("r1", seconds=0.01)
    eventually(lambda: client.device("r1").up)

    assert refused == ["nonsense: invalid at 'nonsense'"]
    assert listed["r1"].faults == (Fault(kind=FaultKind.SLOW, seconds=0.5, match="show .*"),)
    assert "hostname other" in running
    assert "hostname r1" in startup
    assert [entry.event.value for entry in client.journal("r1")] == [
        "fault-set",
        "edited-by-hand",
        "edited-by-hand",
        "fault-cleared",
        "rebooted",
        "rebooted",
    ]
    assert client.device("r1").hostname == "r1"
    assert client.known_hosts.exists()
    assert client.certificate("sw1").exists()


def test_errors_come_back_as_what_they_are(lab: Any) -> None:
    _, client = lab

    with pytest.raises(UnknownDeviceError):
        client.running("nobody")
    with pytest.raises(FaultError):
        client.set_fault("sw1", Fault(kind=FaultKind.VTY_EXHAUSTED))
    with pytest.raises(ControlError, match="there is no operation 'explode'"):
        client._ask("explode")
    with pytest.raises(ControlError, match="wrong arguments"):
        client._ask("running", colour="blue")


@pytest.mark.parametrize(
    "line", [b"nonsense\n", b"[]\n", b'{"args": {}}\n', b'{"op": "running", "args": 3}\n'], ids=str
)
def test_what_is_no_request_is_said_to_be_none(lab: Any, line: bytes) -> None:
    _, client = lab
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(str(client._path))
        channel.sendall(line)
        answer = json.loads(channel.makefile().readline())

    assert answer["error"]["kind"] == "ControlError"


def test_the_channel_is_for_its_owner_alone(lab: Any) -> None:
    _, client = lab

    assert client._path.stat().st_mode & 0o777 == 0o600


def ended(process: "subprocess.Popen[str]") -> int:
    process.wait(20)
    return process.returncode


def test_stops_when_a_client_says_so(lab: Any) -> None:
    process, client = lab

    client.stop()

    assert ended(process) == 0
    assert not client._path.exists()
    with pytest.raises(ControlError, match="Is it running"):
        client.devices()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_on_a_signal(lab: Any, number: signal.Signals) -> None:
    process, _ = lab

    os.kill(process.pid, number)

    assert ended(process) == 0
    assert process.stderr.read() == ""


def test_stops_when_whoever_started_it_is_gone(lab: Any) -> None:
    process, _ = lab

    process.stdin.write("ignored")
    process.stdin.close()

    assert ended(process) == 0


def test_a_bad_estate_file_is_told_and_nothing_starts(run: Start, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("devices: [{name: r1}]")

    process = run("run", bad)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 1
    assert errors.startswith(f"lab: {bad}: not a valid estate of the lab: devices.0.platform: Field required")
    assert "Traceback" not in errors


def test_a_control_path_that_is_too_long_is_told(run: Start, estate_file: Path, tmp_path: Path) -> None:
    process = run("run", estate_file, "--folder", tmp_path / "o", "--control", tmp_path / ("x" * 120))
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "is too long for a unix socket; give a shorter path with --control" in errors


def test_without_a_folder_it_makes_one(run: Start, estate_file: Path) -> None:
    process = run("run", estate_file, "--attached")
    ready = json.loads(process.stdout.readline())  # type: ignore[union-attr]
    folder = Path(ready["folder"])

    with LabClient(Path(ready["control"])) as client:
        assert client.folder == folder

    assert ended(process) == 0
    assert (folder / "trust" / "known_hosts").exists()
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def test_a_lab_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"no lab answers devices on .*Is it running\?"):
        LabClient(tmp_path / "nowhere.sock").devices()


def test_the_socket_of_a_lab_that_runs_is_not_taken(lab: Any, run: Start, tmp_path: Path) -> None:
    _, client = lab
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump({"devices": []}))

    second = run("run", other, "--folder", tmp_path / "second", "--control", client._path)
    _, errors = second.communicate(timeout=20)

    assert second.returncode == 1
    assert f"another lab answers on {client._path}" in errors
    assert client.devices()


def test_the_socket_that_a_killed_lab_left_behind_is(lab: Any, run: Start, estate_file: Path, tmp_path: Path) -> None:
    process, client = lab
    process.kill()
    process.wait(20)

    second = run("run", estate_file, "--folder", tmp_path / "second", "--control", client._path)
    ready = json.loads(second.stdout.readline())  # type: ignore[union-attr]

    assert ready["ready"]
    assert client.device("r1").up
