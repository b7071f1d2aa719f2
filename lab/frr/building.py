"""Builds a lab, and registers with every step what takes that step back."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lab.frr import wiring
from lab.frr.errors import FrrLabError
from lab.frr.image import Image, build_image, new_host_key
from lab.frr.machine import Machine
from lab.frr.namespaces import Network
from lab.frr.plan import Plan
from lab.frr.routerconfig import core_router, site_router

PASSWORD = "lab-password"  # noqa: S105 (opens nothing but routers that exist while a lab runs)
# An overlay's layers may not lie inside one another, and nowhere on top of an overlay, as / is in most containers.
DISKS = Path("/dev/shm")  # noqa: S108 (a fresh folder is made in it)
_PREFIX = "wavegate-frr-"


class CollectorError(FrrLabError):
    """The journal's collector did not start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """All that a lab is made of. `networks` has every machine's and every host's namespace by name."""

    plan: Plan
    image: Image
    networks: dict[str, Network]
    machines: dict[str, Machine]
    host_keys: dict[str, str]


def build(stack: ExitStack, sites: int, bgp: Collection[str]) -> Parts:
    """Build a lab of `sites` sites, with bgpd on the routers named in `bgp`.

    Unwinding `stack` removes it, also when this raises halfway.
    """
    folder = _new_folder(stack)
    networks = wiring.make_networks(sites)
    stack.callback(networks.close)
    plan = wiring.claim_slot(sites)
    stack.callback(wiring.release_slot, plan)
    wiring.connect(plan, networks)
    image = build_image(folder / "image", PASSWORD)
    by_name = {"core": networks.core, **networks.routers}
    machines = _machines(plan, image, folder, by_name, bgp)
    host_keys = {name: new_host_key(machine.disk) for name, machine in machines.items()}
    _collect(stack, networks.management, [machine.folder for machine in machines.values()])
    _boot(stack, machines.values())
    return Parts(plan=plan, image=image, networks={**by_name, **networks.hosts}, machines=machines, host_keys=host_keys)


def _new_folder(stack: ExitStack) -> Path:
    for old in DISKS.glob(f"{_PREFIX}*"):
        # Left by a lab whose process was killed; its machines died with it, only their disks remain.
        if not Path(f"/proc/{old.name.removeprefix(_PREFIX).partition('-')[0]}").exists():
            shutil.rmtree(old)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=DISKS))
    stack.callback(shutil.rmtree, folder)
    return folder


def _machines(
    plan: Plan, image: Image, folder: Path, networks: dict[str, Network], bgp: Collection[str]
) -> dict[str, Machine]:
    core = Machine("core", folder / "core", networks["core"], rc=wiring.CORE_RC, lower=image.lower)
    _write_startup(core.disk, core_router(plan, image.version))
    machines = {"core": core}
    for site in plan.sites:
        for router in site.routers:
            rc = wiring.router_rc(site, router, bgp=router.name in bgp)
            machine = Machine(router.name, folder / router.name, networks[router.name], rc=rc, lower=image.lower)
            _write_startup(machine.disk, site_router(site, router, image.version))
            machines[router.name] = machine
    return machines


def _write_startup(disk: Path, text: str) -> None:
    path = disk / "etc" / "frr" / "frr.conf"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    owner = pwd.getpwnam("frr")
    for entry, mode in ((path.parent, 0o750), (path, 0o640)):
        os.chown(entry, owner.pw_uid, owner.pw_gid)
        entry.chmod(mode)


def _collect(stack: ExitStack, network: Network, folders: list[Path]) -> None:
    command = [sys.executable, "-m", "lab.frr.collector", *map(str, folders)]
    process = subprocess.Popen(  # noqa: S603 (this very Python)
        network.inside(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    stack.enter_context(process)
    if process.stdout is None or process.stdout.readline() != b"ready\n":
        raise CollectorError("the journal's collector did not start: its complaint is above")


def _boot(stack: ExitStack, machines: Iterable[Machine]) -> None:
    for machine in machines:
        stack.callback(machine.power_off)
        machine.start()
    for machine in machines:
        machine.wait_until_booted()
