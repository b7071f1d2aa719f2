"""Gives Nornir the hosts that a unit of work needs, and no others, from an estate.

Hosts carry no credentials: Nornir's ``dict()`` would print them. Whoever opens a connection resolves the login then.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nornir.core.inventory import Defaults, Groups, Host, Hosts, Inventory

from inventory.estate import Estate
from inventory.model import Device
from inventory.variables import NO_CHANGE, ChangeVariables, resolve


class EstateInventory:
    """An inventory plugin of Nornir. Every :meth:`load` makes new hosts: Nornir's copies share their failures."""

    def __init__(
        self,
        estate: Estate,
        devices: Iterable[str],
        changes: Mapping[str, ChangeVariables] | None = None,
    ) -> None:
        """Takes the names of the devices that are needed; ``changes`` has what a change adds to each, by name."""
        self._estate = estate
        self._names = tuple(devices)
        self._changes = changes or {}

    def load(self) -> Inventory:
        """The hosts, in the order in which they were asked for.

        Raises:
            UnknownNameError: when the estate does not have one of them; none is left out silently.
        """
        defaults = Defaults()
        hosts = Hosts()
        for name in self._names:
            hosts[name] = self._host(self._estate.device(name), defaults)
        return Inventory(hosts=hosts, groups=Groups(), defaults=defaults)

    def _host(self, device: Device, defaults: Defaults) -> Host:
        return Host(
            name=device.name,
            hostname=device.address,
            port=device.port,
            platform=device.platform,
            data=self._data(device),
            defaults=defaults,
        )

    def _data(self, device: Device) -> dict[str, Any]:
        """Plain data, as templates get it."""
        resolved = resolve(self._estate, device, self._changes.get(device.name, NO_CHANGE))
        site = self._estate.sites[device.site]
        return {
            "site": site.name,
            "country": site.country,
            "region": site.region,
            "tier": site.tier,
            "timezone": site.timezone,
            "role": device.role,
            "os_version": device.os_version,
            "redundancy_group": device.redundancy_group,
            "access": device.access.value,
            "via": device.via,
            "legacy_crypto": device.legacy_crypto,
            "labels": {**site.labels, **device.labels},
            "variables": resolved.values(),
            "row": dict(resolved.row),
        }
