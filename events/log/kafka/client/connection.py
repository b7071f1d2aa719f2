"""What all clients have in common: how they reach a broker, and what its errors mean."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from kafka import errors as kafka_errors
from kafka.net.compat import KafkaNetClient

from events.log.contract import (
    FencedError,
    LogError,
    LogMismatchError,
    LogUnavailableError,
    RecordTooLargeError,
)
from events.log.kafka.settings import KafkaSettings

# A broker that refuses a login may hang up before its answer is read.
_LOGIN = "; that the broker takes this login, its own log tells"

#: A topic's name and a partition's number.
Place = tuple[str, int]


@contextmanager
def translated(settings: KafkaSettings, doing: str) -> Iterator[None]:
    """Turns the client's errors into the contract's, naming the broker and what was being done."""
    try:
        yield
    except kafka_errors.KafkaError as error:
        raise _explained(error, settings, doing) from error


def _explained(error: BaseException, settings: KafkaSettings, doing: str) -> LogError:
    where = f"Kafka at {settings.bootstrap}"
    match error:
        # A stale epoch is how a produce request learns of a takeover that other requests call by its name.
        case kafka_errors.ProducerFencedError() | kafka_errors.InvalidProducerEpochError():
            return FencedError(f"{where}: another took this writer's name over while {doing}: stop; it goes on there")
        case kafka_errors.MessageSizeTooLargeError() | kafka_errors.RecordListTooLargeError():
            return RecordTooLargeError(f"{where} takes no record as large as that ({error}), {doing}")
        case kafka_errors.OffsetOutOfRangeError() | kafka_errors.LogTruncationError():
            return LogMismatchError(
                f"{where} does not hold the position that reading was to go on at ({error}): records were removed, or "
                "the position is of another log. Start from a position that it has, and find out what is missing"
            )
        case kafka_errors.UnknownTopicOrPartitionError():
            return LogMismatchError(f"{where} lacks a topic or partition ({error}), {doing}: apply the topics first")
        case kafka_errors.AuthorizationError() | kafka_errors.SaslAuthenticationFailedError():
            return LogError(f"{where} refuses this client ({error!r}), {doing}: check its login and its ACLs")
    return LogUnavailableError(
        f"{where} did not answer in time, {doing} ({error!r}): check that a broker listens at that address and can be "
        f"reached from here, and that enough replicas are in sync{_LOGIN if settings.security.mechanism else ''}"
    )


class _Connections(KafkaNetClient):  # type: ignore[misc]
    """Gives up once a login was refused.

    kafka-python goes on trying until its time is over, and then says that there was no answer; accounts are locked for
    less.
    """

    def __init__(self, **configuration: Any) -> None:  # noqa: ANN401
        super().__init__(**configuration)
        self._refusal: kafka_errors.KafkaError | None = None
        self._connect = self._manager.get_connection
        self._manager.get_connection = self._connect_unless_refused

    def _connect_unless_refused(self, *node: Any, **more: Any) -> Any:  # noqa: ANN401
        if self._refusal:
            raise self._refusal
        connection = self._connect(*node, **more)
        if not connection.init_future.is_done:
            connection.init_future.add_errback(self._note)
        return connection

    def _note(self, error: BaseException) -> None:
        if isinstance(error, kafka_errors.SaslAuthenticationFailedError):
            self._refusal = error


def reaching(settings: KafkaSettings) -> dict[str, Any]:
    """The part of a client's configuration that every kind of client takes."""
    security, deadline = settings.security, milliseconds(settings.terms.deadline)
    return {
        "kafka_client": _Connections,
        "bootstrap_servers": settings.addresses,
        "bootstrap_timeout_ms": deadline,
        "request_timeout_ms": deadline,
        # A broker that comes back is to be found at once, not after the half minute that the client would wait.
        "reconnect_backoff_max_ms": 1_000,
        "security_protocol": security.protocol,
        "ssl_cafile": security.ca_file and str(security.ca_file),
        "ssl_certfile": security.certificate_file and str(security.certificate_file),
        "ssl_keyfile": security.key_file and str(security.key_file),
        "ssl_password": security.key_password,
        "sasl_mechanism": security.mechanism,
        "sasl_plain_username": security.user,
        "sasl_plain_password": security.password,
    }


def close_sockets(connections: Mapping[str, Any]) -> None:
    """Closes what a client that was closed, and whose thread has ended, has left open of its connections.

    kafka-python leaves a socket on which it still had something to send to its thread, which it stops.
    """
    for connection in list(connections.values()):
        if connection.transport is not None and connection.transport._sock is not None:  # noqa: SLF001
            connection.transport._sock.close()  # noqa: SLF001


def milliseconds(duration: timedelta) -> int:
    """A duration as Kafka's settings want it."""
    return round(duration.total_seconds() * 1000)
