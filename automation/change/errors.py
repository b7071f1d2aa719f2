"""What is wrong with a change."""

from collections.abc import Iterable, Sequence

from automation.errors import AutomationError
from inventory.problems import Problem

#: So many problems are spelt out in an error's message; all of them are in its ``problems``.
SHOWN = 50


class ChangeError(AutomationError):
    """A change cannot be used. ``problems`` has everything that is wrong with it, in order of file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__(_listing(self.problems))


class BundleError(AutomationError):
    """Bytes that are no bundle, or not in the one form that a bundle has."""


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file, line and message."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line, problem.message)))


def _listing(problems: Sequence[Problem]) -> str:
    count = len(problems)
    title = "1 problem" if count == 1 else f"{count} problems"
    lines = [f"the change cannot be used: {title}", *(f"  {problem}" for problem in problems[:SHOWN])]
    if count > SHOWN:
        lines.append(f"  ... and {count - SHOWN} more")
    return "\n".join(lines)
