"""Editors of both platforms, and typing into a configuration."""

import itertools
from collections.abc import Callable

import pytest

from lab.config.editor import Editor, Refused
from lab.config.loading import Typist
from lab.config.rendering import rendered
from lab.config.tree import EMPTY, Node
from lab.eos.cli import EOS_COMMANDS
from lab.eos.device import eos_grammar
from lab.eos.rewrites import eos_rewrites
from lab.ios.device import ios_grammar
from lab.ios.rewrites import ios_rewrites
from lab.ios.shell import IOS_COMMANDS

IOS_PORTS = frozenset({"GigabitEthernet0/0/0", "GigabitEthernet0/0/1", "GigabitEthernet0/0/2"})
EOS_PORTS = frozenset({"Ethernet1", "Ethernet2", "Ethernet3", "Management1"})

Typed = tuple[list[str], list[str]]
"""The lines that are shown after typing, and what was refused with the reasons."""


def _salts() -> Callable[[int], str]:
    numbers = itertools.count()
    return lambda length: str(next(numbers)).rjust(length, ".")


@pytest.fixture
def ios_editor() -> Editor:
    return Editor(ios_grammar(), ios_rewrites(ios_grammar(), IOS_PORTS, _salts()))


@pytest.fixture
def eos_editor() -> Editor:
    return Editor(eos_grammar(), eos_rewrites(eos_grammar(), EOS_PORTS, _salts()))


def typed(editor: Editor, *texts: str, indent: int) -> Typed:
    """Types texts one after another, each from the top, into an empty configuration."""
    config: Node = EMPTY
    refused = []
    for text in texts:
        typist = Typist(editor, config)
        refused += [
            f"{entered.line.strip()}: {entered.result.reason()}"
            for entered in typist.type(text.splitlines())
            if isinstance(entered.result, Refused)
        ]
        config = typist.config
    return [line for line in rendered(config, indent) if line.strip() != "!"], refused


@pytest.fixture
def ios_types(ios_editor: Editor) -> Callable[..., Typed]:
    return lambda *texts: typed(ios_editor, *texts, indent=1)


@pytest.fixture
def eos_types(eos_editor: Editor) -> Callable[..., Typed]:
    return lambda *texts: typed(eos_editor, *texts, indent=3)


@pytest.fixture
def names() -> Callable[[str], set[str]]:
    """The names of the commands that a platform carries out at its prompt."""

    def of(platform: str) -> set[str]:
        return set(IOS_COMMANDS if platform == "ios" else EOS_COMMANDS)

    return of
