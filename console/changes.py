"""Changes in somebody's checkout: read, checked, rendered, packed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from automation.change.bundle import Bundle
from automation.change.errors import BundleError, ChangeError
from automation.change.examining import examine
from automation.change.model import Change, TaskReference
from automation.change.packing import pack
from automation.change.sources import Folder
from automation.change.starter import starter
from automation.change.validation import validate
from automation.platforms.registry import platforms
from automation.tasks.engineer import text_for
from automation.tasks.finding import find_task
from console.errors import ConsoleError
from inventory.estate import Estate
from inventory.model import Device
from inventory.problems import Problem, Severity

_FEW_SITES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A change file, and where engineers' tasks are."""

    file: Path
    tasks: Path | None = None

    def change(self) -> Change:
        """The change.

        Raises:
            ChangeError: with everything that is wrong with it.
        """
        found = examine(self._source())
        if found.problems or found.change is None:
            raise ChangeError(found.problems)
        return found.change

    def bundle(self) -> Bundle:
        """The change packed, to be submitted.

        Raises:
            ChangeError, BundleError: it cannot be used.
        """
        return pack(self.file, self._find_task)

    def problems(self, estate: Estate) -> tuple[Problem, ...]:
        """Everything that is wrong with it in an estate, and notes on what is merely odd."""
        found = examine(self._source())
        problems = list(found.problems)
        if found.change is not None:
            problems += validate(found.change, estate, platforms(), self.render)
        if not _errors(problems):
            problems += self._too_large()
        return tuple(dict.fromkeys(problems))

    def render(self, change: Change, estate: Estate, device: Device) -> str:
        """The lines for a device, from a template or a task.

        Raises:
            RenderError, TaskError: there are none, and why.
        """
        return text_for(change, estate, device, self.tasks)

    def _source(self) -> Folder:
        return Folder(change_file=self.file, find_task=self._find_task)

    def _find_task(self, name: str) -> TaskReference:
        return find_task(self.tasks, name)

    def _too_large(self) -> Iterator[Problem]:
        try:
            self.bundle()
        except BundleError as error:
            yield Problem(file=str(self.file), line=0, message=str(error))


def write_starter(folder: Path, estate: Estate, team: str) -> tuple[Path, ...]:
    """Writes a change to begin with, for the platforms and sites of an estate; never over a file that is there.

    Raises:
        ConsoleError: there is something in the folder.
        OSError: it cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConsoleError(f"{folder} is not empty; name a folder that is not there yet")
    names = {device.platform for device in estate.devices.values()} or set(platforms())
    files = starter(names, list(estate.sites)[:_FEW_SITES] or ("site-1", "site-2"), team)
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return tuple(folder / path for path in files)


def _errors(problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]
