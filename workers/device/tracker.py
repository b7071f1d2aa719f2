"""Which orders of a partition are done, although they end out of order: the mark is the lowest that is not."""

import threading
from dataclasses import dataclass, field

from events.log.contract import Mark, Partition


@dataclass(slots=True)
class _Open:
    """A partition in hand.

    Of orders before ``frontier`` earlier owners may have reported, from ``start`` on. ``unfinished`` has, by position,
    where the reports ended when each order came. ``next`` is the position after the last order that came, ``reports``
    the position after our last report.
    """

    frontier: int
    start: int
    unfinished: dict[int, int] = field(default_factory=dict)
    next: int = 0
    reports: int = 0


class Tracker:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Partition, _Open] = {}

    def take(self, partition: Partition, mark: Mark | None, *, orders_end: int, reports_end: int) -> None:
        """Begins with a partition that was gained: its orders and reports ended here when its past was read."""
        position = mark.position if mark else 0
        with self._lock:
            self._open[partition] = _Open(
                frontier=orders_end, start=reports_from(mark), next=position, reports=reports_end
            )

    def drop(self, partition: Partition) -> None:
        """Forgets a partition that was lost."""
        with self._lock:
            self._open.pop(partition, None)

    def came(self, partition: Partition, position: int) -> None:
        """An order has come."""
        with self._lock:
            current = self._open[partition]
            current.unfinished[position] = current.reports
            current.next = position + 1

    def reported(self, partition: Partition, position: int) -> None:
        """A report was published, at this position of the reports' partition of the same number."""
        with self._lock:
            current = self._open.get(partition)
            if current is not None:
                current.reports = max(current.reports, position + 1)

    def done(self, partition: Partition, position: int) -> None:
        """An order has ended, and its outcome is published."""
        with self._lock:
            current = self._open.get(partition)
            if current is not None:
                current.unfinished.pop(position, None)

    def marks(self) -> dict[Partition, Mark]:
        """How far each partition is done. The note says from where on its reports tell about what is not."""
        with self._lock:
            return {partition: _mark(current) for partition, current in self._open.items()}


def reports_from(mark: Mark | None) -> int:
    """From where on the reports tell about the orders that are not done."""
    return int(mark.note) if mark is not None and mark.note.isdigit() else 0


def _mark(current: _Open) -> Mark:
    position = min(current.unfinished, default=current.next)
    if position < current.frontier:
        # What we read when we took over, the next owner has to read again: it tells of this order, or of a later one.
        return Mark(position=position, note=str(current.start))
    return Mark(position=position, note=str(current.unfinished.get(position, current.reports)))
