"""The archive, replacing the configuration, and changes that revert unless they are confirmed.

After Cisco's configuration guide "Configuration Replace and Configuration Rollback". A revert timer belongs to the
device: it fires whatever becomes of the session that armed it, and restores the whole configuration as it was, what
others changed meanwhile included.
"""

import asyncio
import difflib
import itertools
import re

from lab.config import facts
from lab.config.editor import Edited
from lab.config.loading import Typist
from lab.config.rendering import rendered
from lab.config.tree import Node
from lab.ios import clock
from lab.ios.commands import CommandError, Commands, plain
from lab.ios.device import INDENT, IosDevice, Line, PendingRevert
from lab.ios.filenames import contents, in_flash
from lab.journal import Event

NOT_PENDING = "%No Rollback Confirmed Change pending"
_ARCHIVE_OFF = "%Turn config archive on before using Rollback Confirmed Change"
_NO_ARCHIVE = " Archive feature not enabled"
_PENDING = "%Rollback Confirmed Change already pending; confirm it or revert it first"
_LOCAL = re.compile(r"(?:bootflash|flash|flash0|disk0|harddisk|nvram|usb0|unix|slot0):")
_DEFAULT_MAXIMUM = 10
_WARNING = (
    "Rollback Confirmed Change: Rollback will begin in one minute.\n"
    'Enter "configure confirm" if you wish to keep what you\'ve configured'
)
_SURE = """This will apply all necessary additions and deletions
to replace the current running configuration with the
contents of the specified configuration file, which is
assumed to be a complete configuration, not a partial
configuration. Enter Y if you are sure you want to proceed. ? [no]: """
_DONE = "Total number of passes: 1\nRollback Done\n"


def archive_path(config: Node) -> str | None:
    """The path for archived configurations, or None where there is none."""
    return facts.value(config.child("archive"), "path")


def _archive(device: IosDevice) -> str | None:
    """Archives the running configuration and returns its name, or None where flash is full."""
    path = archive_path(device.running) or ""
    name = f"{path}-{clock.archive_stamp(device.bench.now())}-{len(device.archived)}"
    if not device.store(in_flash(name), device.text(device.running)):
        return None
    device.archived.append(name)
    maximum = int(facts.value(device.running.child("archive"), "maximum") or _DEFAULT_MAXIMUM)
    while len(device.archived) > maximum:
        device.flash.pop(in_flash(device.archived.pop(0)), None)
    return name


def arm(device: IosDevice, user: str, minutes: int, before: Node) -> str:
    """Arms the revert timer and returns what the device says; raises CommandError where it cannot."""
    path = archive_path(device.running)
    if path is None or not _LOCAL.match(path):
        raise CommandError(_ARCHIVE_OFF)
    if device.revert is not None:
        raise CommandError(_PENDING)
    # The vendor keeps the way back in a file, so a full flash means no timer.
    name = _archive(device)
    if name is None:
        raise CommandError("%Error: Could not create backup file (No space left on device)")
    device.revert = _timer(device, user, minutes, before)
    device.write_log(
        f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_START_ABSTIMER: User: {user}(Priv: 15, View: 0): "
        f"Scheduled to rollback to config {name} in {minutes} minutes"
    )
    device.journal.write(Event.TIMER_ARMED, user=user, detail=f"revert in {minutes} min")
    return f"Rollback Confirmed Change: Backing up current running config to {name}\n"


def _timer(device: IosDevice, user: str, minutes: int, before: Node) -> PendingRevert:
    loop, seconds = asyncio.get_running_loop(), minutes * device.bench.minute
    timers = [loop.call_later(seconds, _fire, device)]
    if minutes > 1:
        timers.append(loop.call_later(seconds - device.bench.minute, device.write_log, _WARNING))
    return PendingRevert(before=before, user=user, minutes=minutes, armed=device.bench.now(), timers=tuple(timers))


def _fire(device: IosDevice) -> None:
    device.journal.write(Event.TIMER_FIRED, detail="revert")
    device.write_log("%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_START: Start rolling back")
    _restore(device)


def _restore(device: IosDevice) -> None:
    pending = device.revert
    if pending is None:
        return
    pending.cancel()
    # Before the change, which may cut the very session that asked for it.
    device.revert = None
    device.journal.write(Event.REVERTED, user=pending.user)
    device.change(pending.before, "console")
    device.settle()


async def _confirm(line: Line, _words: str) -> str:
    device = line.device
    if device.revert is None:
        raise CommandError(NOT_PENDING)
    device.revert.cancel()
    device.revert = None
    device.write_log(f"%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_CONFIRM: User: {line.user}: Confirm the configuration change")
    device.journal.write(Event.CONFIRMED, user=line.user, peer=line.peer, session=line.id)
    return ""


async def _revert_now(line: Line, _words: str) -> str:
    device = line.device
    if device.revert is None:
        raise CommandError(NOT_PENDING)
    device.journal.write(Event.TIMER_CANCELLED, user=line.user, session=line.id, detail="revert now")
    _restore(device)
    return f"Rollback Confirmed Change: rolling back.\n\n{_DONE}"


async def _reset(line: Line, words: str) -> str:
    device, minutes = line.device, int(words.rsplit(maxsplit=1)[-1])
    if device.revert is None:
        raise CommandError(NOT_PENDING)
    device.revert.cancel()
    device.revert = _timer(device, line.user, minutes, device.revert.before)
    device.journal.write(Event.TIMER_ARMED, user=line.user, session=line.id, detail=f"revert in {minutes} min")
    return ""


