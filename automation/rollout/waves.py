"""Waves: which devices are changed together.

A wave is a set of sites. Of the devices that stand in for each other only one goes with its site; the second goes with
the next wave, the third with the one after, so no wave ever holds two of one redundancy group, and a site's second
device is touched only after its first has gone well. Sites that share a group are kept together.

Which of them goes first is free: in the canary it is chosen so that the first wave has a device of every kind.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from events.facts import Strategy
from events.plans import PlannedDevice

#: A change whose differences fall into more classes than this, by its number of sites, has no classes worth the name:
#: its canary covers roles, platforms and OS versions alone.
_CLASSES_PER_SITE = 0.25

#: The tiers that go first; tiers are named by their users.
_LOW_TIERS = frozenset({"lab", "pilot", "test"})

Sites = tuple[str, ...]
Kind = tuple[str, ...]
Worth = tuple[bool, int, float]

#: How rare a kind is that no choice shows.
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class _Block:
    """Sites that are changed together, and their devices by redundancy group; what has none is a group of its own."""

    sites: Sites
    groups: tuple[tuple[PlannedDevice, ...], ...]

    @property
    def turns(self) -> int:
        """How many ways there are to choose who goes first."""
        return max(len(group) for group in self.groups)

    def first(self, turn: int) -> Iterator[PlannedDevice]:
        """Who goes first in a turn."""
        return (group[turn % len(group)] for group in self.groups)

    def legs(self, turn: int) -> Iterator[tuple[int, PlannedDevice]]:
        """Every device with the number of waves by which it comes after the first."""
        for group in self.groups:
            for place, device in enumerate(group):
                yield (place - turn) % len(group), device

    @property
    def rank(self) -> tuple[int, Sites]:
        """What goes first where nothing else decides: sites of a low tier."""
        tiers = {device.tier for group in self.groups for device in group}
        return (0 if tiers <= _LOW_TIERS else 1, self.sites)


def compute(devices: Sequence[PlannedDevice], strategy: Strategy) -> tuple[tuple[str, ...], ...]:
    """The waves as names of devices, the canary first. The same devices and strategy give the same waves."""
    blocks = _blocks(devices)
    turns = _canary(blocks, strategy.canary)
    canary = [block for block in blocks if block.sites in turns]
    rest = [block for block in blocks if block.sites not in turns]
    chunks = [canary, *_chunks(rest, strategy.waves, sum(len(block.sites) for block in blocks))]
    return _staggered(chunks, turns)


def _staggered(chunks: Sequence[Sequence[_Block]], turns: Mapping[Sites, int]) -> tuple[tuple[str, ...], ...]:
    """Leg by leg: the n-th leg of a chunk goes n waves after its first."""
    waves: dict[int, list[str]] = defaultdict(list)
    for number, chunk in enumerate(chunks):
        for block in chunk:
            for leg, device in block.legs(turns.get(block.sites, 0)):
                waves[number + leg].append(device.device)
    return tuple(tuple(sorted(waves[number])) for number in sorted(waves))


def _blocks(devices: Sequence[PlannedDevice]) -> list[_Block]:
    """The sites, joined where a redundancy group spans several, in their order."""
    ordered = sorted(devices, key=lambda device: device.device)
    owner: dict[str, str] = {}
    first_site: dict[str, str] = {}
    for device in ordered:
        own = _root(owner, device.site)
        if device.group is not None:
            owner[own] = _root(owner, first_site.setdefault(device.group, device.site))
    members: dict[str, list[PlannedDevice]] = defaultdict(list)
    for device in ordered:
        members[_root(owner, device.site)].append(device)
    return sorted((_block(found) for found in members.values()), key=lambda block: block.sites)


def _root(owner: dict[str, str], site: str) -> str:
    """The site that stands for all that are joined with this one; the way there is halved for the next time."""
    while owner.setdefault(site, site) != site:
        owner[site] = owner[owner[site]]
        site = owner[site]
    return site


def _block(devices: Iterable[PlannedDevice]) -> _Block:
    groups: dict[tuple[str, str], list[PlannedDevice]] = defaultdict(list)
    for device in devices:
        groups[("device", device.device) if device.group is None else ("group", device.group)].append(device)
    sites = tuple(sorted({device.site for group in groups.values() for device in group}))
    return _Block(sites, tuple(tuple(group) for group in groups.values()))


def _canary(blocks: Sequence[_Block], least: int) -> dict[Sites, int]:
    """At least so many sites, and so many that every kind of device goes first in one, each with its turn.

    The best next choice each time (Minoux's lazy greedy: what a choice is worth only ever falls, so a heap with what it
    was worth when it was last looked at finds the best without looking at all). A kind that only one choice of sites
    can show comes before all others, or the site would be taken for what others could have shown as well. Two kinds
    that only twins have cannot both go first: the second then follows in the next wave, at that site alone.
    """
    kinds = _kinds_by_turn(blocks, classes=_worth_covering(blocks))
    shown = Counter(kind for _, kind in {(sites, kind) for (sites, _), found in kinds.items() for kind in found})
    missing = set(shown)
    ranks = {block.sites: rank for rank, block in enumerate(sorted(blocks, key=lambda block: block.rank))}
    heap = [(_worth(found, shown), ranks[sites], turn, sites) for (sites, turn), found in kinds.items()]
    heapq.heapify(heap)
    chosen: dict[Sites, int] = {}
    count = 0
    while heap:
        _, rank, turn, sites = heapq.heappop(heap)
        new = missing & kinds[sites, turn]
        if sites in chosen or (not new and count >= least):
            continue
        if heap and (_worth(new, shown), rank, turn, sites) > heap[0]:
            heapq.heappush(heap, (_worth(new, shown), rank, turn, sites))
            continue
        chosen[sites] = turn
        count += len(sites)
        missing -= new
    return chosen


def _worth(new: Iterable[Kind], shown: Mapping[Kind, int]) -> Worth:
    """How good a choice is, the best first: one that nobody else can make, one that shows much, one that shows rare."""
    numbers = [shown[kind] for kind in new]
    rarest = min(numbers, default=_NEVER)
    return (rarest > 1, -len(numbers), rarest)


def _kinds_by_turn(blocks: Sequence[_Block], *, classes: bool) -> dict[tuple[Sites, int], set[Kind]]:
    return {
        (block.sites, turn): {_kind(device, classes=classes) for device in block.first(turn)}
        for block in blocks
        for turn in range(block.turns)
    }


def _worth_covering(blocks: Sequence[_Block]) -> bool:
    classes = {device.diff_class for block in blocks for group in block.groups for device in group}
    return len(classes) <= max(12, _CLASSES_PER_SITE * len(blocks))


def _kind(device: PlannedDevice, *, classes: bool) -> Kind:
    kind = (device.role, device.platform, device.os_version)
    return (*kind, device.diff_class) if classes else kind


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
