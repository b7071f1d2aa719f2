"""A place in a group on Kafka."""

import time
from collections.abc import Mapping
from datetime import timedelta

from events.log.checks import check_marks, check_partitions
from events.log.contract import Delivery, LogError, Mark, Partition, Topic
from events.log.holdings import Holdings
from events.log.kafka.claims import Claims
from events.log.kafka.client.consumers import Committed
from events.log.kafka.client.members import Member, heartbeat_of
from events.log.kafka.names import Names
from events.log.kafka.settings import KafkaSettings

_RENEW_WITHIN = timedelta(seconds=1)


class KafkaMembership:
    """A member of a consumer group whose lease rests on commits that were answered, never on polls that returned."""

    def __init__(self, settings: KafkaSettings, names: Names, group: str, topic: Topic, name: str) -> None:
        self._names = names
        self._terms = settings.terms
        self._deaf_s = heartbeat_of(settings).total_seconds()
        self._partitions = frozenset(names.of(topic))
        # Kafka has no commit without an offset. This one says nothing, of a partition that no group reads.
        self._ticket = {names.place(Partition(Topic.CONTROL, 0)): Committed(offset=0, metadata="lease")}
        self._holdings = Holdings()
        self._lease_ends = float("-inf")
        self._polled = time.monotonic()
        self.closed = False
        claims = Claims(names.of(topic), self._holdings)
        self._member = Member(settings, f"{settings.prefix}{group}", names.topic(topic), name, claims)

    def poll(self, timeout: timedelta) -> Delivery:
        """See the contract."""
        if self.closed:
            raise LogError("this membership was left: join again")
        self._polled = time.monotonic()
        records = self._names.stored(self._member.poll(timeout))
        gained, lost = self._holdings.changes()
        # Being given a partition says nothing about when; an answered commit does.
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
        # What the client knows of its group comes last: it is told of an eviction later than the lease ends.
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
