"""The types of a change file's fields, with messages for people."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

_DURATION = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,3})?)(?P<unit>ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SHARE = re.compile(r"(?:[0-9]{1,3}|[0-9]{1,2}\.[0-9]{1,3})%")
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,9}")

_PREFIX = re.compile(r"[A-Za-z][^ ]*(?: [^ ]+)*")


def wrong(message: str) -> PydanticCustomError:
    """An error whose text is said about the field: ``must be ...``."""
    return PydanticCustomError("wavegate", "{message}", {"message": message})


def duration(text: object) -> timedelta:
    """A time span from ``500ms``, ``10s``, ``5m`` or ``2h``."""
    matched = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if matched is None:
        raise wrong("must be a time span such as 500ms, 10s, 5m or 2h")
    return timedelta(seconds=float(matched["number"]) * _SECONDS[matched["unit"]])


def wave_size(value: object) -> int | str:
    """A wave's size: a number of sites, or a share of all of them."""
    text = str(value)
    if text.isascii() and text.isdigit() and len(text) <= 6 and int(text) >= 1:
        return int(text)
    if _SHARE.fullmatch(text) and 0 < float(text[:-1]) <= 100:
        return text
    raise wrong("must be a number of sites, at least 1, or a share of them such as 10%")


def relative_path(text: str) -> str:
    """A path below the change file's folder."""
    if not _PATH.fullmatch(text) or len(text) > 200:
        raise wrong(
            "must be a path below the change file's folder: letters, digits, dots, dashes and underscores between "
            "slashes, without .., and not hidden"
        )
    return text


def pattern(text: str) -> str:
    """A regular expression."""
    try:
        re.compile(text, re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise wrong(f"must be a regular expression: {error}") from error
    return text


def prefix(text: str) -> str:
    """How lines on top of a configuration begin."""
    if len(text) > 200 or not text.isprintable() or not _PREFIX.fullmatch(text):
        raise wrong("must be the first words of lines that stand on top of a configuration, one space between them")
    return text


def _one_line(limit: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.strip() or len(text) > limit or not text.isprintable():
            raise wrong(f"must be one line of at most {limit} characters that can be printed")
        return text

    return check


Duration = Annotated[timedelta, BeforeValidator(duration)]
WaveSize = Annotated[int | str, BeforeValidator(wave_size)]
RelativePath = Annotated[str, AfterValidator(relative_path)]
Pattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(pattern)]
Prefix = Annotated[str, AfterValidator(prefix)]
Title = Annotated[str, AfterValidator(_one_line(200))]
Line = Annotated[str, AfterValidator(_one_line(300))]
