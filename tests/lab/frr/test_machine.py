"""A machine on its own: what it keeps, what dies with it, and how a boot that fails ends."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.frr.building import DISKS
from lab.frr.errors import BootError, CommandError
from lab.frr.machine import Machine
from lab.frr.namespaces import Network

pytestmark = pytest.mark.frr

Boot = Callable[[str], Machine]


@pytest.fixture
def boot(real_frr: None) -> Iterator[Boot]:
    """Switches machines on, with a disk in memory; all are off and gone after the test."""
    machines: list[Machine] = []
    folders = iter(DISKS / f"wavegate-frr-{os.getpid()}-machine-{number}" for number in range(9))

    def start(rc: str) -> Machine:
        machines.append(Machine("m1", next(folders), Network(), rc=rc))
        machines[-1].start()
        return machines[-1]

    yield start
    for machine in machines:
        machine.power_off()
        machine.network.close()
        shutil.rmtree(machine.folder)


def test_a_machine_has_its_own_name_processes_network_and_memory(boot: Boot, eventually: Callable[..., None]) -> None:
    machine = boot("ip link set lo up")
    machine.wait_until_booted()
    assert machine.run("hostname") == "m1\n"
    # The boot script tells that it is through, and then becomes what keeps the machine.
    eventually(lambda: machine.run("readlink", "/proc/1/exe") == "/usr/bin/cat\n", "process 1 waits")
    assert [line.split(":")[1].strip() for line in machine.run("ip", "-o", "link").splitlines()] == ["lo"]
    assert machine.run("ls", "/tmp") == ""


def test_what_is_written_stays_on_its_disk_over_a_power_cut_and_off_the_real_one(boot: Boot) -> None:
    machine = boot("true")
    machine.wait_until_booted()
    machine.run("sh", "-c", "echo kept >/etc/wavegate-was-here; echo lost >/run/wavegate-was-here")
    machine.power_off()
    machine.start()
    machine.wait_until_booted()
    assert machine.run("cat", "/etc/wavegate-was-here") == "kept\n"
    assert not Path("/etc/wavegate-was-here").exists()
    with pytest.raises(CommandError, match="No such file"):
        machine.run("cat", "/run/wavegate-was-here")


def test_orphans_do_not_stay_as_zombies(boot: Boot, eventually: Callable[..., None]) -> None:
    machine = boot("true")
    machine.wait_until_booted()
    machine.run("sh", "-c", "(sleep 0.01 &) >/dev/null 2>&1")
    eventually(lambda: "sleep" not in machine.run("ps", "axo", "args"), "the orphan is gone")


def test_a_boot_that_fails_tells_the_end_of_the_console(boot: Boot) -> None:
    machine = boot("echo the disk is on fire; exit 3")
    with pytest.raises(BootError, match="m1 did not boot: the disk is on fire"):
        machine.wait_until_booted()


def test_switching_off_in_the_middle_of_a_boot_leaves_no_process(boot: Boot, eventually: Callable[..., None]) -> None:
    machine = boot("echo booting; sleep 98765")
    eventually(lambda: "booting" in (machine.folder / "console").read_text(), "it is booting")
    machine.power_off()
    eventually(lambda: not _anybody_runs(b"sleep\x0098765\x00"), "nothing of it runs")


def _anybody_runs(command: bytes) -> bool:
    return any(command in _command_line(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:  # gone meanwhile
        return b""
