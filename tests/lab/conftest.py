"""A lab on addresses of its own, ways to talk to its devices, and waiting for conditions."""

import base64
import http.client
import itertools
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest

from lab.estate import Estate
from lab.lab import Lab

USER, PASSWORD, ENABLE = "netops", "pass-w0rd", "enable-s3cret"
TIMEOUT = 20.0
_LONGEST_PATTERN = 2000
# Workers of a parallel run, and people who run at once, take different addresses of 127.0.0.0/8.
_numbers = itertools.count()

IOS_STARTUP = """
hostname r1
archive
 path bootflash:archive
interface GigabitEthernet0/0/0
 description management
 ip address {address} 255.255.255.255
interface GigabitEthernet0/0/1
 description spare
 shutdown
interface Vlan10
 ip address 10.1.10.1 255.255.255.0
ip access-list standard MGMT-IN
 10 permit 127.0.0.0 0.255.255.255
line vty 0 4
 access-class MGMT-IN in
 login local
"""

EOS_STARTUP = """
hostname sw1
vlan 10
   name STAFF
interface Ethernet1
   description spare
interface Management1
   ip address {address}/32
ip access-list standard MGMT-IN
   10 permit 127.0.0.0/8
management api http-commands
   no shutdown
   ip access-group MGMT-IN in
"""


@pytest.fixture
def new_address() -> Callable[[], str]:
    """Gives loopback addresses that no other test uses."""

    def address() -> str:
        number = next(_numbers)
        return f"127.{100 + os.getpid() % 100}.{number // 250}.{number % 250 + 1}"

    return address


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Waits until a condition holds, and fails when it does not in time."""

    def wait(condition: Callable[[], object], what: str = "the condition", timeout: float = TIMEOUT) -> None:
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not hold within {timeout} s"
            pause.wait(0.01)

    return wait


class Console:
    """A raw SSH shell on an ios device."""

    def __init__(self, address: str, port: int, *, user: str = USER, password: str = PASSWORD, **options: Any) -> None:
        self._client = paramiko.Transport(socket.create_connection((address, port), TIMEOUT))
        try:
            for name, value in options.items():
                setattr(self._client.get_security_options(), name, value)
            self._client.start_client(timeout=TIMEOUT)
            self.host_key = self._client.get_remote_server_key()
            self._client.auth_password(user, password)
            self.banner = self._client.get_banner()
            self._channel = self._client.open_session(timeout=TIMEOUT)
            self._channel.get_pty(width=200)
            self._channel.invoke_shell()
        except BaseException:
            self._client.close()
            raise
        self._channel.settimeout(TIMEOUT)
        self._seen = ""

    def expect(self, pattern: str) -> str:
        """Everything up to and with the pattern."""
        sought = re.compile(pattern)
        searched = 0
        while True:
            # Megabytes of output are not searched again for each piece that comes.
            match = sought.search(self._seen, max(searched - _LONGEST_PATTERN, 0))
            searched = len(self._seen)
            if match:
                found, self._seen = self._seen[: match.end()], self._seen[match.end() :]
                return found
            data = self._channel.recv(65536)
            assert data, f"the connection ended before {pattern!r} came; last was {self._seen[-500:]!r}"
            self._seen += data.decode("utf-8", "replace")

    def type(self, text: str) -> None:
        """Sends text as it is."""
        self._channel.sendall(text.encode())

    def run(self, command: str, prompt: str = r"[\w.-]+(?:\([\w-]+\))?[>#]$") -> str:
        """Runs a command and returns its output without echo and prompt, with plain newlines."""
        self.type(f"{command}\n")
        self.expect(re.escape(command) + r"\r\n")
        output = self.expect(prompt)
        return re.sub(prompt, "", output).replace("\r\n", "\n")

    def ends(self) -> str:
        """What still comes until the device ends the connection."""
        rest = self._seen
        try:
            while data := self._channel.recv(65536):
                rest += data.decode("utf-8", "replace")
        except OSError:
            pass
        return rest

    def second_channel(self) -> None:
        """Asks for another shell on the same connection."""
        channel = self._client.open_session(timeout=TIMEOUT)
        try:
            channel.get_pty()
            channel.invoke_shell()
        finally:
            channel.close()

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()


class Eapi:
    """Raw requests to the API of an eos device, one connection each unless it is kept."""

    def __init__(self, address: str, port: int, certificate: Path, user: str = USER, password: str = PASSWORD) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        self._connection = http.client.HTTPSConnection(address, port, timeout=TIMEOUT, context=context)
        self._login = base64.b64encode(f"{user}:{password}".encode()).decode()

    def post(self, body: bytes | str, path: str = "/command-api", method: str = "POST") -> tuple[int, str]:
        """The status and the body of the answer; the connection stays open."""
        self._connection.request(method, path, body, {"Authorization": f"Basic {self._login}"})
        response = self._connection.getresponse()
        return response.status, response.read().decode()

    def call(self, *commands: str | Mapping[str, str], encoding: str = "json", **params: Any) -> dict[str, Any]:
        """The JSON-RPC answer to commands."""
        request = {"version": 1, "cmds": list(commands), "format": encoding, **params}
        status, text = self.post(json.dumps({"jsonrpc": "2.0", "method": "runCmds", "params": request, "id": "1"}))
        assert status == 200, text
        answer: dict[str, Any] = json.loads(text)
        return answer

    def run(self, *commands: str | Mapping[str, str], encoding: str = "json") -> list[Any]:
        """The results of commands that succeed, `enable` left out."""
        answer = self.call("enable", *commands, encoding=encoding)
        assert "result" in answer, answer
        results: list[Any] = answer["result"]
        return results[1:]

    def text(self, command: str) -> str:
        """The text of one command."""
        return str(self.run(command, encoding="text")[0]["output"])

    def refused(self, *commands: str | Mapping[str, str], encoding: str = "json") -> dict[str, Any]:
        """The error of commands that fail, `enable` first."""
        answer = self.call("enable", *commands, encoding=encoding)
        assert "error" in answer, answer
        error: dict[str, Any] = answer["error"]
        return error

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


@dataclass
class Bench:
    """A running lab with `r1` (ios) and `sw1` (eos), and what was opened to it."""

    lab: Lab
    addresses: dict[str, tuple[str, int]]
    opened: list[Console | Eapi] = field(default_factory=list)

    def console(self, device: str = "r1", **options: Any) -> Console:
        """A shell on an ios device, past its first prompt."""
        console = Console(*self.addresses[device], **options)
        self.opened.append(console)
        console.expect(r"[>#]$")
        return console

    def eapi(self, device: str = "sw1", **options: Any) -> Eapi:
        """The API of an eos device."""
        eapi = Eapi(*self.addresses[device], self.lab.certificate(device), **options)
        self.opened.append(eapi)
        return eapi

    def lines(self, device: str, event: str = "command") -> list[str]:
        """The lines of the journal's entries of one kind."""
        return [entry.line for entry in self.lab.journal(device) if entry.event.value == event]

    def events(self, device: str) -> list[str]:
        """The kinds of the journal's entries."""
        return [entry.event.value for entry in self.lab.journal(device)]

    def reaches(self, device: str) -> bool:
        """Whether a new connection is let in: greeted, or counted among the sessions, and not reset."""
        fewest = self.lab.device(device).sessions
        try:
            with socket.create_connection(self.addresses[device], TIMEOUT) as connection:
                connection.settimeout(0.02)
                while True:
                    try:
                        return connection.recv(1) != b""
                    except TimeoutError:
                        now = self.lab.device(device).sessions
                        if now > fewest:
                            return True
                        fewest = min(fewest, now)
        except OSError:
            return False


