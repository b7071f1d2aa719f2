"""What came of the demonstration, in figures."""

from dataclasses import dataclass

from console.queries import ViewsReader
from console.views import Filter
from events.facts import DeviceReverted


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the devices of the first rollout ended, how many the second one brought back, and what it took."""

    devices: int
    verified: int
    unchanged: int
    reverted: int
    failed: int
    unknown: int
    rolled_back: int
    facts: int
    seconds: float
    log: str

    @property
    def as_told(self) -> bool:
        """Whether it went as the story has it: one device was hurt and undone, nothing is lost, all came back."""
        ended = self.verified + self.unchanged + self.reverted
        return ended == self.devices == self.rolled_back and self.reverted == 1 and not (self.failed or self.unknown)


def figures(views: ViewsReader, first: str, second: str, seconds: float, log: str) -> Figures:
    """The figures, from the read models."""
    counts = views.rollout(first).counts
    reverted = views.timeline(Filter(rollout=first, types=(DeviceReverted.wire,)))
    return Figures(
        devices=views.rollout(first).size,
        verified=counts.get("verified", 0),
        unchanged=counts.get("unchanged", 0),
        reverted=len({happening.device for happening in reverted}),
        failed=counts.get("failed", 0),
        unknown=counts.get("unknown", 0),
        rolled_back=views.rollout(second).counts.get("rolled_back", 0),
        facts=views.progress().seq,
        seconds=round(seconds, 1),
        log=log,
    )
