"""What all facts have in common."""

from events.catalogue import Message
from events.values import Identifier, Name


class Fact(Message):
    """Base of all facts."""


class RolloutFact(Fact):
    """Base of the facts about one rollout."""

    rollout: Identifier


class DeviceFact(RolloutFact):
    """Base of the facts about one device in a rollout. ``order`` is the piece of work that it ends or begins."""

    device: Name
    order: Identifier
