"""Runs an engineer's own task for one device. It returns configuration lines, and these are pushed like any others.

A task is a function ``def NAME(task: Task) -> Result``. What it knows of the device is plain data in
``task.host.data`` (see :mod:`inventory.nornir_plugin`); it gets no login, so it cannot reach the device itself.
"""

import sys
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

from nornir.core import Nornir
from nornir.core.task import MultiResult, Result, Task
from nornir.plugins.runners import SerialRunner

from automation.change.model import Change, TaskReference
from automation.change.rendering import render
from automation.render.budget import Allowance
from automation.tasks.finding import TaskError, TaskSource, TaskVersionError, find_source, package_version
from inventory.estate import Estate
from inventory.model import Device
from inventory.nornir_plugin import EstateInventory

EngineersTask = Callable[[Task], Result]

_MOST_CHARACTERS = Allowance().text


def text_for(change: Change, estate: Estate, device: Device, tasks_folder: Path | None = None) -> str:
    """The lines of a change for a device, wherever they come from: a template or a task.

    Raises:
        RenderError: the template gives none.
        TaskError: the task gives none.
        TaskVersionError: this machine has another version of the task.
    """
    if change.task is None:
        return render(change, estate, device)
    return lines_of(change.task, tasks_folder, nornir_for(change, estate, device))


def nornir_for(change: Change, estate: Estate, device: Device) -> Nornir:
    """A fresh Nornir with one host: copies of one share the hosts that failed, and silently leave them out."""
    inventory = EstateInventory(estate, [device.name], {device.name: change.variables_for(device)})
    return Nornir(inventory=inventory.load(), runner=SerialRunner())


def lines_of(task: TaskReference, tasks_folder: Path | None, nornir: Nornir) -> str:
    """What a task returns for the one host of a Nornir that was made for this.

    Raises:
        TaskVersionError: this machine has another version of the task than the one that is asked for.
        TaskError: there is no such task, it failed, or what it returns are no lines.
    """
    source = find_source(tasks_folder, task.name)
    if source.version != task.version:
        message = f"the task {task.name!r} is {source.version} here ({source.place}), the change was packed with"
        raise TaskVersionError(f"{message} {task.version}; bring this machine up to date, or pack the change anew")
    hosts = list(nornir.inventory.hosts)
    if len(hosts) != 1 or nornir.data.failed_hosts:
        raise TaskError(f"a task is run for one host in a fresh Nornir, and this one has {hosts}; make one anew")
    function = _function(source)
    results = nornir.run(task=function, name=task.name, raise_on_error=False)
    if list(results) != hosts:
        raise TaskError(f"Nornir ran {task.name!r} on {list(results)} in place of {hosts}; make a fresh Nornir")
    return _lines(task.name, hosts[0], results[hosts[0]])


def _lines(name: str, host: str, results: MultiResult) -> str:
    if results.failed:
        failed = next(result for result in results if result.failed)
        why = failed.exception or failed.result
        kind = f"{type(why).__name__}: " if isinstance(why, BaseException) else ""
        raise TaskError(f"the task {name!r} failed on {host}: {kind}{str(why)[:1000]}") from failed.exception
    returned = results[0].result
    lines = [returned] if isinstance(returned, str) else returned
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        message = f"the task {name!r} returned {type(returned).__name__} for {host} and no lines"
        raise TaskError(f"{message}; return Result(host=task.host, result=...) with a text or a list of texts")
    return _checked(name, host, "".join(line if line.endswith("\n") else f"{line}\n" for line in lines if line))


def _checked(name: str, host: str, text: str) -> str:
    if len(text) > _MOST_CHARACTERS:
        raise TaskError(f"the task {name!r} returned more than {_MOST_CHARACTERS} characters for {host}")
    odd = next((sign for sign in text if sign not in "\n\t" and not sign.isprintable()), None)
    if odd is not None:
        raise TaskError(
            f"the task {name!r} returned the character U+{ord(odd):04X} for {host}; no configuration has it"
        )
    return text


@lru_cache(maxsize=64)
def _function(source: TaskSource) -> EngineersTask:
    """The task's function. A version is loaded once: what it runs is what its digest is over."""
    try:
        function = _loaded(source.entry) if source.entry is not None else getattr(_module(source), source.name, None)
    except (Exception, SystemExit) as error:
        # Whatever an engineer's module does while it is imported must end up as that task's error and nothing else.
        raise TaskError(f"{source.place} cannot be loaded: {type(error).__name__}: {error}") from error
    if source.entry is not None and package_version(source.entry) != source.version:
        raise TaskError(f"{source.place} was changed while this process ran; restart it")
    if not callable(function):
        raise TaskError(
            f"{source.place} has no function {source.name!r}; write def {source.name}(task: Task) -> Result"
        )
    checked: EngineersTask = function
    return checked


def _loaded(entry: EntryPoint) -> object:
    loaded: object = entry.load()
    return loaded


def _module(source: TaskSource) -> ModuleType:
    """A module of the very bytes that the version was computed from."""
    module = ModuleType(f"wavegate_task_{source.name}_{source.version[-12:]}")
    module.__file__ = source.place
    # Dataclasses and pickling look their module up by its name.
    sys.modules[module.__name__] = module
    exec(compile(source.code or b"", source.place, "exec"), module.__dict__)  # noqa: S102 - an engineer's reviewed task
    return module
