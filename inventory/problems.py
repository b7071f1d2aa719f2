"""What is wrong with an estate or a request to it: problems with their places, and the errors of this room."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

#: So many problems are spelt out in an error's message; all of them are in its ``problems``.
SHOWN = 50


class Severity(StrEnum):
    """Whether a problem keeps the estate from being used."""

    ERROR = "error"  # the estate is refused
    WARNING = "warning"  # the estate is used, and people are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where (``line`` counts from 1; 0 is the whole file), what, and how to mend it.

    Neither text ever holds a value that may be a secret.
    """

    file: str
    line: int
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}; {self.hint}" if self.hint else text


class InventoryError(Exception):
    """The root of this room's errors. ``retriable``: whether doing the same again can succeed."""

    retriable = False
    problems: tuple[Problem, ...] = ()


class EstateError(InventoryError):
    """The estate cannot be used. ``problems`` has everything that is wrong with it, in order of file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line, problem.message)))
        super().__init__(_listing(self.problems))


class UnknownNameError(InventoryError):
    """A name was asked for that the estate does not have."""

    def __init__(self, kind: str, name: str, hint: str = "") -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"the estate has no {kind} {name!r}" + (f"; {hint}" if hint else ""))


class Suggester:
    """Guesses what a mistyped word should have been.

    Comparing with tens of thousands of names takes a good part of a second, so one suggester stops guessing after
    ``budget`` comparisons: an estate in which every row is wrong must still be refused quickly.
    """

    def __init__(self, budget: int = 100_000) -> None:
        self._left = budget

    def closest(self, word: str, candidates: Iterable[str]) -> str:
        """The candidate most like ``word``; empty where nothing comes near or the budget is spent."""
        if self._left < 0:
            return ""
        known = [candidate for candidate in candidates if abs(len(candidate) - len(word)) <= 3]
        self._left -= len(known)
        return next(iter(get_close_matches(word, known, n=1, cutoff=0.7)), "")

    def hint(self, word: str, candidates: Iterable[str]) -> str:
        """``did you mean 'x'?``, or nothing."""
        found = self.closest(word, candidates)
        return f"did you mean '{found}'?" if found else ""


def _listing(problems: Sequence[Problem]) -> str:
    count = len(problems)
    title = "1 problem" if count == 1 else f"{count} problems"
    lines = [f"the estate cannot be used: {title}", *(f"  {problem}" for problem in problems[:SHOWN])]
    if count > SHOWN:
        lines.append(f"  ... and {count - SHOWN} more")
    return "\n".join(lines)
