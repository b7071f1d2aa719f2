"""Metrics that are a fold of the facts: a rebuild from the log gives the same, to the byte.

Labels are bounded: states, platforms, causes and codes are closed sets, waves beyond the tenth count as one, areas
beyond the twentieth as "other".
"""

from collections import Counter as Sums
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from automation.rollout.state import Rollout, State
from automation.rollout.states import ACTIVE, IN_FLIGHT, RolloutState
from events import facts
from events.codec import FactRecord
from events.control import HaltRaised
from events.facts import Fact

_WAVES = 10
_AREAS = 20
_SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)

#: The facts that end a push, and how they are called in metrics.
_OUTCOMES: Mapping[type[Fact], str] = {
    facts.DeviceVerified: "verified",
    facts.DeviceUnchanged: "unchanged",
    facts.DeviceReverted: "reverted",
    facts.DeviceFailed: "failed",
    facts.DeviceRefused: "refused",
    facts.DeviceDrifted: "drifted",
    facts.DeviceLost: "unknown",
    facts.DeviceRolledBack: "rolled_back",
    facts.DeviceRollbackFailed: "rollback_failed",
}

#: The facts that end the planning of a device.
_PLANNED: Mapping[type[Fact], str] = {
    facts.DevicePlanned: "planned",
    facts.DeviceUnchanged: "unchanged",
    facts.DevicePlanFailed: "failed",
}


class FactMetrics:
    """Counts facts as they are folded in, and sets what stands when it is asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Registers the metrics."""
        self._state: State | None = None
        self._facts = Counter("wavegate_facts", "Facts in the log.", registry=registry)
        self._last = Gauge("wavegate_last_fact_timestamp_seconds", "When the last fact was written.", registry=registry)
        self._rollouts = Gauge("wavegate_rollouts", "Rollouts by state.", ["state"], registry=registry)
        self._devices = Gauge(
            "wavegate_rollout_devices",
            "Devices of unfinished rollouts, by their state and wave.",
            ["state", "wave"],
            registry=registry,
        )
        self._in_flight = Gauge("wavegate_devices_in_flight", "Devices that may be written to now.", registry=registry)
        self._unhealthy = Gauge(
            "wavegate_devices_unhealthy", "Devices of unfinished rollouts that ended badly.", registry=registry
        )
        self._waiting = Gauge("wavegate_approvals_waiting", "Approvals that are missing.", ["area"], registry=registry)
        self._halts = Gauge("wavegate_halts_standing", "Halts that nobody has lifted.", registry=registry)
        self._raised = Counter("wavegate_halts", "Halts that were raised.", ["by"], registry=registry)
        self._plannings = Counter(
            "wavegate_planning_outcomes", "How planning ended at devices.", ["platform", "outcome"], registry=registry
        )
        self._outcomes = Counter(
            "wavegate_push_outcomes", "How orders ended at devices.", ["platform", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "wavegate_push_duration_seconds",
            "From an order's start at a worker to its outcome.",
            ["platform", "outcome"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._refused = Counter("wavegate_commands_refused", "Commands not carried out.", ["code"], registry=registry)

    def fold(self, state: State, record: FactRecord) -> None:
        """Counts one fact; ``state`` is the one after it."""
        self._state = state
        self._facts.inc()
        self._last.set(record.at.timestamp())
        fact = record.fact
        if isinstance(fact, facts.CommandRefused):
            self._refused.labels(fact.code).inc()
        elif isinstance(fact, facts.ControlNoted) and fact.kind == HaltRaised.wire and not fact.refused:
            self._raised.labels("coordinator" if fact.id.startswith("auto.") else "person").inc()
        elif isinstance(fact, facts.DeviceFact):
            self._ended(state, fact)

    def _ended(self, state: State, fact: facts.DeviceFact) -> None:
        rollout = state.rollouts[fact.rollout]
        platform = rollout.devices[fact.device].target.platform
        if rollout.state is RolloutState.PLANNING and type(fact) in _PLANNED:
            self._plannings.labels(platform, _PLANNED[type(fact)]).inc()
        elif type(fact) in _OUTCOMES:
            self._pushed(fact, platform)

    def _pushed(self, fact: facts.DeviceFact, platform: str) -> None:
        outcome = _OUTCOMES[type(fact)]
        self._outcomes.labels(platform, outcome).inc()
        took = getattr(fact, "took_ms", None)
        if took is not None:
            self._seconds.labels(platform, outcome).observe(took / 1000)

    def refresh(self) -> None:
        """Sets what stands now; call it before the metrics are read."""
        state = self._state
        if state is None:
            return
        active = [rollout for rollout in state.rollouts.values() if rollout.state in ACTIVE]
        by_state = Sums(rollout.state for rollout in state.rollouts.values())
        for name in RolloutState:
            self._rollouts.labels(name.value).set(by_state[name])
        self._in_flight.set(sum(rollout.count(*IN_FLIGHT) for rollout in active))
        self._unhealthy.set(sum(rollout.unhealthy for rollout in active))
        self._halts.set(len(state.authority.halts))
        self._set_devices(active)
        self._set_waiting(active)

    def _set_devices(self, active: list[Rollout]) -> None:
        sums: Sums[tuple[str, str]] = Sums()
        for rollout in active:
            sums.update((device.state.value, _wave(device.wave)) for device in rollout.devices.values())
        self._devices.clear()
        for (name, wave), count in sorted(sums.items()):
            self._devices.labels(name, wave).set(count)

    def _set_waiting(self, active: list[Rollout]) -> None:
        """Counted by area, as if no approval ever expired: what a metric says must not depend on when it is read."""
        sums: Sums[str] = Sums()
        for rollout in active:
            if rollout.state is RolloutState.AWAITING_APPROVAL:
                for wanted in rollout.missing(rollout.since):
                    sums[wanted.area] += wanted.count
        self._waiting.clear()
        for number, (area, count) in enumerate(sorted(sums.items())):
            self._waiting.labels(area if number < _AREAS else "other").inc(count)


def _wave(wave: int | None) -> str:
    if wave is None:
        return "none"
    if wave == 0:
        return "canary"
    return str(wave) if wave <= _WAVES else f"over {_WAVES}"
