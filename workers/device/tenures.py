"""Partitions in hand: each from the moment it is gained to the moment it is lost, once or several times.

Records that come before it is known what an earlier owner did are kept until it is.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from events.log.contract import Partition, Stored
from workers.device.recovery import Past

_NOTHING = Past(frozenset(), {})


@dataclass(slots=True)
class Tenure:
    """One time of owning a partition. ``lasts`` is read from other threads, and only ever turns false."""

    lasts: bool = True
    known: bool = False
    past: Past = field(default_factory=lambda: _NOTHING)


class Tenures:
    """For the polling thread."""

    def __init__(self) -> None:
        self._current: dict[Partition, Tenure] = {}
        self._waiting: dict[Partition, list[Stored]] = defaultdict(list)

    def begin(self, partition: Partition) -> None:
        """A partition was gained, perhaps anew."""
        self.end(partition)
        self._current[partition] = Tenure()

    def end(self, partition: Partition) -> None:
        """A partition was lost: what is in flight for it is no longer ours."""
        tenure = self._current.pop(partition, None)
        if tenure is not None:
            tenure.lasts = False
        self._waiting.pop(partition, None)

    def end_all(self) -> None:
        """The worker gives everything up."""
        for partition in tuple(self._current):
            self.end(partition)

    def held(self) -> frozenset[Partition]:
        """The partitions that are ours."""
        return frozenset(self._current)

    def new(self) -> tuple[Partition, ...]:
        """Those of which it is not known yet what was done in them."""
        return tuple(partition for partition, tenure in self._current.items() if not tenure.known)

    def know(self, partition: Partition, past: Past) -> None:
        """What was done in a partition is known: its orders can be worked on."""
        tenure = self._current[partition]
        tenure.past, tenure.known = past, True

    def deliver(self, records: Sequence[Stored]) -> None:
        """Orders have come."""
        for stored in records:
            if stored.partition in self._current:
                self._waiting[stored.partition].append(stored)

    def ready(self) -> Iterator[tuple[Stored, Tenure]]:
        """The orders that can be worked on, each once."""
        for partition, tenure in self._current.items():
            if tenure.known:
                for stored in self._waiting.pop(partition, ()):
                    yield stored, tenure
