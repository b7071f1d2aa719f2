"""What is sent, what comes back, and what is known when somebody stops it in the middle."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from automation.rollout.decision import Decision
from console.client import VALID, Answer, Client, new_id
from console.errors import StoppedError
from console.exits import Exit
from console.outbox import Outbox, report
from console.output import Output
from events import facts
from events.authority import RefusedError
from events.codec import GENESIS, FactRecord, encode_fact
from events.commands import HoldRollout
from events.control import HaltLifted, HaltRaised, KeyEntry, KeyRegistered, Role, Subject
from events.log.contract import EventLog, LogUnavailableError, Partition, Record, Topic
from events.log.memory import MemoryLog, MemoryStore
from events.signing import Signer, peek
from workers.founding import append_control, found_log, prepare

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMANDS = Partition(Topic.COMMANDS, 0)
HALT = HaltRaised(subjects=(Subject(kind="all"),), reason="smoke")


@dataclass
class World:
    """A founded log in memory, and somebody with a key."""

    log: EventLog
    client: Client
    admin: Client
    seq: int = 0
    decided: list[Decision] = field(default_factory=list)

    def decide(self, command: str, *answers: facts.Fact) -> None:
        """What a coordinator would write."""
        for fact in answers:
            record = FactRecord(seq=self.seq, prev=GENESIS, at=NOW, by="olga", cause=f"command:{command}", fact=fact)
            self.seq += 1
            self.log.append([Record(topic=Topic.FACTS, key="facts", value=encode_fact(record))])

    def commands(self) -> list[Record]:
        reader = self.log.reader({COMMANDS: 0})
        try:
            return list(reader.poll(timedelta(milliseconds=50)))  # type: ignore[arg-type]
        finally:
            reader.close()


@pytest.fixture
def world(tmp_path: Any) -> Iterator[World]:
    log = MemoryLog(MemoryStore())
    founded = prepare(tmp_path / "home", {})
    found_log(log, founded, "ada", "noc", NOW)
    olga = Signer.generate()
    entry = KeyEntry(public=olga.public, name="olga", team="noc", roles=(Role.OPERATOR,), areas=("network-ops",))
    append_control(log, founded.root, founded.log, KeyRegistered(key=entry), "olga", NOW)
    clients = [Client(log=log, name=founded.log, signer=key, now=lambda: NOW) for key in (olga, founded.root)]
    yield World(log, client=clients[0], admin=clients[1])
    log.close()


def hold(rollout: str = "r-1") -> HoldRollout:
    return HoldRollout(rollout=rollout, reason="lunch")


SOON = timedelta(milliseconds=300)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


HELD = facts.RolloutHeld(rollout="r-1", reason="lunch")
REFUSED = facts.CommandRefused(command="c-1", kind="HoldRollout", code="wrong-state", reason="no", authentic=True)


class TestAsking:
    def test_a_command_is_signed_for_this_log_and_bounded_in_time(self, world: World) -> None:
        world.client.send(hold(), "c-1")
        record = world.commands()[0]
        envelope = peek(record.value.decode())
        assert (envelope.log, envelope.id, envelope.type) == (world.client.name, "c-1", "HoldRollout")
        assert envelope.expires == NOW + VALID
        assert dict(record.headers)["ce_id"] == b"c-1"
        assert dict(record.headers)["ce_type"] == b"HoldRollout"

    def test_only_facts_after_the_question_count(self, world: World) -> None:
        world.decide("c-1", HELD)
        assert not world.client.ask_all([("c-1", hold())], SOON)[0].decided

    def test_every_command_gets_its_own_answer(self, world: World) -> None:
        reader = world.log.reader({Partition(Topic.FACTS, 0): 0})
        world.decide("c-2", HELD)
        world.decide("c-x", HELD)
        world.decide("c-1", REFUSED)
        first, second, third = world.client.await_all(reader, ["c-1", "c-2", "c-3"], SOON)
        reader.close()
        assert first.refusal == REFUSED
        assert [record.fact for record in second.records] == [HELD]
        assert (third.decided, third.refusal) == (False, None)

    def test_many_commands_are_sent_in_parts(self, world: World) -> None:
        answers = world.client.ask_all([(f"c-{n}", hold()) for n in range(450)], timedelta(0))
        assert len(answers) == 450
        assert {record.key for record in world.commands()} == {f"c-{n}" for n in range(450)}

    def test_ids_are_new_each_time(self) -> None:
        assert len({new_id() for _ in range(1_000)}) == 1_000


class TestControl:
    def test_it_counts_when_it_is_said_to(self, world: World) -> None:
        identity = world.client.control(HALT)
        assert identity.startswith("halt-")
        assert world.client.authority().halts[identity].by == "olga"

    def test_what_would_not_count_is_not_written(self, world: World) -> None:
        entry = KeyEntry(public=Signer.generate().public, name="x", team="x", roles=(Role.ADMIN,))
        before = world.client.authority().position
        with pytest.raises(RefusedError, match="KeyRegistered is for admin; olga is operator"):
            world.client.control(KeyRegistered(key=entry))
        with pytest.raises(RefusedError, match="no halt halt-none stands"):
            world.client.control(HaltLifted(halt="halt-none"))
        assert world.client.authority().position == before

    def test_nobody_with_an_unknown_key(self, world: World) -> None:
        stranger = Client(log=world.log, name=world.client.name, signer=Signer.generate(), now=lambda: NOW)
        with pytest.raises(RefusedError, match="is not registered, or was revoked; ask an admin"):
            stranger.control(HALT)

    def test_an_id_is_used_once(self, world: World) -> None:
        world.client.control(HALT, "halt-mine")
        with pytest.raises(RefusedError, match="is here already"):
            world.client.control(HALT, "halt-mine")


class TestOutbox:
    def test_ctrl_c_before_anything_was_sent_stays_what_it_is(self, world: World) -> None:
        with pytest.raises(KeyboardInterrupt), Outbox(client=world.client):
            raise KeyboardInterrupt

    def test_afterwards_it_is_told_what_was(self, world: World) -> None:
        outbox = Outbox(client=world.client, within=SOON)
        answer, halt = outbox.ask(hold()), outbox.control(HALT)
        with pytest.raises(StoppedError) as stopped, outbox:
            raise KeyboardInterrupt
        lines = str(stopped.value).splitlines()
        assert lines[0] == "interrupted, after this was sent:"
        assert lines[1] == f"  {answer.command} (HoldRollout) is not known to be decided; it is void after 13:00 UTC"
        assert lines[2] == f"  {halt} (HaltRaised) is written and counts"

    def test_what_was_decided_is_told_as_decided(self, world: World) -> None:
        # Given a coordinator that decides as soon as it is asked
        def answering() -> None:
            until(world.commands)
            world.decide(world.commands()[0].key, HELD)

        outbox = Outbox(client=world.client, within=timedelta(seconds=20))
        with ThreadPoolExecutor(1) as pool:
            decided = pool.submit(answering)
            answer = outbox.ask(hold())
            decided.result()
        # When everything is stopped after that, then it is known
        with pytest.raises(StoppedError, match=rf"{answer.command} \(HoldRollout\) is decided"), outbox:
            raise KeyboardInterrupt

    def test_other_errors_pass(self, world: World) -> None:
        outbox = Outbox(client=world.client)
        outbox.control(HALT)
        with pytest.raises(LogUnavailableError), outbox:
            raise LogUnavailableError("gone")


class TestReport:
    def record(self, fact: facts.Fact) -> FactRecord:
        return FactRecord(seq=7, prev=GENESIS, at=NOW, by="olga", cause="command:c-1", fact=fact)

    def test_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert report(Answer(command="c-1", records=(self.record(HELD),)), Output()) is Exit.DONE
        assert capsys.readouterr().out == "olga put it on hold: nothing new starts: lunch.\n"

    def test_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert report(Answer(command="c-1", records=(self.record(REFUSED),)), Output()) is Exit.FAILED
        written = capsys.readouterr()
        assert (written.out, written.err) == ("", "refused (wrong-state): no\n")

    def test_undecided(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert report(Answer(command="c-1"), Output()) is Exit.UNDECIDED
        assert "nobody decided about command c-1 in time" in capsys.readouterr().err

    def test_as_machines_see_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        report(Answer(command="c-1", records=(self.record(HELD),)), Output(as_json=True), lifted=["h"])
        written = capsys.readouterr().out
        assert written == (
            '{"lifted":["h"],"command":"c-1","decided":true,"refused":null,"facts":[{"seq":7,'
            '"at":"2026-03-01T12:00:00Z","by":"olga","cause":"command:c-1","type":"RolloutHeld",'
            '"sentence":"olga put it on hold: nothing new starts: lunch.",'
            '"data":{"rollout":"r-1","reason":"lunch"}}]}\n'
        )
