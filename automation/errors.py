"""The root of this room's errors."""


class AutomationError(Exception):
    """What should happen cannot be worked out. ``retriable``: whether doing the same again can succeed."""

    retriable = False
