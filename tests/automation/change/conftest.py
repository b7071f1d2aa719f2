"""A change that is right, ways to write what departs from it, and an estate and platforms to hold it against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from automation.change.errors import ChangeError
from automation.change.model import Change
from automation.change.packing import open_bundle, pack
from automation.config.vendor import Vendor
from automation.config.vendors.eos import EOS
from automation.config.vendors.frr import FRR
from automation.config.vendors.ios import IOS
from automation.platforms.contract import Abilities, Endpoint, Limits, Session
from events.values import UndoRank
from inventory.estate import Estate
from inventory.load import load
from inventory.problems import Problem

CHANGE = """\
    title: Management ACL with the NOC's new prefix
    ticket: NET-4711
    team: netauto
    select: role=router,region=emea
    config:
      ios: templates/ios.j2
      eos: templates/eos.j2
    data: stores.csv
    variables:
      noc_prefix: 198.51.100.0/24
    checks:
      - {name: NTP is synchronised, platforms: [ios], command: show ntp status, matches: Clock is synchronized}
      - {name: No error, command: show logging, lacks: "%ERR"}
    checks_within: 30s
    checks_hold: 5s
    strategy: {canary: 2, waves: [10%, 25%, 50%], max_in_flight: 50, max_unhealthy: 20, halt_at: 1, bake: 5m}
    approvals: [{area: network-ops, count: 1}]
    """
RIGHT = {
    "change.yaml": CHANGE,
    "templates/ios.j2": "{% include 'common.j2' %}interface Vlan{{ row.vlan }}\n description {{ row.text }}\n",
    "templates/eos.j2": "{% include 'common.j2' %}vlan {{ row.vlan }}\n   name {{ row.text }}\n",
    "common.j2": "ip route {{ noc_prefix | network_address }} {{ noc_prefix | netmask }} 192.0.2.1\n",
    "stores.csv": "site,vlan,text\nber-1,10,office\nosl-1,20,shop\nnyc-1,30,shop\n",
}
ESTATE = {
    "credentials.yaml": "credentials: {tacacs: {username: auto, password: env:PASSWORD}}\n",
    "sites.yaml": """\
        sites:
          ber-1: {country: DE, timezone: Europe/Berlin, region: emea, tier: store, labels: {pilot: "yes"}}
          osl-1: {country: "NO", timezone: Europe/Oslo, region: emea, tier: store, variables: {ntp: 10.2.0.1}}
          nyc-1: {country: US, timezone: America/New_York, region: amer}
        variables:
          regions:
            emea: {ntp: 10.0.0.1}
        """,
    "devices.csv": """\
        name,site,role,platform,address,credentials,os_version,access
        ber-1-r1,ber-1,router,ios,192.0.2.11,tacacs,15.2,
        ber-1-r2,ber-1,router,eos,192.0.2.12,tacacs,4.30,
        ber-1-s1,ber-1,switch,eos,192.0.2.13,tacacs,,
        osl-1-r1,osl-1,router,ios,192.0.2.21,tacacs,15.2,out-of-band
        nyc-1-r1,nyc-1,router,frr,192.0.2.31,tacacs,8.4,
        """,
}

Files = Mapping[str, str]
Write = Callable[[Files], Path]
Open = Callable[..., Change]
Problems = Callable[..., list[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlatform:
    """A platform that can be asked what it is, and to which nothing connects."""

    name: str
    vendor: Vendor
    replaces: bool = False
    commands: tuple[str, ...] = ()

    @property
    def abilities(self) -> Abilities:
        return Abilities(
            atomic=self.replaces,
            candidate=self.replaces,
            lock=True,
            merge=True,
            replace=self.replaces,
            confirm_elsewhere=True,
            undo=(UndoRank.TIMER,),
            timer_step=timedelta(seconds=1),
            timer_longest=timedelta(hours=2),
        )

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:
        raise AssertionError(f"validating connected to {device.name} through {via} with {limits}")


@pytest.fixture(scope="session")
def platforms() -> dict[str, KnownPlatform]:
    known = (
        KnownPlatform(name="ios", vendor=IOS),
        KnownPlatform(name="eos", vendor=EOS, replaces=True),
        KnownPlatform(name="frr", vendor=FRR),
    )
    return {platform.name: platform for platform in known}


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    folder = tmp_path_factory.mktemp("estate")
    _write(folder, ESTATE)
    return load([folder], platforms={"ios": 22, "eos": 443, "frr": 22})


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the right files with others over them (an empty text removes one); gives the change file's path."""

    def written(files: Files) -> Path:
        folder = tmp_path / "acl"
        _write(folder, {**RIGHT, **files})
        return folder / "change.yaml"

    return written


@pytest.fixture
def opened(write: Write) -> Open:
    """The change of the right files with others over them, packed and opened."""
    return lambda files=None: open_bundle(pack(write(files or {})).encode())


@pytest.fixture
def problems(write: Write) -> Problems:
    """What is wrong with the right files with others over them; file names are as they stand in the folder."""

    def found(files: Files) -> list[Problem]:
        path = write(files)
        with pytest.raises(ChangeError) as caught:
            pack(path)
        prefix = f"{path.parent}/"
        return [
            Problem(
                file=problem.file.removeprefix(prefix), line=problem.line, message=problem.message, hint=problem.hint
            )
            for problem in caught.value.problems
        ]

    return found


@pytest.fixture
def edited() -> Callable[[str, str], dict[str, str]]:
    """The right change file with one text in it replaced by another."""

    def edit(old: str, new: str) -> dict[str, str]:
        assert old in CHANGE
        return {"change.yaml": CHANGE.replace(old, new)}

    return edit


def _write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if text:
            place.write_text(dedent(text), encoding="utf-8")
