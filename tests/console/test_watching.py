"""When a watched rollout has come to its end, or to somebody's turn; and what its bars show."""

import contextlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from automation.rollout.states import DeviceState, RolloutState
from console.exits import Exit
from console.output import Output
from console.rollout_page import Page
from console.showing import bar, failures_first
from console.views import DeviceInRollout, Filter, Happening, Rollout
from console.watching import Watch, is_settled, verdict
from events import facts
from events.codec import GENESIS, FactRecord
from events.log.contract import LogError

R = RolloutState
AT = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = (("approval of network-ops", "network-ops"),)
WORK = (("3 devices in flight", "workers"),)


def page(state: RolloutState, counts: Mapping[str, int] | None = None, waits: tuple[tuple[str, str], ...] = ()) -> Page:
    rollout = Rollout(
        id="r-1",
        change="sha256:" + "0" * 64,
        title="t",
        ticket="n",
        team="x",
        authors=("ed",),
        state=state.value,
        since=AT,
        proposed=1,
        plan=None,
        wave=0,
        waves=1,
        size=3,
        unhealthy=0,
        counts=counts or {},
        strategy={},
        wanted={"network-ops": 1},
        waits=waits,
    )
    return Page(rollout=rollout, waves=(), failures=(), approvals=())


@pytest.mark.parametrize(
    ("shown", "settled", "code"),
    [
        pytest.param(page(R.PLANNING, {"pending": 3}, WORK), False, Exit.WAITING, id="being planned"),
        pytest.param(page(R.AWAITING_APPROVAL, {"planned": 3}, PEOPLE), True, Exit.WAITING, id="to be approved"),
        pytest.param(page(R.SCHEDULED, {"planned": 3}), False, Exit.WAITING, id="about to start"),
        pytest.param(page(R.RUNNING, {"in_progress": 1}, WORK), False, Exit.WAITING, id="running"),
        pytest.param(page(R.BAKING, {"verified": 3}, (("wave 0 bakes", "nobody"),)), False, Exit.WAITING, id="baking"),
        pytest.param(page(R.RUNNING, {"planned": 3}, PEOPLE), True, Exit.WAITING, id="only people can help"),
        pytest.param(page(R.RUNNING, {"planned": 3}, (*PEOPLE, *WORK)), False, Exit.WAITING, id="people and workers"),
        pytest.param(page(R.HELD, {"released": 1}, PEOPLE), False, Exit.WAITING, id="held, something in flight"),
        pytest.param(page(R.HELD, {"planned": 1}, PEOPLE), True, Exit.WAITING, id="held"),
        pytest.param(page(R.HALTING, {"in_progress": 1}), False, Exit.WAITING, id="halting"),
        pytest.param(page(R.HALTED, {"reverted": 1}, PEOPLE), True, Exit.WAITING, id="halted"),
        pytest.param(page(R.ROLLING_BACK, {"verified": 1}), False, Exit.WAITING, id="being brought back"),
        pytest.param(page(R.ROLLBACK_FAILED, {"rollback_failed": 1}), True, Exit.WAITING, id="not brought back"),
        pytest.param(page(R.COMPLETED, {"verified": 2, "unchanged": 1}), True, Exit.DONE, id="completed"),
        pytest.param(page(R.COMPLETED, {"verified": 2, "skipped": 1}), True, Exit.DONE, id="completed, one skipped"),
        pytest.param(page(R.COMPLETED, {"verified": 2, "drifted": 1}), True, Exit.FAILED, id="completed, one drifted"),
        pytest.param(page(R.COMPLETED, {"verified": 2, "failed": 1}), True, Exit.FAILED, id="completed, one failed"),
        pytest.param(page(R.ROLLED_BACK, {"rolled_back": 3}), True, Exit.FAILED, id="rolled back"),
        pytest.param(page(R.REJECTED), True, Exit.FAILED, id="rejected"),
        pytest.param(page(R.WITHDRAWN), True, Exit.FAILED, id="withdrawn"),
        pytest.param(page(R.EXPIRED), True, Exit.FAILED, id="expired"),
    ],
)
def test_where_a_watch_ends_and_how(shown: Page, settled: bool, code: Exit) -> None:
    assert is_settled(shown) is settled
    if settled:
        assert verdict(shown) is code


def test_every_state_is_tried_above() -> None:
    tried = {case.values[0].rollout.state for case in test_where_a_watch_ends_and_how.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    assert tried | {"proposed"} == {state.value for state in R}


@pytest.mark.parametrize(
    ("counts", "drawn"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"verified": 4}, "████████", id="all well"),
        pytest.param({"planned": 4}, "········", id="all to come"),
        pytest.param({"verified": 2, "planned": 2}, "████····", id="half"),
        pytest.param({"verified": 999, "failed": 1}, "███████✗", id="one of a thousand"),
        pytest.param({"verified": 1, "failed": 1, "planned": 1}, "████✗✗··", id="thirds"),
        pytest.param({"skipped": 1, "reverted": 1, "in_progress": 1, "pending": 1}, "▓▓✗✗▒▒··", id="one of each"),
    ],
)
def test_a_bar(counts: Mapping[str, int], drawn: str) -> None:
    assert bar(counts, width=8).plain == drawn


