"""How many waves a strategy makes, whatever the number of sites."""

from collections.abc import Sequence

MAX_WAVES = 40

#: Rounding makes the small numbers of sites differ; the large ones show what repeats without end.
_SITES = (*range(1, 1_001), 10_000, 100_000, 1_000_000)


def most_waves(sizes: Sequence[int | str]) -> tuple[int, int]:
    """The largest number of waves after the canary over any estate, and a number of sites that needs it.

    It is counted to one more than :data:`MAX_WAVES`.
    """
    return max((_waves(sizes, sites), sites) for sites in _SITES)


def _waves(sizes: Sequence[int | str], sites: int) -> int:
    left, waves = sites, 0
    while left > 0 and waves <= MAX_WAVES:
        left -= _size(sizes[min(waves, len(sizes) - 1)], sites)
        waves += 1
    return waves


def _size(size: int | str, sites: int) -> int:
    """As :mod:`automation.rollout.waves` has it."""
    if isinstance(size, int):
        return size
    return max(1, round(float(size.rstrip("%")) / 100 * sites))
