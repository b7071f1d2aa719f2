"""Reading a typed line against the lines of a mode, word by word, as a vendor's parser does."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from lab.config.arguments import LINE, Argument
from lab.config.syntax import State

_WORD = re.compile(r"\S+")


class Misread(Enum):
    """Why a line is not one of the mode's."""

    INVALID = "invalid"
    INCOMPLETE = "incomplete"
    AMBIGUOUS = "ambiguous"
    ABBREVIATED = "abbreviated"
    """A keyword was shortened where the device wants it in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a typed line was read as.

    `text` is its stored form as far as it was understood. `accepts` and `alive` are indices of rules, ascending:
    those that may end here, and those that may also go on. Where `misread` is set, `word` (from 0) and `offset`
    (characters from the start of the line, up to where a word stops being any keyword) say where it went wrong.
    """

    text: str
    accepts: tuple[int, ...] = ()
    alive: tuple[int, ...] = ()
    misread: Misread | None = None
    word: int = 0
    offset: int = 0


@dataclass(slots=True)
class _Step:
    """A set of states, which is all that reading needs to remember; made when it is first needed."""

    keywords: dict[str, list[State]] = field(default_factory=dict)
    arguments: list[tuple[Argument, list[State]]] = field(default_factory=list)
    accepts: tuple[int, ...] = ()
    alive: tuple[int, ...] = ()
    then: dict[str, "_Step"] = field(default_factory=dict)


def _closure(states: Iterable[State]) -> list[State]:
    seen: dict[int, State] = {}
    todo = list(states)
    while todo:
        state = todo.pop()
        if id(state) not in seen:
            seen[id(state)] = state
            todo.extend(state.free)
    return list(seen.values())


def _step(states: Iterable[State]) -> _Step:
    step = _Step()
    closed = _closure(states)
    by_name: dict[str, tuple[Argument, list[State]]] = {}
    for state in closed:
        for word, after in state.keywords:
            step.keywords.setdefault(word, []).append(after)
        for argument, after in state.arguments:
            by_name.setdefault(argument.name, (argument, []))[1].append(after)
    # The free-form kinds come last, so that a word that is an address is stored as one.
    step.arguments = sorted(by_name.values(), key=lambda found: (found[0] is LINE, found[0].name == "WORD"))
    step.accepts = tuple(sorted({rule for state in closed for rule in state.accepts}))
    step.alive = tuple(sorted({state.rule for state in closed if state.rule >= 0}))
    return step


def _known(step: _Step, word: str) -> int:
    """How many characters of a wrong word still are the beginning of a keyword."""
    pairs = (zip(keyword, word.lower(), strict=False) for keyword in step.keywords)
    common = (sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], each)) for each in pairs)
    return max(common, default=0)


class Reader:
    """Reads lines of one mode. `shorten` says whether keywords may be abbreviated."""

    def __init__(self, start: State) -> None:
        self._start = _step([start])

    def read(self, line: str, *, shorten: bool = True, skip: int = 0) -> Reading:
        """What the line is, the first `skip` words left aside (`no` or `default`)."""
        step, stored = self._start, ""
        words = list(_WORD.finditer(line))
        for index, match in enumerate(words[skip:], start=skip):
            rest = line[match.start() :].rstrip()
            found = self._advance(step, match[0], rest, shorten=shorten)
            if isinstance(found, Misread):
                offset = match.start() + (_known(step, match[0]) if found is Misread.INVALID else 0)
                return Reading(text=stored, misread=found, word=index, offset=offset, alive=step.alive)
            step, piece, whole = found
            stored = f"{stored} {piece}"
            if whole:
                break
        return Reading(
            text=stored[1:],
            accepts=step.accepts,
            alive=step.alive,
            misread=None if step.accepts else Misread.INCOMPLETE,
            word=len(words),
            offset=len(line.rstrip()),
        )

    def _advance(self, step: _Step, word: str, rest: str, *, shorten: bool) -> tuple[_Step, str, bool] | Misread:
        # A keyword in full beats every other reading, one that is only abbreviated beats what may be any word.
        lowered = word.lower()
        if lowered in step.keywords:
            return self._then(step, lowered, step.keywords[lowered]), lowered, False
        candidates = [keyword for keyword in step.keywords if keyword.startswith(lowered)]
        if shorten and len(candidates) == 1:
            return self._then(step, candidates[0], step.keywords[candidates[0]]), candidates[0], False
        taken = self._argument(step, word, rest)
        if taken is not None:
            return taken
        if not candidates:
            return Misread.INVALID
        return Misread.AMBIGUOUS if len(candidates) > 1 else Misread.ABBREVIATED

    def _argument(self, step: _Step, word: str, rest: str) -> tuple[_Step, str, bool] | None:
        taken = [
            (argument, after, stored)
            for argument, after in step.arguments
            if (stored := argument.read(rest if argument is LINE else word)) is not None
        ]
        if not taken:
            return None
        first, after, stored = taken[0]
        if first is LINE:
            return self._then(step, "<LINE>", after), stored, True
        fitting = [found for found in taken if found[0] is not LINE]
        states = [state for _, found, _ in fitting for state in found]
        return self._then(step, "<" + ",".join(found.name for found, _, _ in fitting) + ">", states), stored, False

    @staticmethod
    def _then(step: _Step, name: str, states: list[State]) -> _Step:
        # Made once for all devices of a platform, which read the same few thousand lines again and again.
        if name not in step.then:
            step.then[name] = _step(states)
        return step.then[name]
