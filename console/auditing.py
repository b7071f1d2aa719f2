"""Who did what, when and why: the facts about something, by rollout, each with what led to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from console.errors import UnknownIdError
from console.outbox import fact_told
from console.output import moment
from console.queries import ViewsReader
from console.telling import short, tell
from console.views import Filter, Happening, Rollout
from events import facts
from events.catalogue import Message

#: What people, and the coordinator in their place, decide about a rollout: it belongs to each device's story.
DECISIONS: tuple[type[Message], ...] = (
    facts.RolloutProposed,
    facts.PlanSealed,
    facts.PlanApproved,
    facts.PlanRejected,
    facts.ApprovalWithdrawn,
    facts.RolloutWithdrawn,
    facts.RolloutExpired,
    facts.RolloutHeld,
    facts.RolloutResumed,
    facts.RolloutHalting,
    facts.RollbackStarted,
    facts.RolloutCompleted,
    facts.RolloutRolledBack,
    facts.RollbackFailed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of a story that belongs to one rollout, or to none."""

    rollout: Rollout | None
    happenings: tuple[Happening, ...]

    @property
    def heading(self) -> str:
        """What the rollout was, and by whose wish."""
        if self.rollout is None:
            return "Outside of rollouts"
        known = self.rollout
        whose = f"team {known.team}, by {' and '.join(known.authors)}"
        return (
            f"Rollout {known.id}: “{known.title}”, ticket {known.ticket}, {short(known.change)}, {whose}; {known.state}"
        )


def audit(views: ViewsReader, wanted: Filter) -> list[Section]:
    """The story of whatever the filter means, in the order in which its parts began.

    Where it is about a device or a site, what was decided about its rollouts is told too, and the change's submission.
    """
    happenings = views.timeline(wanted)
    parts: dict[str | None, list[Happening]] = {}
    for happening in happenings:
        parts.setdefault(happening.rollout, []).append(happening)
    sections: list[Section] = []
    for name, part in parts.items():
        rollout = _rollout(views, name)
        around = _around(views, rollout) if rollout and (wanted.device or wanted.site or wanted.rollout) else []
        told = {happening.record.seq: happening for happening in (*around, *part)}
        ordered = tuple(told[seq] for seq in sorted(told))
        sections.append(Section(rollout=rollout, happenings=ordered))
    return sections


def lines(section: Section) -> Iterator[str]:
    """A section as sentences."""
    yield section.heading
    for happening in section.happenings:
        yield f"  {moment(happening.record.at)}  {tell(happening.record)}"


def told_lines(section: Section) -> Iterator[dict[str, object]]:
    """A section as objects, one for each fact."""
    rollout = section.rollout
    for happening in section.happenings:
        yield {
            "rollout": happening.rollout,
            "title": rollout.title if rollout else None,
            "ticket": rollout.ticket if rollout else None,
            "change": happening.change,
            "device": happening.device,
            "site": happening.site,
            **fact_told(happening.record),
        }


def _around(views: ViewsReader, rollout: Rollout) -> Sequence[Happening]:
    """What was decided about a rollout, and where its change came from."""
    decisions = Filter(rollout=rollout.id, types=tuple(kind.wire for kind in DECISIONS))
    submitted = Filter(change=rollout.change, types=(facts.ChangeSubmitted.wire,))
    before = [each for each in views.timeline(submitted) if each.record.seq < rollout.proposed]
    return [*(replace(each, rollout=rollout.id) for each in before), *views.timeline(decisions)]


def _rollout(views: ViewsReader, name: str | None) -> Rollout | None:
    if name is None:
        return None
    try:
        return views.rollout(name)
    except UnknownIdError:
        # A refused command can name a rollout that there never was.
        return None
