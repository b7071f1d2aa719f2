"""What a log's topics, groups and writers are called in Kafka, and its records there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from events.log.contract import Partition, Record, Stored, Topic, place
from events.log.kafka.client.connection import Place
from events.log.kafka.client.consumers import Fetched
from events.log.kafka.client.producers import Sent


@dataclass(frozen=True, slots=True)
class Names:
    """The names that go with a prefix, for topics of these numbers of partitions."""

    prefix: str
    counts: Mapping[Topic, int]

    def topic(self, topic: Topic) -> str:
        """What a topic is called."""
        return f"{self.prefix}{topic.value}"

    def place(self, partition: Partition) -> Place:
        """Where a partition is."""
        return self.topic(partition.topic), partition.number

    def partition(self, place: Place) -> Partition:
        """Which partition is there."""
        return Partition(Topic(place[0].removeprefix(self.prefix)), place[1])

    def of(self, topic: Topic) -> Sequence[Partition]:
        """The partitions of a topic, in order."""
        return [Partition(topic, number) for number in range(self.counts[topic])]

    def all(self) -> Sequence[Partition]:
        """Every partition there is."""
        return [partition for topic in self.counts for partition in self.of(topic)]

    def sent(self, records: Iterable[Record]) -> list[Sent]:
        """Records as a producer takes them: each with its partition, which no client library is to choose."""
        return [
            (
                (self.topic(record.topic), place(record.key, self.counts[record.topic])),
                record.key.encode(),
                record.value,
                list(record.headers),
            )
            for record in records
        ]

    def stored(self, fetched: Iterable[Fetched]) -> list[Stored]:
        """Records as they are read back."""
        return [
            Stored(
                partition=self.partition(record.place),
                position=record.offset,
                key=record.key.decode(errors="replace"),
                value=record.value,
                headers=record.headers,
            )
            for record in fetched
        ]
