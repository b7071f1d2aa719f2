"""The control channel of a lab that runs as its own process: JSON lines over a unix socket.

A request is `{"op": OPERATION, "args": {...}}`, its answer `{"ok": RESULT}` or `{"error": {"kind": CLASS, "message":
TEXT}}`. The operations are those of lab.runtime, and `stop`. The socket is for its owner alone.
"""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import ControlError, FaultError, LabError, UnknownDeviceError
from lab.handle import LabHandle
from lab.runtime import Runtime

_LONGEST_LINE = 64 * 1024 * 1024
_LONGEST_PATH = 100
_SECONDS = 60
_KINDS: Mapping[str, type[LabError]] = {"FaultError": FaultError, "ControlError": ControlError}


class ControlServer:
    """Serves the operations of a running lab; `stopping` is set when a client asks for its end."""

    def __init__(self, runtime: Runtime, path: Path) -> None:
        self._runtime = runtime
        self._path = path
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self.stopping = asyncio.Event()

    async def start(self) -> None:
        """Begins to listen; raises ControlError where it cannot."""
        if len(str(self._path)) > _LONGEST_PATH:
            raise ControlError(f"{self._path} is too long for a unix socket; give a shorter path with --control")
        await self._clear_the_way()
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=_LONGEST_LINE)
            self._path.chmod(0o600)
        except OSError as error:
            raise ControlError(f"cannot listen on {self._path}: {error.strerror}; give another path") from error

    async def _clear_the_way(self) -> None:
        """Removes a socket that a killed lab left behind, and never that of one that runs."""
        try:
            _, writer = await asyncio.open_unix_connection(self._path)
        except OSError:
            self._path.unlink(missing_ok=True)
            return
        writer.close()
        raise ControlError(f"another lab answers on {self._path}; stop it, or give another path with --control")

    async def stop(self) -> None:
        """Ends the channel and removes its socket."""
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            operation, arguments = request["op"], request.get("args", {})
            if operation == "stop":
                self.stopping.set()
                return {"ok": None}
            return {"ok": self._runtime.operate(operation, arguments)}
        except LabError as error:
            return {"error": {"kind": type(error).__name__, "message": str(error)}}
        except (ValueError, KeyError, TypeError) as error:
            return {"error": {"kind": "ControlError", "message": f"not a request of the control channel: {error}"}}


class LabClient(LabHandle):
    """A lab in another process, by the path of its control socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def _ask(self, operation: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        request = json.dumps({"op": operation, "args": arguments}).encode() + b"\n"
        answer = json.loads(self._exchange(operation, request))
        if "error" in answer:
            self._raise(answer["error"], arguments)
        return answer["ok"]

    def _exchange(self, operation: str, request: bytes) -> bytes:
        # A connection for each question: a client may be used from many threads, and the lab may be started anew.
        try:
            with self._lock, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
                channel.settimeout(_SECONDS)
                channel.connect(str(self._path))
                with channel.makefile("rwb") as file:
                    file.write(request)
                    file.flush()
                    answer = file.readline()
        except OSError as error:
            raise ControlError(f"no lab answers {operation} on {self._path}: {error}. Is it running?") from error
        if not answer:
            raise ControlError(f"the lab on {self._path} ended before it answered {operation}")
        return answer

    @staticmethod
    def _raise(error: Mapping[str, str], arguments: Mapping[str, Any]) -> None:
        if error["kind"] == "UnknownDeviceError":
            raise UnknownDeviceError(str(arguments.get("device")))
        raise _KINDS.get(error["kind"], ControlError)(error["message"])

    def stop(self) -> None:
        """Asks the lab to stop and waits until its control socket is gone."""
        with contextlib.suppress(ControlError):
            self._ask("stop")
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(_SECONDS)
            channel.connect(str(self._path))
            # The lab closes the channel when it ends.
            channel.recv(1)