def _show_timer(line: Line, _words: str) -> str:
    pending = line.device.revert
    if pending is None:
        return NOT_PENDING
    return (
        f"Time configured(or reconfigured): {clock.stamp(pending.armed, line.device.running)}\n"
        f" Timer type: absolute timer\n Timer value: {pending.minutes} min\n User: {pending.user}"
    )


async def _replace(line: Line, words: str) -> str:
    device, options = line.device, words.split()[3:]
    text = contents(device, words.split()[2])
    if text is None:
        raise CommandError(f"%Error opening {words.split()[2]} (No such file or directory)")
    if device.lock_owner not in {None, line}:
        raise CommandError("%Configuration replace failed: the configuration is locked by another user")
    if "force" not in options and not (await line.terminal.ask(_SURE, line.timeout)).lower().startswith("y"):
        return ""
    minutes = next((int(value) for word, value in itertools.pairwise(options) if word in {"timer", "time"}), 0)
    # Armed first: what comes may take the way to the device away.
    said = arm(device, line.user, minutes, device.running) + "\n" if minutes else ""
    return said + _replaced(device, line, text, undo="error" in options)


def _replaced(device: IosDevice, line: Line, text: str, *, undo: bool) -> str:
    config, refused = device.replace_with(text)
    lines = "\n".join(wrong.line.strip() for wrong in refused)
    if refused and undo:
        if device.revert is not None:
            _restore(device)
        return f"{_failed(lines)}\nRollback to the original configuration done"
    # The vendor applies what it can and tells the rest.
    device.change(config, line.user)
    device.journal.write(Event.COMMIT, user=line.user, peer=line.peer, session=line.id, detail="configure replace")
    device.settle()
    return _failed(lines) if refused else _DONE


def _failed(lines: str) -> str:
    return (
        "Total number of passes: 5\n"
        f"The rollback configlet from the last pass is listed below:\n********\n!List of Rollback Commands:\n{lines}\n"
        "********\n\n\nRollback aborted after 5 passes\nThe following commands are failed to apply to the IOS image.\n"
        f"********\n{lines}\n********"
    )


def _show_archive(line: Line, _words: str) -> str:
    device = line.device
    path = archive_path(device.running)
    if path is None:
        return _NO_ARCHIVE
    maximum = facts.value(device.running.child("archive"), "maximum") or _DEFAULT_MAXIMUM
    rows = [f"   {number:<8} {name}" for number, name in enumerate(device.archived, start=1)]
    if rows:
        rows[-1] += " <- Most Recent"
    return "\n".join(
        (
            f"The maximum archive configurations allowed is {maximum}.",
            f"The next archive file will be named {path}-<timestamp>-{len(device.archived)}",
            " Archive #  Name",
            *rows,
        )
    )


async def _archive_config(line: Line, _words: str) -> str:
    if archive_path(line.device.running) is None:
        raise CommandError(f"{_NO_ARCHIVE}\n% Error caught by command handler")
    if _archive(line.device) is None:
        raise CommandError("%Error opening archive file (No space left on device)")
    return ""


def _differences(line: Line, words: str) -> str:
    """The contextual differences between two configurations: startup to running where none is named."""
    device, names = line.device, words.split()[4:]
    left_name, right_name = (
        (*names, "nvram:startup-config", "system:running-config")[:2]
        if len(names) != 1
        else (
            names[0],
            "system:running-config",
        )
    )
    texts = []
    for name in (left_name, right_name):
        text = contents(device, name)
        if text is None:
            raise CommandError(f"%Error opening {name} (No such file or directory)")
        texts.append(_statements(device, text))
    return "\n".join(("!Contextual Config Diffs:", *_contextual(*texts)))


def _statements(device: IosDevice, text: str) -> list[str]:
    config, _ = device.replace_with(text)
    return [line for line in rendered(config, INDENT) if line.strip() != "!"]


def _contextual(left: list[str], right: list[str]) -> list[str]:
    """Changed lines below the sections that they stand in, `+` for what only the right one has."""
    shown: list[str] = []
    context: dict[int, str] = {}
    for entry in difflib.ndiff(left, right):
        sign, line = entry[0], entry[2:]
        if sign == "?":
            continue
        depth = len(line) - len(line.lstrip())
        context = {level: header for level, header in context.items() if level < depth}
        if sign in "+-":
            shown.extend(header for header in context.values() if header)
            context = dict.fromkeys(context, "")
            shown.append(f"{sign}{line}")
            context[depth] = ""
        else:
            context[depth] = line
    return shown


def _incremental(line: Line, words: str) -> str:
    """The lines of a file that would be merged and are not there yet, with their sections."""
    device, name = line.device, words.split()[4]
    text = contents(device, name)
    if text is None:
        raise CommandError(f"%Error opening {name} (No such file or directory)")
    typist = Typist(device.editor, device.running)
    wanted: list[tuple[str, Node, bool]] = []
    for entered in typist.type(text.splitlines()):
        before = wanted[-1][1] if wanted else device.running
        if isinstance(entered.result, Edited):
            wanted.append((entered.line, entered.result.config, entered.result.config is not before))
    return "\n".join(("!List of Commands:", *(typed for typed, _, changed in wanted if changed), "end"))


ROLLBACK_COMMANDS: Commands = {
    "configure-confirm": _confirm,
    "configure-revert-now": _revert_now,
    "configure-revert-reset": _reset,
    "configure-replace": _replace,
    "show-archive": plain(_show_archive),
    "archive-config": _archive_config,
    "show-rollback-timer": plain(_show_timer),
    "show-differences": plain(_differences),
    "show-incremental-diffs": plain(_incremental),
}
