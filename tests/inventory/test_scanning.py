"""Asking live servers for their keys, over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from inventory.hostkeys import HostKey, HostKeyBook, HostKeyConflictError, known_hosts_text, tls_context
from inventory.model import Device
from inventory.scanning import HostKeyScanError, scan_https, scan_ssh

SOON = timedelta(seconds=10)
AT_ONCE = timedelta(milliseconds=200)

Certificate = Callable[[str], tuple[Path, Path]]


def private_key(algorithm: str) -> asyncssh.SSHKey:
    return asyncssh.generate_private_key(algorithm)


def public(key: asyncssh.SSHKey) -> HostKey:
    return HostKey.parse(key.export_public_key("openssh").decode())


class Watching(asyncssh.SSHServer):
    """A server that notes who begins to log in."""

    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    def begin_auth(self, username: str) -> bool:
        self._seen.append(username)
        return True


@asynccontextmanager
async def ssh_server(
    keys: Sequence[asyncssh.SSHKey], seen: list[str] | None = None, **options: Any
) -> AsyncIterator[int]:
    """A server with these host keys on a port of its own."""
    noted = [] if seen is None else seen
    async with await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=keys, server_factory=lambda: Watching(noted), **options
    ) as server:
        yield server.get_port()


class Talking(asyncio.Protocol):
    """Says something to whoever comes, and does no more."""

    def __init__(self, text: bytes, clients: list[asyncio.Transport]) -> None:
        self._text = text
        self._clients = clients

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._clients.append(transport)
        transport.write(self._text)


@asynccontextmanager
async def talking(text: bytes) -> AsyncIterator[int]:
    """A server that says something and then waits for the other side to go."""
    clients: list[asyncio.Transport] = []
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: Talking(text, clients), "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for client in clients:
            client.abort()


class Forwarding(asyncssh.SSHServer):
    """A jump host that lets everybody through and notes where to."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports

    def begin_auth(self, _: str) -> bool:
        return False

    def connection_requested(self, _: str, dest_port: int, *__: object) -> bool:
        self._ports.append(dest_port)
        return True


async def free_port() -> int:
    async with await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        return port


def test_every_family_of_keys_is_found_and_nobody_logs_in() -> None:
    async def scan() -> tuple[tuple[HostKey, ...], list[asyncssh.SSHKey], list[str]]:
        keys = [private_key(algorithm) for algorithm in ("ssh-ed25519", "ecdsa-sha2-nistp384", "ssh-rsa")]
        seen: list[str] = []
        async with ssh_server(keys, seen) as port:
            return await scan_ssh("127.0.0.1", port, within=SOON), keys, seen

    found, keys, seen = asyncio.run(scan())
    assert set(found) == {public(key) for key in keys}
    assert not seen


@asynccontextmanager
async def fickle(port: int, taken: int) -> AsyncIterator[int]:
    """Leads so many connections to a server, one after the other, and hangs up on those that follow."""
    left = [None] * taken

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if left:
            left.pop()
            onward = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(pump(reader, onward[1]), pump(onward[0], writer), return_exceptions=True)
            onward[1].close()
        writer.close()

    async with await asyncio.start_server(lead, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(("taken", "found"), [(1, 1), (0, 0)], ids=["on what it lacks", "on everybody"])
def test_a_device_may_hang_up_on_an_algorithm_that_it_lacks(taken: int, found: int) -> None:
    async def scan() -> tuple[HostKey, ...]:
        async with ssh_server([private_key("ssh-ed25519")]) as server, fickle(server, taken) as port:
            return await scan_ssh("127.0.0.1", port, within=SOON)

    if found:
        assert len(asyncio.run(scan())) == found
    else:
        with pytest.raises(HostKeyScanError, match=r"[Cc]onnection"):
            asyncio.run(scan())


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
def test_old_gear_is_found_only_where_its_record_allows_it() -> None:
    """Group 1 key exchange with SHA-1, ssh-rsa signatures and CBC, as IOS 12 has them."""

    async def scan() -> tuple[str, tuple[HostKey, ...], HostKey]:
        key = private_key("ssh-rsa")
        old = {"kex_algs": ["diffie-hellman-group1-sha1"], "encryption_algs": ["aes128-cbc"]}
        async with ssh_server([key], signature_algs=["ssh-rsa"], **old) as port:
            with pytest.raises(HostKeyScanError) as caught:
                await scan_ssh("127.0.0.1", port, within=SOON)
            return caught.value.reason, await scan_ssh("127.0.0.1", port, within=SOON, legacy_crypto=True), public(key)

    reason, found, key = asyncio.run(scan())
    assert reason == "none of the algorithms was agreed on; it may be old gear that needs legacy_crypto: true"
    assert found == (key,)


def test_a_device_behind_a_jump_host_is_found() -> None:
    async def scan() -> tuple[tuple[HostKey, ...], HostKey, set[bool]]:
        key, ports = private_key("ssh-ed25519"), list[int]()
        jump = asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[private_key("ssh-ed25519")], server_factory=lambda: Forwarding(ports)
        )
        async with ssh_server([key]) as port, await jump as server:
            connecting = asyncssh.connect(
                "127.0.0.1", server.get_port(), known_hosts=None, username="x", config=None, client_keys=None
            )
            async with connecting as tunnel:
                found = await scan_ssh("127.0.0.1", port, within=SOON, tunnel=tunnel)
        return found, public(key), {forwarded == port for forwarded in ports}

    found, key, through_it = asyncio.run(scan())
    assert found == (key,)
    assert through_it == {True}


