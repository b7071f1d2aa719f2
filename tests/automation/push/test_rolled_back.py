"""Roll-backs: the same protocol, with what a push found as its aim."""

from typing import Any

import pytest

from events.reports import AlreadyApplied, DriftFound, PushRefused, PushReverted, PushVerified
from events.values import Cause
from lab.faults import Fault, FaultKind
from lab.journal import Event


@pytest.fixture
def pushed(bench: Any, plan: Any, texts: Any) -> Any:
    """A push that was verified: the rollout, the order that rolls it back, and what the device ran before."""
    rollout, before = plan(bench, texts.ordinary), bench.running()
    outcome = rollout.push()
    assert isinstance(outcome, PushVerified)
    rollout.work, rollout.before = rollout.back(outcome), before
    return rollout


def test_a_roll_back_brings_the_sections_back(bench: Any, pushed: Any) -> None:
    outcome = pushed.push()
    assert isinstance(outcome, PushVerified), outcome
    assert pushed.is_as(pushed.before)
    assert pushed.tree(bench.startup()) == pushed.tree(pushed.before)
    assert len(bench.journal(Event.SAVED)) == 2
    assert isinstance(pushed.push(), AlreadyApplied)


def test_a_roll_back_leaves_what_others_did_elsewhere(bench: Any, pushed: Any) -> None:
    bench.lab.edit(bench.device, ["snmp-server contact somebody"])
    outcome = pushed.push(save_foreign=True)
    assert isinstance(outcome, PushVerified), outcome
    assert "snmp-server contact somebody" in bench.running()
    assert "GUESTS" not in bench.running()


def test_a_roll_back_of_what_somebody_changed_since_stops(bench: Any, pushed: Any) -> None:
    bench.lab.edit(bench.device, ["vlan 77", "name ELSE"])
    outcome = pushed.push()
    assert isinstance(outcome, DriftFound)
    assert outcome.reason.cause is Cause.DRIFT
    assert "name ELSE" in bench.running()


def test_a_roll_back_that_fails_leaves_the_change(bench: Any, pushed: Any) -> None:
    after = bench.running()
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.SWALLOW, match="no ntp server .*", once=True))
    outcome = pushed.push()
    # Where a candidate is shown beforehand it is refused, elsewhere undone.
    assert isinstance(outcome, PushRefused if bench.platform.abilities.candidate else PushReverted), outcome
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    assert pushed.is_as(after)


@pytest.mark.parametrize("kind", ["eos", "ios"])
def test_an_access_list_comes_back_in_its_order(bench: Any, plan: Any) -> None:
    standard = "ip access-list standard MGMT-IN"
    lines = bench.running().splitlines()
    first = next(place for place, line in enumerate(lines) if line == standard) + 1
    entries = [lines[first + place].split(" ", 1)[-1].strip().split(" ", 1)[1] for place in range(2)]
    text = "\n".join((standard, " permit 10.66.0.1", f" {entries[0]}", " permit 10.66.0.2", f" {entries[1]}", ""))
    rollout, before = plan(bench, text), bench.running()
    outcome = rollout.push()
    assert isinstance(outcome, PushVerified), outcome
    rollout.work = rollout.back(outcome)
    assert isinstance(rollout.push(), PushVerified)
    assert bench.running().splitlines()[first : first + 2] == before.splitlines()[first : first + 2]
    # While its entries were exchanged the list was never gone: nobody was shut out, or let in.
    assert not bench.journal(Event.CONNECTION_REFUSED, Event.SESSION_CUT)
