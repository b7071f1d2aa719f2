"""Eight real routers at four sites, an installation of the product with all its processes, and a rollout through both.

What became of it is asked of the routers: their daemons, their kernels, their disks, and journals that the product
cannot write. Everything is torn down whatever fails: the processes first, the routers after them.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from typer.testing import CliRunner

from console.cli.app import assembled
from lab.frr.journal import JournalEntry
from lab.frr.lab import FrrLab
from lab.frr.namespaces import missing

T = TypeVar("T")

PATIENCE_S = 90.0
#: A coordinator, two workers that share the sites, and a projector: each a process of its own.
PROCESSES = (("coordinator",), ("worker",), ("worker",), ("projector",))
PEOPLE = {
    "ed": ("--team", "netauto", "--role", "engineer"),
    "olga": ("--team", "noc", "--role", "operator", "--area", "network-ops"),
}
SETTINGS = "connect_s = 3.0\nanswer_s = 6.0\nsession_s = 4.0\n"


def until(condition: Callable[[], T], what: str) -> T:
    """Waits for something to be true, and gives it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not become true in {PATIENCE_S:.0f} s"
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


@dataclass
class Network:
    """An installation in a folder, its people's keys, its processes, and the routers."""

    home: Path
    routers: FrrLab
    processes: ExitStack = field(default_factory=ExitStack)
    since: dict[str, int] = field(default_factory=dict)

    def __call__(self, *arguments: str, by: str | None = None, wanted: int | None = 0) -> Ended:
        """``wavegate ARGUMENTS``, given by a person; ``wanted`` is how it has to end, None for any way."""
        hidden: dict[str, str | None] = {name: None for name in os.environ if name.startswith("WAVEGATE_")}
        key = {"WAVEGATE_KEY": str(self.home / "people" / f"{by}.pem")} if by else {}
        own = {"WAVEGATE_HOME": str(self.home), "COLUMNS": "200", **key}
        result = CliRunner().invoke(assembled(arguments), list(arguments), env={**hidden, **own})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert wanted in {None, result.exit_code}, (arguments, result.exit_code, result.stdout, result.stderr)
        return Ended(result.exit_code, result.stdout, result.stderr)

    def start(self, *arguments: str) -> None:
        """Starts ``wavegate ARGUMENTS`` as a process of its own, and waits until it is ready."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAVEGATE_")}
        with (self.home / "processes.log").open("a") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "console.cli", *arguments],
                env={**kept, "WAVEGATE_HOME": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
            )
        self.processes.callback(_end, process)
        assert process.stdout
        assert process.stdout.readline(), f"{arguments} did not get ready: {stream.name}"

    def show(self, rollout: str) -> Any:
        """A rollout as machines see it."""
        return self("rollout", "show", rollout, "--json").json

    def facts(self) -> list[Any]:
        """The facts of the log, oldest first."""
        return self("log", "--last", "0", "--json").lines

    def orders(self, router: str) -> dict[str, list[str]]:
        """The types of all facts about an order to this router, by the label of what the order writes."""
        found: dict[str, list[str]] = {}
        for fact in self.facts():
            if fact["data"].get("device") == router and "order" in fact["data"]:
                label = "wg-" + hashlib.sha256(fact["data"]["order"].encode()).hexdigest()[:16]
                found.setdefault(label, []).append(fact["type"])
        return found

    def noted(self, router: str) -> "Noted":
        """What the router's journal says since the product was there."""
        reader = _Reader()
        for entry in self.routers.journal(router)[self.since[router] :]:
            reader.read(entry)
        return reader.noted


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


@pytest.fixture(scope="module")
def routers() -> Iterator[FrrLab]:
    """Two routers at each of four sites. Skips loudly where none can run, and fails there in CI."""
    if lacks := missing():
        message = f"real FRR routers cannot run here: {'; '.join(lacks)}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with FrrLab(sites=4) as lab:
        yield lab


