"""Appending to Kafka, by itself and in transactions."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from kafka import KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors

from events.log.contract import RECORD_LIMIT
from events.log.kafka.client.connection import Place, close_sockets, milliseconds, reaching, translated
from events.log.kafka.settings import KafkaSettings

#: What is sent: where to, key, value, headers.
Sent = tuple[Place, bytes, bytes, list[tuple[str, bytes]]]

#: The largest record that the log takes, with what Kafka adds to it, in bytes.
REQUEST_LIMIT = RECORD_LIMIT + 64 * 1024

# A transaction that follows another at once is answered "not yet", and this long is slept before asking again.
_TRANSACTION_RETRY_MS = 2
_TRANSACTION_TIMEOUT_MS = 10_000
_LETTING_GO_S = 10.0


class Producer:
    """Idempotent appends, acknowledged by all replicas that are in sync. Safe to use from several threads."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._wait_s = 1.5 * settings.terms.deadline.total_seconds()
        with translated(settings, "connecting to append"):
            self._kafka = _Producer(_producing(settings))

    def append(self, records: Iterable[Sent]) -> list[int]:
        """Appends (place, key, value, headers) and returns the offsets, once all are acknowledged."""
        with translated(self._settings, "appending"):
            sent = [
                self._kafka.send(topic, value=value, key=key, headers=headers, partition=number)
                for (topic, number), key, value, headers in records
            ]
            # Longer than the client itself tries, so that each of these ends in its own answer.
            deadline = time.monotonic() + self._wait_s
            return [future.get(timeout=max(0.0, deadline - time.monotonic())).offset for future in sent]

    def close(self) -> None:
        """Lets go at once; what is not acknowledged by now may be there or not."""
        self._kafka.abandon()


class Transactions:
    """The producer of one transactional id: opening it shuts out whoever had the id, and ends that one's transaction.

    For one thread. After any error it is of no more use than to be closed.
    """

    def __init__(self, settings: KafkaSettings, transactional_id: str) -> None:
        self._settings = settings
        # Whatever the broker was doing for a predecessor that died ends within the transaction's own time.
        self._wait_ms = _TRANSACTION_TIMEOUT_MS + milliseconds(settings.terms.deadline)
        with translated(settings, "connecting to write in transactions"):
            self._kafka = _Producer(
                _producing(settings)
                | {
                    "transactional_id": transactional_id,
                    "transaction_timeout_ms": _TRANSACTION_TIMEOUT_MS,
                    "retry_backoff_ms": _TRANSACTION_RETRY_MS,
                    "max_block_ms": self._wait_ms,
                }
            )
            try:
                self._kafka.init_transactions()
            except kafka_errors.KafkaError:
                self._kafka.abandon()
                raise
            # That long only a predecessor is waited for; from here on the deadline holds.
            self._kafka.config["max_block_ms"] = milliseconds(settings.terms.deadline)

    def commit(
        self,
        records: Iterable[Sent],
        group: str,
        offsets: Mapping[Place, int],
    ) -> None:
        """Appends the records and moves the group's offsets in one transaction."""
        deadline = time.monotonic() + self._settings.terms.deadline.total_seconds()
        with translated(self._settings, "committing a transaction"):
            try:
                self._kafka.begin_transaction()
                for (topic, number), key, value, headers in records:
                    self._kafka.send(topic, value=value, key=key, headers=headers, partition=number)
                if offsets:
                    self._kafka.add_offsets(_committed(offsets), group, deadline)
                self._kafka.commit_by(deadline)
            except BaseException as error:
                # Whatever happened, Ctrl-C included: an open transaction keeps readers of committed records waiting.
                cause = self._kafka.why(error)
                self._kafka.abort_by(time.monotonic() + 1)
                raise cause from error

    def close(self) -> None:
        """Lets go at once."""
        self._kafka.abandon()


class _Result(Protocol):
    def wait(self, timeout_ms: float) -> bool: ...


class _Producer(KafkaProducer):  # type: ignore[misc]
    """kafka-python waits for ever for a transaction's answers, and cannot be closed while records are on their way."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        super().__init__(**configuration)
        # The constructor takes this setting and forgets it, and every look for a topic would create it.
        self._metadata.config["allow_auto_create_topics"] = False
        if self._transaction_manager.is_transactional():
            self._classify = self._transaction_manager.classify_batch_error
            self._transaction_manager.classify_batch_error = self._classify_for_good

    def _classify_for_good(self, *error: Any, **more: Any) -> str:  # noqa: ANN401
        """An epoch that is refused means that another has the name: to ask for a new one would be to take it back."""
        manager = self._transaction_manager
        outcome = self._classify(*error, **more)
        return str(manager.ERROR_CLASS_FATAL if outcome == manager.ERROR_CLASS_NEEDS_EPOCH_BUMP else outcome)

    def add_offsets(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: str, deadline: float) -> None:
        self._await(self._transaction_manager.send_offsets_to_transaction(dict(offsets), group), deadline)

    def commit_by(self, deadline: float) -> None:
        self._await(self._transaction_manager.begin_commit(), deadline)

    def abort_by(self, deadline: float) -> None:
        """Aborts if it can: an open transaction keeps every reader waiting until it times out."""
        with suppress(kafka_errors.KafkaError):
            self._await(self._transaction_manager.begin_abort(), deadline)

    def why(self, error: BaseException) -> BaseException:
        """The first error of a transaction, which later ones only refer to in their text."""
        return self._transaction_manager.last_error or error

    def abandon(self) -> None:
        self._unregister_cleanup()
        self._closed = True
        self._sender.force_close()
        self._sender.join(_LETTING_GO_S)
        close_sockets(self._sender._client._manager._conns)  # noqa: SLF001

    def _await(self, result: _Result, deadline: float) -> None:
        self._sender.wakeup()
        if not result.wait(timeout_ms=max(0.0, deadline - time.monotonic()) * 1000):
            raise kafka_errors.KafkaTimeoutError("no answer to a transaction's request")


def _producing(settings: KafkaSettings) -> dict[str, Any]:
    deadline = milliseconds(settings.terms.deadline)
    return reaching(settings) | {
        "metrics_enabled": False,
        "acks": "all",
        "enable_idempotence": True,
        "compression_type": "zstd",
        "batch_size": 256 * 1024,
        "max_request_size": REQUEST_LIMIT,
        # Twice within the deadline: a request that got lost with its connection is sent again.
        "request_timeout_ms": deadline // 2,
        "delivery_timeout_ms": deadline,
        "max_block_ms": deadline,
        "retry_backoff_ms": 20,
    }


def _committed(offsets: Mapping[Place, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*place): OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
