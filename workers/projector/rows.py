"""What has been decided, as rows of the views."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from automation.rollout.state import DeviceProgress, Rollout, State
from automation.rollout.waiting import waits
from events import facts
from events.codec import FactRecord

Row = dict[str, Any]


def rollout_row(state: State, rollout: Rollout, now: datetime) -> Row:
    """A rollout as it stands."""
    return {
        "rollout": rollout.id,
        "change": rollout.change,
        "title": rollout.title,
        "ticket": rollout.ticket,
        "team": rollout.team,
        "authors": json.dumps(sorted(rollout.authors)),
        "state": rollout.state.value,
        "since": rollout.since.timestamp(),
        "proposed": rollout.proposed,
        "plan": rollout.plan,
        "wave": rollout.wave,
        "waves": len(rollout.waves),
        "size": rollout.size,
        "unhealthy": rollout.unhealthy,
        "counts": json.dumps({name.value: count for name, count in sorted(rollout.counts.items()) if count}),
        "strategy": rollout.strategy.model_dump_json(),
        "wanted": json.dumps([wanted.model_dump() for wanted in rollout.wanted]),
        "waits": json.dumps([[wait.what, wait.who] for wait in waits(state, rollout, now)]),
    }


def wave_rows(rollout: Rollout) -> Iterable[Row]:
    """A rollout's waves, each with the number of its devices by state."""
    for number, names in enumerate(rollout.waves):
        counts = Counter(rollout.devices[name].state.value for name in names)
        yield {"rollout": rollout.id, "wave": number, "counts": json.dumps(dict(sorted(counts.items())))}


def device_row(rollout: Rollout, device: DeviceProgress) -> Row:
    """A device in a rollout as it stands."""
    target, planned = device.target, device.planned
    return {
        "rollout": rollout.id,
        "device": target.device,
        "site": target.site,
        "region": target.region,
        "role": target.role,
        "platform": target.platform,
        "redundancy_group": target.group,
        "wave": device.wave,
        "state": device.state.value,
        "attempts": device.attempts,
        "order": device.order,
        "cause": device.reason.cause.value if device.reason else None,
        "detail": device.reason.detail if device.reason else None,
        "diff_class": planned.diff_class if planned else None,
        "diff_text": planned.diff_text if planned else None,
        "added": planned.added if planned else None,
        "removed": planned.removed if planned else None,
        "undo": planned.undo.value if planned else None,
        "access": planned.access.value if planned else None,
        "foreign_unsaved": planned.foreign_unsaved if planned else None,
    }


def approval_row(fact: facts.PlanApproved, at: datetime) -> Row:
    """An approval as it was given."""
    return {
        "approval": fact.approval,
        "rollout": fact.rollout,
        "area": fact.area,
        "approver": fact.approver,
        "at": at.timestamp(),
        "until": fact.until.timestamp(),
        "note": fact.note,
        "withdrawn": None,
    }


def timeline_row(state: State, record: FactRecord, content: bytes) -> Row:
    """A fact, with what it is about."""
    fact = record.fact
    rollout = getattr(fact, "rollout", None)
    device = getattr(fact, "device", None)
    known = state.rollouts.get(rollout) if rollout else None
    progress = known.devices.get(device) if known and device else None
    return {
        "seq": record.seq,
        "at": record.at.timestamp(),
        "by": record.by,
        "cause": record.cause,
        "type": fact.wire,
        "rollout": rollout,
        "device": device,
        "site": progress.target.site if progress else None,
        "change": getattr(fact, "change", None) or (known.change if known else None),
        "content": content.decode(),
    }
