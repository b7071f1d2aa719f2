"""The device's end of a terminal."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lab.ios.terminal import MORE, HangupError, Terminal


def on_loop(act: Callable[[Terminal, list[str]], Awaitable[Any]]) -> Any:
    """Runs a coroutine on a terminal whose output goes to a list."""

    async def run() -> Any:
        said: list[str] = []
        return await act(Terminal(said.append), said)

    return asyncio.run(run())


# Each case: what the client sends, the line that is read, and what is echoed.
LINES = {
    "a line": ("show clock\n", "show clock", "show clock\r\n"),
    "ended by a carriage return": ("show\r", "show", "show\r\n"),
    "a blank line": ("\n", "", "\r\n"),
    "with a tab": ("a\tb\n", "a\tb", "a\tb\r\n"),
    "with a backspace": ("ab\x7fc\n", "ac", "ab\b \bc\r\n"),
    "with too many backspaces": ("a\x7f\x7f\x7fb\n", "b", "a\b \bb\r\n"),
    "begun again": ("abc\x15d\n", "d", "abc\b \b\b \b\b \bd\r\n"),
    "given up": ("abc\x03", "", "abc\r\n"),
    "ended by control-Z": ("abc\x1a", "abc\x1a", "abc^Z\r\n"),
    "with letters of other alphabets": ("grüß\n", "grüß", "grüß\r\n"),
    "with control characters": ("a\x01\x1bb\n", "ab", "ab\r\n"),
}


@pytest.mark.parametrize(("typed", "line", "echo"), LINES.values(), ids=LINES)
def test_reads_a_line(typed: str, line: str, echo: str) -> None:
    async def act(terminal: Terminal, said: list[str]) -> tuple[str, str]:
        terminal.feed(typed)
        return await terminal.line(), "".join(said)

    assert on_loop(act) == (line, echo)


def test_a_password_is_not_echoed() -> None:
    async def act(terminal: Terminal, said: list[str]) -> tuple[str, str]:
        terminal.feed("secr\x7fret\n")
        return await terminal.secret("Password: "), "".join(said)

    assert on_loop(act) == ("secret", "Password: \r\n")


@pytest.mark.parametrize(
    ("typed", "count"),
    [("a\r\nb\r\n", 2), ("a\nb\n", 2), ("a\rb\r", 2), ("a\r\n\r\nb\r\n", 3), ("a\n\nb\n", 3)],
    ids=repr,
)
def test_ends_of_lines_are_counted_once(typed: str, count: int) -> None:
    async def act(terminal: Terminal, _said: list[str]) -> list[str]:
        terminal.feed(typed)
        return [await terminal.line() for _ in range(count)]

    lines = on_loop(act)
    assert [line for line in lines if line] == ["a", "b"]


def test_input_is_echoed_when_it_is_read() -> None:
    async def act(terminal: Terminal, said: list[str]) -> list[str]:
        terminal.feed("next command\n")
        await terminal.write("output of the one before\n")
        await terminal.line()
        return said

    assert on_loop(act) == ["output of the one before\r\n", "next command", "\r\n"]


@pytest.mark.parametrize(
    ("key", "confirmed", "echo"),
    [("\n", True, "ok? \r\n"), ("\r", True, "ok? \r\n"), ("y", True, "ok? y\r\n"), ("n", False, "ok? n\r\n")],
    ids=repr,
)
def test_confirms_with_one_key(key: str, confirmed: bool, echo: str) -> None:
    async def act(terminal: Terminal, said: list[str]) -> tuple[bool, str]:
        terminal.feed(key)
        return await terminal.confirm("ok? "), "".join(said)

    assert on_loop(act) == (confirmed, echo)


TEN = "".join(f"line {number}\n" for number in range(10))


@pytest.mark.parametrize(
    ("keys", "pages"),
    [
        ("   ", ["0 1 2", "3 4 5", "6 7 8", "9"]),
        ("\n\n   ", ["0 1 2", "3", "4", "5 6 7", "8 9"]),
        ("q", ["0 1 2"]),
        (" q", ["0 1 2", "3 4 5"]),
    ],
    ids=["pages", "lines", "at once", "later"],
)
def test_pages(keys: str, pages: list[str]) -> None:
    async def act(terminal: Terminal, said: list[str]) -> str:
        terminal.feed(keys)
        await terminal.page(TEN, 4)
        return "".join(said)

    shown = on_loop(act).split(MORE)
    assert [" ".join(word for word in page.split() if word.isdigit()) for page in shown if "line" in page] == pages


@pytest.mark.parametrize("length", [0, 11, 100])
def test_what_fits_is_not_paged(length: int) -> None:
    async def act(terminal: Terminal, said: list[str]) -> str:
        await terminal.page(TEN, length)
        return "".join(said)

    assert on_loop(act) == TEN.replace("\n", "\r\n")


def test_output_waits_for_a_client_that_does_not_read() -> None:
    async def act(terminal: Terminal, said: list[str]) -> tuple[int, int]:
        terminal.pause()
        writing = asyncio.create_task(terminal.write("x" * 100_000))
        await asyncio.sleep(0)
        before = len(said)
        terminal.resume()
        await writing
        return before, sum(map(len, said))

    assert on_loop(act) == (0, 100_000)


@pytest.mark.parametrize("reads", ["line", "key", "secret", "write"])
def test_a_client_that_is_gone_ends_it(reads: str) -> None:
    async def act(terminal: Terminal, _said: list[str]) -> None:
        terminal.hang_up()
        operations: dict[str, Callable[[], Awaitable[Any]]] = {
            "line": terminal.line,
            "key": terminal.key,
            "secret": lambda: terminal.secret("Password: "),
            "write": lambda: terminal.write("x"),
        }
        await operations[reads]()

    with pytest.raises(HangupError):
        on_loop(act)


def test_a_client_that_goes_while_output_waits_ends_it() -> None:
    async def act(terminal: Terminal, _said: list[str]) -> None:
        terminal.pause()
        writing = asyncio.create_task(terminal.write("x"))
        await asyncio.sleep(0)
        terminal.hang_up()
        await writing

    with pytest.raises(HangupError):
        on_loop(act)


def test_silence_ends_it() -> None:
    async def act(terminal: Terminal, _said: list[str]) -> None:
        await terminal.line(timeout=0.01)

    with pytest.raises(HangupError):
        on_loop(act)


def test_what_was_typed_before_the_end_is_lost() -> None:
    """As on a real line: a command that was not read when the client went is not carried out."""

    async def act(terminal: Terminal, _said: list[str]) -> None:
        terminal.feed("configure terminal\n")
        terminal.hang_up()
        await terminal.line()

    with pytest.raises(HangupError):
        on_loop(act)


def test_a_message_comes_in_between_and_not_after_the_end() -> None:
    async def act(terminal: Terminal, said: list[str]) -> list[str]:
        terminal.tell("\n*** SHUTDOWN ***\n")
        terminal.hang_up()
        terminal.tell("never")
        return said

    assert on_loop(act) == ["\r\n*** SHUTDOWN ***\r\n"]
