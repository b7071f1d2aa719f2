"""What is written, for people and for machines."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from console.exits import Exit
from console.output import Output, made_console, moment, plain, table
from events.values import Cause, Reason

AT = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
STAMP = "2026-03-01T12:30:15.250000Z"


@dataclass(frozen=True)
class Thing:
    name: str
    at: datetime
    parts: tuple[str, ...]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            Thing("a", AT, ("x", "y")),
            {"name": "a", "at": "2026-03-01T12:30:15.250000Z", "parts": ["x", "y"]},
            id="a dataclass",
        ),
        pytest.param({"a": AT, 1: None}, {"a": "2026-03-01T12:30:15.250000Z", "1": None}, id="a map"),
        pytest.param([Exit.WAITING, Cause.DRIFT], [4, "drift"], id="enums"),
        pytest.param(timedelta(seconds=90), 90.0, id="a span"),
        pytest.param(Path("/a/b"), "/a/b", id="a path"),
        pytest.param(Reason(cause=Cause.DRIFT), {"cause": "drift", "detail": ""}, id="a message's value"),
        pytest.param(("a", 1, True, None), ["a", 1, True, None], id="plain things"),
    ],
)
def test_anything_as_json_has_it(content: object, expected: object) -> None:
    assert plain(content) == expected
    json.dumps(plain(content))


def test_json_is_one_line_and_pure_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).emit({"title": "Zürich\x1b[2J\n", "at": AT})
    written = capsys.readouterr().out
    assert written.count("\n") == 1
    assert written.isascii()
    assert "\x1b" not in written
    assert json.loads(written)["title"] == "Zürich\x1b[2J\n"


def test_with_json_nothing_else_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.say("for people")
    output.show(table(("A",), [("b",)]))
    output.write("lines\n")
    output.note("a note")
    output.emit_if_json({"a": 1})
    written = capsys.readouterr()
    assert written.out == '{"a":1}\n'
    assert written.err == "a note\n"


def test_without_it_no_json_does(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.emit_if_json({"a": 1})
    output.say("for people")
    assert capsys.readouterr().out == "for people\n"


def test_nothing_is_taken_for_markup_or_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.say("[red]x[/red] :smile: \x1b[31m [link=http://x]")
    output.show(table(("[b]H[/b]",), [("[red]c[/red]\x1b]0;t\x07",)]))
    output.warn("[blink]w\x1b[5m")
    written = capsys.readouterr()
    assert written.out.splitlines()[0] == "[red]x[/red] :smile: \\x1b[31m [link=http://x]"
    assert "[red]c[/red]\\x1b]0;t\\x07" in written.out
    assert written.err == "[blink]w\\x1b[5m\n"
    assert "\x1b" not in written.out + written.err


def test_on_a_terminal_too() -> None:
    stream = io.StringIO()
    drawn = Console(file=stream, force_terminal=True, markup=False, highlight=False, emoji=False, width=60)
    drawn.print(table(("DEVICE",), [("ber-r1\x1b[2J",), ("[bold]x",)]))
    assert "\x1b[2J" not in stream.getvalue()
    assert "\\x1b[2J" in stream.getvalue()
    assert "[bold]x" in stream.getvalue()


def test_long_lines_are_not_broken_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 200
    Output().say(long)
    Output().show(table(("A", "B"), [("x" * 300, "y")]))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == long
    assert "x" * 300 in lines[2]


def test_a_table_says_what_is_not_there_and_has_no_heading_without_words(capsys: pytest.CaptureFixture[str]) -> None:
    Output().show(table(("", ""), [("via", None), ("since", AT)]))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["via    -", "since  2026-03-01 12:30:15Z"]


def test_moments_are_in_utc_and_say_so() -> None:
    assert moment(AT) == "2026-03-01 12:30:15Z"


def test_a_console_knows_a_file_from_a_terminal(tmp_path: Path) -> None:
    with (tmp_path / "f").open("w") as stream:
        assert made_console(stream).width > 1_000
        assert not made_console(stream).is_terminal
