"""A command line that follows a script, over real SSH: for what the lab's devices never say."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncssh
import pytest
from pydantic import SecretStr

from automation.platforms.contract import Endpoint, Limits
from automation.platforms.shell import Shell
from automation.platforms.ways import way_to
from inventory.credentials import Login


class HungUpError(Exception):
    """The client is gone."""


@dataclass
class Terminal:
    """The device's side of a terminal, for scripts."""

    process: "asyncssh.SSHServerProcess[str]"

    async def say(self, *pieces: str) -> None:
        """Says something, each piece in a packet of its own."""
        for piece in pieces:
            self.process.stdout.write(piece.replace("\n", "\r\n"))
            await self.process.stdout.drain()
            await asyncio.sleep(0.02)

    async def hear(self, *, echo: bool = True) -> str:
        """The next line, or the next control character."""
        typed = ""
        while True:
            key = await self.process.stdin.read(1)
            if not key:
                raise HungUpError
            if key in "\r\n\x03":
                await self.say("\n" if echo else "")
                return typed if key != "\x03" else key
            if key == "\x16":
                continue
            typed += key
            if echo:
                self.process.stdout.write(key)

    async def prepared(self, prompt: str, greeting: str = "") -> None:
        """What every session begins with."""
        await self.say(f"{greeting}\n{prompt}")
        for _ in range(2):
            await self.hear()
            await self.say(prompt)


Script = Callable[[Terminal], Awaitable[None]]


class _Server(asyncssh.SSHServer):
    def __init__(self, options: dict[str, Any], connections: list[asyncssh.SSHServerConnection]) -> None:
        self._options = options
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def password_auth_supported(self) -> bool:
        return "password" in self._options["methods"]

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self._options["methods"]

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        del username
        return bool(key.export_public_key() == self._options.get("client_key"))

    def validate_password(self, username: str, password: str) -> bool:
        del username
        if self._options.get("dismisses") and self._connection is not None:
            self._connection.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "too many tries")
        if self._options.get("vanishes") and self._connection is not None:
            self._connection.abort()
        return password == "right"


class ScriptedHost:
    """An SSH server whose command line follows a script."""

    def __init__(self, script: Script, **options: Any) -> None:
        self._script = script
        self._options = {"methods": ("password",), **options}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted")
        self._thread.start()
        self._connections: list[asyncssh.SSHServerConnection] = []
        self._server = self._wait(self._listen())

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.key = " ".join(key.export_public_key().decode().split()[:2])
        return await asyncssh.create_server(
            lambda: _Server(self._options, self._connections),
            "127.0.0.1",
            0,
            server_host_keys=[key],
            process_factory=self._serve,
            line_editor=False,
            encoding="utf-8",
        )

    async def _serve(self, process: "asyncssh.SSHServerProcess[str]") -> None:
        try:
            await self._script(Terminal(process))
            while await process.stdin.read(1):
                pass
        except (HungUpError, asyncssh.Error, OSError):
            pass
        finally:
            process.exit(0)

    def endpoint(self, **login: Any) -> Endpoint:
        """Where it is, and how to log in."""
        secrets = {"password": "right", **login}
        return Endpoint(
            name="branch-1",
            address="127.0.0.1",
            port=self._server.get_port(),
            credential="scripted",
            login=Login(username="netops", **{name: SecretStr(text) for name, text in secrets.items() if text}),
            host_keys=(self.key,),
        )

    def stop(self) -> None:
        """Stops serving."""
        self._wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for connection in self._connections:
            connection.abort()
            await connection.wait_closed()
        await self._server.wait_closed()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@pytest.fixture
def host() -> Iterator[Callable[..., ScriptedHost]]:
    """Starts scripted hosts."""
    started: list[ScriptedHost] = []

    def start(script: Script, **options: Any) -> ScriptedHost:
        started.append(ScriptedHost(script, **options))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def shell(host: Callable[..., ScriptedHost]) -> Iterator[Callable[..., Shell]]:
    """Opens command lines that follow a script."""
    opened: list[Shell] = []

    def start(script: Script, limits: Limits | None = None, **options: Any) -> Shell:
        limits = limits or Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=5))
        endpoint = host(script, **options).endpoint()
        opened.append(Shell(endpoint, way_to(endpoint, None, limits), limits))
        opened[-1].open()
        return opened[-1]

    yield start
    for each in opened:
        each.disconnect()
