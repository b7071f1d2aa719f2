"""One coordinator's time: batches that count as a whole or not at all, and a successor that decides the same."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from automation.rollout.evolve import evolve
from automation.rollout.state import empty
from events import commands, facts
from events.blobs.contract import BlobFullError
from events.codec import GENESIS, decode_fact, encode_fact
from events.control import HaltRaised, KeyEntry, KeyRegistered, Role, Subject
from events.errors import MessageError
from events.log.contract import FencedError, LogUnavailableError, Partition, Record, Topic
from events.orders import PlanDevice
from events.plans import Plan, address_of, digest
from events.reports import CredentialRefused, PlanComputed, PlanFailed
from events.values import Cause, Reason
from workers.coordinator.inputs import Inbox
from workers.coordinator.reign import WRITER, read_state

NONE = timedelta(0)


class Torn:
    """A writer whose commit is lost, before or after it took effect."""

    def __init__(self, writer: Any, *, after: bool) -> None:
        self._writer = writer
        self._after = after

    def commit(self, records: Sequence[Record], moves: Mapping[Partition, int]) -> None:
        if self._after:
            self._writer.commit(records, moves)
        raise LogUnavailableError("the answer was lost")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


class FullStore:
    """A store without room."""

    def put(self, _content: bytes, **_options: object) -> str:
        raise BlobFullError("no room")


def chain(court: Any) -> None:
    """Every fact names its number, and the digest of the one before it."""
    prev = GENESIS
    for number, content in enumerate(court.read(Topic.FACTS)):
        record, head = decode_fact(content)
        assert (record.seq, record.prev) == (number, prev)
        assert encode_fact(record) == content
        prev = head


def failed(order: PlanDevice) -> PlanFailed:
    """A worker that could not reach the device."""
    reason = Reason(cause=Cause.UNREACHABLE, detail="no route")
    return PlanFailed(order=order.id, rollout=order.rollout, device=order.device, worker="w-1", reason=reason)


def test_what_is_asked_becomes_facts_and_orders_in_one_go(court: Any) -> None:
    reign = court.reign()
    rollout = court.request(court.submit())
    assert court.settle(reign) == len(court.facts())
    proposed = next(record for record in court.facts() if isinstance(record.fact, facts.RolloutProposed))
    assert (proposed.by, proposed.cause[:8]) == ("ann", "command:")
    assert reign.state.rollouts[rollout].state == "planning"
    orders = court.orders()
    assert {(type(order), order.device) for order in orders} == {
        (PlanDevice, "store-001-sw1"),
        (PlanDevice, "store-002-sw1"),
    }
    # An order says how far control had been read, and a worker has to have read as far.
    assert {order.control for order in orders} == {reign.state.authority.position}
    chain(court)


def test_the_state_is_what_the_facts_fold_into(court: Any) -> None:
    reign = court.reign()
    court.request(court.submit())
    court.settle(reign)
    state = empty(court.name)
    for content in court.read(Topic.FACTS):
        record, head = decode_fact(content)
        state = evolve(state, record, head)
    assert state == reign.state == read_state(court.log, court.name)


def test_what_is_due_is_decided_without_anybody_asking(court: Any) -> None:
    reign = court.reign()
    rollout = court.request(court.submit())
    court.settle(reign)
    for order in court.orders():
        court.report(failed(order), order.site)
    court.settle(reign)
    # With no device that could be read there is nothing to approve: nobody asked for that to be decided.
    ended = reign.state.rollouts[rollout]
    assert {device.state.value for device in ended.devices.values()} == {"failed"}
    last = [record for record in court.facts() if record.by == "coordinator"][-1]
    assert last.cause == "clock"
    chain(court)


def test_nothing_is_written_where_nothing_came(court: Any) -> None:
    reign = court.reign()
    court.settle(reign)
    before = court.read(Topic.FACTS)
    assert reign.step(NONE) == 0
    assert court.read(Topic.FACTS) == before


def test_control_is_read_before_the_commands_of_the_same_batch(court: Any) -> None:
    # Given a key that is registered after a command that it signed was sent
    reign = court.reign()
    court.settle(reign)
    late = type(court.signers["ann"]).generate()
    court.signers["late"] = late
    bundle = court.bundle()
    court.ask("late", commands.SubmitChange(bundle=bundle.id, files=bundle.texts()))
    entry = KeyEntry(public=late.public, name="late", team="netauto", roles=(Role.ENGINEER,))
    court.control(court.founded.root, KeyRegistered(key=entry), "key-late")
    # Then both are there when it is decided
    court.settle(reign)
    assert isinstance(court.facts()[-1].fact, facts.ChangeSubmitted)


@pytest.mark.parametrize("after", [False, True], ids=["it had not counted", "it had counted"])
def test_a_commit_whose_answer_was_lost_counts_once(court: Any, after: bool) -> None:
    # Given a reign whose commit fails, and nobody knows whether it took effect
    reign = court.reign()
    court.settle(reign)
    reign.writer = Torn(reign.writer, after=after)
    court.submit()
    with pytest.raises(LogUnavailableError):
        reign.step(NONE)
    reign.end()
    # When the next reign begins
    court.settle(court.reign())
    # Then it was decided once
    assert sum(isinstance(record.fact, facts.ChangeSubmitted) for record in court.facts()) == 1
    chain(court)


def test_a_predecessor_that_goes_on_is_shut_out(court: Any, make_log: Callable[[], Any]) -> None:
    # Given a coordinator that was taken over and does not know it
    old = court.reign()
    court.settle(old)
    new = court.reign(make_log())
    court.submit()
    # When it decides once more
    with pytest.raises(FencedError):
        old.step(NONE)
    # Then nothing of that counts, and its successor decides it
    court.settle(new)
    assert sum(isinstance(record.fact, facts.ChangeSubmitted) for record in court.facts()) == 1
    chain(court)


def test_a_successor_has_the_same_state_and_decides_the_same(court: Any, make_log: Callable[[], Any]) -> None:
    # Given a coordinator in the middle of planning
    old = court.reign()
    rollout = court.request(court.submit())
    court.settle(old)
    state = old.state
    old.end()
    # When it is taken over
    new = court.reign(make_log())
    # Then its successor knows the same, and releases no order anew
    assert new.state == state
    assert court.settle(new) == 0
    assert len(court.orders()) == 2
    # And goes on with what comes in, from where the other one stopped
    for order in court.orders():
        court.report(failed(order), order.site)
    court.settle(new)
    assert new.state.rollouts[rollout].counts["failed"] == 2
    chain(court)


def test_what_came_while_nobody_reigned_is_decided_by_the_next(court: Any) -> None:
    first = court.reign()
    court.settle(first)
    first.end()
    change = court.submit()
    rollout = court.request(change)
    assert court.settle(court.reign()) > 0
    assert read_state(court.log, court.name).rollouts[rollout].state == "planning"


def test_a_halt_that_the_coordinator_decides_goes_to_control_once(court: Any) -> None:
    # Given a rollout that a refused credential stops
    reign = court.reign()
    court.request(court.submit())
    court.settle(reign)
    order = court.orders()[0]
    refused = CredentialRefused(
        order=order.id, rollout=order.rollout, device=order.device, worker="w-1", credential="lab"
    )
    court.report(refused, order.site)
    court.settle(reign)
    # Then it is in control, signed by the coordinator, and read back as its own
    (halt,) = reign.state.authority.halts.values()
    assert halt.by == "coordinator"
    assert [str(subject) for subject in halt.subjects] == ["credential:lab"]
    assert not reign.state.own_halts
    # And is not raised again by it, nor by its successor
    written = len(court.read(Topic.CONTROL))
    court.settle(reign)
    court.settle(court.reign())
    assert len(court.read(Topic.CONTROL)) == written


def test_one_that_it_could_not_raise_is_raised_by_its_successor(court: Any) -> None:
    reign = court.reign()
    court.request(court.submit())
    court.settle(reign)
    order = court.orders()[0]
    refused = CredentialRefused(
        order=order.id, rollout=order.rollout, device=order.device, worker="w-1", credential="lab"
    )
    court.report(refused, order.site)

    def lost(_records: Sequence[Record]) -> Sequence[int]:
        raise LogUnavailableError("control does not answer")

    reign.log = type("Deaf", (), {"append": staticmethod(lost)})()
    with pytest.raises(LogUnavailableError):
        reign.step(NONE)
    reign.end()
    assert read_state(court.log, court.name).own_halts
    court.settle(court.reign())
    assert [halt.by for halt in read_state(court.log, court.name).authority.halts.values()] == ["coordinator"]


def test_a_batch_that_cannot_keep_its_blobs_does_not_count(court: Any) -> None:
    # Given poison among the reports, and a store without room to keep it
    reign = court.reign()
    court.settle(reign)
    court.log.append([Record(topic=Topic.REPORTS, key="store-001", value=b"\xff")])
    reign.inbox = Inbox(FullStore(), reign.inbox.look_up)  # type: ignore[arg-type]
    with pytest.raises(BlobFullError):
        reign.step(NONE)
    before = court.facts()
    # When there is room again, the same record is decided
    reign.end()
    court.settle(court.reign())
    assert isinstance(court.facts()[len(before)].fact, facts.RecordQuarantined)
    chain(court)


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param(b"\xff", id="no fact"),
        pytest.param(b'{"type":"RolloutHeld","v":99,"seq":0,"prev":"x"}', id="of the future"),
    ],
)
def test_facts_that_cannot_be_read_keep_everybody_from_reigning(court: Any, poison: bytes) -> None:
    # Given a fact that this software cannot read: to go on without it would be to decide on a guess
    writer = court.log.fenced_writer("somebody")
    writer.commit([Record(topic=Topic.FACTS, key="facts", value=poison)], {})
    with pytest.raises(MessageError):
        court.reign()


def test_a_reign_that_could_not_begin_leaves_no_writer_behind(court: Any) -> None:
    closed: list[str] = []

    class Watching:
        """A log that tells when its writer is closed, and whose facts cannot be read."""

        def fenced_writer(self, name: str) -> Any:
            writer = court.log.fenced_writer(name)
            close = writer.close

            def told() -> None:
                closed.append(name)
                close()

            writer.close = told
            return writer

        def reader(self, _starts: Any) -> Any:
            raise LogUnavailableError("not now")

    with pytest.raises(LogUnavailableError):
        court.reign(Watching())
    assert closed == [WRITER]


def test_the_plan_is_stored_before_anybody_can_read_that_it_is_sealed(court: Any) -> None:
    # Given a rollout whose devices are all planned
    reign = court.reign()
    rollout = court.request(court.submit())
    court.settle(reign)
    for order in court.orders():
        court.report(
            PlanComputed(
                order=order.id,
                rollout=order.rollout,
                device=order.device,
                worker="w-1",
                planned=court.planned(order.device, order.site),
            ),
            order.site,
        )
    court.settle(reign)
    # Then the plan that its digest names is in the store, with every device in one wave
    sealed = reign.state.rollouts[rollout].plan
    content = court.blobs.get(address_of(sealed))
    assert digest(content) == sealed
    plan = Plan.model_validate_json(content)
    assert [device.device for device in plan.devices] == ["store-001-sw1", "store-002-sw1"]
    assert sorted(name for wave in plan.waves for name in wave) == ["store-001-sw1", "store-002-sw1"]
    assert plan.authors == ("ann",)


def test_a_halt_while_nobody_reigned_is_known_before_anything_is_decided(court: Any) -> None:
    # Given a command, and a halt after it, that came while nobody reigned
    first = court.reign()
    court.settle(first)
    first.end()
    before = len(court.facts())
    court.submit()
    message = HaltRaised(subjects=(Subject(kind="all"),), reason="war room")
    court.control(court.signers["olga"], message, "halt-1")
    # When somebody reigns again
    new = court.reign()
    court.settle(new)
    # Then the halt is the first thing that is noted
    assert [record.fact.wire for record in court.facts()[before:]] == ["ControlNoted", "ChangeSubmitted"]
    assert list(new.state.authority.halts) == ["halt-1"]