@pytest.fixture(scope="module")
def network(routers: FrrLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The product over the routers, with its processes running and the routers' host keys enrolled."""
    made = Network(tmp_path_factory.mktemp("network") / "home", routers)
    made.since |= {device.name: len(routers.journal(device.name)) for device in routers.devices}
    with made.processes:
        _furnish(made)
        for arguments in PROCESSES:
            made.start("run", *arguments)
        known = made.home / "known_hosts"
        known.write_text("".join(f"{device.host_key}\n" for device in routers.devices))
        made("inventory", "enroll", "--known-hosts", str(known), by="olga")
        yield made


def _furnish(network: Network) -> None:
    home = network.home
    network("init", str(home), "--admin", "ada", "--team", "noc")
    with (home / "wavegate.toml").open("a") as file:
        file.write(SETTINGS)
    people = home / "people"
    people.mkdir()
    _secret(people / "ada.pem", (home / "keys" / "root.pem").read_bytes())
    for name, given in PEOPLE.items():
        network("key", "new", str(people / f"{name}.pem"), "--name", name)
        network("key", "register", str(people / f"{name}.pem.pub"), "--name", name, *given, by="ada")
    device = network.routers.devices[0]
    _secret(home / "login.key", device.key_file.read_bytes())
    document = {
        "credentials": {"frr": {"username": device.user, "private_key": f"file:{home / 'login.key'}"}},
        "sites": {
            site.name: {"country": "DE", "timezone": "Europe/Berlin", "region": "emea", "tier": "store"}
            for site in network.routers.plan.sites
        },
        "devices": {
            router.name: {
                "site": router.site,
                "role": "router",
                "platform": "frr",
                "address": router.address,
                "port": router.port,
                "credentials": "frr",
                "access": router.reached,
                "redundancy_group": f"{router.site}-vrrp",
            }
            for router in network.routers.devices
        },
    }
    (home / "estate" / "all.yaml").write_text(yaml.safe_dump(document))


def _secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


# What the routers noted.


@dataclass
class Write:
    """What a router noted of one write. ``ended`` is confirmed, fired or reverted; ``lines`` what was typed."""

    label: str
    lines: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    saved: int = 0


@dataclass
class Noted:
    """A router's journal, read: its writes by label, all commands besides, and what no write accounts for."""

    writes: dict[str, Write] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)


_VERB = re.compile(r"wavegate-deadman (?P<verb>\w+)(?: \d+)?(?: (?P<label>\S+))?")
#: vtysh's own ways about a configuration, which change nothing.
_WAYS = {"end", "exit", "XFRR_start_configuration", "XFRR_end_configuration"}


class _Reader:
    """Reads a journal, oldest entry first. A connection belongs to the write whose label it armed or confirmed."""

    def __init__(self) -> None:
        self.noted = Noted()
        self._by_peer: dict[str, Write] = {}
        self._configuring: set[str] = set()
        self._restoring = False

    def read(self, entry: JournalEntry) -> None:
        """Takes an entry in."""
        readers = {
            ("wavegate", "verb"): self._verb,
            ("wavegate", "refused"): self._outside,
            ("wavegate", "line"): self._line,
            ("wavegate", "restoring"): self._restores,
            ("wavegate", "restored"): self._restored,
        }
        if (reader := readers.get((entry.ident, entry.event))) is not None:
            reader(entry)
        elif entry.event == "command" and entry.context.startswith("(config"):
            self._executed(entry)

    def _verb(self, entry: JournalEntry) -> None:
        self._outside(entry)
        found = _VERB.fullmatch(entry.line)
        assert found, entry.line
        if found["verb"] == "arm":
            self._by_peer[entry.peer] = self.noted.writes.setdefault(found["label"], Write(found["label"]))
        elif found["verb"] == "confirm":
            self._by_peer[entry.peer] = self.noted.writes[found["label"]]
            self._by_peer[entry.peer].ended.append("confirmed")

    def _outside(self, entry: JournalEntry) -> None:
        self.noted.commands.append(entry.line)

    def _line(self, entry: JournalEntry) -> None:
        if entry.session in self._configuring and entry.line != "end":
            self._typed(self._by_peer.get(entry.peer), entry)
            return
        self._outside(entry)
        if entry.line == "configure terminal":
            self._configuring.add(entry.session)
        elif entry.line == "write memory":
            self._saved(self._by_peer.get(entry.peer), entry)
        self._configuring -= {entry.session} if entry.line == "end" else set()

    def _typed(self, write: Write | None, entry: JournalEntry) -> None:
        if write is None or write.ended:
            self.noted.strange.append(f"typed without an armed dead-man by {entry.peer}: {entry.line}")
        else:
            write.lines.append(entry.line)

    def _saved(self, write: Write | None, entry: JournalEntry) -> None:
        if write is None or write.ended != ["confirmed"]:
            self.noted.strange.append(f"saved without a confirmation by {entry.peer}")
        else:
            write.saved += 1

    def _restores(self, _entry: JournalEntry) -> None:
        self._restoring = True

    def _restored(self, entry: JournalEntry) -> None:
        self._restoring = False
        self.noted.writes[entry.line].ended.append(entry.fields["outcome"])

    def _executed(self, entry: JournalEntry) -> None:
        """What a daemon executed was typed under a dead-man that is armed, or is what this one restores."""
        armed = {line for write in self.noted.writes.values() if not write.ended for line in write.lines}
        if not self._restoring and entry.line not in armed | _WAYS:
            self.noted.strange.append(f"{entry.ident} executed what nobody typed: {entry.line}")
