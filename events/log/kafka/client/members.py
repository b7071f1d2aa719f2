"""Being a member of a group of Kafka."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol

from kafka import ConsumerRebalanceListener, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor, RebalanceProtocol
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from kafka.structs import MemberState

from events.log.kafka.client.connection import Place, milliseconds, translated
from events.log.kafka.client.consumers import BareConsumer, Committed, Fetched, consuming, fetched_from
from events.log.kafka.settings import KafkaSettings

# How long an answer in a rebalance is waited for at least, however short the poll.
_SETTLE_MS = 100
_NO_EPOCH = -1


def heartbeat_of(settings: KafkaSettings) -> timedelta:
    """How long a member may not know yet that a rebalance is on."""
    return min(timedelta(seconds=1), settings.terms.session / 4)


class Holder(Protocol):
    """Whoever owns a member's partitions, which have numbers here."""

    def owned(self) -> frozenset[int]:
        """What is owned now; asked for before every rebalance."""
        ...

    def share(self, claims: Mapping[str, frozenset[int]]) -> Mapping[str, Sequence[int]]:
        """Who is to own what, given what each member claims to own."""
        ...

    def gain(self, numbers: frozenset[int]) -> None:
        """These are owned from now on. On the client's I/O thread: must return at once."""
        ...

    def lose(self, numbers: frozenset[int]) -> None:
        """These are not owned any more. On the client's I/O thread: must return at once."""
        ...


class Member:
    """A member of a group on one topic. For one thread, but for :meth:`is_in`; the holder is called within polls."""

    def __init__(self, settings: KafkaSettings, group: str, topic: str, name: str, holder: Holder) -> None:
        self._settings = settings
        self._topic = topic
        self._holder = holder
        self._wait_ms = milliseconds(settings.terms.deadline)
        session_ms = milliseconds(settings.terms.session)
        membership = {
            "group_id": group,
            "client_id": name,
            "session_timeout_ms": session_ms,
            "heartbeat_interval_ms": milliseconds(heartbeat_of(settings)),
            # Also how long a rebalance waits for a member that does not poll.
            "max_poll_interval_ms": session_ms,
            "partition_assignment_strategy": [_Assignor(topic, self._claimed, holder.share)],
        }
        with translated(settings, "connecting to join a group"):
            self._kafka = _GroupConsumer(consuming(settings, committed_only=True) | membership)
        self._kafka.subscribe([topic], listener=_Listener(holder))

    def poll(self, timeout: timedelta) -> list[Fetched]:
        """What came within the time; takes part in rebalances."""
        with translated(self._settings, "reading as a member of a group"):
            self._kafka.settle(max(_SETTLE_MS, milliseconds(timeout)))
            try:
                records = fetched_from(self._kafka.poll(timeout_ms=milliseconds(timeout)))
            # A partition without a mark: the client has no policy (see auto_offset_reset), and asks.
            except kafka_errors.NoOffsetForPartitionError:
                self._kafka.start_at_beginning(self._wait_ms)
                records = []
            regained = self._regained()
        return [record for record in records if record.place[1] not in regained]

    def committed(self, number: int) -> Committed | None:
        """What the group has committed for a partition of its topic."""
        place = (self._topic, number)
        with translated(self._settings, "reading a group's offsets"):
            found = self._kafka.committed_of([TopicPartition(*place)], self._wait_ms)
            return found.get(place)

    def commit(self, marks: Mapping[Place, Committed], timeout: timedelta) -> bool:
        """Commits; whether the broker said that it is done, and with it that this member is still one."""
        offsets = {
            TopicPartition(*place): OffsetAndMetadata(mark.offset, mark.metadata, _NO_EPOCH)
            for place, mark in marks.items()
        }
        # Any failure counts alike: not answered is not proven.
        try:
            self._kafka.commit(offsets, timeout_ms=milliseconds(timeout))
        except kafka_errors.KafkaError:
            return False
        return True

    def is_in(self) -> bool:
        """Whether this client knows nothing to the contrary of being in its group. From any thread, no request."""
        return bool(self._kafka.group_metadata().member_id) and self._kafka.group_metadata().generation_id >= 0

    def pause(self, numbers: Iterable[int]) -> None:
        """Fetches from all owned partitions but these."""
        paused = {TopicPartition(self._topic, number) for number in numbers}
        owned = self._kafka.assignment()
        self._kafka.pause(*(owned & paused))
        self._kafka.resume(*(owned - paused))

    def _claimed(self) -> frozenset[int]:
        """What this member has a right to keep. One that was put out has none: others own it by now."""
        if not self.is_in():
            self._holder.lose(self._holder.owned())
        return self._holder.owned()

    def _regained(self) -> frozenset[int]:
        """Starts partitions at the mark again that were lost, and given back before the client noticed."""
        if not self._kafka.is_settled():
            return frozenset()
        assigned = {place.partition for place in self._kafka.assignment()}
        regained = frozenset(assigned - self._holder.owned())
        if regained:
            self._kafka.start_anew([TopicPartition(self._topic, number) for number in regained], self._wait_ms)
            self._holder.gain(regained)
        return regained

    def close(self) -> None:
        """Leaves the group and lets go of connections and threads."""
        with suppress(kafka_errors.KafkaError):
            self._kafka.close()


