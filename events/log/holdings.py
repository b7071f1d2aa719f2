"""What a member of a group owns, and what it has yet to be told about that."""

import threading
from collections.abc import Collection

from events.log.contract import Partition


class Holdings:
    """What a member owns. May be changed by one thread and read by others."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._renounced: frozenset[Partition] = frozenset()
        self._told: frozenset[Partition] = frozenset()
        #: What is owned. Replaced as a whole, so that any thread may read it without the lock.
        self.partitions: frozenset[Partition] = frozenset()

    def gain(self, partitions: Collection[Partition]) -> None:
        """These are owned from now on."""
        with self._changing:
            self.partitions |= frozenset(partitions)

    def lose(self, partitions: Collection[Partition]) -> None:
        """These are not owned any more."""
        with self._changing:
            self.partitions -= frozenset(partitions)
            self._renounced |= frozenset(partitions)

    def changes(self) -> tuple[frozenset[Partition], frozenset[Partition]]:
        """What was gained and lost since it was last asked; what was lost and came back is in both.

        Asked when a poll returns, so that nothing is forgotten when one fails.
        """
        with self._changing:
            lost = self._told & self._renounced
            gained = self.partitions - (self._told - self._renounced)
            self._told, self._renounced = self.partitions, frozenset()
            return gained, lost
