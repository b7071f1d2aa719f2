"""Errors that nobody expected: what of them may be told."""

import traceback
from pathlib import PurePath

_DEEPEST = 12


def kind_of(error: BaseException) -> str:
    """The kind of an error and where it arose. Not its text, which may quote a device, secrets and all."""
    (*_, last) = trail_of(error) or ["nowhere"]
    return f"{type(error).__name__} at {last}"


def trail_of(error: BaseException) -> list[str]:
    """The way to where an error arose, the last step last: a traceback without any text of the error's own."""
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST:]
    return [f"{'/'.join(PurePath(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames]
