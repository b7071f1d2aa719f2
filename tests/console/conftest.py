"""Installations as people have them: a folder, keys, an inventory, processes, and a lab of simulated devices."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from typer.testing import CliRunner

from console.cli.app import assembled
from lab.branches.estate import LAB_PASSWORD, branch_devices, device_spec
from lab.branches.startup import BranchDevice
from lab.estate import DeviceSpec
from lab.estate import Estate as LabEstate
from lab.lab import Lab

T = TypeVar("T")

PATIENCE_S = 60.0
#: Nobody listens there: the discard service is long gone, and loopback addresses of this net are nobody's.
NOWHERE = "127.127.127.127"
_ZONES = {
    "de": "Europe/Berlin",
    "fr": "Europe/Paris",
    "gb": "Europe/London",
    "us": "America/New_York",
    "jp": "Asia/Tokyo",
    "br": "America/Sao_Paulo",
    "za": "Africa/Johannesburg",
    "au": "Australia/Sydney",
}

CHANGE = """\
title: {title}
ticket: NET-7
team: netauto
select: {select}
config: {{ios: ios.j2, eos: eos.j2}}
checks:
  - name: The server is there
    command: show running-config
    matches: ntp server 192[.]0[.]2[.]7
checks_within: 3s
strategy: {{canary: 1, waves: [50%], max_in_flight: 20, max_unhealthy: 20, halt_at: 1, bake: {bake}}}
approvals: [{{area: network-ops, count: 1}}]
"""


def until(condition: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Waits for something to be true, and gives it."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)
    return found


@pytest.fixture(name="until", scope="session")
def _until() -> Callable[..., Any]:
    """Waits for something to be true, and gives it."""
    return until


@dataclass(frozen=True)
class Ended:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one object."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as one object in each line."""
        return [json.loads(line) for line in self.out.splitlines()]


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAVEGATE_")}
    return {**kept, "COLUMNS": "200", "PYTHONUNBUFFERED": "1", **more}


@dataclass
class Running:
    """A process of the product that was started by a test."""

    process: subprocess.Popen[str]
    errors: Path
    ready: dict[str, Any]

    @property
    def pid(self) -> int:
        return self.process.pid

    def page(self, path: str) -> tuple[int, str]:
        """What its status page answers: the code, and the text."""
        url = f"http://127.0.0.1:{self.ready['port']}{path}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def health(self) -> dict[str, str]:
        """What it says is wrong with it."""
        code, text = self.page("/healthz")
        found = json.loads(text)
        assert (code == 200) == found["ok"]
        return dict(found["troubles"])

    def logged(self) -> list[dict[str, Any]]:
        """What it logged so far; every line has to be JSON."""
        return [json.loads(line) for line in self.errors.read_text().splitlines()]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Tells it to end, waits for that, and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@dataclass
