"""``wavegate inventory``."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import Estate, Home, Json, Key, Within, Yes
from console.confirming import confirm
from console.enrolment import Offers, from_certificates, from_known_hosts, from_scan, record, sort_offers
from console.errors import UsageError
from console.estates import estate_of
from console.exits import Exit
from console.freshness import see_that_fresh
from console.home import Home as Installation
from console.home import open_home
from console.inventory_views import device_line, key_lines, variable_lines
from console.outbox import Outbox
from console.output import Output, table
from console.telling import counted, names
from console.views import HostKeys
from inventory.selection import select
from inventory.selectors import parse_selector

app = typer.Typer()


@app.command("check")
def check(*, home: Home = None, estate: Estate = None, as_json: Json = False) -> None:
    """Check the whole inventory: everything that is wrong, each with its file and line."""
    output = Output(as_json=as_json)
    found = estate_of(home, estate)
    numbers = {
        "sites": len(found.sites),
        "devices": len(found.devices),
        "jump_hosts": len(found.jump_hosts),
        "credentials": len(found.credentials),
    }
    output.emit_if_json({**numbers, "hash": found.content_hash, "warnings": [str(each) for each in found.warnings]})
    for warning in found.warnings:
        output.warn(f"warning: {warning}")
    output.say(", ".join(f"{number} {what.replace('_', ' ')}" for what, number in numbers.items()))


@app.command("list")
def list_(
    selector: Annotated[str, typer.Argument(help="Which devices: role=router,region=emea")] = "*",
    *,
    home: Home = None,
    estate: Estate = None,
    as_json: Json = False,
) -> None:
    """List the devices that a selector means."""
    output = Output(as_json=as_json)
    found = estate_of(home, estate)
    selection = select(found, parse_selector(selector))
    lines = [device_line(found, device) for device in selection.devices]
    for line in lines:
        output.emit_if_json(line)
    rows = [
        (line.device, line.site, line.role, line.platform, line.os_version, line.region, line.country, line.tier)
        for line in lines
    ]
    output.show(table(("DEVICE", "SITE", "ROLE", "PLATFORM", "OS", "REGION", "COUNTRY", "TIER"), rows))
    for note in selection.notes:
        output.warn(f"note: {note}")
    output.note(counted(len(lines), "device"))


@app.command("show")
def show(
    device: Annotated[str, typer.Argument(help="The device's name.")],
    *,
    vars_: Annotated[bool, typer.Option("--vars", help="Its variables too, and where each comes from.")] = False,
    home: Home = None,
    estate: Estate = None,
    as_json: Json = False,
) -> None:
    """Show a device as the inventory has it."""
    output = Output(as_json=as_json)
    found = estate_of(home, estate)
    known = found.device(device)
    line = device_line(found, known)
    variables = list(variable_lines(found, known)) if vars_ else []
    output.emit_if_json({"device": line, "labels": dict(known.labels), "variables": variables})
    output.show(table(("", ""), [(name, getattr(line, name)) for name in line.__dataclass_fields__]))
    if vars_:
        rows = [
            (each.name, repr(each.value), f"{each.level} {each.owner}", each.written, "; ".join(each.overrides))
            for each in variables
        ]
        output.show(table(("VARIABLE", "VALUE", "FROM", "WRITTEN", "OVERRIDES"), rows))


@app.command("keys")
def keys(
    devices: Annotated[list[str] | None, typer.Argument(help="Of these alone.")] = None,
    *,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the host keys that are trusted."""
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.views() as views:
        see_that_fresh(place, views, output)
        lines = [line for known in views.host_keys(devices or ()) for line in key_lines(known)]
    for line in lines:
        output.emit_if_json(line)
    rows = [(line.device, line.algorithm, line.fingerprint, line.at, line.by) for line in lines]
    output.show(table(("DEVICE", "KIND", "FINGERPRINT", "SINCE", "BY"), rows))


@app.command("enroll")
def enroll(
    *,
    known_hosts: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A known_hosts file.")] = None,
    certificates: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder with DEVICE.pem for HTTPS devices.")
    ] = None,
    scan: Annotated[str | None, typer.Option(metavar="SELECTOR", help="Ask these devices themselves.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="The old keys went with their hardware.")] = False,
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    within: Within = 10.0,
    as_json: Json = False,
) -> None:
    """Record by which host keys devices are known. Nothing is ever sent to a device without."""
    output = Output(as_json=as_json)
    place = open_home(home, key)
    recorded = _recorded(place, output)
    offers = _offers(home, recorded, known_hosts, certificates, scan)
    for problem in offers.problems:
        output.warn(problem)
    sorted_ = sort_offers(offers.offers, recorded, replace=replace)
    for offer in sorted_.conflicts:
        output.complain(f"{offer.name} has other keys on record; if they changed on purpose, say --replace")
    if sorted_.new and (scan is not None or replace):
        shown = [f"{offer.name}  {key.algorithm}  {key.fingerprint}" for offer in sorted_.new for key in offer.keys]
        lost = "; their earlier keys count no more" if replace else ""
        confirm(
            output, [*shown, f"{counted(len(sorted_.new), 'device')} will be trusted by these keys{lost}."], yes=yes
        )
    with place.client() as client, Outbox(client=client, within=timedelta(seconds=within)) as outbox:
        failed = record(outbox, sorted_.new, replace=replace) if sorted_.new else {}
    done = [offer.name for offer in sorted_.new if offer.name not in failed]
    conflicts = [offer.name for offer in sorted_.conflicts]
    output.emit_if_json(
        {
            "recorded": done,
            "known": sorted_.known,
            "conflicts": conflicts,
            "failed": failed,
            "problems": offers.problems,
        }
    )
    for name, why in failed.items():
        output.complain(f"{name}: {why}")
    output.say(f"Recorded the keys of {counted(len(done), 'device')}: {names(done) or 'none'}.")
    output.say(f"{counted(len(sorted_.known), 'device')} had these keys already.")
    silent = scan is not None and offers.problems
    raise typer.Exit(Exit.FAILED if failed or conflicts or silent else Exit.DONE)


def _recorded(place: Installation, output: Output) -> dict[str, HostKeys]:
    with place.views() as views:
        see_that_fresh(place, views, output)
        return {known.device: known for known in views.host_keys()}


def _offers(
    home: Path | None,
    recorded: dict[str, HostKeys],
    known_hosts: Path | None,
    certificates: Path | None,
    scan: str | None,
) -> Offers:
    if known_hosts is None and certificates is None and scan is None:
        raise UsageError("where are the keys? --known-hosts FILE, --certificates FOLDER or --scan SELECTOR")
    estate = estate_of(home, None)
    found: list[Offers] = []
    if known_hosts is not None:
        found.append(from_known_hosts(estate, known_hosts))
    if certificates is not None:
        found.append(from_certificates(estate, certificates))
    if scan is not None:
        found.append(from_scan(estate, select(estate, parse_selector(scan)).devices, recorded))
    return Offers(
        offers=tuple(offer for each in found for offer in each.offers),
        problems=tuple(problem for each in found for problem in each.problems),
    )
