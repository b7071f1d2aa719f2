"""The plan as one document, and its seal."""

from automation.rollout.state import Rollout, State
from events.plans import Plan


def plan_of(state: State, rollout: Rollout, waves: tuple[tuple[str, ...], ...]) -> Plan:
    """The plan of a rollout whose devices have been read. The same state gives the same bytes."""
    devices = (rollout.devices[name].planned for wave in waves for name in wave)
    return Plan(
        log=state.authority.log,
        rollout=rollout.id,
        change=rollout.change,
        title=rollout.title,
        ticket=rollout.ticket,
        team=rollout.team,
        authors=tuple(sorted(rollout.authors)),
        inventory=rollout.inventory,
        task=rollout.task,
        approvals=rollout.wanted,
        devices=tuple(sorted((device for device in devices if device), key=lambda device: device.device)),
        waves=waves,
    )
