"""Operations on text and lists whose result can be far larger than what goes in. Each is counted before it is done."""

import re
from collections.abc import Iterable, Sequence

from automation.render.budget import budget
from automation.render.errors import RefusedError
from automation.render.values import as_text, called

#: The widest that anything is padded or indented to.
MAX_WIDTH = 200

#: What a template may use of Python's printf-style formats: flags, a width, a precision, a kind; no ``*``.
_FORMAT = re.compile(r"%(?:%|(?P<flags>[-+ 0#]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?P<kind>[sdxXofeg]))")


def joined(items: Iterable[object], separator: str = "") -> str:
    """The items as text, one after the other."""
    texts = [as_text(item) for item in _listed(items)]
    budget().write(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def replaced(text: str, old: str, new: str, count: int = -1) -> str:
    """The text with one part of it replaced by another, everywhere or ``count`` times."""
    found = text.count(old) if count < 0 else min(text.count(old), count)
    budget().write(len(text) + found * len(new))
    return text.replace(old, new, count)


def repeated(value: str | Sequence[object], times: int) -> object:
    """A text or list several times."""
    budget().write(len(value) * max(times, 0))
    return value * times  # type: ignore[operator] # text and lists can be


def padded_left(text: str, width: int, fill: str = " ") -> str:
    """The text filled up on its left."""
    return text.rjust(_width(width), fill)


def padded_right(text: str, width: int, fill: str = " ") -> str:
    """The text filled up on its right."""
    return text.ljust(_width(width), fill)


def centred(text: str, width: int, fill: str = " ") -> str:
    """The text filled up on both sides."""
    return text.center(_width(width), fill)


def zero_filled(text: str, width: int) -> str:
    """The text filled up with zeros."""
    return text.zfill(_width(width))


def indented(text: str, width: int = 1, *, first: bool = True) -> str:
    """Every line of the text moved to the right; the first one too, unless ``first`` is false."""
    lines = text.split("\n")
    margin = " " * _width(width)
    budget().write(len(text) + len(margin) * len(lines))
    moved = [margin + line if line and (first or number) else line for number, line in enumerate(lines)]
    return "\n".join(moved)


def formatted(pattern: str, values: object) -> str:
    """A printf-style format with its values; as wide as :data:`MAX_WIDTH` at most."""
    given = values if isinstance(values, tuple) else (values,)
    for found in re.finditer("%", _FORMAT.sub("", pattern)):
        raise RefusedError(f"the format {pattern!r} has a % that means nothing here ({found[0]})", "write %s, %d or %%")
    for part in _FORMAT.finditer(pattern):
        for number in (part["width"], part["precision"]):
            _width(int(number or 0) if len(number or "") < 5 else MAX_WIDTH + 1)
    texts = tuple(as_text(value) if isinstance(value, str) else _number(value) for value in given)
    budget().write(len(pattern) + sum(len(str(text)) for text in texts) + MAX_WIDTH * len(texts))
    return pattern % texts


def _number(value: object) -> object:
    if type(value) in {int, float}:
        return value
    return as_text(value)


def _listed(items: Iterable[object]) -> list[object]:
    if isinstance(items, str):
        raise RefusedError("this would take a text apart into its characters", "split it first, or use it as it is")
    return list(items)


def _width(width: object) -> int:
    if isinstance(width, bool) or not isinstance(width, int):
        raise RefusedError("a width must be a whole number", detail=f"it is {called(width)}")
    if width > MAX_WIDTH:
        raise RefusedError(f"nothing is made wider than {MAX_WIDTH} characters")
    return width
