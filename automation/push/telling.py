"""Reports of one order, with what all of them have in common."""

from dataclasses import dataclass
from typing import Any, TypeVar

from automation.push.work import Desk
from events.reports import Outcome, Report

AnyReport = TypeVar("AnyReport", bound=Report)
AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes an order's reports. ``started`` is when work on it began, on the desk's clock."""

    order: str
    rollout: str
    device: str
    worker: str
    desk: Desk
    started: float

    def report(self, kind: type[AnyReport], **content: Any) -> AnyReport:  # noqa: ANN401 - a report's own fields
        """A report, not published."""
        common = {"order": self.order, "rollout": self.rollout, "device": self.device, "worker": self.worker}
        return kind.model_validate(common | content)

    def announce(self, kind: type[Report], **content: Any) -> None:  # noqa: ANN401 - a report's own fields
        """A report, published and acknowledged."""
        self.desk.announce(self.report(kind, **content))

    def outcome(self, kind: type[AnyOutcome], **content: Any) -> AnyOutcome:  # noqa: ANN401 - a report's own fields
        """How the order ended, not published."""
        took = max(0, round((self.desk.monotonic() - self.started) * 1000))
        return self.report(kind, took_ms=took, **content)
