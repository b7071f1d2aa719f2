"""A place in a group on Kafka."""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from events.log.checks import check_marks, check_partitions
from events.log.contract import Delivery, LogError, Mark, Partition, Topic
from events.log.kafka.client.consumers import Committed
from events.log.kafka.client.members import Member, heartbeat_of
from events.log.kafka.names import Names
from events.log.kafka.settings import KafkaSettings
from events.log.sharing import share

_RENEW_WITHIN = timedelta(seconds=1)


class _Holdings:
    """What a member owns. Changed on the client's I/O thread, read from any."""

    def __init__(self, partitions: Sequence[Partition]) -> None:
        self._partitions = partitions
        self._changing = threading.Lock()
        self._renounced: frozenset[Partition] = frozenset()
        self._told: frozenset[Partition] = frozenset()
        self.partitions: frozenset[Partition] = frozenset()

    def owned(self) -> frozenset[int]:
        return frozenset(partition.number for partition in self.partitions)

    def gain(self, numbers: frozenset[int]) -> None:
        with self._changing:
            self.partitions |= {self._partitions[number] for number in numbers}

    def lose(self, numbers: frozenset[int]) -> None:
        with self._changing:
            self.partitions -= {self._partitions[number] for number in numbers}
            self._renounced |= {self._partitions[number] for number in numbers}

    def changes(self) -> tuple[frozenset[Partition], frozenset[Partition]]:
        """What was gained and lost since it was last asked; what was lost and came back is in both."""
        with self._changing:
            lost = self._told & self._renounced
            gained = self.partitions - (self._told - self._renounced)
            self._told, self._renounced = self.partitions, frozenset()
            return gained, lost

    def share(self, claims: Mapping[str, frozenset[int]]) -> Mapping[str, Sequence[int]]:
        """Every member's share, less what somebody else has not given up yet, or what two claim."""
        owners: dict[Partition, str] = {}
        contested: set[Partition] = set()
        for member, numbers in sorted(claims.items()):
            owned = {self._partitions[number] for number in numbers}
            contested |= owned & owners.keys()
            owners |= dict.fromkeys(owned, member)
        targets = share(self._partitions, sorted(claims), owners)
        given: dict[str, list[int]] = {member: [] for member in claims}
        for partition, member in targets.items():
            if owners.get(partition, member) == member and partition not in contested:
                given[member].append(partition.number)
        return given


class KafkaMembership:
    """A member of a consumer group whose lease rests on commits that were answered, never on polls that returned."""

    def __init__(self, settings: KafkaSettings, names: Names, group: str, topic: Topic, name: str) -> None:
        self._names = names
        self._terms = settings.terms
        self._deaf_s = heartbeat_of(settings).total_seconds()
        self._partitions = frozenset(names.of(topic))
        # Kafka has no commit without an offset. This one says nothing, of a partition that no group reads.
        self._ticket = {names.place(Partition(Topic.CONTROL, 0)): Committed(offset=0, metadata="lease")}
        self._holdings = _Holdings(names.of(topic))
        self._lease_ends = float("-inf")
        self._polled = time.monotonic()
        self.closed = False
        self._member = Member(settings, f"{settings.prefix}{group}", names.topic(topic), name, self._holdings)

    def poll(self, timeout: timedelta) -> Delivery:
        """See the contract."""
        if self.closed:
            raise LogError("this membership was left: join again")
        self._polled = time.monotonic()
        records = self._names.stored(self._member.poll(timeout))
        gained, lost = self._holdings.changes()
        if gained:
            self.renew({})
        return Delivery(records=records, gained=gained, lost=lost)

    def mark(self, partition: Partition) -> Mark | None:
        """See the contract."""
        check_partitions([partition], self._partitions)
        committed = self._member.committed(partition.number)
        return None if committed is None else Mark(position=committed.offset, note=committed.metadata)

    def renew(self, marks: Mapping[Partition, Mark]) -> bool:
        """See the contract."""
        check_marks(marks, self._partitions)
        if self.closed:
            return False
        sent = time.monotonic()
        owned = {
            self._names.place(partition): Committed(offset=mark.position, metadata=mark.note)
            for partition, mark in marks.items()
            if partition in self._holdings.partitions
        }
        if not self._member.commit(self._ticket | owned, _RENEW_WITHIN):
            return False
        # A rebalance that this member does not answer by polling puts it out, whatever it commits.
        self._lease_ends = min(sent, self._polled - self._deaf_s) + self._terms.lease_s
        return True

    def holds(self, partition: Partition) -> bool:
        """See the contract."""
        leased = time.monotonic() < self._lease_ends
        return leased and partition in self._holdings.partitions and self._member.is_in()

    def pause(self, partitions: frozenset[Partition]) -> None:
        """See the contract."""
        check_partitions(partitions, self._partitions)
        self._member.pause(partition.number for partition in partitions)

    def leave(self) -> None:
        """See the contract."""
        if self.closed:
            return
        self.closed = True
        self._lease_ends = float("-inf")
        self._member.close()
