"""A broadcast read of a log on Kafka."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta

from events.log.checks import check_partitions
from events.log.contract import Partition, Stored, Topic
from events.log.kafka.client.consumers import Consumer
from events.log.kafka.names import Names
from events.log.kafka.settings import KafkaSettings

# How long one consumer is waited for while another may have something.
_TURN = timedelta(milliseconds=10)


class KafkaReader:
    """One consumer, or two: ``control`` is read uncommitted, so that no open transaction hides a halt."""

    def __init__(self, settings: KafkaSettings, names: Names, starts: Mapping[Partition, int]) -> None:
        self._names = names
        self._connections = ExitStack()
        self._consumers: dict[bool, Consumer] = {}
        for is_control in sorted({_is_control(partition) for partition in starts}):
            mine = {names.place(part): position for part, position in starts.items() if _is_control(part) is is_control}
            consumer = Consumer(settings, mine, committed_only=not is_control)
            self._connections.callback(consumer.close)
            self._consumers[is_control] = consumer
        self._read = frozenset(starts)
        self.closed = False

    def poll(self, timeout: timedelta) -> Sequence[Stored]:
        """See the contract."""
        # One consumer can wait in the client; two have to be asked in turn.
        if len(self._consumers) == 1:
            (consumer,) = self._consumers.values()
            return self._names.stored(consumer.poll(timeout))
        return self._poll_in_turn(time.monotonic() + timeout.total_seconds())

    def position(self, partition: Partition) -> int:
        """See the contract."""
        check_partitions([partition], self._read)
        return self._consumers[_is_control(partition)].position(self._names.place(partition))

    def end(self, partition: Partition) -> int:
        """See the contract."""
        check_partitions([partition], self._read)
        return self._consumers[_is_control(partition)].end(self._names.place(partition))

    def close(self) -> None:
        """See the contract."""
        self.closed = True
        self._connections.close()

    def _poll_in_turn(self, deadline: float) -> Sequence[Stored]:
        while True:
            left = timedelta(seconds=max(0.0, deadline - time.monotonic()))
            fetched = [record for consumer in self._consumers.values() for record in consumer.poll(min(left, _TURN))]
            if fetched or not left:
                return self._names.stored(fetched)


def _is_control(partition: Partition) -> bool:
    return partition.topic is Topic.CONTROL