@pytest.mark.parametrize("state", list(DeviceState))
def test_whatever_there_is_any_of_can_be_seen(state: DeviceState) -> None:
    assert bar({state.value: 1}, width=8).plain
    assert len(bar({"verified": 10_000, "failed": 3, state.value: 1}, width=24).plain) == 24


def device(name: str, state: str) -> DeviceInRollout:
    blank = dict.fromkeys(DeviceInRollout.__dataclass_fields__)
    given = {"device": name, "site": "s", "region": "r", "role": "x", "platform": "ios", "state": state, "attempts": 1}
    return DeviceInRollout(**{**blank, **given})  # type: ignore[arg-type]


def test_the_worst_comes_first() -> None:
    states = ["verified", "drifted", "refused", "failed", "reverted", "unknown", "rollback_failed", "planned"]
    found = failures_first([device(f"d{n}", state) for n, state in enumerate(states)])
    assert [each.state for each in found] == ["rollback_failed", "unknown", "reverted", "failed", "refused", "drifted"]


class Happened:
    """Views of a rollout that is over, and of what happened in it."""

    def __init__(self, *happened: facts.Fact) -> None:
        self._happened = happened

    def rollout(self, _: str) -> Rollout:
        return page(R.COMPLETED).rollout

    def timeline(self, which: Filter) -> list[Happening]:
        place = dict.fromkeys(("content", "rollout", "device", "site", "change"), "")
        records = [
            FactRecord(seq=seq, prev=GENESIS, at=AT, by="coordinator", cause="command:c-1", fact=fact)
            for seq, fact in enumerate(self._happened)
        ]
        found = [
            Happening(record=record, **place) for record in records if which.after is None or record.seq > which.after
        ]
        return [each for each in found if not which.types or each.record.fact.wire in which.types]

    def nothing(self, *_: object, **__: object) -> list[Any]:
        return []

    waves = devices = approvals = nothing


def test_devices_that_ended_alike_are_told_together_and_others_apart(capsys: pytest.CaptureFixture[str]) -> None:
    # Given two ways of ending well, one after the other, and something else between
    def ended(kind: type[facts.Fact], name: str) -> facts.Fact:
        return kind.model_validate({"rollout": "r-1", "device": name, "order": f"r-1.{name}.1", "took_ms": 1000})

    happened = [
        *(ended(facts.DeviceUnchanged, f"same-{n}") for n in range(3)),
        *(ended(facts.DeviceRolledBack, f"back-{n}") for n in range(2)),
        facts.WaveStarted(rollout="r-1", wave=1),
        ended(facts.DeviceRolledBack, "back-9"),
    ]
    views: Any = Happened(*happened)
    log: Any = None
    Watch(views=views, log=log, rollout="r-1", output=Output()).run()
    told = [line.partition("Z  ")[2] for line in capsys.readouterr().out.splitlines() if "Z  " in line]
    assert [line.partition(", each")[0] for line in told] == [
        "3 devices found to be as they should be",
        "2 devices brought back",
        "Work on wave 1 began.",
        "coordinator brought back-9 back, in 1.0 s.",
    ]


class Turning:
    """Views in which a rollout waits for each of some lists of people in turn, and for the last one for good."""

    def __init__(self, *waits: tuple[tuple[str, str], ...]) -> None:
        self._waits = list(waits)

    def rollout(self, _: str) -> Rollout:
        waits = self._waits.pop(0) if len(self._waits) > 1 else self._waits[0]
        return page(R.HALTED, {"reverted": 1}, waits).rollout

    def nothing(self, *_: object, **__: object) -> list[Any]:
        return []

    waves = devices = approvals = timeline = nothing

    def progress(self) -> None:
        raise LogError("there is no log behind these views")


RAISING = (("halt auto.r-1.9 is being raised", "an admin"), *PEOPLE)


@pytest.mark.parametrize(
    ("waits", "looks"),
    [
        pytest.param((PEOPLE,), 1, id="nothing on its way"),
        pytest.param((RAISING, RAISING, PEOPLE), 3, id="a halt on its way"),
        pytest.param((RAISING,), 21, id="a halt that does not get through"),
    ],
)
def test_a_watch_does_not_end_while_a_halt_is_on_its_way(waits: Any, looks: int) -> None:
    clock, told = [0.0], io.StringIO()

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    with contextlib.redirect_stdout(told):
        views: Any = Turning(*waits)
        log: Any = None
        watch = Watch(views=views, log=log, rollout="r-1", output=Output(), sleep=sleep, monotonic=lambda: clock[0])
        assert watch.run() is Exit.WAITING
    assert clock[0] == (looks - 1) * 0.25
    assert ("is being raised" in told.getvalue()) == (looks > 3)
