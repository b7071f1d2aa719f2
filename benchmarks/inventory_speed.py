"""How long an inventory takes to be ready, and how much memory: the estate beside Nornir's SimpleInventory.

    python benchmarks/inventory_speed.py [--devices 10000 50000] [--json FILE]

Every measurement is a process of its own, so that neither imports nor memory of one count for another; the time is that
of loading alone, the memory the process's highest. The same devices are written in all forms. (This file is not called
``inventory.py`` because Python puts a script's folder first in its path, where it would hide the package.)
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from nornir.plugins.inventory.simple import SimpleInventory

from inventory.estate import Estate
from inventory.load import load
from inventory.nornir_plugin import EstateInventory
from inventory.selection import select
from inventory.selectors import parse_selector
from inventory.variables import resolve

PLATFORMS = {"ios": 22, "eos": 443, "frr": 22}
COUNTRIES = (("DE", "Europe/Berlin", "emea"), ("US", "America/New_York", "amer"), ("JP", "Asia/Tokyo", "apac"))
CREDENTIALS = "credentials:\n  tacacs: {username: automation, password: 'env:TACACS_PASSWORD'}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Seconds of loading, highest memory of the process in megabytes, and how many devices there were."""

    seconds: float
    megabytes: float
    devices: int


def sites(count: int) -> Iterator[str]:
    """The sites of the estate: two devices each."""
    yield "sites:\n"
    for number in range(count // 2):
        country, zone, region = COUNTRIES[number % 3]
        yield f"  store-{number:05d}: {{country: {country}, timezone: {zone}, region: {region}, tier: store}}\n"


def rows(count: int) -> Iterator[Mapping[str, object]]:
    """What there is to say about each device."""
    for number in range(count):
        yield {
            "name": f"store-{number // 2:05d}-rtr{number % 2 + 1}",
            "site": f"store-{number // 2:05d}",
            "address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            "group": f"store-{number // 2:05d}-wan",
            "vlan": number % 4000,
            "asn": 65_000 + number,
        }


def write_yaml(folder: Path, count: int) -> None:
    """The estate in YAML."""
    with (folder / "estate.yaml").open("w") as file:
        file.write(CREDENTIALS)
        file.writelines(sites(count))
        file.write("devices:\n")
        for row in rows(count):
            file.write(
                "  {name}:\n    site: {site}\n    role: router\n    platform: ios\n    os_version: 17.9.4\n"
                "    address: {address}\n    credentials: tacacs\n    redundancy_group: {group}\n"
                "    labels: {{pilot: no}}\n    variables:\n      vlan: {vlan}\n      asn: {asn}\n".format(**row)
            )


def write_csv(folder: Path, count: int) -> None:
    """The estate with its devices in CSV."""
    with (folder / "sites.yaml").open("w") as file:
        file.write(CREDENTIALS)
        file.writelines(sites(count))
    with (folder / "devices.csv").open("w") as file:
        file.write("name,site,role,platform,os_version,address,credentials,redundancy_group,label.pilot,")
        file.write("var.vlan,var.asn\n")
        for row in rows(count):
            file.write("{name},{site},router,ios,17.9.4,{address},tacacs,{group},no,{vlan},{asn}\n".format(**row))


def write_simple(folder: Path, count: int) -> None:
    """The same for Nornir: its sites are groups."""
    with (folder / "groups.yaml").open("w") as file:
        for number in range(count // 2):
            country, zone, region = COUNTRIES[number % 3]
            file.write(f"store-{number:05d}:\n  data: {{country: {country}, timezone: {zone}, region: {region}}}\n")
    with (folder / "hosts.yaml").open("w") as file:
        for row in rows(count):
            file.write(
                "{name}:\n  hostname: {address}\n  port: 22\n  platform: ios\n  groups: [{site}]\n  data:\n"
                "    role: router\n    os_version: 17.9.4\n    redundancy_group: {group}\n    pilot: 'no'\n"
                "    vlan: {vlan}\n    asn: {asn}\n".format(**row)
            )


def read_simple(folder: Path) -> int:
    """Loads with Nornir's own plugin."""
    plugin = SimpleInventory(host_file=str(folder / "hosts.yaml"), group_file=str(folder / "groups.yaml"))
    return len(plugin.load().hosts)


def read_estate(folder: Path) -> int:
    """Reads and checks the estate."""
    return len(load([folder], platforms=PLATFORMS).devices)


def read_cached(folder: Path) -> int:
    """Loads the estate through the cache."""
    return len(load([folder], platforms=PLATFORMS, cache_dir=folder.parent / f"{folder.name}-cache").devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to have an inventory ready; ``prepared`` ways are run once before they are measured."""

    title: str
    folder: str
    read: Callable[[Path], int]
    prepared: bool = False


FORMS: Mapping[str, Callable[[Path, int], None]] = {"yaml": write_yaml, "csv": write_csv, "simple": write_simple}
WAYS: Mapping[str, Way] = {
    "simple": Way(title="Nornir's SimpleInventory, YAML", folder="simple", read=read_simple),
    "yaml": Way(title="estate, YAML, read and checked", folder="yaml", read=read_estate),
    "csv": Way(title="estate, CSV, read and checked", folder="csv", read=read_estate),
    "cached": Way(title="estate, once it has been read", folder="yaml", read=read_cached, prepared=True),
}


def measure_here(way: Way, folder: Path) -> Measurement:
    """Measures in this process."""
    started = time.perf_counter()
    devices = way.read(folder)
    seconds = time.perf_counter() - started
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measurement(seconds=seconds, megabytes=megabytes, devices=devices)


def measure(name: str, folder: Path) -> Measurement:
    """Measures in a process of its own."""
    command = [sys.executable, __file__, "--measure", name, str(folder)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Measurement(**json.loads(printed))


def rate(work: Callable[[], int]) -> float:
    """How many things a second."""
    started = time.perf_counter()
    count = work()
    return count / (time.perf_counter() - started)


def rates(estate: Estate) -> dict[str, float]:
    """What is done with a loaded estate, in things a second."""
    selector = parse_selector("role in (router,switch),region=emea,tier!=lab,store-0*")
    names = list(estate.devices)[:2_000]

    def inventories() -> int:
        return sum(len(EstateInventory(estate, [name]).load().hosts) for name in names)

    def variables() -> int:
        return sum(bool(resolve(estate, estate.devices[name]).values()) for name in names)

    def selection() -> int:
        select(estate, selector)
        return len(estate.devices)

    return {
        "devices looked at by a selector": rate(selection),
        "Nornir inventories of one host": rate(inventories),
        "devices whose variables are resolved": rate(variables),
    }


def compare(count: int, folder: Path) -> dict[str, object]:
    """All ways at one size, as a table on the terminal and as data."""
    for form, write in FORMS.items():
        (folder / form).mkdir(parents=True)
        write(folder / form, count)
    found: dict[str, Measurement] = {}
    print(f"\n{count} devices")
    for name, way in WAYS.items():
        if way.prepared:
            measure(name, folder / way.folder)
        found[name] = measure(name, folder / way.folder)
        ratio = found["simple"].seconds / found[name].seconds
        print(f"  {way.title:34} {found[name].seconds:8.2f} s {found[name].megabytes:6.0f} MB {ratio:8.1f} x")
    done = rates(load([folder / "yaml"], platforms=PLATFORMS, cache_dir=folder / "yaml-cache"))
    for title, per_second in done.items():
        print(f"  {title:38} {per_second:12,.0f} /s")
    return {"ways": {name: asdict(measurement) for name, measurement in found.items()}, "per_second": done}


def main() -> None:
    """Runs the comparison, or one measurement for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(asdict(measure_here(WAYS[options.measure[0]], Path(options.measure[1])))))
        return
    with tempfile.TemporaryDirectory() as folder:
        results = {str(count): compare(count, Path(folder, str(count))) for count in options.devices}
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
