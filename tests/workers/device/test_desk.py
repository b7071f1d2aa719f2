"""A push's desk: reports that are acknowledged, permission at the point of no return, the lease before everything."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automation.push.work import ForbiddenError, LeaseLostError
from events.blobs.folder import FolderStore
from events.codec import decode_report
from events.control import HaltRaised, KeyEntry, KeyRegistered, Role, Subject
from events.log.contract import LogError, LogFullError, LogUnavailableError, Record, RecordTooLargeError, Topic
from events.log.memory import MemoryLog, MemoryStore
from events.orders import Order, PlanDevice, PushDevice
from events.reports import PushIntended, PushStaged
from events.signing import Signer
from events.values import Cause, UndoRank
from workers.control_watch import ControlUnreadError, ControlWatch
from workers.device.desk import Office, OrderDesk
from workers.founding import Founded, append_control, found_log

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HASH = "sha256:" + "1" * 64


class Flaky:
    """A log whose appends fail so many times with an error; what is to happen then can be said."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.errors: list[LogError] = []
        self.appended: list[Record] = []
        self.then: Callable[[], None] = lambda: None

    def append(self, records: Sequence[Record]) -> Sequence[int]:
        if self.errors:
            self.then()
            raise self.errors.pop(0)
        self.appended += records
        return list(self._log.append(records))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


@dataclass
class Time:
    """A clock that moves as one sleeps."""

    now: float = 100.0
    slept: int = 0
    meanwhile: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += 1
        self.meanwhile()


@dataclass
class Room:
    """A desk with all that it stands on. ``held`` is whether the partition is ours, ``gone`` whether for good."""

    log: Flaky
    control: Any
    time: Time
    blobs: FolderStore
    founded: Founded
    held: bool = True
    gone: bool = False
    positions: list[int] = field(default_factory=list)

    def desk(self, order: Order | None = None) -> OrderDesk:
        office = Office(
            log=self.log,
            blobs=self.blobs,
            control=self.control,
            session="cafe",
            now=lambda: NOW,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
        )
        return OrderDesk(
            office=office,
            order=order or PlanDevice(**ORDER),
            subjects=(Subject(kind="device", name="ber-sw1"),),
            plan=lambda _digest: None,  # type: ignore[arg-type,return-value]
            holds=lambda: self.held,
            lost=lambda: self.gone,
            published=self.positions.append,
        )


ORDER: dict[str, Any] = {
    "id": "r-1.1",
    "rollout": "r-1",
    "change": HASH,
    "device": "ber-sw1",
    "site": "ber",
    "control": 0,
}
BASE: dict[str, Any] = {"order": "r-1.1", "rollout": "r-1", "device": "ber-sw1", "worker": "w-1"}
INTENDED = PushIntended(**BASE)
STAGED = PushStaged(**BASE, undo=UndoRank.TIMER, before="secret-" + "2" * 64)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    log = MemoryLog(MemoryStore(spread=2))
    founded = Founded(home=tmp_path, root=Signer.generate(), coordinator=Signer.generate())
    found_log(log, founded, "root", "security", NOW)
    control = ControlWatch(log, founded.log)
    control.start()
    made = Room(Flaky(log), control, Time(), FolderStore(tmp_path / "blobs", key=b"k" * 32), founded)
    yield made
    control.stop()
    log.close()


class TestAnnouncing:
    def test_a_report_is_there_before_the_next_step(self, room: Room) -> None:
        desk = room.desk()
        for report in (INTENDED, STAGED):
            desk.announce(report)
        stored = [decode_report(record.value) for record in room.log.appended]
        assert [(record.id, record.report) for record in stored] == [
            ("r-1.1/cafe/0", INTENDED),
            ("r-1.1/cafe/1", STAGED),
        ]
        assert [record.at for record in stored] == [NOW, NOW]
        assert {(record.topic, record.key) for record in room.log.appended} == {(Topic.REPORTS, "ber")}
        assert room.positions == [0, 1]

    def test_it_is_known_from_when_on_something_may_have_been_written(self, room: Room) -> None:
        desk = room.desk()
        desk.announce(INTENDED)
        assert not desk.wrote
        desk.announce(STAGED)
        desk.announce(INTENDED)
        assert desk.wrote

    @pytest.mark.parametrize("error", [LogUnavailableError("no answer"), LogFullError("no room")], ids=["gone", "full"])
    def test_it_is_tried_again_under_the_same_id(self, room: Room, error: LogError) -> None:
        room.log.errors = [error] * 3
        room.desk().announce(INTENDED)
        (record,) = room.log.appended
        assert decode_report(record.value).id == "r-1.1/cafe/0"
        assert room.time.slept == 3

    def test_what_no_repetition_can_mend_is_an_error(self, room: Room) -> None:
        room.log.errors = [RecordTooLargeError("too large")]
        desk = room.desk()
        with pytest.raises(RecordTooLargeError):
            desk.announce(STAGED)
        assert (room.time.slept, desk.wrote) == (0, False)

    def test_nothing_is_told_about_what_is_somebody_else_s_by_now(self, room: Room) -> None:
        # Given a log that does not answer, and a partition that is taken away meanwhile
        room.log.errors = [LogUnavailableError("no answer")]

        def take_away() -> None:
            room.held, room.gone = False, True

        room.log.then = take_away
        with pytest.raises(LeaseLostError, match=r"order r-1\.1 is no longer this worker's"):
            room.desk().announce(INTENDED)
        assert room.log.appended == []


