"""A listening socket that looks at connections first."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lab.errors import AddressError
from lab.listener import Listener, handed_over


@pytest.fixture
def address(new_address: Callable[[], str]) -> str:
    return new_address()


def listening(address: str, act: Callable[[Listener, list[str]], Awaitable[Any]], *, admit: bool = True) -> Any:
    """Runs a coroutine with a listener that answers `hello` and writes down its peers."""

    async def run() -> Any:
        peers: list[str] = []

        async def serve(connection: socket.socket, peer: str) -> None:
            peers.append(peer)
            await asyncio.get_running_loop().sock_sendall(connection, b"hello")

        listener = Listener("d1", address, 2299, lambda _peer: admit, serve)
        listener.open()
        try:
            return await act(listener, peers)
        finally:
            await listener.close()

    return asyncio.run(run())


async def said(address: str) -> bytes:
    reader, writer = await asyncio.open_connection(address, 2299)
    try:
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def test_serves_several_at_once(address: str) -> None:
    async def act(_listener: Listener, peers: list[str]) -> Any:
        return await asyncio.gather(*(said(address) for _ in range(5))), peers

    answers, peers = listening(address, act)

    assert answers == [b"hello"] * 5
    assert {peer.split(".")[0] for peer in peers} == {"127"}


def test_whoever_is_not_admitted_is_reset(address: str) -> None:
    async def act(_listener: Listener, peers: list[str]) -> list[str]:
        with pytest.raises(ConnectionResetError):
            await said(address)
        return peers

    assert listening(address, act, admit=False) == []


def test_shut_and_opened_again(address: str) -> None:
    async def act(listener: Listener, _peers: list[str]) -> bytes:
        listener.shut()
        with pytest.raises(ConnectionRefusedError):
            await said(address)
        listener.open()
        return await said(address)

    assert listening(address, act) == b"hello"


def test_shutting_twice_is_the_same(address: str) -> None:
    async def act(listener: Listener, _peers: list[str]) -> None:
        listener.shut()
        listener.shut()

    listening(address, act)


def test_an_address_that_is_not_here(address: str) -> None:
    async def run() -> None:
        async def serve(_connection: socket.socket, _peer: str) -> None: ...

        Listener("d1", "192.0.2.1", 2299, lambda _peer: True, serve).open()

    with pytest.raises(
        AddressError, match=r"d1 cannot listen on 192\.0\.2\.1 port 2299: .*Is another lab running there"
    ):
        asyncio.run(run())


def test_closing_ends_what_is_served(address: str) -> None:
    async def run() -> bool:
        ended = asyncio.Event()
        began = asyncio.Event()

        async def serve(_connection: socket.socket, _peer: str) -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        listener = Listener("d1", address, 2299, lambda _peer: True, serve)
        listener.open()
        _, writer = await asyncio.open_connection(address, 2299)
        await began.wait()
        await listener.close()
        writer.close()
        return ended.is_set()

    assert asyncio.run(run())


def test_a_connection_that_is_handed_over_is_not_closed() -> None:
    left, right = socket.socketpair()

    with left:
        mine = handed_over(left)
    mine.sendall(b"still here")

    assert right.recv(100) == b"still here"
    mine.close()
    right.close()


def test_a_mistake_in_the_lab_is_logged_and_ends_one_connection(address: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> list[bytes]:
        async def serve(connection: socket.socket, _peer: str) -> None:
            await asyncio.get_running_loop().sock_sendall(connection, b"hello")
            raise ZeroDivisionError

        listener = Listener("d1", address, 2299, lambda _peer: True, serve)
        listener.open()
        answers = [await said(address) for _ in range(2)]
        await listener.close()
        return answers

    assert asyncio.run(run()) == [b"hello", b"hello"]
    assert [record.message for record in caplog.records if record.name == "lab.listener"] == [
        "d1: a connection ended by a mistake in the lab"
    ] * 2
