"""A change held against an estate: what would go wrong, before anything does, told once and not for each device."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from automation.change.entries import Mode
from automation.change.errors import in_order
from automation.change.lines import faults
from automation.change.model import Change
from automation.change.rendering import render
from automation.change.table import Key, Table
from automation.errors import AutomationError
from automation.platforms.contract import Platform
from automation.render.errors import RenderError
from inventory.estate import Estate
from inventory.model import Device
from inventory.problems import Problem, Severity, Suggester
from inventory.selection import EmptySelectionError, select
from inventory.selectors import SelectorError, parse_selector

#: So many names are spelt out where a problem concerns more devices.
SHOWN = 5

Render = Callable[[Change, Estate, Device], str]


def validate(
    change: Change, estate: Estate, platforms: Mapping[str, Platform], render: Render = render
) -> tuple[Problem, ...]:
    """Everything that is wrong with a change in an estate, and notes (warnings) on what is merely odd.

    Args:
        change: as it was opened.
        estate: the devices that it is for.
        platforms: those that exist, by name.
        render: gives the lines for a device; for a change with a task, something that runs tasks.
    """
    problems = [*change.notes, *_platforms(change, platforms)]
    devices, selecting = _selected(change, estate)
    problems += [*selecting, *_without_template(change, devices), *_rows(change, estate)]
    rowless = _without_row(change, devices)
    problems += _missing_rows(change, rowless)
    without = {device.name for device in rowless}
    able = {platform for platform in platforms if _can_render(change, platform)}
    rendered = [device for device in devices if device.platform in able and device.name not in without]
    problems += _rendered(change, estate, rendered, platforms, render)
    return in_order(problems)


def _platforms(change: Change, platforms: Mapping[str, Platform]) -> Iterator[Problem]:
    named: dict[str, tuple[str, ...]] = {name: ("config", name) for name in change.roots}
    named |= {name: ("checks",) for _, names in change.checks for name in names if name not in change.roots}
    for name, path in sorted(named.items()):
        if name not in platforms:
            hint = Suggester().hint(name, platforms) or f"platforms are {', '.join(sorted(platforms))}"
            yield change.problem(path, f"there is no platform {name!r}", hint)
        elif change.mode is Mode.REPLACE and not platforms[name].abilities.replace:
            able = ", ".join(sorted(name for name, platform in platforms.items() if platform.abilities.replace))
            message = f"the whole configuration of {name!r} cannot be replaced"
            yield change.problem(("mode",), message, f"use merge; replace is for {able or 'no platform here'}")


def _selected(change: Change, estate: Estate) -> tuple[Sequence[Device], list[Problem]]:
    try:
        selection = select(estate, parse_selector(change.select))
    except SelectorError as error:
        return (), [change.problem(("select",), f"select, column {error.column}: {error.reason}")]
    except EmptySelectionError as error:
        return (), [change.problem(("select",), str(error), "a change is for one device at least")]
    return selection.devices, [_note(change.problem(("select",), note)) for note in selection.notes]


def _without_template(change: Change, devices: Iterable[Device]) -> Iterator[Problem]:
    if change.task is not None:
        return
    lacking: dict[str, list[str]] = {}
    for device in devices:
        if device.platform not in change.roots:
            lacking.setdefault(device.platform, []).append(device.name)
    for platform, names in lacking.items():
        message = f"there is no template for the platform {platform!r} of {_those(names)}"
        hint = f"add it to config, or narrow the selector: {change.select},platform!={platform}"
        yield change.problem(("config",), message, hint)


def _rows(change: Change, estate: Estate) -> Iterator[Problem]:
    """Rows for what does not exist: another estate may have it, so they stop nothing."""
    if change.table is None:
        return
    known = estate.sites if change.table.key is Key.SITE else estate.devices
    for name, row in change.table.rows.items():
        if name not in known:
            message = f"the estate has no {change.table.key.value} {name[:63]!r}"
            hint = Suggester().hint(name, known)
            file = change.name(change.table.path)
            yield Problem(file=file, line=row.line, message=message, hint=hint, severity=Severity.WARNING)


def _without_row(change: Change, devices: Iterable[Device]) -> list[Device]:
    """Devices whose templates read a row that is not there."""
    table = change.table
    if table is None or change.task is not None:
        return []
    reading = {platform for platform in change.roots if change.uses(platform, "row")}
    return [device for device in devices if device.platform in reading and table.row(device) is None]


def _missing_rows(change: Change, devices: Sequence[Device]) -> Iterator[Problem]:
    if devices and change.table is not None:
        names = sorted({_key(change.table, device) for device in devices})
        message = f"there is no row for {len(names)} {_plural(change.table.key.value, len(names))}: {_first(names)}"
        hint = f"{len(devices)} {_plural('device', len(devices))} of the selection cannot be rendered without"
        yield Problem(file=change.name(change.table.path), line=0, message=message, hint=hint)


def _key(table: Table, device: Device) -> str:
    return device.site if table.key is Key.SITE else device.name


def _can_render(change: Change, platform: str) -> bool:
    """Whether rendering can tell anything new: what is wrong with templates by themselves was told before."""
    return change.task is not None or (platform in change.roots and not change.flawed(platform))


@dataclass(slots=True)
class _Shared:
    """One problem of several devices: as the first of them has it, and who has it."""

    problem: Problem
    detail: str
    devices: list[str] = field(default_factory=list)


def _rendered(
    change: Change, estate: Estate, devices: Iterable[Device], platforms: Mapping[str, Platform], render: Render
) -> Iterator[Problem]:
    shared: dict[tuple[str, int, str], _Shared] = {}
    for device in devices:
        for problem, detail in _of_device(change, estate, device, platforms[device.platform], render):
            key = (problem.file, problem.line, problem.message)
            shared.setdefault(key, _Shared(problem, detail)).devices.append(device.name)
    for one in shared.values():
        names = one.devices
        example = f", on {names[0]} {one.detail}" if one.detail else ""
        message = f"{one.problem.message} ({_those(names)}{example})"
        yield Problem(file=one.problem.file, line=one.problem.line, message=message, hint=one.problem.hint)


def _of_device(
    change: Change, estate: Estate, device: Device, platform: Platform, render: Render
) -> Iterator[tuple[Problem, str]]:
    """What is wrong for one device, each without what differs between devices, and that."""
    try:
        text = render(change, estate, device)
    except RenderError as error:
        failure = error.failure
        shown = f", in: {failure.expression}" if failure.expression else ""
        file = change.name(failure.template)
        problem = Problem(file=file, line=failure.line, message=f"{failure.message}{shown}", hint=failure.hint)
        yield problem, failure.detail
        return
    except AutomationError as error:
        yield change.problem(("task",), "the task gives no lines"), str(error)
        return
    file = change.name(change.roots.get(device.platform, "change.yaml"))
    for fault in faults(text, platform.vendor, merge=change.mode is Mode.MERGE, keep=change.keep):
        problem = Problem(file=file, line=0, message=fault.message, hint=fault.hint)
        yield change.problem(fault.field, fault.message, fault.hint) if fault.field else problem, fault.detail


def _note(problem: Problem) -> Problem:
    return Problem(file=problem.file, line=problem.line, message=problem.message, severity=Severity.WARNING)


def _those(names: Sequence[str]) -> str:
    return f"{len(names)} {_plural('device', len(names))}: {_first(names)}"


def _first(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
