"""What a command of an EOS switch is, for the modules that hold them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.config.editor import Place
from lab.eos.device import EosDevice, HttpConnection
from lab.errors import LabError


class CommandError(LabError):
    """A command that reads well and cannot be carried out, with the switch's words. Never leaves the lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command answers: `data` in the JSON encoding, `text` in the text encoding.

    `data` is None where EOS has no JSON form of the command.
    """

    text: str = ""
    data: Mapping[str, Any] | None = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Cli:
    """The command line that one request has: it begins in user mode and ends with the request.

    `session` is the name of the configuration session that was entered, `configuring` is true in configuration mode
    with or without one.
    """

    device: EosDevice
    connection: HttpConnection
    privileged: bool = False
    configuring: bool = False
    session: str = ""
    place: Place = ()
    input: str = ""

    def leave(self) -> None:
        """Leaves configuration mode; a session stays pending."""
        if self.configuring and not self.session:
            self.device.settle()
        self.configuring, self.session, self.place = False, "", ()

    @property
    def mode(self) -> str:
        """Where the next command is typed, as the journal names it."""
        if not self.configuring:
            return "exec" if self.privileged else "user"
        inside = f"-{self.device.editor.mode(self.place).name}" if self.place else ""
        return f"config{f'-s-{self.session}' if self.session else ''}{inside}"


Command = Callable[[Cli, str], Output]
"""Carries out a command, in its full form."""

Commands = Mapping[str, Command]
"""Commands by the name that lab/eos/tables/exec.yaml gives them."""
