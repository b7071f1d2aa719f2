"""Waves: which devices are changed together.

A wave is a set of sites. Of the devices that stand in for each other only the first goes with its site; the second
goes with the next wave, the third with the one after, so no wave ever holds two of one redundancy group, and a site's
second device is touched only after its first has gone well. Sites that share a group are kept together.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from events.facts import Strategy
from events.plans import PlannedDevice

#: A change whose differences fall into more classes than this, by its number of sites, has no classes worth the name:
#: its canary covers roles, platforms and OS versions alone.
_CLASSES_PER_SITE = 0.25

Kind = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """Sites that are changed together, and their devices by leg: the first of each group, the second, and so on."""

    sites: tuple[str, ...]
    legs: tuple[tuple[PlannedDevice, ...], ...]

    @property
    def tier(self) -> str:
        return min((device.tier or "" for leg in self.legs for device in leg), default="")

    def kinds(self, *, classes: bool) -> set[Kind]:
        return {_kind(device, classes=classes) for leg in self.legs for device in leg}


def compute(devices: Sequence[PlannedDevice], strategy: Strategy) -> tuple[tuple[str, ...], ...]:
    """The waves as names of devices, the canary first. The same devices and strategy give the same waves."""
    blocks = _blocks(devices)
    canary = _canary(blocks, strategy.canary)
    chosen = {block.sites for block in canary}
    rest = [block for block in blocks if block.sites not in chosen]
    chunks = [canary, *_chunks(rest, strategy.waves, sum(len(block.sites) for block in blocks))]
    return _staggered(chunks)


def _staggered(chunks: Sequence[Sequence[_Block]]) -> tuple[tuple[str, ...], ...]:
    """Leg by leg: the n-th leg of a chunk goes n waves after its first."""
    waves: dict[int, list[str]] = defaultdict(list)
    for number, chunk in enumerate(chunks):
        for block in chunk:
            for leg, devices in enumerate(block.legs):
                waves[number + leg].extend(device.device for device in devices)
    return tuple(tuple(sorted(waves[number])) for number in sorted(waves) if waves[number])


def _blocks(devices: Sequence[PlannedDevice]) -> list[_Block]:
    owner: dict[str, str] = {}

    def root(site: str) -> str:
        while owner.setdefault(site, site) != site:
            site = owner[site]
        return site

    first_site: dict[str, str] = {}
    for device in sorted(devices, key=lambda device: device.device):
        root(device.site)
        if device.group is not None:
            owner[root(device.site)] = root(first_site.setdefault(device.group, device.site))
    members: dict[str, list[PlannedDevice]] = defaultdict(list)
    for device in devices:
        members[root(device.site)].append(device)
    return [_block(members[name]) for name in sorted(members)]


def _block(devices: Iterable[PlannedDevice]) -> _Block:
    legs: dict[int, list[PlannedDevice]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    ordered = sorted(devices, key=lambda device: device.device)
    for device in ordered:
        leg = 0 if device.group is None else seen[device.group]
        if device.group is not None:
            seen[device.group] += 1
        legs[leg].append(device)
    sites = tuple(sorted({device.site for device in ordered}))
    return _Block(sites, tuple(tuple(legs[leg]) for leg in sorted(legs)))


def _canary(blocks: Sequence[_Block], least: int) -> list[_Block]:
    """At least so many sites, in which every kind of device occurs; sites of a low tier are preferred."""
    classes = _worth_covering(blocks)
    missing = set().union(*(block.kinds(classes=classes) for block in blocks)) if blocks else set()
    left = sorted(blocks, key=lambda block: (_tier_rank(block.tier), block.sites))
    chosen: list[_Block] = []
    while left and (missing or sum(len(block.sites) for block in chosen) < least):
        best = max(left, key=lambda block: len(missing & block.kinds(classes=classes)))
        chosen.append(best)
        left.remove(best)
        missing -= best.kinds(classes=classes)
    return chosen


def _worth_covering(blocks: Sequence[_Block]) -> bool:
    classes = {device.diff_class for block in blocks for leg in block.legs for device in leg}
    return len(classes) <= max(12, _CLASSES_PER_SITE * len(blocks))


def _kind(device: PlannedDevice, *, classes: bool) -> Kind:
    kind = (device.role, device.platform, device.os_version)
    return (*kind, device.diff_class) if classes else kind


def _tier_rank(tier: str) -> int:
    """Tiers are named by their users; a lab or pilot goes first, what has no tier before what has one."""
    return 0 if tier in {"lab", "pilot", "test"} else 1


def _chunks(blocks: Sequence[_Block], sizes: Sequence[int | str], sites: int) -> Iterable[Sequence[_Block]]:
    start, number = 0, 0
    while start < len(blocks):
        wanted = _size(sizes[min(number, len(sizes) - 1)], sites)
        end, taken = start, 0
        while end < len(blocks) and taken < wanted:
            taken += len(blocks[end].sites)
            end += 1
        yield blocks[start:end]
        start, number = end, number + 1


def _size(size: int | str, sites: int) -> int:
    """A wave's number of sites: given, or as a share of all sites; at least one."""
    if isinstance(size, int):
        return max(1, size)
    return max(1, round(float(size.rstrip("%")) / 100 * sites))
