"""Commands of IOS that change the command line itself: privilege, configuration mode, the terminal, leaving."""

from lab.ios import vtys
from lab.ios.commands import CommandError, Commands, LogoutError
from lab.ios.device import IosDevice, Line
from lab.ios.rollback import arm
from lab.journal import Event

INVALID = "% Invalid input detected at '^' marker."
_TRIES = 3
_DEFAULT_LENGTH, _DEFAULT_WIDTH = 24, 80
_BEGIN = "Enter configuration commands, one per line.  End with CNTL/Z."
_EXCLUSIVE = (
    "Configuration mode locked exclusively. The lock will be cleared once you exit out of "
    "configuration mode using end/exit\n"
)


async def _begin(line: Line, words: str) -> str:
    if words == "configure":
        answer = await line.terminal.ask("Configuring from terminal, memory, or network [terminal]? ", line.timeout)
        if answer not in {"", "terminal", "t"}:
            raise CommandError('?Must be "terminal", "memory" or "network"')
    exclusive = line.device.running.child("configuration mode exclusive")
    return _entered(line, lock=exclusive is not None and exclusive.text.endswith("auto"))


async def _begin_locked(line: Line, words: str) -> str:
    if line.device.running.child("configuration mode exclusive") is None:
        column = len(f"{line.device.hostname}#") + words.index("lock")
        raise CommandError(f"{' ' * column}^\n{INVALID}")
    return _entered(line, lock=True)


async def _begin_reverting(line: Line, words: str) -> str:
    _check_lock(line)
    said = arm(line.device, line.user, int(words.rsplit(maxsplit=1)[-1]), line.device.running)
    return f"{said}\n{_entered(line, lock=False)}"


def _entered(line: Line, *, lock: bool) -> str:
    _check_lock(line)
    if lock:
        line.device.lock_owner = line
    line.in_config, line.config_place = True, ()
    return f"{_EXCLUSIVE if lock else ''}{_BEGIN}"


def _check_lock(line: Line) -> None:
    owner = line.device.lock_owner
    if owner is None or owner is line:
        return
    user, terminal = (owner.user, owner.number + 2) if isinstance(owner, Line) else ("unknown", 0)
    raise CommandError(
        f"Configuration mode locked exclusively by user '{user}' process '3' from terminal '{terminal}'. "
        "Please try later."
    )


def leave(line: Line) -> None:
    """Leaves configuration mode."""
    device: IosDevice = line.device
    line.config_place = ()
    device.write_log(f"%SYS-5-CONFIG_I: Configured from console by {line.place}")
    device.release(line)


async def _enable(line: Line, words: str) -> str:
    level = int(words.split()[1]) if " " in words else 15
    stored = vtys.enable_secret(line.device.running)
    if line.privilege < level:
        if stored is None:
            raise CommandError("% No password set")
        for _ in range(_TRIES):
            if line.device.bench.logins.right(await line.terminal.secret("Password: ", line.timeout), stored):
                break
        else:
            raise CommandError("% Bad secrets")
    line.privilege = level
    return ""


async def _disable(line: Line, _words: str) -> str:
    line.privilege = 1
    return ""


async def _logout(_line: Line, _words: str) -> str:
    raise LogoutError


async def _terminal(line: Line, words: str) -> str:
    _, what, *rest = words.split()
    if "length" in words:
        line.length = int(rest[0]) if what == "length" else _DEFAULT_LENGTH
    elif "width" in words:
        line.width = int(rest[0]) if what == "width" else _DEFAULT_WIDTH
    elif what == "monitor" or rest[:1] == ["monitor"]:
        line.monitor = what == "monitor"
    return ""


async def _clear_lock(line: Line, _words: str) -> str:
    line.device.lock_owner = None
    return "Parser configure lock cleared"


async def _clear_line(line: Line, words: str) -> str:
    number = int(words.rsplit(maxsplit=1)[-1])
    if not await line.terminal.confirm("[confirm]", line.timeout):
        return ""
    for other in line.device.lines:
        if other.number == number:
            line.device.journal.write(
                Event.SESSION_CUT, user=other.user, session=other.id, detail=f"cleared by {line.user}"
            )
            other.cut()
    return " [OK]"


ENTERING_COMMANDS: Commands = {
    "configure-terminal": _begin,
    "configure-lock": _begin_locked,
    "configure-revert-timer": _begin_reverting,
    "enable": _enable,
    "disable": _disable,
    "logout": _logout,
    "terminal": _terminal,
    "clear-lock": _clear_lock,
    "clear-line": _clear_line,
}
