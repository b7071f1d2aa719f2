"""From a change file in a checkout to a bundle, and from a bundle's bytes to the change."""

from pathlib import Path

from automation.change.bundle import MAX_FILES, Bundle
from automation.change.errors import BundleError, ChangeError
from automation.change.examining import Examined, examine
from automation.change.model import Change
from automation.change.sources import FindTask, Folder, Packed
from inventory.problems import Problem


def pack(change_file: Path, find_task: FindTask | None = None) -> Bundle:
    """The bundle of a change file with its templates and data.

    Args:
        change_file: the YAML file; everything that it names lies below its folder.
        find_task: finds an engineer's own task by its name; see :func:`automation.tasks.finding.find_task`.

    Raises:
        ChangeError: with everything that is wrong in ``problems``, each with its file and line.
        BundleError: the change is too large.
    """
    found = examine(Folder(change_file=change_file, find_task=find_task))
    _refuse(found)
    if len(found.files) > MAX_FILES:
        raise BundleError(f"the change is made of more than {MAX_FILES} files; put templates together")
    bundle = Bundle(files=dict(found.files))
    return Bundle.decode(bundle.encode())


def open_bundle(content: bytes) -> Change:
    """The change of a bundle's bytes. The same bytes give the same change, on any machine.

    Raises:
        BundleError: the bytes are no bundle.
        ChangeError: they are one, and what is in it is no change.
    """
    bundle = Bundle.decode(content)
    found = examine(Packed(files=bundle.files))
    extra = sorted(bundle.files.keys() - found.files.keys()) if found.change is not None else []
    message = "nothing in the change refers to this file"
    unused = [Problem(file=path, line=0, message=message, hint="leave it out of the bundle") for path in extra]
    return _refuse(found, *unused)


def _refuse(found: Examined, *more: Problem) -> Change:
    if found.problems or more or found.change is None:
        raise ChangeError([*found.problems, *more])
    return found.change
