"""The facts, orders and blobs of one batch, and the state after them; nothing of it counts until it is committed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from automation.rollout.decision import Decision
from automation.rollout.evolve import evolve
from automation.rollout.orders import order_of
from automation.rollout.sealing import plan_of
from automation.rollout.state import State
from events.blobs.contract import BlobStore
from events.codec import FactRecord, encode_fact, encode_order
from events.facts import Fact, OrderReleased, PlanSealed
from events.log.contract import Record, Topic
from events.plans import digest

#: Facts have one partition; the key only has to be something.
_KEY = "facts"


@dataclass(slots=True)
class Ledger:
    """What a batch of decisions adds to the log."""

    state: State
    blobs: BlobStore
    records: list[Record] = field(default_factory=list)

    def enter(self, decision: Decision, at: datetime) -> None:
        """Writes a decision's facts down, in order, with the orders that go with them."""
        for fact in decision.facts:
            record = FactRecord(
                seq=self.state.seq, prev=self.state.head, at=at, by=decision.by, cause=decision.cause, fact=fact
            )
            content = encode_fact(record)
            self.records.append(Record(topic=Topic.FACTS, key=_KEY, value=content))
            self.state = evolve(self.state, record, digest(content))
            self.records.extend(self._orders(fact, at))
            if isinstance(fact, PlanSealed):
                self._keep_plan(fact)

    def _orders(self, fact: Fact, at: datetime) -> Iterator[Record]:
        if isinstance(fact, OrderReleased):
            yield encode_order(order_of(self.state, fact), at)

    def _keep_plan(self, fact: PlanSealed) -> None:
        """The plan is durable before the record that names it."""
        rollout = self.state.rollouts[fact.rollout]
        plan = plan_of(self.state, rollout, rollout.waves)
        self.blobs.put(plan.sealed())
