"""The command line of an IOS device: prompts, modes, and what becomes of each line that is typed."""

import re

from lab.config.editor import Refused
from lab.config.reader import Misread, Reading
from lab.faults import FaultKind
from lab.ios.commands import Command, CommandError, Commands, LogoutError
from lab.ios.device import IosDevice, Line
from lab.ios.entering import ENTERING_COMMANDS, INVALID, leave
from lab.ios.files import FILE_COMMANDS
from lab.ios.pipes import filtered, split
from lab.ios.reloading import RELOAD_COMMANDS
from lab.ios.rollback import ROLLBACK_COMMANDS
from lab.ios.show import SHOW_COMMANDS

IOS_COMMANDS: Commands = {
    **ENTERING_COMMANDS,
    **SHOW_COMMANDS,
    **FILE_COMMANDS,
    **ROLLBACK_COMMANDS,
    **RELOAD_COMMANDS,
}
"""Every command at the prompt."""

_CONTROL_Z = "\x1a"
_NAME_IN_PROMPT = 20
_ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31m"


class Shell:
    """One user's command line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._device: IosDevice = line.device

    async def run(self) -> None:
        """Reads and carries out lines until the user leaves.

        Raises HangupError or SessionGoneError where the connection ends first.
        """
        await self._greet()
        while True:
            await self._line.terminal.write(self._prompt())
            typed = await self._line.terminal.line(timeout=self._line.timeout)
            self._line.check()
            try:
                await self._take(typed)
            except LogoutError:
                return
            self._line.check()

    async def _greet(self) -> None:
        for name in ("motd", "exec"):
            banner = self._device.running.child(f"banner {name}")
            if banner is not None:
                await self._line.terminal.write(f"\n{banner.text.split('^C')[1]}")
        escapes = _ESCAPES if self._device.faults.has(FaultKind.ESCAPES) else ""
        await self._line.terminal.write(f"{escapes}\n")

    def _prompt(self) -> str:
        name = self._device.hostname
        if self._line.in_config:
            # The vendor cuts long names here and nowhere else, which clients trip over.
            return f"{name[:_NAME_IN_PROMPT]}{self._mode_name()}#"
        return f"{name}{'#' if self._line.privilege > 1 else '>'}"

    def _mode_name(self) -> str:
        place = self._line.config_place
        prompt = self._device.editor.mode(place).prompt
        if not place or place[-1].mode != "interface":
            return prompt
        names = place[-1].keys
        return "(config-if-range)" if len(names) > 1 else "(config-subif)" if "." in names[0] else prompt

    async def _take(self, typed: str) -> None:
        command = typed.strip()
        if not command or command.startswith("!"):
            return
        # A bare control-Z leaves configuration mode; after text it enters the line first.
        if command.endswith(_CONTROL_Z):
            await self._take(command[:-1])
            if not self._line.in_config:
                return
            command = "end"
        await self._device.before(self._line, command)
        if self._line.in_config:
            await self._configure(command, typed)
        else:
            await self._execute(command, typed)
        self._device.after(self._line, command)

    # Commands.

    async def _execute(self, command: str, typed: str, mode: str = "") -> None:
        mode = mode or ("exec" if self._line.privilege > 1 else "user")
        bare, pipe = split(command)
        known = self._device.editor.grammar.mode("exec" if self._line.privilege > 1 else "user")
        reading = known.reader.read(bare)
        if reading.misread is not None:
            self._device.account(self._line, command, mode, refused=True)
            await self._line.terminal.write(self._misread(typed, reading))
            return
        run = known.lines[reading.accepts[0]].run or ""
        await self._carry_out(command, mode, IOS_COMMANDS[run], reading.text, pipe)

    async def _carry_out(self, command: str, mode: str, run: Command, words: str, pipe: str) -> None:
        line = self._line
        try:
            output = filtered(await run(line, words), pipe)
        except CommandError as error:
            self._device.account(line, command, mode, refused=True)
            await line.terminal.write(f"{error}\n\n")
            return
        except LogoutError:
            self._device.account(line, command, mode)
            raise
        # Before the answer: what a client has been told is in the journal whatever happens next.
        self._device.account(line, command, mode)
        line.check()
        output = self._spoiled(command, output)
        if output:
            await line.terminal.page(output if output.endswith("\n") else f"{output}\n", line.length, line.timeout)

    def _spoiled(self, command: str, output: str) -> str:
        faults = self._device.faults
        if faults.has(FaultKind.ESCAPES) and output:
            output = f"{_ESCAPES}{output}"
        flood = faults.strike(FaultKind.FLOOD, command, usual="show .*")
        if flood:
            row = "x" * 79 + "\n"
            output += "\n" + row * (flood.megabytes * 1_000_000 // len(row))
        return output

    def _misread(self, typed: str, reading: Reading | Refused) -> str:
        if reading.misread is Misread.INCOMPLETE:
            return "% Incomplete command.\n\n"
        if reading.misread is Misread.AMBIGUOUS:
            return f'% Ambiguous command:  "{typed.strip()}"\n'
        return f"{' ' * (len(self._prompt()) + reading.offset)}^\n{INVALID}\n\n"

    # Configuration mode.

    async def _configure(self, command: str, typed: str) -> None:
        mode = self._mode_name()[1:-1]
        if command == "end" or (command == "exit" and not self._line.config_place):
            leave(self._line)
            self._device.account(self._line, command, mode)
            return
        if command.split(maxsplit=1)[0].lower() == "do":
            await self._execute(command[2:].strip(), typed, mode)
            return
        await self._enter(command, typed, mode)

    async def _enter(self, command: str, typed: str, mode: str) -> None:
        device, line = self._device, self._line
        block = device.editor.block(self._line.config_place, typed)
        if block is not None and not block.done:
            await line.terminal.write(f"Enter TEXT message.  End with the character '{block.delimiter}'.\n")
            while not block.feed(await line.terminal.line(timeout=line.timeout)):
                line.check()
        question = device.editor.question(device.running, self._line.config_place, typed)
        if question and not await line.terminal.confirm(question, line.timeout):
            device.account(line, command, mode, refused=True)
            return
        if device.faults.strike(FaultKind.SWALLOW, command):
            device.account(line, command, mode, detail="swallowed")
            return
        # Against the configuration as it is now: another session may have changed it while this one typed.
        text = block.stored() if block else ""
        result = device.editor.apply(device.running, self._line.config_place, typed, text=text)
        device.account(line, command, mode, refused=isinstance(result, Refused))
        if isinstance(result, Refused):
            wrong = f"{result.message}\n" if result.misread is None else self._misread(typed, result)
            await line.terminal.write(wrong)
            return
        line.config_place = result.place
        device.change(result.config, line.user)
        defaulted = re.match(r"default\s+int\S*\s+(\S+)", command)
        name = device.editor.grammar.interface.read(defaulted[1]) if defaulted else None
        if name:
            await line.terminal.write(f"Interface {name} set to default configuration\n")
