"""Whole estates of branch sites, for tests, benchmarks and demonstrations."""

import ipaddress
from collections.abc import Iterator

from lab.branches.startup import BranchDevice, Role, startup_config
from lab.estate import DeviceSpec, Estate, Platform

FIRST_ADDRESS = "127.64.0.0"
"""Where the addresses of an estate begin; two labs on one machine need different ones."""

_COUNTRIES = ("de", "fr", "gb", "us", "jp", "br", "za", "au")
_PER_SITE = 16
LAB_PASSWORD = "lab-password"  # noqa: S105 - of devices that do not exist


def branch_devices(
    sites: int,
    devices: int,
    *,
    username: str = "netops",
    password: str = LAB_PASSWORD,
    enable: str = "",
    first: str = FIRST_ADDRESS,
) -> Iterator[BranchDevice]:
    """So many devices over so many sites: a router and a switch at each, more switches where devices are left.

    Platforms alternate, by site for the routers and against it for the switches. Each site has 16
    addresses, from `first` on.
    """
    begin = int(ipaddress.IPv4Address(first))
    for index in range(devices):
        site, unit = index % sites, index // sites
        name = f"{_COUNTRIES[site % len(_COUNTRIES)]}-{site + 1:03d}"
        role = Role.ROUTER if unit == 0 else Role.SWITCH
        yield BranchDevice(
            name=f"{name}-{'r' if role is Role.ROUTER else 's'}{max(unit, 1)}",
            platform=Platform.IOS if (site + unit) % 2 == 0 else Platform.EOS,
            role=role,
            site=name,
            number=site + 1,
            unit=unit + 1,
            address=str(ipaddress.IPv4Address(begin + site * _PER_SITE + unit + 1)),
            username=username,
            password=password,
            enable=enable,
        )


def device_spec(device: BranchDevice, *, reboot_seconds: float = 2.0, user_mode: bool = False) -> DeviceSpec:
    """The device as an entry of the lab's estate file, on the platform's usual port of the lab."""
    return DeviceSpec.model_validate(
        {
            "name": device.name,
            "platform": device.platform,
            "address": device.address,
            "startup": startup_config(device),
            "reboot_seconds": reboot_seconds,
            "user_mode": user_mode,
        }
    )


def branch_estate(sites: int, devices: int, *, minute: float = 60.0, first: str = FIRST_ADDRESS) -> Estate:
    """An estate of `branch_devices`."""
    specs = (device_spec(each) for each in branch_devices(sites, devices, first=first))
    return Estate(devices=tuple(specs), minute=minute)
