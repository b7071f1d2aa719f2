"""What there is to know about one rollout, read at once."""

from dataclasses import dataclass

from console.queries import ViewsReader
from console.showing import NOT_WELL, failures_first
from console.views import Approval, DeviceInRollout, Rollout, Wave


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A rollout with its waves, what went wrong, and who approved it."""

    rollout: Rollout
    waves: tuple[Wave, ...]
    failures: tuple[DeviceInRollout, ...]
    approvals: tuple[Approval, ...]


def read_page(views: ViewsReader, name: str) -> Page:
    """The page of a rollout, by its id or the beginning of it.

    Raises:
        UnknownIdError: there is none, or there are several.
    """
    rollout = views.rollout(name)
    not_well = [state.value for state in NOT_WELL]
    return Page(
        rollout=rollout,
        waves=tuple(views.waves(rollout.id)),
        failures=tuple(failures_first(views.devices(rollout.id, states=not_well))),
        approvals=tuple(views.approvals(rollout.id)),
    )
