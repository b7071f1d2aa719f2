"""Expected errors as messages on standard error and exit codes; nobody is shown a traceback of these."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer

from automation.errors import AutomationError
from console.causes import advice
from console.errors import ConsoleError, StoppedError, UsageError
from console.exits import Exit
from console.output import Output
from events.authority import RefusedError
from events.blobs.contract import BlobError
from events.errors import MessageError
from events.log.contract import LogError, LogUnavailableError
from events.signing import KeyFileError
from events.values import Cause
from inventory.problems import InventoryError
from lab.errors import LabError
from workers.control_watch import ControlUnreadError
from workers.founding import FoundingError
from workers.logs import configure_logging
from workers.projector.errors import ViewsProblemError
from workers.serving.web import AddressInUseError
from workers.settings import SettingsFileError

#: The first class that fits counts.
EXPECTED: Mapping[type[Exception], Exit] = {
    UsageError: Exit.USAGE,
    StoppedError: Exit.INTERRUPTED,
    ConsoleError: Exit.FAILED,
    LogUnavailableError: Exit.UNDECIDED,
    ControlUnreadError: Exit.UNDECIDED,
    LogError: Exit.FAILED,
    RefusedError: Exit.FAILED,
    MessageError: Exit.FAILED,
    BlobError: Exit.FAILED,
    KeyFileError: Exit.FAILED,
    SettingsFileError: Exit.FAILED,
    FoundingError: Exit.FAILED,
    AddressInUseError: Exit.FAILED,
    InventoryError: Exit.FAILED,
    AutomationError: Exit.FAILED,
    ViewsProblemError: Exit.FAILED,
    LabError: Exit.FAILED,
}

_LEVELS = ("debug", "info", "warning", "error")
_ALL: tuple[type[Exception], ...] = (OSError, *EXPECTED)


@contextmanager
def complaining() -> Iterator[None]:
    """Turns expected errors, and Ctrl-C, into a message and the end of the process.

    What parts of the product log while a command runs goes to standard error, and only where it is an error; more of
    it, and what the client of Kafka has to say, with ``WAVEGATE_LOG_LEVEL``.
    """
    level = os.environ.get("WAVEGATE_LOG_LEVEL", "")
    configure_logging(level if level in _LEVELS else "error", chatty=level in _LEVELS)
    try:
        yield
    except (KeyboardInterrupt, typer.Abort) as error:
        Output().complain("interrupted; nothing was sent")
        raise typer.Exit(Exit.INTERRUPTED) from error
    except BrokenPipeError:
        raise
    except _ALL as error:
        raise typer.Exit(complaint_code(error)) from error


def complaint_code(error: BaseException) -> Exit:
    """Says what an error means, and gives the code that goes with it."""
    Output().complain(_of_system(error) if isinstance(error, OSError) else _advised(error))
    return code_of(error)


def code_of(error: BaseException) -> Exit:
    """The code that goes with an error."""
    return next((code for kind, code in EXPECTED.items() if isinstance(error, kind)), Exit.FAILED)


def _advised(error: BaseException) -> str:
    """What happened; of what happened at a device, what to do about it too."""
    cause = getattr(error, "cause", None)
    what_to_do = advice(cause.value) if isinstance(cause, Cause) else ""
    return f"{error}\n{what_to_do}" if what_to_do else str(error)


def _of_system(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename else f"the operating system refused: {what}"
