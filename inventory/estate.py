"""The estate: everything that exists, checked as a whole, with its indexes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from inventory.model import CredentialReference, Device, JumpHost, Scope, Site
from inventory.problems import Problem, Suggester, UnknownNameError


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """All sites and devices with what they refer to. Maps are by name; devices are in order of site, then name.

    ``content_hash`` is over the files that it was read from: equal hashes, equal estates.
    """

    content_hash: str
    sites: Mapping[str, Site]
    devices: Mapping[str, Device]
    jump_hosts: Mapping[str, JumpHost]
    credentials: Mapping[str, CredentialReference]
    regions: Mapping[str, Scope]
    countries: Mapping[str, Scope]
    roles: Mapping[str, Scope]
    by_site: Mapping[str, tuple[Device, ...]]
    by_group: Mapping[str, tuple[Device, ...]]
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def of(  # noqa: PLR0913 - one keyword for each kind of thing, all optional but two
        cls,
        *,
        sites: Iterable[Site],
        devices: Iterable[Device],
        jump_hosts: Iterable[JumpHost] = (),
        credentials: Iterable[CredentialReference] = (),
        regions: Iterable[Scope] = (),
        countries: Iterable[Scope] = (),
        roles: Iterable[Scope] = (),
        content_hash: str = "",
        warnings: Iterable[Problem] = (),
    ) -> Self:
        """Puts an estate together from parts that were checked before; see :func:`inventory.load.load`."""
        ordered = sorted(devices, key=lambda device: (device.site, device.name))
        return cls(
            content_hash=content_hash,
            sites=_by_name(sites),
            devices={device.name: device for device in ordered},
            jump_hosts=_by_name(jump_hosts),
            credentials=_by_name(credentials),
            regions=_by_name(regions),
            countries=_by_name(countries),
            roles=_by_name(roles),
            by_site=_grouped((device.site, device) for device in ordered),
            by_group=_grouped((device.redundancy_group, device) for device in ordered if device.redundancy_group),
            warnings=tuple(warnings),
        )

    def device(self, name: str) -> Device:
        """The device of that name.

        Raises:
            UnknownNameError: when there is none; its message suggests the nearest name.
        """
        return _known("device", name, self.devices)

    def site(self, name: str) -> Site:
        """The site of that name.

        Raises:
            UnknownNameError: when there is none; its message suggests the nearest name.
        """
        return _known("site", name, self.sites)

    def credentials_of(self, host: Device | JumpHost) -> CredentialReference:
        """The reference to the login of a device or a jump host."""
        return self.credentials[host.credentials]

    def twins(self, device: Device) -> tuple[Device, ...]:
        """The other devices of its redundancy group."""
        group = self.by_group.get(device.redundancy_group or "", ())
        return tuple(other for other in group if other.name != device.name)


def _by_name(things: Iterable[N]) -> dict[str, N]:
    return {thing.name: thing for thing in sorted(things, key=lambda thing: thing.name)}


def _grouped(pairs: Iterable[tuple[str, Device]]) -> dict[str, tuple[Device, ...]]:
    groups: defaultdict[str, list[Device]] = defaultdict(list)
    for key, device in pairs:
        groups[key].append(device)
    return {key: tuple(devices) for key, devices in groups.items()}


def _known(kind: str, name: str, known: Mapping[str, N]) -> N:
    if name not in known:
        raise UnknownNameError(kind, name, Suggester().hint(name, known))
    return known[name]
