"""What the rollout logic refuses to go on with."""


class ImpossibleFactError(Exception):
    """A fact that cannot follow from the state: the log was written by other software, or tampered with."""
