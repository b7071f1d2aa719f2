"""A lab of real FRR routers: `with FrrLab(sites=4) as lab: ...`."""

import json
import socket
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from lab.frr import wiring
from lab.frr.building import Parts, build
from lab.frr.errors import FrrLabError, UnknownNameError
from lab.frr.image import USER
from lab.frr.journal import JournalEntry, read_journal
from lab.frr.machine import Machine
from lab.frr.namespaces import Network, require, run
from lab.frr.pings import Pings, ping
from lab.frr.plan import Plan, Router
from lab.frr.watching import KernelWatch

CONVERGED_WITHIN_S = 60.0
SSH_PORT = 22
Part = TypeVar("Part")


class NotConvergedError(FrrLabError):
    """The routers came up, but not every address became reachable in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrrDevice:
    """How a worker reaches one router. `address` is the one of `reached`: `in-band` (loopback) or `out-of-band`.

    `host_key` is a line for known_hosts; both the key and the password log in as `user`.
    """

    name: str
    site: str
    address: str
    port: int
    reached: str
    in_band_address: str
    out_of_band_address: str
    user: str
    password: str
    key_file: Path
    host_key: str


class FrrLab:
    """Builds everything on entering, removes everything on leaving, whatever happened in between.

    By default the first router of every site is reached in-band, the second out-of-band; `in_band` names others.
    bgpd runs on the routers named in `bgp`, and nowhere else.
    """

    def __init__(self, sites: int = 4, *, in_band: Collection[str] | None = None, bgp: Collection[str] = ()) -> None:
        self._sites = sites
        self._bgp = bgp
        self._in_band = in_band
        self._stack = ExitStack()
        self._built: Parts | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Build the lab and wait until every address answers. Raises FrrLabError; nothing is left behind then."""
        require()
        try:
            self._built = build(self._stack, self._sites, self._bgp)
            self.converge()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Switch everything off and remove it; may be called again."""
        self._built = None
        self._stack.close()

    @property
    def devices(self) -> tuple[FrrDevice, ...]:
        """All routers of the sites, site by site."""
        return tuple(self._device(router) for router in self.plan.routers)

    @property
    def plan(self) -> Plan:
        """Names and addresses of everything in the lab."""
        return self._parts.plan

    def running_config(self, router: str) -> str:
        """What runs, asked of the daemons by root on the router itself: the oracle."""
        return self.vtysh(router, "show running-config no-header")

    def startup_config(self, router: str) -> str:
        """What the router's disk would boot with."""
        return (self._machine(router).disk / "etc" / "frr" / "frr.conf").read_text(encoding="utf-8")

    def vtysh(self, router: str, *commands: str) -> str:
        """Another pair of hands: run vtysh commands as root on the router. Raises CommandError where one fails."""
        return self.run(router, "vtysh", *(word for command in commands for word in ("-c", command)))

    def run(self, router: str, *command: str) -> str:
        """Run any command as root inside a router, or the `core`. Raises CommandError."""
        return self._machine(router).run(*command)

    def kernel_routes(self, router: str) -> list[dict[str, Any]]:
        """The kernel's IPv4 routes, as `ip -json route` tells them."""
        return list(json.loads(run(self._network(router).inside("ip", "-json", "route"))))

    def kernel_addresses(self, router: str) -> dict[str, set[str]]:
        """The kernel's IPv4 addresses (`address/prefix`) of every interface."""
        links = json.loads(run(self._network(router).inside("ip", "-json", "-4", "address")))
        return {link["ifname"]: {f"{at['local']}/{at['prefixlen']}" for at in link["addr_info"]} for link in links}

    def ping(self, name: str, target: str, *, count: int = 1, timeout_s: float = 1.0) -> bool:
        """True if every one of `count` echo requests from a host or router is answered within `timeout_s`."""
        return ping(self._network(name), target, count=count, timeout_s=timeout_s)

    def pinging(self, name: str, target: str) -> Pings:
        """Twenty echo requests a second from a host or router for as long as the returned context is open."""
        return Pings(self._network(name), target)

    def watching(self, router: str) -> KernelWatch:
        """Every route and address that comes to a router's kernel or goes, while the returned context is open."""
        return KernelWatch(self._network(router))

    def power_cut(self, router: str) -> None:
        """Kill everything on a router at once, let its kernel forget, and boot it again from its disk.

        Returns when its daemons have read the startup configuration; `converge` waits for the neighbours, too.
        """
        machine = self._machine(router)
        machine.power_off()
        wiring.unplug(machine.network)
        machine.start()
        machine.wait_until_booted()

    def journal(self, router: str) -> list[JournalEntry]:
        """All that was journalled for a router, oldest first, over its power cuts too."""
        return read_journal(self._machine(router).folder)

    def converge(self) -> None:
        """Wait until every router answers and every host reaches the worker. Raises NotConvergedError."""
        waiting = list(self._checks())
        give_up = time.monotonic() + CONVERGED_WITHIN_S
        while waiting := [(what, holds) for what, holds in waiting if not holds()]:
            if time.monotonic() >= give_up:
                raise NotConvergedError(f"after {CONVERGED_WITHIN_S:.0f} s it is not true that {waiting[0][0]}")
            time.sleep(0.02)

    def _checks(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        worker = str(self.plan.worker.ip)
        for device in self.devices:
            yield f"{device.name} answers at {device.address}", partial(_answers, device.address)
        for router in self.plan.routers:
            yield f"{router.name} reaches {worker}", partial(self.ping, router.name, worker, timeout_s=0.2)
        for site in self.plan.sites:
            yield f"{site.host} reaches {worker}", partial(self.ping, site.host, worker, timeout_s=0.2)

    @property
    def _parts(self) -> Parts:
        if self._built is None:
            raise FrrLabError("this lab is not running: enter it, or call start()")
        return self._built

    def _device(self, router: Router) -> FrrDevice:
        in_band = router.number == 1 if self._in_band is None else router.name in self._in_band
        address = str(router.loopback if in_band else router.management.ip)
        image = self._parts.image
        return FrrDevice(
            name=router.name, site=router.site, address=address, port=SSH_PORT,
            reached="in-band" if in_band else "out-of-band",
            in_band_address=str(router.loopback), out_of_band_address=str(router.management.ip),
            user=USER, password=image.password, key_file=image.key_file,
            host_key=f"{address} {self._parts.host_keys[router.name]}",
        )  # fmt: skip

    def _machine(self, name: str) -> Machine:
        return _named(self._parts.machines, name)

    def _network(self, name: str) -> Network:
        return _named(self._parts.networks, name)


def _named(parts: dict[str, Part], name: str) -> Part:
    if name not in parts:
        raise UnknownNameError(f"this lab has no {name!r}, only {', '.join(parts)}")
    return parts[name]


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, SSH_PORT), timeout=0.2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
