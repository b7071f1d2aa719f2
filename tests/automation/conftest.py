"""Devices of the lab for the tests of platforms and of the push protocol: one lab a test, ready in milliseconds.

Real FRR routers take seconds: they are shared by a module, and as new before every test.
"""

import itertools
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from automation.platforms.contract import Endpoint, Limits, Platform, Session
from automation.platforms.registry import platforms
from inventory.credentials import Login
from lab.branches.startup import BranchDevice, Role, startup_config
from lab.estate import DeviceSpec, Estate, JumpSpec
from lab.estate import Platform as LabPlatform
from lab.frr.journal import JournalEntry
from lab.frr.lab import FrrDevice, FrrLab
from lab.frr.namespaces import missing
from lab.journal import Entry, Event
from lab.lab import Lab

USER = "netops"
PASSWORD = "canary-login-password"
ENABLE = "canary-enable-secret"
#: What an IOS device without a local archive is called here: its undo is the dead-man.
KINDS = ("eos", "eos-4.33", "ios", "ios-dead-man")

_LAB_LEFT = "ignore:Exception ignored in. <socket.socket [^>]*laddr=.'127[^>]*, (2222|8443):"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The lab drops its side of a connection that is cut while it is being handed over; that is for the lab to mend."""
    for item in items:
        if {"platforms", "push"} & set(item.path.parts):
            item.add_marker(pytest.mark.filterwarnings(f"{_LAB_LEFT}pytest.PytestUnraisableExceptionWarning"))


_VERSIONS = {"eos-4.33": "4.33.1F"}
_numbers = itertools.count(1)


def _address() -> str:
    """A loopback address that no other process of tests has, and that this one has not used."""
    number = next(_numbers)
    return f"127.{128 + os.getpid() // 200 % 100}.{os.getpid() % 200 + 1 + number // 250}.{number % 250 + 1}"


@dataclass(frozen=True)
class Bench:
    """A running lab with one device, and perhaps a jump host; ``looks`` are the checks that a test has it answer."""

    lab: Lab
    device: str
    kind: str
    platform: Platform
    endpoint: Endpoint
    via: Endpoint | None
    limits: Limits
    opened: list[Session] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    def connect(self, limits: Limits | None = None, **changes: Any) -> Session:
        """A session, closed at the end of the test."""
        session = self.platform.connect(replace(self.endpoint, **changes), self.via, limits or self.limits)
        self.opened.append(session)
        return session

    def running(self) -> str:
        """What the device runs, told by the lab."""
        return self.lab.running(self.device)

    def startup(self) -> str:
        """What the device would start with, told by the lab."""
        return self.lab.startup(self.device)

    def power_cut(self) -> None:
        """Cuts the power and waits until the device is up again."""
        self.lab.power_cut(self.device, seconds=0)
        self.await_that(lambda: self.lab.device(self.device).up)

    @staticmethod
    def await_that(condition: Callable[[], bool]) -> None:
        """Waits for a condition, and fails where it does not come true."""
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it did not come true in 30 s"
            time.sleep(0.02)

    def journal(self, *events: Event) -> list[Entry]:
        """The entries of these kinds, or all."""
        return [entry for entry in self.lab.journal(self.device) if not events or entry.event in events]

    def own_commands(self) -> list[str]:
        """What our login sent outside configuration, less the checks: the platform's own commands."""
        own = (entry for entry in self.journal(Event.COMMAND) if entry.user == USER and entry.mode in {"exec", "user"})
        return [entry.line for entry in own if entry.line not in self.looks]

    def sent(self) -> list[str]:
        """The commands that our login sent."""
        return [entry.line for entry in self.journal(Event.COMMAND) if entry.user == USER]


def _spec(kind: str, address: str, options: dict[str, Any]) -> DeviceSpec:
    platform = LabPlatform(kind.split("-", maxsplit=1)[0])
    branch = BranchDevice(
        name="branch-1",
        platform=platform,
        role=Role.ROUTER,
        site="de-001",
        number=1,
        address=address,
        username=USER,
        password=PASSWORD,
        enable=options.pop("enable", ""),
        archive=options.pop("archive", kind != "ios-dead-man"),
    )
    extra = options.pop("extra", "")
    settings = {"version": _VERSIONS[kind]} if kind in _VERSIONS else {}
    return DeviceSpec.model_validate(
        {
            "name": branch.name,
            "platform": platform,
            "address": address,
            "startup": startup_config(branch) + extra,
            "reboot_seconds": 0.2,
            **settings,
            **options,
        }
    )


