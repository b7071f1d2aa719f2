"""What the guides tell people to type is there to be typed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from console.cli.app import assembled
from console.exits import Exit
from workers.settings import Settings

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
OWN = ("operations.md", "operators.md")
_FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(wavegate [^`]+)`")


def typed(guide: Path) -> Iterator[str]:
    """Every command line of a guide, from its blocks and from its text."""
    text = guide.read_text()
    for block in _FENCED.findall(text):
        joined = block.replace("\\\n", " ")
        yield from (line.strip() for line in joined.splitlines() if line.strip().startswith("wavegate "))
    yield from _INLINE.findall(_FENCED.sub("", text))


CASES = [
    pytest.param(line, id=f"{guide.name}: {line}") for guide in sorted(GUIDES.glob("*.md")) for line in typed(guide)
]


def resolved(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words mean, and the words after its name."""
    command: Any = get_command(assembled(words))
    rest = list(words)
    while rest and hasattr(command, "commands"):
        name = rest.pop(0)
        assert name in command.commands, f"there is no {name!r} among {sorted(command.commands)}"
        command = command.commands[name]
    return command, rest


@pytest.mark.parametrize("line", CASES)
def test_a_command_of_a_guide(line: str) -> None:
    words = shlex.split(line.split(" | ", maxsplit=1)[0].split(" > ", maxsplit=1)[0].rstrip("&").replace("…", ""))[1:]
    command, rest = resolved(words)
    known = {option for parameter in command.params for option in parameter.opts}
    for word in rest:
        if word.startswith("-") and not re.fullmatch(r"-\d+", word):
            assert word.partition("=")[0] in known, f"{line}: there is no {word}; there are {sorted(known)}"


def test_there_is_something_to_be_typed() -> None:
    assert len(CASES) > 50


@pytest.mark.parametrize("code", list(Exit))
def test_every_exit_code_is_explained(code: Exit) -> None:
    assert re.search(rf"^\| {code.value} \| ", (GUIDES / "operations.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("setting", sorted(set(Settings.model_fields) - {"home"}))
def test_every_setting_is_explained(setting: str) -> None:
    rows = [line for line in (GUIDES / "operators.md").read_text().splitlines() if line.startswith("| `")]
    assert any(f"`{setting}`" in row.split(" | ")[0] for row in rows)


@pytest.mark.parametrize("name", OWN)
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (GUIDES / name).read_text()):
        assert (GUIDES / target).exists()


def test_every_metric_of_ours_is_explained() -> None:
    told = set(re.findall(r"`(wavegate_[a-z_]+)`", (GUIDES / "operators.md").read_text()))
    source = "\n".join(path.read_text() for path in (GUIDES.parents[1] / "workers" / "serving").glob("*.py"))
    made = re.findall(r'(Counter|Gauge|Histogram)\(\s*"(wavegate_[a-z_]+)"', source)
    names = {name + "_total" if kind == "Counter" else name for kind, name in made}
    assert names <= told, names - told
