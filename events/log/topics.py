"""What each topic of a log is for and must be like, as a table; whatever makes or checks topics works from it.

All are kept for ever and none is compacted: facts are the truth, ``control`` must show every halt that was ever raised,
and positions of any of them are kept by groups and writers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from events.log.contract import SPREAD, LogMismatchError, Topic

#: The number of partitions that a spread topic gets where nobody says otherwise.
DEFAULT_SPREAD = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRule:
    """One topic. ``transactional``: whether its records may be in a fenced commit."""

    topic: Topic
    holds: str
    transactional: bool = True

    def partitions(self, spread: int) -> int:
        """How many partitions it has in a log of this spread."""
        return spread if self.topic in SPREAD else 1


TABLE = (
    TopicRule(topic=Topic.COMMANDS, holds="what was asked, by whom, signed"),
    TopicRule(topic=Topic.FACTS, holds="the truth: what was decided and what happened"),
    TopicRule(topic=Topic.ORDERS, holds="units of device work that were released, by site"),
    TopicRule(topic=Topic.REPORTS, holds="intents, progress and outcomes that workers saw, by site"),
    TopicRule(topic=Topic.CONTROL, holds="halts, freezes, incidents, revocations, keys, policy", transactional=False),
    TopicRule(topic=Topic.CHECKPOINTS, holds="signatures over the head of the facts"),
)


def check_spread(spread: int) -> None:
    """Refuses a number of partitions that no log has."""
    if not 1 <= spread <= 1000:
        raise ValueError(f"a log has 1 to 1,000 partitions in a spread topic, not {spread}")


def check_counts(counts: Mapping[Topic, int], where: str) -> None:
    """Refuses topics whose partitions do not fit together.

    Raises:
        LogMismatchError: when a topic that must be in one order has several partitions, or the spread topics differ:
            a device's orders and reports would no longer meet in partitions of the same number.
    """
    several = [topic.value for topic, count in counts.items() if topic not in SPREAD and count != 1]
    if several:
        raise LogMismatchError(f"{where}: {', '.join(several)} must have exactly one partition: make the log anew")
    spreads = {topic.value: counts[topic] for topic in sorted(SPREAD)}
    if len(set(spreads.values())) != 1:
        raise LogMismatchError(f"{where}: {spreads} must have equally many partitions: make the log anew")
