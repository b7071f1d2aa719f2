"""What a command of an IOS device is, for the modules that hold them."""

from collections.abc import Awaitable, Callable, Mapping

from lab.errors import LabError
from lab.ios.device import Line

Command = Callable[[Line, str], Awaitable[str]]
"""Carries out a command, in its full form, for a line and gives the output without a newline at its end."""

Commands = Mapping[str, Command]
"""Commands by the name that lab/ios/tables/exec.yaml gives them."""


class CommandError(LabError):
    """A command that the device refuses, with the device's words. Never leaves the lab."""


class LogoutError(LabError):
    """The user leaves. Never leaves the lab."""


def plain(output: Callable[[Line, str], str]) -> Command:
    """A command that only looks."""

    async def command(line: Line, words: str) -> str:
        return output(line, words)

    return command
