"""Whole dialogues with an IOS device, letter by letter: `transcripts/*.txt`.

A line that begins with a prompt is typed, the lines up to the next prompt are what must come. `{{...}}` holds a regular
expression for what differs from day to day.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))
PROMPT = re.compile(r"([\w-]+(?:\([\w-]+\))?[#>])(\S.*)")


@dataclass
class Exchange:
    prompt: str
    command: str
    answer: list[str]


def exchanges(path: Path) -> Iterator[Exchange]:
    current: Exchange | None = None
    for line in path.read_text().splitlines():
        match = PROMPT.fullmatch(line)
        if match:
            if current:
                yield current
            current = Exchange(match[1], match[2], [])
        elif current:
            current.answer.append(line)
    if current:
        yield current


def fits(expected: str, line: str) -> bool:
    parts = re.split(r"\{\{(.*?)\}\}(?!\})", expected)
    pattern = "".join(part if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.fullmatch(pattern, line) is not None


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_dialogue(ios: Any, path: Path) -> None:
    console = ios.console()
    console.run("terminal length 0")
    prompt = "r1#"

    for exchange in exchanges(path):
        assert prompt == exchange.prompt, f"before {exchange.command!r}"
        console.type(f"{exchange.command}\n")
        console.expect(re.escape(exchange.command) + r"\r\n")
        *answer, prompt = console.expect(r"(^|\n)[\w-]+(\([\w-]+\))?[#>]$").replace("\r\n", "\n").split("\n")

        assert len(answer) == len(exchange.answer), (exchange.command, answer)
        for expected, line in zip(exchange.answer, answer, strict=True):
            assert fits(expected, line), (exchange.command, expected, line)


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 7
