"""What becomes of each command of an eAPI request."""

from dataclasses import dataclass
from typing import Any

from lab.config.editor import Edited, Refused
from lab.config.reader import Misread, Reading
from lab.eos import sessions
from lab.eos.commands import Cli, CommandError, Commands, Output
from lab.eos.configuring import CONFIGURING_COMMANDS, SESSION_COMMANDS
from lab.eos.files import FILE_COMMANDS
from lab.eos.listing import LISTING_COMMANDS
from lab.eos.show import SHOW_COMMANDS
from lab.errors import LabError
from lab.faults import FaultKind

COULD_NOT_RUN, INVALID, UNCONVERTED = 1000, 1002, 1003
_REASONS = {COULD_NOT_RUN: "could not run command", INVALID: "invalid command", UNCONVERTED: "unconverted command"}
EOS_COMMANDS: Commands = {
    **CONFIGURING_COMMANDS,
    **SESSION_COMMANDS,
    **SHOW_COMMANDS,
    **FILE_COMMANDS,
    **LISTING_COMMANDS,
}
"""Every command, those inside a configuration session among them."""

_TEXT_ONLY = "Command cannot be used over the API at this time. To see ASCII output, set format='text' in your request"
_ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31m"


class FailedError(LabError):
    """A command failed and with it the request: eAPI's error code and the switch's words. Never leaves the lab."""

    def __init__(self, code: int, errors: list[str]) -> None:
        self.code = code
        self.errors = errors
        super().__init__(errors)

    @property
    def reason(self) -> str:
        """The code in words."""
        return _REASONS[self.code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One command of a request. `shorten` says whether keywords may be abbreviated (`autoComplete`)."""

    command: str
    input: str = ""
    text: bool = False
    shorten: bool = False


async def run(cli: Cli, request: Request) -> dict[str, Any]:
    """The result of a command, in the encoding that was asked for.

    Raises FailedError where it fails, SessionGoneError where the connection is gone.
    """
    device, connection, command = cli.device, cli.connection, request.command.strip()
    await device.before(connection, command)
    # No await from here to the end of the command: nobody else's comes in between.
    mode, cli.input = cli.mode, request.input
    try:
        output = _perform(cli, request, command)
    except FailedError:
        device.account(connection, _accounted(command, request), mode, refused=True)
        raise
    except CommandError as error:
        device.account(connection, _accounted(command, request), mode, refused=True)
        raise FailedError(COULD_NOT_RUN, str(error).splitlines()) from error
    swallowed = "swallowed" if output is None else ""
    device.account(connection, _accounted(command, request), mode, detail=swallowed)
    device.after(connection, command)
    return _encoded(cli, request, output or Output())


def _accounted(command: str, request: Request) -> str:
    # What follows `enable` is a password.
    return command if not request.input or command.startswith("enable") else f"{command}\n{request.input.rstrip()}"


def _perform(cli: Cli, request: Request, command: str) -> Output | None:
    """Carries out a command; None where it was swallowed."""
    if not command or command.startswith("!"):
        return Output()
    if not cli.configuring:
        return _execute(cli, request, command)
    if command == "end":
        cli.leave()
        return Output()
    if cli.session:
        reading = cli.device.editor.grammar.mode("session").reader.read(command, shorten=request.shorten)
        if reading.misread is None:
            entry = cli.device.editor.grammar.mode("session").lines[reading.accepts[0]]
            return EOS_COMMANDS[entry.run or ""](cli, reading.text)
    return _configure(cli, request, command)


def _configure(cli: Cli, request: Request, command: str) -> Output | None:
    device = cli.device
    if device.faults.strike(FaultKind.SWALLOW, command):
        return None
    result = _edited(cli, request, command)
    if isinstance(result, Refused):
        # Other commands are understood in configuration mode too.
        if result.misread is not None and _understood(cli, request, command):
            return _execute(cli, request, command)
        raise _failed(result, command)
    cli.place = result.place
    if cli.session:
        sessions.staged(device, cli.session, result.config)
    else:
        device.change(result.config, cli.connection.user)
    return Output()


def _edited(cli: Cli, request: Request, command: str) -> Edited | Refused:
    device = cli.device
    if cli.session and cli.session not in device.config_sessions:
        raise CommandError(f"Session {cli.session} does not exist")
    config = device.config_sessions[cli.session].candidate if cli.session else device.running
    if command == "exit" and not cli.place:
        cli.leave()
        return Edited(config=config, place=())
    block = device.editor.block(cli.place, command)
    for line in request.input.splitlines() if block else ():
        block.feed(line) if block else None
    if block is not None and not request.input:
        return Refused(line=command, misread=Misread.INCOMPLETE, word=len(command.split()))
    text = block.stored() if block else ""
    return device.editor.apply(config, cli.place, command, text=text, shorten=request.shorten)


def _understood(cli: Cli, request: Request, command: str) -> bool:
    return cli.device.editor.grammar.mode("exec").reader.read(command, shorten=request.shorten).misread is None


def _execute(cli: Cli, request: Request, command: str) -> Output:
    grammar = cli.device.editor.grammar
    mode = grammar.mode("exec" if cli.privileged else "user")
    reading = mode.reader.read(command, shorten=request.shorten)
    if reading.misread is not None:
        if not cli.privileged and _understood(cli, request, command):
            word = command.split()[min(reading.word, len(command.split()) - 1)]
            said = f"Invalid input (privileged mode required) (at token {reading.word}: {word!r})"
            raise FailedError(INVALID, [said])
        raise _failed(reading, command)
    entry = mode.lines[reading.accepts[0]]
    output = EOS_COMMANDS[entry.run or ""](cli, reading.text)
    if output.data is None and not request.text:
        raise FailedError(UNCONVERTED, [_TEXT_ONLY])
    return output


_SAID = {
    Misread.INVALID: "Invalid input",
    Misread.INCOMPLETE: "Incomplete command",
    Misread.AMBIGUOUS: "Ambiguous command",
    Misread.ABBREVIATED: "Incomplete token",
}


def _failed(wrong: Reading | Refused, command: str) -> FailedError:
    if isinstance(wrong, Refused) and wrong.misread is None:
        return FailedError(COULD_NOT_RUN, wrong.message.splitlines())
    words = command.split()
    word = repr(words[wrong.word]) if wrong.word < len(words) else "None"
    said = _SAID[wrong.misread] if wrong.misread else "Invalid input"
    return FailedError(INVALID, [f"{said} (at token {wrong.word}: {word})"])


def _encoded(cli: Cli, request: Request, output: Output) -> dict[str, Any]:
    text, faults = output.text, cli.device.faults
    if faults.has(FaultKind.ESCAPES) and text:
        text = f"{_ESCAPES}{text}"
    flood = faults.strike(FaultKind.FLOOD, request.command, usual="show .*")
    if flood:
        row = "x" * 79 + "\n"
        text += row * (flood.megabytes * 1_000_000 // len(row))
    if request.text:
        return {"output": text}
    # A flood has no shape of its own in JSON.
    return dict(output.data or {}) | ({"messages": [text]} if flood else {})