def _host_keys(lab: Lab, spec: DeviceSpec | JumpSpec) -> tuple[str, ...]:
    certificate = lab.certificate(spec.name)
    if certificate.exists():
        return (certificate.read_text(),)
    entries = (line.split(" ", 1) for line in lab.known_hosts.read_text().splitlines())
    return tuple(key for host, key in entries if host == f"[{spec.address}]:{spec.port}")


def _endpoint(lab: Lab, spec: DeviceSpec | JumpSpec, login: Login) -> Endpoint:
    return Endpoint(
        name=spec.name,
        address=spec.address,
        port=spec.port,
        credential=f"login-of-{spec.name}",
        login=login,
        host_keys=_host_keys(lab, spec),
        legacy_crypto=getattr(spec, "legacy_crypto", False),
    )


@pytest.fixture(scope="module")
def frr_lab() -> Iterator[FrrLab]:
    """A site of two real routers. Skips loudly where none can run, and fails there in CI."""
    if lacks := missing():
        message = f"real FRR routers cannot run here: {'; '.join(lacks)}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with FrrLab(sites=1, bgp=["s01-r1"]) as lab:
        yield lab


@dataclass(frozen=True)
class FrrHands:
    """Other hands on a real router, and what is known of it: as the lab has it for simulated devices."""

    routers: FrrLab

    def edit(self, router: str, lines: list[str]) -> None:
        """Somebody else's lines, as root."""
        self.routers.vtysh(router, "configure terminal", *lines)

    def device(self, router: str) -> "FrrHands.Seen":
        """Whether it is up, and how many command lines are open on it."""
        return FrrHands.Seen(sessions=len(self.routers.run(router, "ls", "/run/wavegate/shells").split()))

    @dataclass(frozen=True)
    class Seen:
        """What is seen of a router."""

        sessions: int
        up: bool = True


@dataclass(frozen=True)
class FrrBench:
    """A bench with a real router. What its journal says is told in the words of the lab's."""

    routers: FrrLab
    router: FrrDevice
    limits: Limits
    since: int
    kind: str = "frr"
    via: Endpoint | None = None
    opened: list[Session] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    @property
    def lab(self) -> FrrHands:
        return FrrHands(self.routers)

    @property
    def device(self) -> str:
        return self.router.name

    @property
    def platform(self) -> Platform:
        return platforms()["frr"]

    @property
    def endpoint(self) -> Endpoint:
        key = SecretStr(self.router.key_file.read_text())
        return Endpoint(
            name=self.device,
            address=self.router.address,
            port=self.router.port,
            credential=f"login-of-{self.device}",
            login=Login(username=self.router.user, password=None, private_key=key),
            host_keys=(self.router.host_key.split(" ", 1)[1],),
        )

    await_that = staticmethod(Bench.await_that)

    def connect(self, limits: Limits | None = None, **changes: Any) -> Session:
        """A session, closed at the end of the test."""
        session = self.platform.connect(replace(self.endpoint, **changes), self.via, limits or self.limits)
        self.opened.append(session)
        return session

    def running(self) -> str:
        """What the daemons tell root."""
        return self.routers.running_config(self.device)

    def startup(self) -> str:
        """What is on its disk."""
        return self.routers.startup_config(self.device)

    def power_cut(self) -> None:
        """Cuts the power and waits until the router is up again."""
        self.routers.power_cut(self.device)

    def journal(self, *events: Event) -> list[Entry]:
        """The entries of these kinds since this bench was made, or all."""
        entries = _told(self.routers.journal(self.device)[self.since :])
        return [entry for entry in entries if not events or entry.event in events]

    def sent(self) -> list[str]:
        """The commands that our login sent."""
        return [entry.line for entry in self.journal(Event.COMMAND)]

    def own_commands(self) -> list[str]:
        """What our login sent outside configuration, less the checks."""
        told = (entry.line for entry in self.journal(Event.COMMAND) if entry.mode == "exec")
        return [line for line in told if line and line not in self.looks]


_VERBS = {"arm": Event.TIMER_ARMED, "confirm": Event.TIMER_CANCELLED, "revert": Event.REVERTED}


def _told(entries: list[JournalEntry]) -> Iterator[Entry]:
    configuring: set[str] = set()
    for entry in entries:
        common = {"time": entry.at, "device": "router", "user": USER, "session": entry.session, "line": entry.line}
        if entry.event == "line":
            mode = "config" if entry.session in configuring and entry.line != "end" else "exec"
            yield Entry(event=Event.COMMAND, mode=mode, **common)
            configuring.add(entry.session) if entry.line == "configure terminal" else None
            configuring.discard(entry.session) if entry.line == "end" else None
            if entry.line == "write memory":
                yield Entry(event=Event.SAVED, **common)
        elif entry.event == "verb":
            yield Entry(event=Event.COMMAND, mode="exec", **common)
            if (verb := entry.line.split()[1]) in _VERBS:
                yield Entry(event=_VERBS[verb], detail=entry.line.split()[-1], **common)
        elif entry.event == "restored" and entry.fields["outcome"] == "fired":
            yield Entry(event=Event.TIMER_FIRED, **common)


