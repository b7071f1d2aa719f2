"""How much a template may do. It is counted and never timed, so that every machine stops at the same place."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from automation.render.errors import RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The limits of one rendering.

    ``steps`` counts rounds of loops, operations and looks at values, by their size; half a million take about a
    second. ``characters`` counts all text that is made on the way, ``text`` the rendered text alone. ``depth`` bounds
    macros, blocks and recursive loops within each other.
    """

    steps: int = 500_000
    characters: int = 8_000_000
    text: int = 2_000_000
    depth: int = 30


class Budget:
    """What is left of an allowance while one text is rendered."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._steps = allowance.steps
        self._characters = allowance.characters
        self._depth = 0

    def step(self, count: int = 1) -> None:
        """Counts steps before they are taken.

        Raises:
            RefusedError: there are none left.
        """
        self._steps -= count
        if self._steps < 0:
            limit = self._allowance.steps
            raise RefusedError(f"the template does more than {limit} steps", "look for a loop that runs too often")

    def write(self, characters: int) -> None:
        """Counts text before it is made.

        Raises:
            RefusedError: it is too much.
        """
        self._characters -= characters
        if self._characters < 0:
            limit = self._allowance.characters
            raise RefusedError(f"the template makes more than {limit} characters of text", "look for what grows in it")

    def enter(self) -> None:
        """Goes one level down, into a macro, a block or a recursive loop.

        Raises:
            RefusedError: that is too deep.
        """
        self._depth += 1
        if self._depth > self._allowance.depth:
            depth = self._allowance.depth
            raise RefusedError(f"macros, blocks and loops call each other more than {depth} deep", "end the recursion")

    def leave(self) -> None:
        """Comes back up."""
        self._depth -= 1


_CURRENT: ContextVar[Budget] = ContextVar("budget of the rendering")


def budget() -> Budget:
    """The budget of the rendering that goes on in this thread."""
    return _CURRENT.get()


@contextmanager
def spending(allowance: Allowance) -> Iterator[Budget]:
    """A fresh budget for one rendering."""
    token = _CURRENT.set(Budget(allowance))
    try:
        yield _CURRENT.get()
    finally:
        _CURRENT.reset(token)
