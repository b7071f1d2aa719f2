"""The fenced writer of a log on Kafka."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from events.log.checks import check_fenced, check_partitions
from events.log.contract import FencedError, LogError, LogUnavailableError, Partition, Record
from events.log.kafka.client.consumers import Offsets
from events.log.kafka.client.producers import Transactions
from events.log.kafka.names import Names
from events.log.kafka.settings import KafkaSettings


class KafkaWriter:
    """A fixed transactional id, made of the log's prefix and the writer's name, never of the process.

    Its group is called the same and has no members: positions are only kept there, and moved in the transactions.
    """

    def __init__(self, settings: KafkaSettings, names: Names, name: str) -> None:
        self._names = names
        self.closed = False
        self._id = f"{settings.prefix}writer-{name}"
        self._finished: LogError | None = None
        self._connections = ExitStack()
        # First of all: nothing that is read before the predecessor is shut out would be known to stay so.
        self._transactions = Transactions(settings, self._id)
        self._connections.callback(self._transactions.close)
        try:
            self._offsets = Offsets(settings, self._id)
        except LogError:
            self._connections.close()
            raise
        self._connections.callback(self._offsets.close)

    def marks(self) -> Mapping[Partition, int]:
        """See the contract."""
        found = self._offsets.of([self._names.place(partition) for partition in self._names.all()])
        return {self._names.partition(place): committed.offset for place, committed in found.items()}

    def commit(self, records: Sequence[Record], moves: Mapping[Partition, int]) -> None:
        """See the contract."""
        check_fenced(records)
        check_partitions(moves, self._names.all())
        if self._finished:
            raise type(self._finished)(f"this writer is finished, open it anew: {self._finished}") from self._finished
        if not records and not moves:
            return
        offsets = {self._names.place(partition): position for partition, position in moves.items()}
        try:
            self._transactions.commit(self._names.sent(records), self._id, offsets)
        except FencedError as error:
            self._finished = error
            raise
        except LogError as error:
            # Whether it was committed only a new writer can learn, once it has shut this one out.
            self._finished = LogUnavailableError(str(error))
            raise

    def close(self) -> None:
        """See the contract."""
        self.closed = True
        self._connections.close()