def _renew(lab: FrrLab, router: FrrDevice, baseline: str) -> None:
    """Nothing pending, and both configurations as they were when the lab was built."""
    pending = json.loads(lab.run(router.name, "wavegate-deadman", "status"))["pending"]
    running, startup = lab.running_config(router.name), lab.startup_config(router.name)
    if pending is None and running == f"{baseline}end\n" and startup == baseline:
        return
    (lab._machine(router.name).disk / "etc" / "frr" / "frr.conf").write_text(baseline, encoding="utf-8")
    lab.power_cut(router.name)
    if router.reached == "in-band":
        lab.converge()


@pytest.fixture(scope="module")
def frr_baselines(frr_lab: FrrLab) -> dict[str, str]:
    """What each router starts with."""
    return {router.name: frr_lab.startup_config(router.name) for router in frr_lab.devices}


@pytest.fixture
def make_frr_bench(frr_lab: FrrLab, frr_baselines: dict[str, str]) -> Iterator[Callable[[str], FrrBench]]:
    """Makes benches of real routers: ``out-of-band`` or ``in-band`` says which."""
    made: list[FrrBench] = []
    limits = Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=10))

    def make(reached: str = "out-of-band") -> FrrBench:
        router = next(device for device in frr_lab.devices if device.reached == reached)
        made.append(FrrBench(frr_lab, router, limits, len(frr_lab.journal(router.name))))
        return made[-1]

    yield make
    for bench in made:
        for session in bench.opened:
            session.close()
        known = [re.compile(pattern) for pattern in bench.platform.commands]
        unlisted = [line for line in bench.own_commands() if not any(each.fullmatch(line) for each in known)]
        _renew(frr_lab, bench.router, frr_baselines[bench.device])
        assert not unlisted, "frr sent what its list of commands lacks"


BenchMaker = Callable[..., Bench | FrrBench]


@pytest.fixture
def make_bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[BenchMaker]:
    """Makes labs with one device of a kind; what has been sent is held against the platform's list at the end."""
    made: list[Bench] = []
    limits = Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=5))

    def make(kind: str, *, minute: float = 30.0, jump: bool = False, **options: Any) -> Bench | FrrBench:
        if kind == "frr":
            frr: FrrBench = request.getfixturevalue("make_frr_bench")()
            return frr
        enable = options.get("enable")
        spec = _spec(kind, _address(), options)
        jumps = (JumpSpec(name="jump-1", address=_address(), username="hop", password="canary-jump-password"),)
        estate = Estate(devices=(spec,), jump_hosts=jumps if jump else (), minute=minute)
        lab = Lab(estate, tmp_path / f"lab-{len(made)}")
        login = Login(username=USER, password=SecretStr(PASSWORD), enable_secret=SecretStr(enable) if enable else None)
        hop = Login(username="hop", password=SecretStr("canary-jump-password"))
        bench = Bench(
            lab=lab,
            device=spec.name,
            kind=kind,
            platform=platforms()[spec.platform.value],
            endpoint=_endpoint(lab, spec, login),
            via=_endpoint(lab, jumps[0], hop) if jump else None,
            limits=limits,
        )
        made.append(bench)
        return bench

    yield make
    for bench in made:
        _end(bench)


def _await_silence(bench: Bench) -> None:
    """Lets the device notice that its sessions are over, so that the lab can be stopped in peace."""
    deadline = time.monotonic() + 5
    while bench.lab.device(bench.device).sessions and time.monotonic() < deadline:
        time.sleep(0.01)


def _end(bench: Bench) -> None:
    try:
        bench.lab.clear_faults(bench.device)
        for session in bench.opened:
            session.close()
        _await_silence(bench)
        known = [re.compile(pattern) for pattern in bench.platform.commands]
        unlisted = [line for line in bench.own_commands() if not any(each.fullmatch(line) for each in known)]
    finally:
        bench.lab.stop()
    assert not unlisted, f"{bench.platform.name} sent what its list of commands lacks"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of device in turn."""
    return str(request.param)


@pytest.fixture
def bench(make_bench: BenchMaker, kind: str) -> Bench | FrrBench:
    """A lab with a device of the kind."""
    return make_bench(kind)