def device(name: str, platform: str, address: str, startup: str, **options: Any) -> dict[str, Any]:
    """An entry of an estate file."""
    login = {"username": USER, "password": PASSWORD}
    return {
        "name": name,
        "platform": platform,
        "address": address,
        "credentials": login,
        "startup": startup.format(address=address),
        "reboot_seconds": 0.1,
        **options,
    }


@pytest.fixture
def start(tmp_path: Path, new_address: Callable[[], str]) -> Iterator[Callable[..., Bench]]:
    """Starts a lab with `r1` and `sw1`; options are those of their entries, `minute` that of the lab."""
    with_benches: list[Bench] = []

    def begin(
        *,
        minute: float = 60.0,
        r1: Mapping[str, Any] | None = None,
        sw1: Mapping[str, Any] | None = None,
        only: str = "",
        **more: Any,
    ) -> Bench:
        entries = [
            device("r1", "ios", new_address(), IOS_STARTUP) | dict(r1 or {}),
            device("sw1", "eos", new_address(), EOS_STARTUP) | dict(sw1 or {}),
        ]
        kept = [entry for entry in entries if only in {"", entry["name"]}]
        estate = Estate.model_validate({"devices": kept, "minute": minute, **more})
        lab = Lab(estate, tmp_path / f"lab{len(with_benches)}")
        bench = Bench(lab, {each.name: (each.address, each.port) for each in estate.devices})
        with_benches.append(bench)
        return bench

    yield begin
    for bench in with_benches:
        for opened in bench.opened:
            opened.close()
        bench.lab.stop()


@pytest.fixture
def bench(start: Callable[..., Bench]) -> Bench:
    """A lab with `r1` (ios) and `sw1` (eos)."""
    return start()


@pytest.fixture
def ios(start: Callable[..., Bench]) -> Bench:
    """A lab with `r1` alone, whose vendor minutes last half a second."""
    return start(only="r1", minute=0.5)


@pytest.fixture
def eos(start: Callable[..., Bench]) -> Bench:
    """A lab with `sw1` alone."""
    return start(only="sw1")


@pytest.fixture
def login() -> dict[str, str]:
    """The credentials of every device."""
    return {"username": USER, "password": PASSWORD, "enable": ENABLE}