class TestTheLease:
    @pytest.mark.parametrize("ask", ["may_write", "may_confirm"])
    def test_one_that_stands_is_no_matter(self, room: Room, ask: str) -> None:
        getattr(room.desk(), ask)()
        assert room.time.slept == 0

    @pytest.mark.parametrize("ask", ["may_write", "may_confirm"])
    def test_a_rebalance_is_waited_for(self, room: Room, ask: str) -> None:
        room.held = False

        def settle() -> None:
            room.held = room.time.slept >= 5

        room.time.meanwhile = settle
        getattr(room.desk(), ask)()
        assert room.time.slept == 5

    @pytest.mark.parametrize("ask", ["may_write", "may_confirm"])
    def test_but_not_for_ever(self, room: Room, ask: str) -> None:
        room.held = False
        with pytest.raises(LeaseLostError):
            getattr(room.desk(), ask)()
        assert 10.0 <= room.time.now - 100.0 <= 10.1

    @pytest.mark.parametrize("ask", ["may_write", "may_confirm"])
    def test_what_is_gone_is_not_waited_for(self, room: Room, ask: str) -> None:
        room.held, room.gone = False, True
        with pytest.raises(LeaseLostError):
            getattr(room.desk(), ask)()
        assert room.time.slept == 0


def push() -> PushDevice:
    return PushDevice(**ORDER | {"plan": HASH, "approvals": ()})


class Unread:
    """A watch over a control that does not show its end."""

    def prove(self, within: timedelta) -> Any:
        raise ControlUnreadError(f"the end of control could not be read within {within.total_seconds():g} s")


class TestWriting:
    def test_whoever_cannot_prove_that_control_is_read_writes_nothing(self, room: Room) -> None:
        room.control.stop()
        room.control = Unread()
        with pytest.raises(ForbiddenError, match="could not be read within 5 s") as caught:
            room.desk(push()).may_write()
        assert caught.value.cause is Cause.CONTROL_UNREAD

    def test_a_plan_needs_no_permission(self, room: Room) -> None:
        room.control.stop()
        room.control = Unread()
        room.desk().may_write()

    def halt(self, room: Room) -> None:
        halt = HaltRaised(subjects=(Subject(kind="device", name="ber-sw1"),), reason="smoke")
        append_control(room.log, room.founded.root, room.founded.log, halt, "halt-1", NOW)

    def test_a_halt_that_comes_while_it_is_open_whose_the_order_is_counts(self, room: Room) -> None:
        # Given a rebalance, and a halt in the middle of it
        room.held = False

        def settle() -> None:
            if room.time.slept == 1:
                self.halt(room)
            room.held = room.time.slept >= 3

        room.time.meanwhile = settle
        # When it settles, then what was read before does not count
        with pytest.raises(ForbiddenError, match="smoke"):
            room.desk(push()).may_write()

    def test_as_does_one_that_comes_while_permission_is_looked_at(self, room: Room) -> None:
        desk = room.desk(push())

        def plan(_digest: str) -> Any:
            # Between the proof and the last look at the lease, which is gone for a moment
            if room.time.slept == 0 and room.held:
                self.halt(room)
                room.held = False
            return SimpleNamespace(rollout="r-1", change=HASH, approvals=())

        def settle() -> None:
            room.held = True

        desk.plan, room.time.meanwhile = plan, settle
        with pytest.raises(ForbiddenError, match="smoke"):
            desk.may_write()
        assert room.time.slept == 1

    def test_what_is_read_is_as_new_as_the_question(self, room: Room) -> None:
        # Given a key that was registered a moment ago
        founded = room.founded
        late = Signer.generate()
        entry = KeyEntry(public=late.public, name="late", team="ops", roles=(Role.OPERATOR,))
        append_control(room.log, founded.root, founded.log, KeyRegistered(key=entry), "key-late", NOW)
        # Then the watch knows it once it has proven that it read to the end
        assert late.key_id in room.control.prove(timedelta(seconds=20)).keys


def test_what_is_kept_can_be_had_again(room: Room) -> None:
    address = room.desk().keep(b"hostname ber-sw1", secret=True)
    assert address.startswith("secret-")
    assert room.blobs.get(address) == b"hostname ber-sw1"
