"""A unit of work on one device, run by Nornir.

Nornir's filtered copies share what they know of failed hosts: after one failure a later run on that host touches no
device and reports success. So each unit has a Nornir of its own, and its result is held against what was asked.
"""

from collections.abc import Callable
from typing import TypeVar

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import Host
from nornir.core.state import GlobalState
from nornir.core.task import Result, Task
from nornir.plugins.runners import SerialRunner

from automation.errors import AutomationError
from inventory.nornir_plugin import EstateInventory

T = TypeVar("T")


class WrongHostsError(AutomationError):
    """Nornir ran on other hosts than were asked for."""


def run_on(inventory: EstateInventory, device: str, work: Callable[[Host], T]) -> T:
    """Runs work on one device, as a Nornir task on the calling thread, and gives what it returned.

    Raises:
        WrongHostsError: the device was not the one that was run on.
        Exception: whatever the work raised.
    """
    nornir = Nornir(inventory=inventory.load(), runner=SerialRunner(), config=Config(), data=GlobalState())

    def unit(task: Task) -> Result:
        try:
            return Result(host=task.host, result=work(task.host))
        except Exception as error:  # noqa: BLE001 - raised again below; Nornir would log a traceback of every failed login
            return Result(host=task.host, failed=True, exception=error)

    results = nornir.run(task=unit, name="wavegate", on_failed=True)
    if set(results) != {device}:
        raise WrongHostsError(f"asked for {device}, ran on {', '.join(results) or 'nothing'}")
    only = results[device][0]
    if only.exception is not None:
        raise only.exception
    value: T = only.result
    return value
