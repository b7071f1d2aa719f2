"""The grammar of a platform: modes, and the lines of each, read from a table."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lab.config.arguments import Argument, arguments
from lab.config.reader import Reader
from lab.config.syntax import Compiler, Patterns, State
from lab.errors import GrammarError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Shows(Enum):
    """Which form of a line the running config shows; the other one is the default and is left out."""

    SET = "set"
    UNSET = "unset"
    BOTH = "both"


class Text(Enum):
    """How the lines of text that follow a line end."""

    DELIMITER = "delimiter"
    EOF = "eof"
    QUIT = "quit"


class Line(BaseModel):
    """One entry of a grammar table.

    `line` is in the notation of lab.config.syntax. `enter` names the mode of the section that the line opens.
    `defaults` are stored forms that are left out. `rewrite` and `expand` name functions of the platform. `absent` is
    what the line falls back to when it is removed. `alias` says that the line is a way to write others: a regular
    expression and the lines it stands for, `alias_no` those for its negation. `natural` sorts lines of this kind.
    `trailer` closes the section when shown. `run` names the command of an exec line. `negative` marks a line that there
    is only after `no`, `confirm` is what the device asks before it removes one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: str
    enter: str | None = None
    shows: Shows = Shows.SET
    defaults: tuple[str, ...] = ()
    rewrite: str | None = None
    expand: str | None = None
    absent: str | None = None
    alias: tuple[str, ...] = ()
    alias_no: tuple[str, ...] = ()
    natural: bool = False
    trailer: str = ""
    text: Text | None = None
    run: str | None = None
    negative: bool = False
    confirm: str = ""


class _ModeTable(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = ""
    include: tuple[str, ...] = ()
    lines: tuple[str | Line, ...] = ()


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    interfaces: tuple[str, ...] = ()
    physical: tuple[str, ...] = ()
    modes: Mapping[str, _ModeTable] = Field(default_factory=dict)


class Mode:
    """The lines that are valid in one place; `prompt` is what the device adds to its name there."""

    def __init__(self, name: str, table: _ModeTable, lines: tuple[Line, ...], kinds: Mapping[str, Argument]) -> None:
        self.name = name
        self.prompt = table.prompt
        self.lines = lines
        start = State()
        compiler = Compiler(kinds)
        self._patterns = [self._compile(compiler, index, start) for index in range(len(lines))]
        self.reader = Reader(start)

    def _compile(self, compiler: Compiler, index: int, start: State) -> Patterns:
        try:
            return compiler.compile(self.lines[index].line, index, start)
        except ValueError as error:
            raise GrammarError(f"mode {self.name}, line {self.lines[index].line!r}", str(error)) from error

    def key(self, rule: int, text: str) -> str | None:
        """The key of a stored or partly typed line under a rule, or None where the line ends before its key does."""
        match = self._patterns[rule].key.match(f" {text}")
        return match[1][1:] if match else None

    def negates(self, rule: int, text: str) -> bool:
        """Whether `no` followed by this text is enough to remove lines of the rule."""
        return self._patterns[rule].negation.match(f" {text}") is not None


class Grammar:
    """A platform's modes by name; `interface` reads the names of its interfaces."""

    def __init__(self, modes: Mapping[str, Mode], interface: Argument, physical: tuple[str, ...]) -> None:
        self.modes = modes
        self.interface = interface
        self._physical = re.compile(rf"(?:{'|'.join(physical) or '(?!)'})\d[\d/]*")

    def mode(self, name: str) -> Mode:
        """The mode called `name`."""
        return self.modes[name]

    def is_physical(self, interface: str) -> bool:
        """Whether an interface, named in full, is a port: it cannot be made or removed by configuration."""
        return self._physical.fullmatch(interface) is not None


def load_grammar(*texts: str) -> Grammar:
    """The grammar that YAML tables describe together; later tables add modes to the earlier ones.

    Raises GrammarError for an entry that is not valid.
    """
    merged: dict[str, Any] = {"modes": {}}
    try:
        for text in texts:
            table = yaml.load(text, Loader=_LOADER)  # noqa: S506 - the C loader is a safe one too
            merged = {**merged, **table, "modes": {**merged["modes"], **table.get("modes", {})}}
        return _build(_Table.model_validate(merged))
    except (ValidationError, yaml.YAMLError) as error:
        raise GrammarError("table", str(error)) from error


def _build(table: _Table) -> Grammar:
    kinds = arguments(table.interfaces)
    modes = {name: Mode(name, mode, _lines(table, name), kinds) for name, mode in table.modes.items()}
    for name, mode in modes.items():
        for line in mode.lines:
            if line.enter is not None and line.enter not in modes:
                raise GrammarError(f"mode {name}, line {line.line!r}", f"there is no mode {line.enter!r}")
    return Grammar(modes, kinds["INTERFACE"], table.physical)


def _lines(table: _Table, name: str) -> tuple[Line, ...]:
    mode = table.modes.get(name)
    if mode is None:
        raise GrammarError(f"mode {name}", "it is included but not defined")
    own = tuple(line if isinstance(line, Line) else Line(line=line) for line in mode.lines)
    included = (line for other in mode.include for line in _lines(table, other))
    return (*own, *included)
