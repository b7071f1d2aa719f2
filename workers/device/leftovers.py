"""Orders that ended without an outcome although their partition is still ours: they are taken up again, by and by."""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from events.log.contract import Partition, Stored
from events.orders import Order
from workers.device.tenures import Tenure

_FIRST_S = 1.0
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An order in hand. ``tries`` is how often it has ended without an outcome."""

    order: Order
    stored: Stored
    tenure: Tenure
    tries: int = 0


class Leftovers:
    """Safe to use from several threads. Times are on one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[float, Left]] = []

    def put_back(self, left: Left, now: float) -> None:
        """Keeps an order for later: the more often it failed, the later."""
        wait = min(_FIRST_S * 2**left.tries, _LONGEST_S)
        with self._lock:
            self._left.append((now + wait, replace(left, tries=min(left.tries + 1, 10))))

    def due(self, now: float) -> Mapping[Partition, Sequence[Left]]:
        """The orders whose time has come, each once, by partition."""
        due: defaultdict[Partition, list[Left]] = defaultdict(list)
        with self._lock:
            for at, left in self._left:
                if at <= now:
                    due[left.stored.partition].append(left)
            self._left = [(at, left) for at, left in self._left if at > now]
        return due
