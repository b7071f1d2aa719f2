"""The notation in which the grammar tables are written, and its compiler.

    interface INTERFACE                     keywords are lower case, arguments upper case
    mtu = <64-9216>                         a number; `=` ends the key of the line, what follows is its value
    ip prefix-list WORD ~ seq INT = ...     `no` is enough with what stands before `~`
    switchport mode = (access|trunk)        one of
    ntp server WORD = [prefer] [iburst]     optional
    (log|established)*                      any number of times, in any order

A line is compiled twice: into states that read a typed line word by word, which know where it goes wrong and which
keyword was abbreviated, and into a regular expression over the stored line, which knows its key.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lab.config.arguments import LINE, Argument, in_range


@dataclass(slots=True, eq=False)
class State:
    """A point inside the lines of a mode; `accepts` are the indices of the rules that may end here."""

    keywords: list[tuple[str, "State"]] = field(default_factory=list)
    arguments: list[tuple[Argument, "State"]] = field(default_factory=list)
    free: list["State"] = field(default_factory=list)
    accepts: set[int] = field(default_factory=set)
    rule: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What a stored line of a rule begins with: its key, and what `no` needs at the least."""

    key: re.Pattern[str]
    negation: re.Pattern[str]


_TOKEN = re.compile(r"\s*(\[|\]|\(|\)\*?|\||=|~|<\d+-\d+>|[^\s\[\]()|=~<>]+)")


class Compiler:
    """Turns one line of the notation into states after a mode's start, and into patterns."""

    def __init__(self, arguments: Mapping[str, Argument]) -> None:
        self._arguments = arguments
        self._tokens: Iterator[str] = iter(())
        self._ahead = ""
        self._rule = -1
        self._ends: dict[str, str] = {}

    def compile(self, line: str, rule: int, start: State) -> Patterns:
        """Adds the line to the mode that begins at `start`; raises ValueError where it is not in the notation."""
        self._tokens = iter(_TOKEN.findall(line))
        self._rule = rule
        self._ends = {}
        self._advance()
        # Every rule has states of its own, so that a state tells which rules are still possible.
        own_start = State(rule=rule)
        start.free.append(own_start)
        end, pattern = self._sequence(own_start, "")
        if self._ahead:
            raise ValueError(f"unexpected {self._ahead!r} in {line!r}")
        end.accepts.add(rule)
        key = self._ends.get("=", pattern)
        return Patterns(
            key=re.compile(rf"({key})(?= |\n|\Z)"),
            negation=re.compile(rf"({self._ends.get('~', key)})(?= |\n|\Z)"),
        )

    def _advance(self) -> None:
        self._ahead = next(self._tokens, "")

    def _sequence(self, state: State, outer: str) -> tuple[State, str]:
        pattern = ""
        while self._ahead and self._ahead not in {"]", ")", ")*", "|"}:
            if self._ahead in {"=", "~"}:
                self._mark(pattern, outer)
                continue
            state, part = self._element(state)
            pattern += part
        return state, pattern

    def _mark(self, pattern: str, outer: str) -> None:
        if outer:
            raise ValueError(f"{self._ahead!r} stands inside brackets")
        self._ends[self._ahead] = pattern
        self._advance()

    def _element(self, state: State) -> tuple[State, str]:
        word = self._ahead
        self._advance()
        if word in {"[", "("}:
            return self._group(state, optional=word == "[")
        end = State(rule=self._rule)
        argument = self._argument(word)
        if argument is None:
            state.keywords.append((word.lower(), end))
            return end, f" {re.escape(word)}"
        state.arguments.append((argument, end))
        return end, rf"[ \n]{argument.pattern}" if argument is LINE else f" (?:{argument.pattern})"

    def _group(self, state: State, *, optional: bool) -> tuple[State, str]:
        begin, end = State(rule=self._rule), State(rule=self._rule)
        state.free.append(begin)
        branches = []
        while True:
            tail, pattern = self._sequence(begin, "group")
            tail.free.append(end)
            branches.append(pattern)
            if self._ahead != "|":
                break
            self._advance()
        repeated = self._ahead == ")*"
        self._advance()
        if optional or repeated:
            begin.free.append(end)
        if repeated:
            end.free.append(begin)
        times = "*" if repeated else "?" if optional else ""
        return end, f"(?:{'|'.join(branches)}){times}"

    def _argument(self, word: str) -> Argument | None:
        number = re.fullmatch(r"<(\d+)-(\d+)>", word)
        if number:
            return in_range(int(number[1]), int(number[2]))
        if word.upper() != word or not word[0].isalpha():
            return None
        if word not in self._arguments:
            raise ValueError(f"no argument is called {word}")
        return self._arguments[word]
