"""The times that every adapter of the log keeps to."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long things may take.

    ``session``: after this long without a word from a member its partitions go to others.
    ``margin``: how much earlier than that the member itself stops believing that it owns them.
    ``deadline``: how long a request may take before it counts as unanswered.
    """

    session: timedelta = timedelta(seconds=6)
    margin: timedelta = timedelta(seconds=1)
    deadline: timedelta = timedelta(seconds=10)

    def __post_init__(self) -> None:
        """Refuses terms under which no lease could ever run."""
        if not timedelta(0) < self.margin < self.session:
            raise ValueError(f"the margin ({self.margin}) must be above zero and below the session ({self.session})")
        if self.deadline <= timedelta(0):
            raise ValueError(f"the deadline ({self.deadline}) must be above zero")

    @property
    def lease_s(self) -> float:
        """How long a lease runs from the moment its renewal was sent, in seconds."""
        return (self.session - self.margin).total_seconds()
