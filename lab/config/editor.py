"""Applying a typed configuration line to a configuration. Pure: the same line on the same tree gives the same tree."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lab.config.draft import Draft, MisplacedWordError, RefusedLineError, Rewrites, rank_of
from lab.config.grammar import Grammar, Mode
from lab.config.reader import Misread, Reading
from lab.config.textblock import TextBlock
from lab.config.tree import EMPTY, Node, Path

TOP = "global"
"""The mode outside all sections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One section that was entered; `keys` are several after a range (`interface range`)."""

    mode: str
    keys: tuple[str, ...]


Place = tuple[Level, ...]
"""Where the next line goes: the sections entered, outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A line was accepted; `place` is where the next one goes."""

    config: Node
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A line was refused and changed nothing.

    `misread` says how the parser failed at word `word` (from 0), `offset` characters into the line; where it is None
    the line read well and `message` holds the device's own words.
    """

    line: str
    misread: Misread | None = None
    message: str = ""
    word: int = 0
    offset: int = 0

    def reason(self) -> str:
        """What was wrong, in a few words, for a person who wrote the config."""
        words = self.line.split()
        at = f" at {words[self.word]!r}" if self.word < len(words) else " at its end"
        return f"{self.misread.value}{at}" if self.misread else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A reading in one of the modes from here up."""

    place: Place
    mode: Mode
    reading: Reading


class Editor:
    """Applies lines by a grammar and a platform's rewriting functions."""

    def __init__(self, grammar: Grammar, rewrites: Rewrites) -> None:
        self.grammar = grammar
        self._rewrites = rewrites

    def mode(self, place: Place) -> Mode:
        """The mode in which the next line is read."""
        return self.grammar.mode(place[-1].mode if place else TOP)

    def block(self, place: Place, line: str) -> TextBlock | None:
        """The text that must follow the line before it can be applied, or None."""
        if _verb(line):
            return None
        found = self._find(place, line, shorten=True)
        if isinstance(found, Refused) or not found.reading.accepts:
            return None
        entry = found.mode.lines[found.reading.accepts[0]]
        return TextBlock(entry.text, found.reading.text) if entry.text else None

    def question(self, config: Node, place: Place, line: str) -> str:
        """What the device asks before it applies the line, or nothing."""
        found = self._find(place, line, shorten=True) if _verb(line) else None
        if not isinstance(found, _Found):
            return ""
        asks = [rule for rule in found.reading.alive if found.mode.lines[rule].confirm]
        keys = {key for rule in asks if (key := found.mode.key(rule, found.reading.text))}
        there = any(node.key in keys for path in _paths(found.place) for node in (config.at(path) or EMPTY).children)
        return found.mode.lines[asks[0]].confirm if there else ""

    def apply(self, config: Node, place: Place, line: str, *, text: str = "", shorten: bool = True) -> Edited | Refused:
        """The configuration after the line, or why the line is refused. `text` is the block that came with it."""
        # Somebody else may have removed the section meanwhile.
        place = _standing(config, place)
        stripped = line.strip()
        if not stripped or stripped.startswith("!"):
            return Edited(config=config, place=place)
        if stripped == "exit" and place:
            return Edited(config=config, place=place[:-1])
        found = self._find(place, line, shorten=shorten)
        if isinstance(found, Refused):
            return found
        try:
            edited = self._negated(config, found, line) if _verb(line) else self._set(config, found, text)
        except MisplacedWordError as error:
            return _at(line, error.word + (1 if _verb(line) else 0))
        except RefusedLineError as error:
            return Refused(line=line, message=str(error))
        if isinstance(edited, Refused):
            return _seen_in(edited, line)
        return replace(edited, place=_standing(edited.config, edited.place))

    def _find(self, place: Place, line: str, *, shorten: bool) -> "_Found | Refused":
        best: Refused | None = None
        # A shown configuration does not say where a section ends: a line that is unknown in it belongs further out.
        for depth in range(len(place), -1, -1):
            above = place[:depth]
            mode = self.mode(above)
            reading = mode.reader.read(line, shorten=shorten, skip=1 if _verb(line) else 0)
            if self._fits(mode, reading, line):
                return _Found(place=above, mode=mode, reading=reading)
            if best is None or reading.word > best.word:
                # What is complete and does not fit wants a `no` in front, or more behind.
                misread = reading.misread or Misread.INCOMPLETE
                best = Refused(line=line, misread=misread, word=reading.word, offset=reading.offset)
        if best is None:
            raise RuntimeError(f"no mode reads lines at {place}")
        return best

    @staticmethod
    def _fits(mode: Mode, reading: Reading, line: str) -> bool:
        if reading.misread is None:
            return bool(_verb(line)) or any(not mode.lines[rule].negative for rule in reading.accepts)
        negatable = any(mode.negates(rule, reading.text) for rule in reading.alive)
        return bool(_verb(line)) and reading.misread is Misread.INCOMPLETE and negatable

    def _set(self, config: Node, found: _Found, text: str) -> Edited | Refused:
        rule = next(rule for rule in found.reading.accepts if not found.mode.lines[rule].negative)
        line, typed = found.mode.lines[rule], found.reading.text
        if line.run == "exit":
            return Edited(config=config, place=found.place[:-1])
        if line.alias:
            return self._alias(config, found.place, typed, line.alias)
        # Inside a range the line goes to each of its sections.
        keys: tuple[str, ...] = ()
        for path in _paths(found.place):
            headers = self._headers(config, path, found.mode, rule, text or typed)
            for draft in headers:
                config = self._carry_out(replace(draft, config=config))
            keys = tuple(draft.key for draft in headers)
        place = (*found.place, Level(mode=line.enter, keys=keys)) if line.enter else found.place
        return Edited(config=config, place=place)

    def _headers(self, config: Node, path: Path, mode: Mode, rule: int, typed: str) -> list[Draft]:
        line = mode.lines[rule]
        texts = self._rewrites.expand[line.expand](typed, config.at(path) or EMPTY) if line.expand else [typed]
        return [self._draft(config, path, mode, rule, text) for text in texts]

    @staticmethod
    def _draft(config: Node, path: Path, mode: Mode, rule: int, text: str) -> Draft:
        # A range stands for lines that have a rule of their own.
        if mode.lines[rule].expand:
            rule = next(iter(mode.reader.read(text).accepts), rule)
        key = mode.key(rule, text)
        if key is None:
            raise RefusedLineError(f"the grammar gives no key for {text!r}")
        return Draft(
            config=config,
            path=path,
            mode=mode,
            rule=rule,
            text=text,
            key=key,
            rank=rank_of(mode.lines[rule], rule, text),
        )

    def _negated(self, config: Node, found: _Found, typed: str) -> Edited | Refused:
        # `no` may stop short of a line's end, so every rule that could still go on is looked at.
        reading, reset = found.reading, _verb(typed) == "default"
        rules = sorted({*reading.accepts, *reading.alive})
        aliases = (found.mode.lines[rule].alias_no for rule in reading.accepts)
        alias = next((alias for alias in aliases if alias), None)
        if alias:
            return self._alias(config, found.place, reading.text, alias)
        for rule, path in itertools.product(rules, _paths(found.place)):
            for draft in self._removals(config, found.mode, rule, path, reading):
                config = self._carry_out(replace(draft, config=config, reset=reset))
        return Edited(config=config, place=found.place)

    def _removals(self, config: Node, mode: Mode, rule: int, path: Path, reading: Reading) -> Iterator[Draft]:
        typed = reading.text
        if mode.key(rule, typed) is not None:
            for draft in self._headers(config, path, mode, rule, typed):
                yield replace(draft, negated=True)
        elif mode.negates(rule, typed):
            for node in (config.at(path) or EMPTY).children:
                if node.rank[0] == rule and f"{node.key} ".startswith(f"{typed} "):
                    yield replace(self._draft(config, path, mode, rule, node.text), key=node.key, negated=True)

    def _carry_out(self, draft: Draft) -> Node:
        name = draft.line.rewrite
        return self._rewrites.rewrite[name](draft) if name else draft.stored()

    def _alias(self, config: Node, place: Place, typed: str, alias: tuple[str, ...]) -> Edited | Refused:
        match = re.fullmatch(alias[0], typed)
        if match is None:
            raise RefusedLineError(f"{typed!r} has no other form")
        inner = place
        for template in alias[1:]:
            result = self.apply(config, inner, match.expand(template).strip())
            if isinstance(result, Refused):
                return result
            config, inner = result.config, result.place
        return Edited(config=config, place=place)


def _at(line: str, word: int) -> Refused:
    words = list(re.finditer(r"\S+", line))
    offset = words[word].start() if word < len(words) else len(line.rstrip())
    return Refused(line=line, misread=Misread.INVALID, word=word, offset=offset)


def _seen_in(inner: Refused, line: str) -> Refused:
    """A refusal of a line that another one stands for, pointing into the one that was typed."""
    word = inner.word + len(line.split()) - len(inner.line.split())
    return replace(inner, line=line, word=word, offset=_at(line, word).offset)


def _verb(line: str) -> str:
    first = line.split(maxsplit=1)[0].lower() if line.strip() else ""
    return first if first in {"no", "default"} else ""


def _paths(place: Place) -> Iterable[Path]:
    return itertools.product(*(level.keys for level in place))


def _standing(config: Node, place: Place) -> Place:
    # A section that was removed can no longer be the place of the next line.
    for depth in range(len(place), 0, -1):
        if all(config.at(path) is not None for path in _paths(place[:depth])):
            return place[:depth]
    return ()
