"""Companies as they run: an installation with people, its processes, and a lab of simulated devices."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from typer.testing import CliRunner

from console.cli.app import assembled
from lab.branches.estate import branch_devices, device_spec
from lab.branches.startup import BranchDevice
from lab.estate import Credentials, DeviceSpec
from lab.estate import Estate as LabEstate
from lab.journal import Entry, Event, read_journal
from lab.lab import Lab

T = TypeVar("T")

PATIENCE_S = 60.0
NTP = "192.0.2.7"
PEOPLE: dict[str, tuple[str, ...]] = {
    "ed": ("--team", "netauto", "--role", "engineer"),
    "olga": ("--team", "noc", "--role", "operator", "--area", "network-ops"),
}
_ZONES = {"de": "Europe/Berlin", "fr": "Europe/Paris", "gb": "Europe/London", "us": "America/New_York"}
#: Whoever is gone is given up soon: there is no network in between.
_SETTINGS: dict[str, object] = {"connect_s": 3.0, "answer_s": 6.0, "session_s": 2.0}
#: Labs beside each other, of this process and of others, take different addresses of 127.0.0.0/8.
_labs = count()


def until(condition: Callable[[], T], what: str = "it", patience_s: float = PATIENCE_S) -> T:
    """Waits for something to be true, and gives it."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not become true in time"
        time.sleep(0.02)
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


@dataclass
class Running:
    """A process of the product."""

    process: subprocess.Popen[str]
    errors: Path
    ready: dict[str, Any]

    def metrics(self) -> str:
        """What Prometheus would scrape."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ready['port']}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    def logged(self) -> list[dict[str, Any]]:
        """What it logged so far; every line has to be JSON."""
        return [json.loads(line) for line in self.errors.read_text().splitlines()]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends it a signal, waits for its end, and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            # Python's fault handler writes where every thread stands.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(PATIENCE_S)
            pytest.fail(f"{self.ready['name']} did not end: {self.errors.read_text()}")
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


@dataclass
class Company:
    """An installation, whose people give commands and whose processes work on the devices of a lab."""

    home: Path
    lab: Lab
    branches: tuple[BranchDevice, ...]
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[Running] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str, by: str | None = None, wanted: int | None = 0) -> Ended:
        """``wavegate ARGUMENTS``, given by a person; ``wanted`` is how it has to end, None for any way."""
        own = {"WAVEGATE_HOME": str(self.home), "COLUMNS": "200", **self.environment}
        hidden: dict[str, str | None] = {name: None for name in os.environ if name.startswith("WAVEGATE_")}
        key = {"WAVEGATE_KEY": str(self.home / "people" / f"{by}.pem")} if by else {}
        result = CliRunner().invoke(assembled(arguments), list(arguments), env={**hidden, **own, **key})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        ended = Ended(result.exit_code, result.stdout, result.stderr)
        self.told += [ended.out, ended.err]
        assert wanted is None or ended.code == wanted, (arguments, ended.code, ended.out, ended.err)
        return ended

    def start(self, *arguments: str) -> Running:
        """Starts ``wavegate ARGUMENTS`` as a process of its own, and waits until it is ready."""
        errors = self.home / f"process-{len(self.processes)}.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAVEGATE_")}
        with errors.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "console.cli", *arguments],
                env={**kept, "PYTHONFAULTHANDLER": "1", "WAVEGATE_HOME": str(self.home), **self.environment},
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
            )
        assert process.stdout
        line = process.stdout.readline()
        running = Running(process, errors, json.loads(line) if line else {})
        self.processes.append(running)
        assert line, f"{arguments} did not get ready: {errors.read_text()}"
        return running

    def close(self) -> None:
        """Ends everything: the processes at once, since what they did is judged by now, and the lab."""
        for running in self.processes:
            running.end(signal.SIGKILL)
        self.lab.stop()

    # What people do.

    def change(self, name: str, **fields: Any) -> Path:
        """Writes a change, of an NTP server where nothing else is given, and gives its file."""
        folder = self.home / "changes" / name
        folder.mkdir(parents=True, exist_ok=True)
        line = fields.pop("line", f"ntp server {NTP}\n")
        for platform in ("ios", "eos"):
            (folder / f"{platform}.j2").write_text(fields.pop(platform, line))
        strategy = {"canary": 1, "waves": ["50%"], "max_in_flight": 200, "max_unhealthy": 200, "halt_at": 1}
        document: dict[str, Any] = {
            "title": f"Change {name}",
            "ticket": "NET-7",
            "team": "netauto",
            "select": fields.pop("select", "platform in (ios,eos)"),
            "config": {each: f"{each}.j2" for each in fields.pop("platforms", ("ios", "eos"))},
            "checks_within": fields.pop("within", "10s"),
            "strategy": strategy | {"bake": "0s"} | yaml.safe_load(fields.pop("strategy", "{}")),
            "approvals": [{"area": "network-ops", "count": 1}],
            **fields,
        }
        (folder / "change.yaml").write_text(yaml.safe_dump(document))
        return folder / "change.yaml"

    def planned(self, change: Path, *options: str) -> str:
        """Requests a rollout; gives its id once it is planned."""
        rollout = str(self("rollout", "request", str(change), "--json", *options, by="ed").json["rollout"])
        until(lambda: self.state(rollout) not in {"proposed", "planning"}, "the plan")
        return rollout

    def approved(self, change: Path, *options: str) -> str:
        """Requests a rollout and approves its plan; gives its id."""
        rollout = self.planned(change)
        self("rollout", "approve", rollout, "--yes", *options, by="olga")
        return rollout

    def show(self, rollout: str) -> Any:
        """A rollout as machines see it."""
        return self("rollout", "show", rollout, "--json").json

    def state(self, rollout: str) -> str:
        """Where a rollout stands."""
        return str(self.show(rollout)["rollout"]["state"])

    def reaches(self, rollout: str, *states: str, patience_s: float = PATIENCE_S) -> Any:
        """Waits until a rollout is in one of these states; gives its page."""
        until(lambda: self.state(rollout) in states, f"{rollout} being {'/'.join(states)}", patience_s)
        return self.show(rollout)

    # What is seen.

    @property
    def devices(self) -> tuple[str, ...]:
        """All devices' names."""
        return tuple(branch.name for branch in self.branches)

    def facts(self, rollout: str | None = None) -> list[Any]:
        """The facts of the log, oldest first, as ``wavegate log`` gives them; of one rollout where it is named."""
        return self("log", "--last", "0", "--json", *(["--rollout", rollout] if rollout else [])).lines

    def journal(self, device: str) -> list[Entry]:
        """What a device noted."""
        return read_journal(self.lab.folder / "journal" / f"{device}.jsonl")

    def running(self, line: str) -> set[str]:
        """The devices that have a line in their running configuration."""
        return {device for device in self.devices if line in self.lab.running(device).splitlines()}

    def noted(self, event: Event, *devices: str) -> list[Entry]:
        """All entries of a kind, of these devices or of all."""
        return [entry for name in devices or self.devices for entry in self.journal(name) if entry.event is event]


