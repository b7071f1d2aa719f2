"""The device's end of a terminal: echo, line input, password and confirmation prompts, the pager."""

import asyncio
from collections import deque
from collections.abc import Callable

from lab.errors import LabError

_CHUNK = 32768
_CONTROL_C, _CONTROL_U, _CONTROL_Z = "\x03", "\x15", "\x1a"
_BACKSPACES = {"\x08", "\x7f"}
MORE = " --More-- "
_WIPE = "\b" * len(MORE) + " " * len(MORE) + "\b" * len(MORE)


class HangupError(LabError):
    """The client has gone, or has sent nothing for too long."""


class Terminal:
    """Reads what the client types and writes what the device says.

    `send` takes text for the client. Input is echoed when it is read and not when it comes, as on a real line that is
    busy with a command meanwhile.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._input: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = False
        self._after_return = False

    # From the connection.

    def feed(self, text: str) -> None:
        """Takes what the client typed."""
        self._input.extend(text)
        self._arrived.set()

    def hang_up(self) -> None:
        """The client is gone."""
        self._closed = True
        self._arrived.set()
        self._writable.set()

    def pause(self) -> None:
        """The client does not read fast enough."""
        self._writable.clear()

    def resume(self) -> None:
        """The client reads again."""
        self._writable.set()

    # For the shell.

    async def write(self, text: str) -> None:
        """Writes text, its newlines as a terminal wants them; waits while the client does not read."""
        text = text.replace("\n", "\r\n")
        # In pieces, so that ten megabytes for a client that does not read stay in one place only.
        for start in range(0, len(text), _CHUNK):
            await self._writable.wait()
            if self._closed:
                raise HangupError
            self._send(text[start : start + _CHUNK])

    def tell(self, text: str) -> None:
        """Writes a message that nobody asked for, between whatever else is written."""
        if not self._closed:
            self._send(text.replace("\n", "\r\n"))

    async def key(self, timeout: float | None = None) -> str:
        """The next character, not echoed. Raises HangupError where none comes in time (seconds)."""
        while True:
            if self._closed:
                raise HangupError
            if self._input:
                key = self._input.popleft()
                # Clients end lines with CR, LF or both; both are one.
                follows, self._after_return = self._after_return and key == "\n", key == "\r"
                if not follows:
                    return key
                continue
            # Cleared after the look and before the wait, with no await between: nothing that comes is missed.
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), timeout)
            except TimeoutError as error:
                raise HangupError from error

    async def line(self, *, echo: bool = True, timeout: float | None = None) -> str:
        """The next line. Control-C gives it up (an empty line), Control-Z ends it and stands at its end."""
        typed: list[str] = []
        while True:
            key = await self.key(timeout)
            if key in "\r\n":
                await self.write("\n")
                return "".join(typed)
            if key in {_CONTROL_C, _CONTROL_Z}:
                await self.write("^Z\n" if key == _CONTROL_Z else "\n")
                return "".join((*typed, key)) if key == _CONTROL_Z else ""
            if key in _BACKSPACES or key == _CONTROL_U:
                await self._erase(typed, len(typed) if key == _CONTROL_U else 1, echo=echo)
            elif key.isprintable() or key == "\t":
                await self._take(typed, key, echo=echo)

    async def _take(self, typed: list[str], key: str, *, echo: bool) -> None:
        # What came in one piece is echoed in one piece.
        run = [key]
        while self._input and self._input[0].isprintable():
            run.append(self._input.popleft())
        self._after_return = False
        typed.extend(run)
        if echo:
            await self.write("".join(run))

    async def _erase(self, typed: list[str], count: int, *, echo: bool) -> None:
        gone = min(count, len(typed))
        del typed[len(typed) - gone :]
        if echo:
            await self.write("\b \b" * gone)

    async def ask(self, prompt: str, timeout: float | None = None) -> str:
        """The answer to a question."""
        await self.write(prompt)
        return (await self.line(timeout=timeout)).strip()

    async def secret(self, prompt: str, timeout: float | None = None) -> str:
        """The answer to a question for a password, not echoed."""
        await self.write(prompt)
        return await self.line(echo=False, timeout=timeout)

    async def confirm(self, prompt: str, timeout: float | None = None) -> bool:
        """The answer to `[confirm]`: one key, where return and `y` mean yes."""
        await self.write(prompt)
        key = await self.key(timeout)
        await self.write("\n" if key in "\r\n" else f"{key}\n")
        return key in "\r\nyY"

    async def page(self, text: str, length: int, timeout: float | None = None) -> None:
        """Writes text, stopping with `--More--` after each `length` lines; 0 never stops."""
        if length == 0:
            await self.write(text)
            return
        lines = text.splitlines(keepends=True)
        shown, step = 0, length - 1
        while True:
            await self.write("".join(lines[shown : shown + step]))
            shown += step
            if shown >= len(lines):
                return
            await self.write(MORE)
            key = await self.key(timeout)
            await self.write(_WIPE)
            if key in "qQ":
                return
            step = 1 if key in "\r\n" else length - 1
