"""The startup config of a branch's router or switch."""

import functools
import ipaddress
from dataclasses import dataclass
from enum import Enum
from importlib import resources

import jinja2

from lab.estate import Platform
from lab.startup import hashed


class Role(Enum):
    """What a device does at its site."""

    ROUTER = "router"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDevice:
    """A device of a branch site, as far as its startup config depends on it.

    `number` is the site's (1 to 4095) and makes its prefixes, `address` the management address. `managers` are the
    prefixes from which it may be managed. `archive` (ios) configures a local archive, without which the vendor's
    revert timer does not work. `password` and `enable` are in clear here and hashed in the config.
    """

    name: str
    platform: Platform
    role: Role
    site: str
    number: int
    address: str
    username: str
    password: str
    enable: str = ""
    unit: int = 1
    managers: tuple[str, ...] = ("127.0.0.0/8",)
    ntp: tuple[str, ...] = ("10.255.0.1", "10.255.0.2")
    syslog: tuple[str, ...] = ("10.255.0.11",)
    community: str = "branch-read"
    domain: str = "branch.example.net"
    archive: bool = True

    @property
    def hostname(self) -> str:
        """The name in the prompt."""
        return self.name

    @property
    def lan(self) -> ipaddress.IPv4Network:
        """The site's /20, of which each VLAN has a /24."""
        return ipaddress.IPv4Network((int(ipaddress.IPv4Address("10.0.0.0")) + (self.number << 12), 20))

    def vlan(self, index: int) -> ipaddress.IPv4Network:
        """The /24 of the site's VLAN with this index, from 0."""
        # Sites of one estate never overlap, so addresses tell where they belong.
        return list(self.lan.subnets(new_prefix=24))[index]

    def host(self, index: int) -> str:
        """The device's own address in a VLAN."""
        return str(self.vlan(index)[self.unit])

    def gateway(self, index: int) -> str:
        """The first address in a VLAN, which the first router has."""
        return str(self.vlan(index)[1])

    def secret(self, clear: str) -> str:
        """A secret as the config has it."""
        return hashed(self.platform, clear)


VLANS = ((10, "STAFF"), (20, "POS"), (30, "VOICE"), (99, "MGMT"))
"""The VLANs of every branch, by number and name."""


@functools.cache
def _templates() -> jinja2.Environment:
    folder = resources.files("lab.branches") / "templates"
    sources = {path.name: path.read_text() for path in folder.iterdir() if path.name.endswith(".j2")}
    return jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - device configuration, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )


def startup_config(device: BranchDevice) -> str:
    """The startup config of the device."""
    template = _templates().get_template(f"{device.platform.value}.j2")
    managers = [ipaddress.IPv4Network(prefix) for prefix in device.managers]
    return template.render(device=device, vlans=VLANS, managers=managers, router=device.role is Role.ROUTER)