def _estate(home: Path, branches: Sequence[BranchDevice], credentials: dict[str, str], enabled: str) -> dict[str, Any]:
    login = {"username": branches[0].username, **credentials}
    return {
        "sites": {
            branch.site: {
                "country": branch.site[:2].upper(),
                "timezone": _ZONES.get(branch.site[:2], "UTC"),
                "region": "emea",
                "tier": "store",
            }
            for branch in branches
        },
        "devices": {
            branch.name: {
                "site": branch.site,
                "role": branch.role.value,
                "platform": branch.platform.value,
                "os_version": (spec := device_spec(branch)).version,
                "address": spec.address,
                "port": spec.port,
                "credentials": "lab",
            }
            for branch in branches
        },
        "credentials": {"lab": login | ({"enable_secret": enabled} if enabled else {})},
    }


CompanyMaker = Callable[..., Company]


@pytest.fixture(scope="module")
def found_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompanyMaker]:
    """Founds companies: ``options`` go to ``wavegate init``, ``settings`` into its file; their devices are enrolled.

    ``minute`` is how many seconds a vendor's minute lasts in the lab, with ``remote`` an AAA server knows the users and
    there is no secret on any device. No process runs yet.
    """
    with ExitStack() as closing:

        def found(
            sites: int,
            devices: int,
            *options: str,
            minute: float = 60.0,
            settings: Mapping[str, object] | None = None,
            remote: bool = False,
            **secrets: str,
        ) -> Company:
            folder = tmp_path_factory.mktemp("company")
            number = os.getpid() % 4000 * 8 + next(_labs) % 8
            first = f"127.{70 + number // 256}.{number % 256}.0" if sites <= 16 else f"127.{200 + number % 50}.0.0"
            branches = tuple(branch_devices(sites, devices, first=first, **secrets))
            specs = tuple(device_spec(each, reboot_seconds=0.3, user_mode=bool(each.enable)) for each in branches)
            if remote:
                specs = tuple(_without_secrets(each, branches[0]) for each in specs)
            company = Company(folder / "home", Lab(LabEstate(devices=specs, minute=minute), folder / "lab"), branches)
            closing.callback(company.close)
            _furnish(company, options, settings or {})
            return company

        yield found


def _without_secrets(spec: DeviceSpec, branch: BranchDevice) -> DeviceSpec:
    kept = [line for line in spec.startup.splitlines() if not line.startswith(("username", "snmp-server community"))]
    known = Credentials(username=branch.username, password=branch.password, remote=True)
    return spec.model_copy(update={"startup": "\n".join(kept), "credentials": known})


def _furnish(company: Company, options: Sequence[str], settings: Mapping[str, object]) -> None:
    home = company.home
    company("init", str(home), "--admin", "ada", "--team", "noc", *options)
    with (home / "wavegate.toml").open("a") as file:
        # JSON's values are TOML's.
        file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in {**_SETTINGS, **settings}.items())
    people = home / "people"
    people.mkdir()
    (people / "ada.pem").write_bytes((home / "keys" / "root.pem").read_bytes())
    (people / "ada.pem").chmod(0o600)
    for name, given in PEOPLE.items():
        company("key", "new", str(people / f"{name}.pem"), "--name", name)
        company("key", "register", str(people / f"{name}.pem.pub"), "--name", name, *given, by="ada")
    branch = company.branches[0]
    password = home / "password"
    password.write_text(branch.password)
    password.chmod(0o600)
    company.environment["DEVICE_ENABLE"] = branch.enable
    document = _estate(home, company.branches, {"password": f"file:{password}"}, branch.enable and "env:DEVICE_ENABLE")
    (home / "estate" / "all.yaml").write_text(yaml.safe_dump(document))


@pytest.fixture(scope="session")
def enrolled() -> Callable[[Company], None]:
    """Records the keys of all devices of a company, whose coordinator runs."""

    def enroll(company: Company) -> None:
        trust = company.lab.folder / "trust"
        known = ("--known-hosts", str(trust / "known_hosts"), "--certificates", str(trust))
        company("inventory", "enroll", *known, by="olga")

    return enroll
