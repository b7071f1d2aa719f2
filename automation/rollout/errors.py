"""What the rollout logic refuses to go on with."""

from automation.errors import AutomationError


class ImpossibleFactError(AutomationError):
    """A fact that cannot follow from the state: the log was written by other software, or tampered with."""
