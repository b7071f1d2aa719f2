"""Reading from Kafka without a group, and the offsets of a group without members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors

from events.log.kafka.client.connection import Place, close_sockets, milliseconds, reaching, translated
from events.log.kafka.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A record as it comes from a consumer."""

    place: Place
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What a group has committed for a partition."""

    offset: int
    metadata: str = ""


class Consumer:
    """A consumer with positions of its own: it belongs to no group and starts nowhere by itself. For one thread."""

    def __init__(self, settings: KafkaSettings, starts: Mapping[Place, int], *, committed_only: bool) -> None:
        self._settings = settings
        self._wait_ms = milliseconds(settings.terms.deadline)
        with translated(settings, "connecting to read"):
            self._kafka = BareConsumer(consuming(settings, committed_only=committed_only))
        self._kafka.assign([TopicPartition(*place) for place in starts])
        for place, offset in starts.items():
            self._kafka.seek(TopicPartition(*place), offset)

    def poll(self, timeout: timedelta) -> list[Fetched]:
        """What came within the time, at most some hundreds of records."""
        with translated(self._settings, "reading"):
            return fetched_from(self._kafka.poll(timeout_ms=milliseconds(timeout)))

    def position(self, place: Place) -> int:
        """The offset that will be read next."""
        with translated(self._settings, "asking for a position"):
            return _present(self._kafka.position(TopicPartition(*place), timeout_ms=self._wait_ms))

    def end(self, place: Place) -> int:
        """Where a partition ends, for what this consumer may see, by a fresh request."""
        partition = TopicPartition(*place)
        with translated(self._settings, "asking for the end of a partition"):
            return _present(self._kafka.end_offsets([partition], timeout_ms=self._wait_ms)[partition])

    def close(self) -> None:
        """Lets go of connections and threads."""
        self._kafka.close()


class Offsets:
    """The committed offsets of a group without members. For one thread."""

    # Read as committed: an offset that a transaction is about to move is waited for, not read as it was before.

    def __init__(self, settings: KafkaSettings, group: str) -> None:
        self._settings = settings
        self._wait_ms = milliseconds(settings.terms.deadline)
        with translated(settings, "connecting to read a group's offsets"):
            self._kafka = BareConsumer(consuming(settings, committed_only=True) | {"group_id": group})

    def of(self, places: Sequence[Place]) -> dict[Place, Committed]:
        """What is committed for these; a pending transaction's commit is waited for."""
        with translated(self._settings, "reading a group's offsets"):
            return self._kafka.committed_of([TopicPartition(*place) for place in places], self._wait_ms)

    def close(self) -> None:
        """Lets go of connections and threads."""
        self._kafka.close()


class BareConsumer(KafkaConsumer):  # type: ignore[misc]
    """What kafka-python has, but does not show."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        try:
            super().__init__(**configuration)
        except kafka_errors.KafkaError:
            # A client that finds no broker would leave a thread and sockets behind.
            self._client.close()
            raise
        # The constructor takes this setting and forgets it, and every look for a topic would create it.
        self._cluster.config["allow_auto_create_topics"] = False

    def close(self, autocommit: bool = False, timeout_ms: int | None = 1_000) -> None:  # noqa: FBT001, FBT002
        """Lets go of connections and threads, within about a second."""
        super().close(autocommit=autocommit, timeout_ms=timeout_ms)
        close_sockets(self._manager._conns)  # noqa: SLF001

    def committed_of(self, places: Sequence[TopicPartition], timeout_ms: int) -> dict[Place, Committed]:
        """What the group has committed, with the metadata."""
        found = self._coordinator.fetch_committed_offsets(places, timeout_ms=timeout_ms)
        return {
            (place.topic, place.partition): Committed(offset=mark.offset, metadata=mark.metadata or "")
            for place, mark in found.items()
        }

    def start_anew(self, places: Sequence[TopicPartition], timeout_ms: int) -> None:
        """Lets partitions start where the group has got to, or at their beginning."""
        starts = self.beginning_offsets(places, timeout_ms=timeout_ms)
        marks = self._coordinator.fetch_committed_offsets(places, timeout_ms=timeout_ms)
        for place in places:
            self.seek(place, marks[place].offset if place in marks else starts[place])

    def start_at_beginning(self, timeout_ms: int) -> None:
        """Lets the partitions that have no position start at their beginning."""
        missing = list(self._subscription.missing_fetch_positions())
        for place, offset in self.beginning_offsets(missing, timeout_ms=timeout_ms).items():
            self.seek(place, offset)


def consuming(settings: KafkaSettings, *, committed_only: bool) -> dict[str, Any]:
    """A consumer's configuration: nothing happens by itself."""
    return reaching(settings) | {
        "metrics_enabled": False,
        "isolation_level": "read_committed" if committed_only else "read_uncommitted",
        # By itself the client would jump to the end when a position is gone, and commit what nobody has worked on.
        "auto_offset_reset": "none",
        "enable_auto_commit": False,
        "retry_backoff_ms": 20,
    }


def fetched_from(batches: Mapping[TopicPartition, Sequence[Any]]) -> list[Fetched]:
    """The records of a poll, those of a partition together and in order."""
    return [
        Fetched(
            place=(record.topic, record.partition),
            offset=record.offset,
            key=record.key or b"",
            value=record.value or b"",
            headers=tuple((name, value or b"") for name, value in record.headers),
        )
        for records in batches.values()
        for record in records
    ]


def _present(offset: int | None) -> int:
    if offset is None:
        raise kafka_errors.KafkaTimeoutError("no position yet")
    return offset
