"""One lab of real routers for all tests here, and ways to get into a router like a client, or like a person on it."""

import importlib
import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import paramiko
import pytest

from lab.frr.errors import CommandError
from lab.frr.lab import FrrDevice, FrrLab
from lab.frr.namespaces import missing

DEPLOY = Path(__file__).parents[3] / "deploy" / "frr"
PROMPT = "# "
PATIENCE_S = 30.0


class Shell:
    """An interactive session as a driver has it: a terminal 511 wide, one line at a time, waiting for the prompt."""

    def __init__(self, client: paramiko.SSHClient) -> None:
        self.channel = client.invoke_shell(term="vt100", width=511, height=1000)
        self.banner = self.until(PROMPT)

    def send(self, *lines: str) -> str:
        """Send lines one by one; returns what came back for the last."""
        said = ""
        for line in lines:
            self.channel.send(f"{line}\n".encode())
            said = self.until(PROMPT)
        return said.replace("\r", "")

    def until(self, text: str) -> str:
        """Everything up to `text` at the very end, or to the end of the session."""
        said = ""
        while not said.endswith(text):
            ready, _, _ = select.select([self.channel], [], [], PATIENCE_S)
            assert ready, f"no {text!r} within {PATIENCE_S:.0f} s after {said!r}"
            chunk = self.channel.recv(65536).decode()
            if not chunk:
                break
            said += chunk
        return said


class Login:
    """One SSH connection to a router, with the host key checked."""

    def __init__(self, device: FrrDevice, *, password: bool = False) -> None:
        self.client = paramiko.SSHClient()
        address, kind, key = device.host_key.split()
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{address} {kind} {key}")
        assert entry is not None
        assert entry.key is not None
        self.client.get_host_keys().add(device.address, kind, entry.key)
        key_file = None if password else str(device.key_file)
        self.client.connect(
            device.address, device.port, device.user, look_for_keys=False, allow_agent=False, timeout=PATIENCE_S,
            banner_timeout=PATIENCE_S, auth_timeout=PATIENCE_S, password=device.password if password else None,
            key_filename=key_file,
        )  # fmt: skip

    def execute(self, command: str) -> tuple[int, str, str]:
        """(exit status, standard output, standard error) of an exec request."""
        _, output, errors = self.client.exec_command(command, timeout=120)
        return output.channel.recv_exit_status(), output.read().decode(), errors.read().decode()

    def verb(self, *words: object) -> dict[str, Any]:
        """The dead-man's answer."""
        _, output, _ = self.execute(" ".join(["wavegate-deadman", *map(str, words)]))
        answer = json.loads(output)
        assert isinstance(answer, dict)
        return answer

    def shell(self) -> Shell:
        """A fresh interactive session on this connection."""
        return Shell(self.client)


@pytest.fixture(scope="session")
def real_frr() -> None:
    """Skips loudly where real routers cannot run, and fails there in CI."""
    if lacks := missing():
        message = f"real FRR routers cannot run here: {'; '.join(lacks)}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="session")
def lab(real_frr: None) -> Iterator[FrrLab]:
    with FrrLab(sites=2, bgp=["s02-r1"]) as built:
        yield built


@pytest.fixture(scope="session")
def baselines(lab: FrrLab) -> dict[str, str]:
    return {device.name: lab.startup_config(device.name) for device in lab.devices}


@pytest.fixture
def in_band(lab: FrrLab, baselines: dict[str, str]) -> Iterator[FrrDevice]:
    """The first site's first router, reached through the network that it routes; as new before every test."""
    await_settled(lab)
    yield lab.devices[0]
    make_as_new(lab, lab.devices[0], baselines)


@pytest.fixture
def out_of_band(lab: FrrLab, baselines: dict[str, str]) -> Iterator[FrrDevice]:
    """The second site's second router, reached over the management network; as new before every test."""
    yield lab.devices[3]
    make_as_new(lab, lab.devices[3], baselines)


@pytest.fixture(scope="module")
def scratch(lab: FrrLab, baselines: dict[str, str]) -> Iterator[FrrDevice]:
    """The first site's second router, for lines that do not get into each other's way: as new only after a module."""
    yield lab.devices[1]
    make_as_new(lab, lab.devices[1], baselines)


@pytest.fixture(scope="module")
def scratch_shell(scratch: FrrDevice) -> Iterator[Shell]:
    """One interactive session on the scratch router for a whole module."""
    connection = Login(scratch)
    yield connection.shell()
    connection.client.close()


@pytest.fixture
def typing(scratch_shell: Shell) -> Callable[..., str]:
    """Types lines on the scratch router, always from the top; returns the answer to the last."""

    def typed(*lines: str) -> str:
        scratch_shell.send("end")
        return scratch_shell.send(*lines)

    return typed


@pytest.fixture
def login() -> Iterator[Callable[..., Login]]:
    """Opens connections that are closed after the test."""
    opened: list[Login] = []

    def connect(device: FrrDevice, *, password: bool = False) -> Login:
        opened.append(Login(device, password=password))
        return opened[-1]

    yield connect
    for one in opened:
        one.client.close()


@pytest.fixture(scope="session")
def router_side() -> Callable[[str], ModuleType]:
    """Modules of what the installer puts on a router, by name."""
    sys.path.insert(0, str(DEPLOY))
    return lambda name: importlib.import_module(f"wavegate_frr.{name}")


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object], str], None]:
    """Waits for a condition; fails with the words given if it does not come true."""

    def wait(condition: Callable[[], object], what: str) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < give_up, f"after {PATIENCE_S:.0f} s it is still not true that {what}"
            time.sleep(0.02)

    return wait


def await_settled(lab: FrrLab) -> None:
    """Every site has two paths in the core, and its first router is VRRP's master."""
    give_up = time.monotonic() + PATIENCE_S
    while not (_has_two_paths(lab) and all(_is_master(lab, site.routers[0].name) for site in lab.plan.sites)):
        assert time.monotonic() < give_up, f"the lab has not settled within {PATIENCE_S:.0f} s"
        time.sleep(0.02)


def _has_two_paths(lab: FrrLab) -> bool:
    paths = {route["dst"]: route.get("nexthops", []) for route in lab.kernel_routes("core")}
    return all(len(paths.get(str(site.host_address.network), [])) == 2 for site in lab.plan.sites)


def _is_master(lab: FrrLab, router: str) -> bool:
    return lab.vtysh(router, "show vrrp summary").strip().splitlines()[-1].split()[5] == "Master"


def make_as_new(lab: FrrLab, device: FrrDevice, baselines: dict[str, str]) -> None:
    """Nothing pending, and both configurations as they were when the lab was built."""
    name, baseline = device.name, baselines[device.name]
    with suppress(CommandError):
        pending = json.loads(lab.run(name, "wavegate-deadman", "status"))["pending"]
        if pending is None and lab.running_config(name) == baseline + "end\n" and lab.startup_config(name) == baseline:
            return
    (lab._machine(name).disk / "etc" / "frr" / "frr.conf").write_text(baseline, encoding="utf-8")
    lab.power_cut(name)
    if device.reached == "in-band":
        lab.converge()
