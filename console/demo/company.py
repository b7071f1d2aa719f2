"""The processes of the demonstration: the lab's devices, and Wavegate's own. All end with it, however it ends."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from console.errors import ConsoleError

_START_S = 60.0
_STOP_S = 60.0


@dataclass(slots=True)
class Company:
    """Starts processes and stops them in reverse order. Their logs go to files in ``folder``."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self.started):
            _stop(process)

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
        """Starts ``python -m ARGUMENTS`` and waits until it says that it is ready.

        Returns:
            What it said, one object.

        Raises:
            ConsoleError: it ended before, or took too long; says where its log is.
        """
        told, log = self.folder / f"{name}.ready", self.folder / f"{name}.log"
        with told.open("wb") as out, log.open("wb") as err:
            process = subprocess.Popen(  # noqa: S603 - this very software
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env=os.environ | dict(environment),
                # A Ctrl-C on the terminal is for the demonstration, which stops the others in good order.
                start_new_session=True,
            )
        self.started.append(process)
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            line = told.read_text().partition("\n")[0]
            if line:
                ready: dict[str, Any] = json.loads(line)
                return ready
            if process.poll() is not None:
                last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
                raise ConsoleError(
                    f"{name} ended with {process.returncode} before it was ready; it said: {last[0][:500]}"
                )
            time.sleep(0.05)
        raise ConsoleError(f"{name} was not ready within {_START_S:g} s; its log is {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Asks a process to end, and ends it if it does not."""
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
