"""Whatever ends a lab, nothing of it stays: no process, no interface, no folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lab.frr.building import DISKS

pytestmark = pytest.mark.frr

ROOT = Path(__file__).parents[3]
GONE_WITHIN_S = 20.0


class Running:
    """A lab of another process, whose descendants all carry a mark in their environment."""

    def __init__(self, **environment: str) -> None:
        self.mark = f"LAB_MARK={uuid.uuid4()}"
        name, value = self.mark.split("=")
        command = [sys.executable, "-m", "lab.frr", "--sites", "1", "--json"]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, name: value, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def await_up(self) -> list[str]:
        """The interfaces that the lab has made on this machine."""
        assert self.process.stdout is not None
        _, second, third, _ = json.loads(self.process.stdout.readline())["devices"][0]["in_band_address"].split(".")
        slot = (int(second) - 18) * 4 + int(third) // 64
        return [f"{port} {index}" for port, index in _interfaces().items() if port[:-1] == f"wgfrr{slot}"]

    def remains(self) -> list[str]:
        """Whatever of it is still there, for people."""
        processes = [f"process {pid}" for pid in _pids() if self.mark.encode() in _environment(pid)]
        return processes + [str(folder) for folder in DISKS.glob(f"wavegate-frr-{self.process.pid}-*")]

    def await_gone(self, ports: list[str], *, but: str = "\0") -> None:
        """Fails if anything remains; `but` names what may."""
        give_up = time.monotonic() + GONE_WITHIN_S
        while left := [what for what in [*self.remains(), *_still(ports)] if but not in what]:
            assert time.monotonic() < give_up, f"left behind: {left}"
            time.sleep(0.02)


@pytest.fixture
def running(real_frr: None) -> Iterator[Running]:
    one = Running()
    yield one
    one.process.kill()
    one.process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_a_lab_that_is_ended_removes_everything(running: Running, ending: signal.Signals) -> None:
    ports = running.await_up()
    assert len(ports) == 2
    assert len(running.remains()) > 20, "three machines with their daemons"
    running.process.send_signal(ending)
    assert running.process.wait(GONE_WITHIN_S) == 0
    assert running.remains() == []
    assert _still(ports) == []


def test_a_lab_whose_process_is_killed_leaves_only_disks_which_the_next_one_removes(running: Running) -> None:
    ports = running.await_up()
    running.process.kill()
    running.process.wait()
    running.await_gone(ports, but=str(DISKS))
    # when the next one starts
    following = Running()
    following.await_up()
    following.process.send_signal(signal.SIGINT)
    following.process.wait(GONE_WITHIN_S)
    following.process.communicate()
    # then
    assert running.remains() == []


def test_a_lab_that_fails_halfway_removes_what_it_had_made_and_says_why(real_frr: None, tmp_path: Path) -> None:
    # given a machine that can make the first key, but no host key
    real = shutil.which("ssh-keygen")
    broken = tmp_path / "ssh-keygen"
    broken.write_text(f'#!/bin/sh\ncase "$*" in *host_key*) echo no entropy >&2; exit 7 ;; esac\nexec {real} "$@"\n')
    broken.chmod(0o755)
    before = _interfaces()
    one = Running(PATH=f"{tmp_path}:{os.environ['PATH']}")
    _, complaint = one.process.communicate(timeout=GONE_WITHIN_S)
    assert one.process.returncode == 1
    assert "ended with 7: no entropy" in complaint
    assert "Traceback" not in complaint
    assert one.remains() == []
    assert set(_interfaces()) <= set(before)


def test_a_machine_that_lacks_something_is_told_all_of_it(real_frr: None, tmp_path: Path) -> None:
    one = Running(PATH=str(tmp_path))
    _, complaint = one.process.communicate(timeout=GONE_WITHIN_S)
    assert one.process.returncode == 1
    for package in ("ip is missing (Debian: iproute2)", "ping is missing (Debian: iputils-ping)"):
        assert package in complaint


def _interfaces() -> dict[str, int]:
    found: dict[str, int] = {}
    for port in Path("/sys/class/net").glob("wgfrr*"):
        # One that is being removed cannot be read any more.
        with suppress(OSError):
            found[port.name] = int((port / "ifindex").read_text())
    return found


def _still(ports: list[str]) -> list[str]:
    return [port for port in (f"{name} {index}" for name, index in _interfaces().items()) if port in ports]


def _pids() -> list[str]:
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # gone meanwhile, or none of ours
        return b""
