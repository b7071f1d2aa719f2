"""The log on Kafka, as one process has it."""

import threading
from collections.abc import Mapping, Sequence

from events.log.checks import check_group, check_records, check_starts
from events.log.contract import LogError, LogMismatchError, Partition, Record, Topic
from events.log.kafka.client.admin import Admin
from events.log.kafka.client.producers import Producer
from events.log.kafka.membership import KafkaMembership
from events.log.kafka.names import Names
from events.log.kafka.reader import KafkaReader
from events.log.kafka.settings import KafkaSettings
from events.log.kafka.writer import KafkaWriter
from events.log.opened import Opened
from events.log.topics import check_counts


class KafkaLog:
    """A log on a Kafka whose topics exist (see :func:`events.log.kafka.topics.apply_topics`).

    Raises:
        LogUnavailableError: when no broker answered within the deadline.
        LogMismatchError: when topics are missing, or do not have the partitions that a log has.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        # Asked once: keys must go to the same partitions for as long as this log is open.
        self._names = Names(settings.prefix, _counts(settings))
        self._producing = threading.Lock()
        self._producer: Producer | None = None
        self._opened = Opened()
        self._closed = False

    def partitions(self, topic: Topic) -> Sequence[Partition]:
        """See the contract."""
        return self._names.of(topic)

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        """See the contract."""
        check_records(records)
        if not records:
            return ()
        producer = self._appender()
        try:
            return producer.append(self._names.sent(records))
        except LogError:
            self._drop(producer)
            raise

    def reader(self, starts: Mapping[Partition, int]) -> KafkaReader:
        """See the contract."""
        check_starts(starts, self._names.all())
        opened = KafkaReader(self._settings, self._names, starts)
        return self._opened.keep(opened, opened.close)

    def join(self, group: str, topic: Topic, member: str) -> KafkaMembership:
        """See the contract."""
        check_group(topic)
        opened = KafkaMembership(self._settings, self._names, group, topic, member)
        return self._opened.keep(opened, opened.leave)

    def fenced_writer(self, name: str) -> KafkaWriter:
        """See the contract."""
        opened = KafkaWriter(self._settings, self._names, name)
        return self._opened.keep(opened, opened.close)

    def close(self) -> None:
        """See the contract."""
        self._closed = True
        self._opened.close()
        if self._producer:
            self._drop(self._producer)

    def _appender(self) -> Producer:
        with self._producing:
            if self._closed:
                raise LogError("this log is closed: open another")
            if self._producer is None:
                self._producer = Producer(self._settings)
            return self._producer

    def _drop(self, producer: Producer) -> None:
        """A producer that gave a record up does not recover: the next append starts with a new one."""
        with self._producing:
            if self._producer is producer:
                self._producer = None
        producer.close()


def _counts(settings: KafkaSettings) -> dict[Topic, int]:
    names = Names(settings.prefix, {})
    admin = Admin(settings)
    try:
        described = admin.describe([names.topic(topic) for topic in Topic])
    finally:
        admin.close()
    if missing := [names.topic(topic) for topic in Topic if names.topic(topic) not in described]:
        raise LogMismatchError(
            f"Kafka at {settings.bootstrap} lacks the topics {', '.join(missing)}: make them with `wavegate topics "
            "apply`"
        )
    counts = {topic: described[names.topic(topic)].partitions for topic in Topic}
    check_counts(counts, f"Kafka at {settings.bootstrap}")
    return counts