def test_the_certificate_of_an_https_device_is_found(certificate: Certificate) -> None:
    async def scan(files: tuple[Path, Path]) -> tuple[HostKey, ...]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context) as server:
            return await scan_https("127.0.0.1", server.sockets[0].getsockname()[1], within=SOON)

    files = certificate("rtr1")
    assert asyncio.run(scan(files)) == (HostKey.parse(files[0].read_text()),)


@pytest.mark.parametrize("scan", [scan_ssh, scan_https])
def test_a_device_that_is_not_there_is_told(scan: Any) -> None:
    async def scanned() -> HostKeyScanError:
        port = await free_port()
        with pytest.raises(HostKeyScanError) as caught:
            await scan("127.0.0.1", port, within=SOON)
        return caught.value

    error = asyncio.run(scanned())
    assert str(error).startswith(f"no host key from 127.0.0.1 port {error.port}: ")
    assert "Connect call failed" in error.reason
    assert error.retriable


@pytest.mark.parametrize("scan", [scan_ssh, scan_https])
def test_a_device_that_says_nothing_is_given_up(scan: Any) -> None:
    async def scanned() -> str:
        async with talking(b"") as port:
            with pytest.raises(HostKeyScanError) as caught:
                await scan("127.0.0.1", port, within=AT_ONCE)
            return caught.value.reason

    assert asyncio.run(scanned()) == "no answer within 0.2 s"


@pytest.mark.parametrize(
    ("scan", "text"),
    [
        pytest.param(scan_ssh, b"SSH-1.5-\x1b[2J\x1b]0;evil\x07\r\n", id="an SSH of long ago, with escapes"),
        pytest.param(scan_ssh, b"x" * 100_000 + b"\r\n", id="an endless banner"),
        pytest.param(scan_https, b"HTTP/1.1 400 \x1b[31mBad Request\r\n\r\n", id="HTTP in place of TLS"),
    ],
)
def test_what_a_device_says_is_told_harmlessly(scan: Any, text: bytes) -> None:
    async def scanned() -> str:
        async with talking(text) as port:
            with pytest.raises(HostKeyScanError) as caught:
                await scan("127.0.0.1", port, within=SOON)
            return str(caught.value)

    told = asyncio.run(scanned())
    assert told.isprintable()
    assert len(told) < 300


def ios_at(port: int) -> Device:
    return Device(name="r", site="s", role="r", platform="ios", address="127.0.0.1", port=port, credentials="c")


async def login(port: int, known_hosts: Path) -> str:
    """What an SSH client with strict checking makes of a server: 'in', or why not."""
    try:
        async with asyncssh.connect(
            "127.0.0.1", port, known_hosts=str(known_hosts), username="x", password="y", config=None, client_keys=None
        ):
            return "in"
    except asyncssh.HostKeyNotVerifiable as error:
        return type(error).__name__
    except asyncssh.PermissionDenied:
        return "asked for a password"


def test_what_was_enrolled_is_recognised_and_a_change_is_not(tmp_path: Path) -> None:
    """From the scan through the book to a strict client; then other hardware answers at the same address."""

    async def story() -> list[str]:
        path = tmp_path / "known_hosts"
        told: list[str] = []
        async with ssh_server([private_key("ssh-ed25519"), private_key("ssh-rsa")]) as port:
            book = HostKeyBook().with_keys("r", await scan_ssh("127.0.0.1", port, within=SOON))
            path.write_text(known_hosts_text(ios_at(port), book.of("r")))
            told.append(await login(port, path))
        async with ssh_server([private_key("ssh-ed25519")]) as other_port:
            path.write_text(known_hosts_text(ios_at(other_port), book.of("r")))
            told.append(await login(other_port, path))
            swapped = await scan_ssh("127.0.0.1", other_port, within=SOON)
            with pytest.raises(HostKeyConflictError):
                book.with_keys("r", swapped)
            replaced = book.with_keys("r", swapped, replace=True)
            path.write_text(known_hosts_text(ios_at(other_port), replaced.of("r")))
            told.append(await login(other_port, path))
        return told

    assert asyncio.run(story()) == ["asked for a password", "HostKeyNotVerifiable", "asked for a password"]


def test_a_scanned_certificate_opens_a_strict_session(certificate: Certificate) -> None:
    async def story(files: tuple[Path, Path]) -> bool:
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(*files)
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=serving) as server:
            port = server.sockets[0].getsockname()[1]
            context = tls_context("r", await scan_https("127.0.0.1", port, within=SOON))
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            writer.transport.abort()
            return context.verify_mode is ssl.CERT_REQUIRED

    assert asyncio.run(story(certificate("rtr1")))