class _GroupConsumer(BareConsumer):
    """Goes on with a rebalance where it was left.

    When a poll ends before the group has answered, kafka-python throws the answer away and joins anew at the next poll.
    If that member leads the group, everybody else has to join anew with it: members that poll in a hurry never settle.
    """

    def __init__(self, configuration: dict[str, Any]) -> None:
        super().__init__(configuration)
        self._answer: tuple[object, bytes] | None = None
        self._join = self._coordinator._do_join_and_sync_async  # noqa: SLF001
        self._coordinator._do_join_and_sync_async = self._join_or_go_on  # noqa: SLF001

    def settle(self, timeout_ms: int) -> None:
        """Takes part in a rebalance, if one is on."""
        if self._coordinator.need_rejoin():
            self._coordinator.poll(timeout_ms=timeout_ms)

    def is_settled(self) -> bool:
        """Whether what is assigned is what the group agreed on, and no rebalance is on."""
        return self.group_metadata().state == MemberState.STABLE and not self._coordinator.need_rejoin()

    async def _join_or_go_on(self) -> bytes:
        coordinator = self._coordinator
        # Still rebalancing, and still in the generation that the answer made: nobody has taken it up yet.
        if self._answer and coordinator.state is MemberState.REBALANCING:
            generation, assignment = self._answer
            if generation is coordinator._generation:  # noqa: SLF001
                return assignment
        self._answer = None
        answer: bytes = await self._join()
        self._answer = coordinator._generation, answer  # noqa: SLF001
        return answer


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._holder.gain(frozenset(place.partition for place in assigned))

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._holder.lose(frozenset(place.partition for place in revoked))

    on_partitions_lost = on_partitions_revoked


class _Assignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """Cooperative: nobody stops for a rebalance, and what is to move is free for one round before it is given on.

    kafka-python's own cooperative assignor lets a member that was put out of the group claim what it owned before, and
    gives it partitions that another owns by then. Here a member claims what it really owns, and what two claim goes
    to neither.
    """

    name = "wavegate"

    def __init__(
        self,
        topic: str,
        claimed: Callable[[], frozenset[int]],
        share: Callable[[Mapping[str, frozenset[int]]], Mapping[str, Sequence[int]]],
    ) -> None:
        self._topic = topic
        self._claimed = claimed
        self._share = share

    def supported_protocols(self) -> list[RebalanceProtocol]:
        return [RebalanceProtocol.COOPERATIVE]

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolSubscription:
        owned = ConsumerProtocolSubscription.TopicPartition(topic=self._topic, partitions=sorted(self._claimed()))
        return ConsumerProtocolSubscription(version=1, topics=sorted(topics), user_data=b"", owned_partitions=[owned])

    def assign(self, cluster: object, members: Iterable[Any]) -> dict[str, ConsumerProtocolAssignment]:  # noqa: ARG002
        claims = {
            member.member_id: frozenset(
                number for owned in member.metadata.owned_partitions for number in owned.partitions
            )
            for member in members
        }
        shares = self._share(claims)
        return {
            member: ConsumerProtocolAssignment(1, [(self._topic, sorted(shares[member]))], b"") for member in claims
        }

    def on_assignment(self, assignment: ConsumerProtocolAssignment, generation: int) -> None:
        """Nothing to remember: what is owned is asked for when it is claimed."""
