"""A lab inside this process."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lab.errors import ControlError
from lab.estate import Estate
from lab.handle import LabHandle
from lab.runtime import Runtime

_Result = TypeVar("_Result")
_START_SECONDS = 300
_ANSWER_SECONDS = 60


class Lab(LabHandle):
    """Starts the devices of an estate on an event loop in a thread of its own; a context manager stops them.

    Raises StartupConfigError or AddressError where a device cannot start; then nothing is left running.
    """

    def __init__(self, estate: Estate, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab")
        self._runtime = Runtime(estate, folder)
        self._running = True
        self._thread.start()
        try:
            self._wait(self._runtime.start(), _START_SECONDS)
        except BaseException:
            # A lab that did not start must not leave its thread behind.
            self._end()
            raise

    def _wait(self, coroutine: Coroutine[Any, Any, _Result], seconds: float) -> _Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    def _ask(self, operation: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        if not self._running:
            raise ControlError("the lab has been stopped; start another one")
        try:
            return self._wait(self._operate(operation, arguments), _ANSWER_SECONDS)
        except concurrent.futures.TimeoutError as error:
            raise ControlError(f"the lab did not answer {operation} in {_ANSWER_SECONDS} s") from error

    async def _operate(self, operation: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return self._runtime.operate(operation, arguments)

    def stop(self) -> None:
        """Stops the lab and waits for its end; does nothing the second time."""
        if self._running:
            try:
                self._wait(self._runtime.stop(), _ANSWER_SECONDS)
            finally:
                self._end()

    def _end(self) -> None:
        self._running = False
        self._wait(self._drain(), _ANSWER_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _drain(self) -> None:
        """Ends what libraries still have going on, so that nothing is destroyed while it is pending."""
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()
