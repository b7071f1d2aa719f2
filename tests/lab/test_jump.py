"""The jump host."""

from collections.abc import Callable, Iterator
from typing import Any

import paramiko
import pytest

USER, PASSWORD = "hop", "hop-pass"


@pytest.fixture
def bench(start: Callable[..., Any], new_address: Callable[[], str]) -> Any:
    """A lab with a jump host that takes two connections, from whose address alone `r1` may be managed."""
    jump = {"name": "jump", "address": new_address(), "username": USER, "password": PASSWORD, "connections": 2}
    startup = (
        "hostname r1\nip access-list standard MGMT-IN\n 10 permit {jump}\nline vty 0 4\n access-class MGMT-IN in\n"
    ).format(jump=jump["address"])
    bench = start(r1={"startup": startup}, jump_hosts=[jump])
    bench.addresses["jump"] = (str(jump["address"]), 2222)
    return bench


@pytest.fixture
def connect(bench: Any) -> Iterator[Callable[..., paramiko.SSHClient]]:
    opened: list[paramiko.SSHClient] = []

    def client(password: str = PASSWORD) -> paramiko.SSHClient:
        host, port = bench.addresses["jump"]
        client = paramiko.SSHClient()
        client.load_host_keys(str(bench.lab.known_hosts))
        opened.append(client)
        client.connect(host, port, USER, password, allow_agent=False, look_for_keys=False, timeout=20)
        return client

    yield client
    for client_ in opened:
        client_.close()


def forward(client: paramiko.SSHClient, target: tuple[str, int]) -> paramiko.Channel:
    transport = client.get_transport()
    assert transport is not None
    return transport.open_channel("direct-tcpip", target, ("127.0.0.1", 0), timeout=20)


def test_devices_are_reached_through_it_and_see_its_address(
    bench: Any, connect: Callable[..., Any], login: dict[str, str], eventually: Callable[..., None]
) -> None:
    assert not bench.reaches("r1")

    inner = paramiko.SSHClient()
    inner.load_host_keys(str(bench.lab.known_hosts))
    host, port = bench.addresses["r1"]
    channel = forward(connect(), (host, port))
    inner.connect(
        host, port, login["username"], login["password"], sock=channel, allow_agent=False, look_for_keys=False
    )
    shell = inner.invoke_shell()
    assert shell.recv(100)
    inner.close()

    assert [entry.peer for entry in bench.lab.journal("r1") if entry.event.value == "login"] == [
        bench.addresses["jump"][0]
    ]
    eventually(lambda: bench.lab.device("r1").sessions == 0)


def test_nothing_but_devices_is_reached_through_it(bench: Any, connect: Callable[..., Any]) -> None:
    client = connect()

    for target in (("127.0.0.1", 22), (bench.addresses["r1"][0], 22), bench.addresses["jump"]):
        with pytest.raises(paramiko.ChannelException, match="Administratively prohibited"):
            forward(client, target)


def test_it_gives_no_shell(connect: Callable[..., Any]) -> None:
    with pytest.raises(paramiko.SSHException):
        connect().invoke_shell()


def test_a_wrong_password_is_refused(connect: Callable[..., Any]) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        connect("wrong")


def test_a_device_that_is_away_is_told(bench: Any, connect: Callable[..., Any]) -> None:
    bench.lab.power_cut("r1", seconds=30)

    with pytest.raises(paramiko.ChannelException, match="Connect failed"):
        forward(connect(), bench.addresses["r1"])


def test_a_device_that_refuses_ends_the_channel(bench: Any, connect: Callable[..., Any]) -> None:
    bench.lab.edit("r1", ["ip access-list standard MGMT-IN", "no 10", "10 deny any"])

    # The refusal may come before or after the channel is known to be open.
    try:
        ended = forward(connect(), bench.addresses["r1"]).recv(1) == b""
    except paramiko.SSHException:
        ended = True

    assert ended


def test_connections_are_capped(connect: Callable[..., Any], eventually: Callable[..., None]) -> None:
    first, _ = connect(), connect()
    with pytest.raises((paramiko.SSHException, OSError, EOFError)):
        connect()

    first.close()

    def again() -> bool:
        try:
            return connect() is not None
        except (paramiko.SSHException, OSError, EOFError):
            return False

    eventually(again)


def test_an_end_in_the_middle_reaches_the_device(
    bench: Any, connect: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    client = connect()
    channel = forward(client, bench.addresses["r1"])
    assert channel.recv(8) == b"SSH-2.0-"

    client.close()

    eventually(lambda: bench.lab.device("r1").sessions == 0)
