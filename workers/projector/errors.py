"""What can be wrong with the views."""

from workers.projector.mending import REBUILD


class ViewsProblemError(Exception):
    """The root of these. ``retriable``: whether doing the same again can succeed."""

    retriable = False


class ForeignViewsError(ViewsProblemError):
    """The views are of another history than the log's."""


class ViewsMovedError(ViewsProblemError):
    """Somebody else wrote the views, or dropped them, since we last did: begin anew."""

    retriable = True


class UnusableViewsError(ViewsProblemError):
    """The views' database cannot be used. A full disk may pass, a damaged file does not."""

    def __init__(self, reason: str, *, retriable: bool, mend: str = REBUILD) -> None:
        super().__init__(f"the views' database cannot be used: {reason}; {mend}")
        self.retriable = retriable
