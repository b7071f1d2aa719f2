"""Names and addresses of a lab: everything follows from its slot and the number of its sites.

A slot is one eighth of 198.18.0.0/15, the range that RFC 2544 sets aside for testing network devices, so that several
labs run beside one another on one machine. In a slot, /24 number 0 is the management network, number 63 the transit
between the worker and the core, and number N site N.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from lab.frr.errors import PlanError

SLOTS = 8
LARGEST = 62
_RANGE = IPv4Network("198.18.0.0/15")


@dataclass(frozen=True, kw_only=True, slots=True)
class Router:
    """One router: `eth0` goes to the core, `eth1` to the site's LAN, `eth2` to the management network."""

    name: str
    site: str
    number: int
    loopback: IPv4Address
    uplink: IPv4Interface
    lan: IPv4Interface
    management: IPv4Interface
    core_port: str
    core_address: IPv4Interface


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Two routers and a host behind the virtual router `gateway` (VRRP group 1; the first router is preferred)."""

    name: str
    routers: tuple[Router, Router]
    host: str
    host_address: IPv4Interface
    gateway: IPv4Address


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A whole lab; `worker` is this machine's own address as the routers see it in-band, `manager` out-of-band."""

    slot: int
    block: IPv4Network
    worker: IPv4Interface
    core: IPv4Interface
    manager: IPv4Interface
    sites: tuple[Site, ...]

    @property
    def routers(self) -> tuple[Router, ...]:
        """All routers, site by site."""
        return tuple(router for site in self.sites for router in site.routers)

    @property
    def in_band_port(self) -> str:
        """This machine's interface to the core; being able to make it is what claims the slot."""
        return f"wgfrr{self.slot}c"

    @property
    def management_port(self) -> str:
        """This machine's interface to the management network."""
        return f"wgfrr{self.slot}m"


def make_plan(slot: int, sites: int) -> Plan:
    """Lay out `sites` sites (1 to 62) in `slot` (0 to 7). Raises PlanError beyond that."""
    if not 1 <= sites <= LARGEST or not 0 <= slot < SLOTS:
        raise PlanError(f"a lab has 1 to {LARGEST} sites and a slot from 0 to {SLOTS - 1}: not {sites} in {slot}")
    block = list(_RANGE.subnets(new_prefix=18))[slot]
    nets = list(block.subnets(new_prefix=24))
    return Plan(
        slot=slot,
        block=block,
        core=_at(nets[63], 1, 30),
        worker=_at(nets[63], 2, 30),
        manager=_at(nets[0], 1, 24),
        sites=tuple(_site(number, nets[number], nets[0]) for number in range(1, sites + 1)),
    )


def _site(number: int, net: IPv4Network, management: IPv4Network) -> Site:
    name = f"s{number:02}"
    first, second = (_router(name, number, which, net, management) for which in (1, 2))
    return Site(
        name=name,
        routers=(first, second),
        host=f"{name}-h1",
        host_address=_at(net, 10, 26),
        gateway=net[1],
    )


def _router(site: str, number: int, which: int, net: IPv4Network, management: IPv4Network) -> Router:
    return Router(
        name=f"{site}-r{which}",
        site=site,
        number=which,
        loopback=net[252 + which],
        uplink=_at(net, 126 + 4 * which, 30),
        core_address=_at(net, 125 + 4 * which, 30),
        lan=_at(net, 1 + which, 26),
        management=_at(management, 2 * number + which, 24),
        core_port=f"{site}r{which}",
    )


def _at(net: IPv4Network, offset: int, prefix: int) -> IPv4Interface:
    return IPv4Interface(f"{net[offset]}/{prefix}")
