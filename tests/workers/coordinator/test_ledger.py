"""What a batch adds to the log: facts in one chain, orders with their releases, plans before what names them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from automation.rollout.decision import CLOCK, COORDINATOR, Decision
from automation.rollout.errors import ImpossibleFactError
from automation.rollout.state import empty
from events import facts
from events.blobs.folder import FolderStore
from events.codec import GENESIS, decode_fact
from events.log.contract import Topic
from events.plans import digest
from workers.coordinator.ledger import Ledger

AT = datetime(2026, 3, 1, tzinfo=UTC)
CHANGE = "sha256:" + "7" * 64


def refused(number: int) -> facts.CommandRefused:
    return facts.CommandRefused(
        command=f"c-{number}", kind="HoldRollout", code="expired", reason="late", authentic=False, rollout=None
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(empty("log-" + "0" * 32), FolderStore(tmp_path, key=b"k" * 32))


def test_facts_are_chained_each_to_the_bytes_of_the_one_before(ledger: Ledger) -> None:
    ledger.enter(Decision(by="unknown", cause="refused:c-1", facts=(refused(1), refused(2))), AT)
    ledger.enter(Decision(by=COORDINATOR, cause=CLOCK, facts=(refused(3),)), AT)
    prev = GENESIS
    for number, record in enumerate(ledger.records):
        fact, head = decode_fact(record.value)
        assert (fact.seq, fact.prev, fact.at) == (number, prev, AT)
        assert head == digest(record.value)
        prev = head
    assert (ledger.state.seq, ledger.state.head) == (3, prev)


def test_who_brought_a_fact_about_and_why_stands_in_it(ledger: Ledger) -> None:
    ledger.enter(Decision(by="unknown", cause="refused:c-1", facts=(refused(1),)), AT)
    ledger.enter(Decision(by=COORDINATOR, cause=CLOCK, facts=(refused(2),)), AT)
    told = [decode_fact(record.value)[0] for record in ledger.records]
    assert [(fact.by, fact.cause) for fact in told] == [("unknown", "refused:c-1"), ("coordinator", "clock")]


def test_a_decision_without_facts_adds_nothing(ledger: Ledger) -> None:
    before = ledger.state
    ledger.enter(Decision(by=COORDINATOR, cause=CLOCK, facts=()), AT)
    assert (ledger.records, ledger.state) == ([], before)


def test_a_fact_that_cannot_be_is_not_entered(ledger: Ledger) -> None:
    # Given a decision that would hold a rollout that nobody knows
    wrong = facts.RolloutHeld(rollout="r-nobody", reason="x")
    with pytest.raises(ImpossibleFactError):
        ledger.enter(Decision(by="olga", cause="command:c-1", facts=(wrong,)), AT)


def test_every_order_follows_the_fact_that_releases_it_in_the_partition_of_its_site(court: Any) -> None:
    # Given a coordinator that has released orders
    reign = court.reign()
    rollout = court.request(court.submit())
    court.settle(reign)
    released = [record.fact for record in court.facts() if isinstance(record.fact, facts.OrderReleased)]
    orders = {order.id: order for order in court.orders()}
    # Then each release has its order, about the same, for the device as it is in the rollout
    assert {fact.order for fact in released} == set(orders)
    for fact in released:
        order = orders[fact.order]
        target = reign.state.rollouts[rollout].devices[fact.device].target
        assert (order.device, order.site, order.rollout) == (fact.device, target.site, rollout)
        assert order.change == reign.state.rollouts[rollout].change
        assert order.control == fact.control


def test_the_same_decisions_give_the_same_bytes(tmp_path: Path) -> None:
    decision = Decision(by="unknown", cause="refused:c-1", facts=(refused(1), refused(2)))
    made = [Ledger(empty("log-" + "0" * 32), FolderStore(tmp_path / name, key=b"k" * 32)) for name in ("a", "b")]
    for each in made:
        each.enter(decision, AT)
    assert made[0].records == made[1].records
    assert all(record.topic is Topic.FACTS for record in made[0].records)
    # And others where somebody else brought it about
    later = Ledger(empty("log-" + "0" * 32), FolderStore(tmp_path / "c", key=b"k" * 32))
    later.enter(replace(decision, by="somebody"), AT)
    assert later.records != made[0].records
