"""Reloading, now or later. A scheduled reload belongs to the device: it happens whatever becomes of the session."""

import asyncio
import re
from datetime import timedelta

from lab.ios import clock
from lab.ios.commands import CommandError, Commands, plain
from lab.ios.device import IosDevice, Line, PendingReload
from lab.journal import Event

_REASON = "Reload Command"
_MODIFIED = "\nSystem configuration has been modified. Save? [yes/no]: "
_PROCEED = "Proceed with reload? [confirm]"
_WARNINGS = (60, 30, 5, 1)
_ABORTED = "\n\n***\n*** --- SHUTDOWN ABORTED ---\n***\n"


async def _save_first(line: Line) -> None:
    """Asks whether to save where startup is not what runs, until the answer is yes or no."""
    device = line.device
    while device.running is not device.startup and device.running != device.startup:
        answer = (await line.terminal.ask(_MODIFIED, line.timeout)).lower()
        if answer in {"y", "yes"}:
            if not device.save(line):
                raise CommandError("startup-config file open failed (Not enough space)")
            await line.terminal.write("Building configuration...\n[OK]\n")
            return
        if answer in {"n", "no"}:
            return
        await line.terminal.write("% Please answer 'yes' or 'no'.\n")


async def _reload(line: Line, _words: str) -> str:
    await _save_first(line)
    if await line.terminal.confirm(_PROCEED, line.timeout):
        line.device.restart(f"{_REASON} by {line.place}")
    return ""


async def _reload_in(line: Line, words: str) -> str:
    device = line.device
    delay, reason = (*words.split(maxsplit=3)[2:], _REASON)[:2]
    match = re.fullmatch(r"(?:(\d+):)?(\d+)", delay)
    if match is None:
        raise CommandError("% Invalid input detected at '^' marker.")
    minutes = int(match[1] or 0) * 60 + int(match[2])
    await _save_first(line)
    # What is said is in the vendor's minutes, however long one lasts in this lab.
    at = device.bench.now() + timedelta(minutes=minutes)
    when = f"{clock.stamp(at, device.running)} (in {clock.span(minutes)})"
    await line.terminal.write(f"Reload scheduled for {when} by {line.place}\nReload reason: {reason}\n")
    if not await line.terminal.confirm(_PROCEED, line.timeout):
        return ""
    # Only now: a client that goes in the middle of the dialogue has scheduled nothing.
    if device.reload is not None:
        device.reload.cancel()
    device.reload = _schedule(device, line, minutes, reason)
    device.journal.write(Event.TIMER_ARMED, user=line.user, session=line.id, detail=f"reload in {minutes} min")
    device.broadcast(_warning(minutes))
    return ""


def _schedule(device: IosDevice, line: Line, minutes: int, reason: str) -> PendingReload:
    loop, minute = asyncio.get_running_loop(), device.bench.minute
    timers = [loop.call_later(minutes * minute, _fire, device, f"{reason} by {line.place}")]
    timers += [
        loop.call_later((minutes - left) * minute, device.broadcast, _warning(left))
        for left in _WARNINGS
        if left < minutes
    ]
    return PendingReload(
        by=line.place,
        reason=reason,
        at=device.bench.now() + timedelta(minutes=minutes),
        due=loop.time() + minutes * minute,
        timers=tuple(timers),
    )


def _fire(device: IosDevice, reason: str) -> None:
    device.journal.write(Event.TIMER_FIRED, detail="reload")
    device.restart(reason)


def _warning(minutes: int) -> str:
    return f"\n\n***\n*** --- SHUTDOWN in {minutes // 60}:{minutes % 60:02d}:00 ---\n***\n"


async def _cancel(line: Line, _words: str) -> str:
    device = line.device
    if device.reload is None:
        return "%No reload is scheduled."
    device.reload.cancel()
    device.reload = None
    device.journal.write(Event.TIMER_CANCELLED, user=line.user, session=line.id, detail="reload")
    device.broadcast(_ABORTED)
    return ""


def _show(line: Line, _words: str) -> str:
    device, pending = line.device, line.device.reload
    if pending is None:
        return "No reload is scheduled."
    left = (pending.due - asyncio.get_running_loop().time()) / device.bench.minute
    when = f"{clock.stamp(pending.at, device.running)} (in {clock.span(left)})"
    return f"Reload scheduled for {when} by {pending.by}\nReload reason: {pending.reason}"


RELOAD_COMMANDS: Commands = {
    "reload": _reload,
    "reload-in": _reload_in,
    "reload-cancel": _cancel,
    "show-reload": plain(_show),
}