class Place:
    """An installation in a folder, with people who have keys, and processes that a test starts."""

    home: Path
    keys: dict[str, Path] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)
    settings: dict[str, str] = field(default_factory=dict)
    started: int = 0

    def __call__(self, *arguments: str, by: str | None = None, text: str | None = None, **more: str) -> Ended:
        """A command, in this process; ``by`` is who asks. Nobody can be asked back: there is no terminal."""
        result = CliRunner().invoke(assembled(arguments), list(arguments), input=text, env=self._named(by, more))
        unexpected = result.exception
        if unexpected is not None and not isinstance(unexpected, SystemExit):
            raise unexpected
        return Ended(result.exit_code, result.stdout, result.stderr)

    def shell(self, *arguments: str, by: str | None = None, **more: str) -> Ended:
        """The same in a process of its own, as a shell would."""
        done = subprocess.run(
            [sys.executable, "-m", "console.cli", *arguments],
            env=self.environment(by, **more),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def popen(self, *arguments: str, by: str | None = None, **streams: Any) -> subprocess.Popen[str]:
        """A command that goes on by itself; ended at the latest with the installation."""
        process = subprocess.Popen(
            [sys.executable, "-m", "console.cli", *arguments],
            env=self.environment(by),
            text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )
        self.closing.callback(self._kill, process)
        return process

    def start(self, *arguments: str) -> Running:
        """A process of the product, ready to work."""
        self.started += 1
        errors = self.home / f"process-{self.started}.log"
        with errors.open("w") as stream:
            process = self.popen(*arguments, stderr=stream)
        assert process.stdout
        line = process.stdout.readline()
        assert line, f"it did not get ready: {errors.read_text()}"
        return Running(process, errors, json.loads(line))

    def environment(self, by: str | None = None, **more: str) -> dict[str, str]:
        """What a command of its own is given."""
        return _environment(**{name: value for name, value in self._named(by, more).items() if value is not None})

    def _named(self, by: str | None, more: dict[str, str]) -> dict[str, str | None]:
        hidden: dict[str, str | None] = {name: None for name in os.environ if name.startswith("WAVEGATE_")}
        key = {"WAVEGATE_KEY": str(self.keys[by])} if by else {}
        return {**hidden, "WAVEGATE_HOME": str(self.home), "COLUMNS": "200", **self.settings, **key, **more}

    @staticmethod
    def _kill(process: subprocess.Popen[str]) -> None:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def add(self, name: str, *options: str, team: str = "netauto", role: str = "engineer") -> None:
        """Gives somebody a key that counts."""
        path = self.home / "people" / f"{name}.pem"
        path.parent.mkdir(exist_ok=True)
        assert self("key", "new", str(path), "--name", name).code == 0
        given = ("--name", name, "--team", team, "--role", role, *options)
        made = self("key", "register", f"{path}.pub", *given, by="ada")
        assert made.code == 0, made.err
        self.keys[name] = path

    def write_estate(self, devices: Sequence[DeviceSpec], branches: Sequence[BranchDevice]) -> None:
        """Writes an inventory of branch devices."""
        sites = {
            branch.site: {
                "country": branch.site[:2].upper(),
                "timezone": _ZONES[branch.site[:2]],
                "region": "emea" if branch.site[:2] in {"de", "fr", "gb", "za"} else "row",
                "tier": "store",
                "variables": {"ntp_server": "192.0.2.7"},
            }
            for branch in branches
        }
        found = {
            branch.name: {
                "site": branch.site,
                "role": branch.role.value,
                "platform": branch.platform.value,
                "os_version": spec.version,
                "address": spec.address,
                "port": spec.port,
                "credentials": "lab",
            }
            for branch, spec in zip(branches, devices, strict=True)
        }
        password = self.home / "password"
        password.write_text(LAB_PASSWORD)
        password.chmod(0o600)
        credentials = {"lab": {"username": "netops", "password": f"file:{password}"}}
        document = {"sites": sites, "devices": found, "credentials": credentials}
        (self.home / "estate" / "all.yaml").write_text(yaml.safe_dump(document))

    def change(self, name: str = "change", **fields: str) -> Path:
        """Writes a change that sets an NTP server, and gives its file."""
        folder = self.home / name
        folder.mkdir(exist_ok=True)
        line = fields.pop("line", "ntp server {{ ntp_server }}\n")
        for platform in ("ios", "eos"):
            (folder / f"{platform}.j2").write_text(fields.pop(platform, line))
        given = {"title": "An NTP server for everybody", "select": "platform in (ios,eos)", "bake": "0s", **fields}
        (folder / "change.yaml").write_text(CHANGE.format(**given))
        return folder / "change.yaml"


PlaceMaker = Callable[..., Place]


class SmallDisk:
    """A disk of its own, and what is needed to fill it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leaves no room at all."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Gives the room back."""
        self._ballast.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 16 MB; mounting it takes root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail("a small tmpfs could not be mounted: CI runs as root")
        pytest.skip("mounting a small tmpfs takes root")
    try:
        yield SmallDisk(folder)
    finally:
        # A process that a test leaves to the end of its module may still have files open there.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def make_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaceMaker]:
    """Makes installations, each with an admin (ada), an engineer (ed) and an operator (olga) who have keys."""
    made: list[Place] = []

    def make(*options: str, people: bool = True, folder: Path | None = None) -> Place:
        place = Place((folder or tmp_path_factory.mktemp("place")) / "home")
        made.append(place)
        done = place("init", str(place.home), "--admin", "ada", "--team", "noc", *options)
        assert done.code == 0, done.err
        place.keys["ada"] = place.home / "keys" / "root.pem"
        if people:
            place.add("ed")
            place.add("olga", "--area", "network-ops", team="noc", role="operator")
        return place

    yield make
    for place in made:
        place.closing.close()


@dataclass
class Site:
    """An installation that runs, over a lab with a router and a switch at each of three sites."""

    place: Place
    lab: Lab
    up: Running
    devices: tuple[str, ...]

    def request(self, change: Path, by: str = "ed", *options: str) -> str:
        """Requests a rollout; gives its id once it is planned."""
        asked = self.place("rollout", "request", str(change), "--json", *options, by=by)
        assert asked.code == 0, asked.err
        rollout = str(asked.json["rollout"])
        until(lambda: self.state(rollout) not in {"proposed", "planning"})
        return rollout

    def approve(self, rollout: str, *options: str, by: str = "olga") -> Ended:
        """Approves a rollout's plan."""
        return self.place("rollout", "approve", rollout, "--yes", *options, by=by)

    def show(self, rollout: str) -> Any:
        """A rollout as machines see it."""
        shown = self.place("rollout", "show", rollout, "--json")
        assert shown.code == 0, shown.err
        return shown.json

    def state(self, rollout: str) -> str:
        """Where a rollout stands."""
        return str(self.show(rollout)["rollout"]["state"])

    def watch(self, rollout: str) -> Ended:
        """Watches a rollout until it ends or waits for somebody."""
        return self.place("rollout", "watch", rollout)


@pytest.fixture(scope="module")
def site(make_place: PlaceMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation that runs, with its devices enrolled."""
    place = make_place()
    branches = list(branch_devices(3, 6))
    second = f"127.{70 + os.getpid() % 50}"
    moved = [
        device_spec(branch, reboot_seconds=0.2).model_copy(
            update={"address": f"{second}.{os.getpid() // 50 % 250}.{number}"}
        )
        for number, branch in enumerate(branches, 1)
    ]
    place.write_estate(moved, branches)
    with Lab(LabEstate(devices=tuple(moved)), tmp_path_factory.mktemp("lab")) as lab:
        up = place.start("up")
        trust = lab.folder / "trust"
        enrolled = place(
            "inventory", "enroll", "--known-hosts", str(lab.known_hosts), "--certificates", str(trust), by="olga"
        )
        assert enrolled.code == 0, enrolled.err
        yield Site(place, lab, up, tuple(branch.name for branch in branches))
        up.end()
