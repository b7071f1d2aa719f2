"""Selectors: which devices are meant. Kubernetes' label-selector syntax, with globs and quoted values added.

::

    selector = term { "," term }                      every term must hold
    term     = key                                    the device has it
             | "!" key                                it has not
             | key ( "=" | "==" | "!=" ) value
             | key ( "in" | "notin" ) "(" value { "," value } ")"
             | [ "!" ] glob                           short for name=glob and name!=glob
    value    = word | glob | '"' text '"'             inside quotes, \\" and \\\\ stand for " and \\
    glob     = a word with *, ? or [...]              as in a shell, upper and lower case apart

As in Kubernetes ``key!=value`` and ``key notin (…)`` also hold where the device has no such key. Unlike there, an empty
value has to be written as ``""``, and there is no selector that is empty: ``*`` means every device. Source:
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from inventory.problems import InventoryError

#: What every device can be selected by besides its labels and those of its site.
ATTRIBUTES = (
    "name",
    "site",
    "role",
    "platform",
    "os_version",
    "country",
    "region",
    "tier",
    "group",
    "access",
    "timezone",
)
#: No label may be called so.
RESERVED_KEYS = frozenset({*ATTRIBUTES, "in", "notin"})

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<sign>!=|==|=|!|,|\(|\))
      | (?P<quoted>"(?:[^"\\]|\\["\\])*")
      | (?P<word>(?:\[!?[^\]\s,()="'\\]+\]|[^\s,()=!"'\\<>\[\]])+)""",
    re.VERBOSE,
)
_KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?")
_GLOB = re.compile(r"[*?\[]")


class Operator(StrEnum):
    """What a term asks of a key."""

    IN = "in"  # its value is one of these
    NOT_IN = "notin"  # its value is none of these, or it has none
    EXISTS = "exists"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Value:
    """A value to compare with: as it is, or as a glob."""

    text: str
    is_glob: bool = False

    def __str__(self) -> str:
        matched = _TOKEN.fullmatch(self.text)
        if self.is_glob or (matched and matched.lastgroup == "word" and not _GLOB.search(self.text)):
            return self.text
        return '"' + self.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition. ``values`` is empty for EXISTS and ABSENT, and for these alone."""

    key: str
    operator: Operator
    values: tuple[Value, ...] = ()

    def __str__(self) -> str:
        if self.operator is Operator.EXISTS:
            return self.key
        if self.operator is Operator.ABSENT:
            return f"!{self.key}"
        if len(self.values) == 1:
            return f"{self.key}{'=' if self.operator is Operator.IN else '!='}{self.values[0]}"
        return f"{self.key} {self.operator} ({','.join(map(str, self.values))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Conditions that must all hold. ``str`` gives a text that is parsed to the same selector."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.terms))

    @classmethod
    def of_names(cls, names: Iterable[str]) -> Self:
        """The devices of these names, each taken as it is and not as a glob.

        Raises:
            SelectorError: when there is no name.
        """
        values = tuple(Value(name) for name in names)
        if not values:
            raise SelectorError("", 1, "a list of names must not be empty")
        return cls(terms=(Term(key="name", operator=Operator.IN, values=values),))


class SelectorError(InventoryError):
    """A selector cannot be read, or asks for what cannot be asked. ``column`` counts from 1."""

    def __init__(self, text: str, column: int, reason: str) -> None:
        self.text = text
        self.column = column
        self.reason = reason
        line, start = _line_at(text, column - 1)
        super().__init__(f"selector, column {column}: {reason}\n  {line}\n  {' ' * (column - 1 - start)}^")


def parse_selector(text: str) -> Selector:
    """Reads a selector.

    Raises:
        SelectorError: with the column and a caret under the place.
    """
    return Selector(terms=_Parser(text).terms())


class _Token(NamedTuple):
    kind: str  # sign, quoted, word; end at the end
    text: str
    column: int

    @property
    def found(self) -> str:
        return "the selector ends" if self.kind == "end" else f"there is {self.text!r}"


class _Parser:
    """Recursive descent over the tokens of one selector."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def terms(self) -> tuple[Term, ...]:
        if self._peek().kind == "end":
            raise self._error(self._peek(), "a selector must not be empty: * selects every device")
        terms = [self._term()]
        while self._peek().kind != "end":
            self._expect(",")
            terms.append(self._term())
        return tuple(terms)

    def _term(self) -> Term:
        negated = self._accept("!")
        token = self._take()
        if token.kind == "word" and _GLOB.search(token.text):
            operator = Operator.NOT_IN if negated else Operator.IN
            return Term(key="name", operator=operator, values=(Value(token.text, is_glob=True),))
        if token.kind != "word" or not _KEY.fullmatch(token.text):
            raise self._error(token, f"here belongs the name of an attribute or a label, but {token.found}")
        if negated:
            return Term(key=token.text, operator=Operator.ABSENT)
        return self._requirement(token.text)

    def _requirement(self, key: str) -> Term:
        if self._accept("=") or self._accept("=="):
            return Term(key=key, operator=Operator.IN, values=(self._value(),))
        if self._accept("!="):
            return Term(key=key, operator=Operator.NOT_IN, values=(self._value(),))
        for operator in (Operator.IN, Operator.NOT_IN):
            if self._accept(operator):
                return Term(key=key, operator=operator, values=self._values())
        token = self._peek()
        if token.kind != "end" and token.text != ",":
            raise self._error(token, f"after {key!r} belongs a comma or one of = != in notin, but {token.found}")
        return Term(key=key, operator=Operator.EXISTS)

    def _values(self) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value()]
        while not self._accept(")"):
            self._expect(",", ")")
            values.append(self._value())
        return tuple(values)

    def _value(self) -> Value:
        token = self._take()
        if token.kind == "quoted":
            return Value(re.sub(r"\\(.)", r"\1", token.text[1:-1]))
        if token.kind != "word":
            raise self._error(token, f'here belongs a value, but {token.found} (the empty value is written "")')
        return Value(token.text, is_glob=_GLOB.search(token.text) is not None)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _accept(self, text: str) -> bool:
        token = self._peek()
        found = token.kind in {"sign", "word"} and token.text == text
        if found:
            self._take()
        return found

    def _expect(self, *texts: str) -> None:
        if not self._accept(texts[0]):
            wanted = " or ".join(map(repr, texts))
            raise self._error(self._peek(), f"here belongs {wanted}, but {self._peek().found}")

    def _error(self, token: _Token, reason: str) -> SelectorError:
        return SelectorError(self._text, token.column, reason)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while place < len(text):
        matched = _TOKEN.match(text, place)
        if matched is None:
            raise SelectorError(text, place + 1, _odd(text[place]))
        if matched.lastgroup != "space":
            tokens.append(_Token(matched.lastgroup or "", matched[0], place + 1))
        place = matched.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


def _odd(character: str) -> str:
    known = {'"': "this quote is never closed", "[": "this [ is never closed", "]": "there is no [ before this ]"}
    return known.get(character, f"{character!r} has no meaning here; put values that need it into double quotes")


def _line_at(text: str, place: int) -> tuple[str, int]:
    """The line of a place in a text of several lines, and where that line starts."""
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)], start
