"""eAPI over HTTPS servers that do not behave as a switch does."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from automation.platforms.contract import (
    AnswerTimeoutError,
    AnswerTooLargeError,
    DeviceBusyError,
    Endpoint,
    HostKeyError,
    IncompleteAnswerError,
    Limits,
    LineRejectedError,
    LoginRefusedError,
    PlatformError,
    RefusedCommandError,
    SessionLostError,
    UnreachableError,
)
from automation.platforms.eos.platform import Eos
from automation.platforms.eos.session import clock_of
from automation.platforms.eos.wire import text_line, with_text
from inventory.credentials import Login
from lab.keys import new_certificate

LABEL = "wg-0123456789abcdef"
VERSION = {"version": "4.30.5M", "uptime": 100.0}
QUICK = Limits(connect=timedelta(seconds=2), answer=timedelta(seconds=1), answer_bytes=200_000)


class Switch:
    """An HTTPS server; ``answer`` makes of a request's commands what is sent back."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler, list[Any]], None], made: datetime) -> None:
        self.requests: list[list[Any]] = []
        certificate = new_certificate("switch", "127.0.0.1", made)
        switch = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                switch.requests.append(body["params"]["cmds"])
                answer(self, body["params"]["cmds"])

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - theirs
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = certificate.server_context().wrap_socket(self.server.socket, server_side=True)
        self.endpoint = Endpoint(
            name="switch",
            address="127.0.0.1",
            port=self.server.server_address[1],
            credential="netops",
            login=Login(username="netops", password=SecretStr("secret")),
            host_keys=(certificate.certificate.decode(),),
        )
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def switch() -> Iterator[Callable[..., Switch]]:
    started: list[Switch] = []

    def start(answer: Callable[[BaseHTTPRequestHandler, list[Any]], None], made: datetime | None = None) -> Switch:
        started.append(Switch(answer, made or datetime.now(UTC)))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def results(handler: BaseHTTPRequestHandler, *answers: Any) -> None:
    send(handler, json.dumps({"jsonrpc": "2.0", "id": "1", "result": [{}, *answers]}).encode())


def refuse(handler: BaseHTTPRequestHandler, number: int, said: str, code: int = 1002) -> None:
    data = [*({} for _ in range(number)), {"errors": [said]}]
    error = {"code": code, "message": f"CLI command {number + 1} of 9 'x' failed: invalid command", "data": data}
    send(handler, json.dumps({"jsonrpc": "2.0", "id": "1", "error": error}).encode())


def then(
    answer: Callable[[BaseHTTPRequestHandler, list[Any]], None],
) -> Callable[[BaseHTTPRequestHandler, list[Any]], None]:
    """A switch that opens as it should, and then answers like this."""

    def answers(handler: BaseHTTPRequestHandler, commands: list[Any]) -> None:
        if commands[-1] == "show version" and len(commands) == 2:
            results(handler, VERSION)
        elif commands[-1] == "show configuration sessions detail":
            results(handler, {"sessions": {}})
        else:
            answer(handler, commands)

    return answers


def opened(switch: Switch, limits: Limits = QUICK) -> Any:
    return Eos().connect(switch.endpoint, None, limits)


# Opening.


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, LoginRefusedError),
        (403, UnreachableError),
        (404, UnreachableError),
        (429, DeviceBusyError),
        (500, UnreachableError),
        (502, DeviceBusyError),
        (503, DeviceBusyError),
    ],
)
def test_what_http_says_of_a_login(switch: Any, status: int, error: type[PlatformError]) -> None:
    served = switch(lambda handler, _commands: send(handler, b"no", status))
    with pytest.raises(error) as caught:
        opened(served)
    assert type(caught.value) is error
    assert len(served.requests) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[1]", b"{}", b"\xff\xfe"], ids=["html", "nothing", "list", "object", "bytes"]
)
def test_what_is_no_api_is_unreachable(switch: Any, body: bytes) -> None:
    with pytest.raises(UnreachableError):
        opened(switch(lambda handler, _commands: send(handler, body)))


def test_an_old_release_is_not_spoken_to(switch: Any) -> None:
    with pytest.raises(RefusedCommandError, match=r"4\.23 or later"):
        opened(switch(lambda handler, _commands: results(handler, {"version": "4.20.1F"})))


def test_an_enable_secret_that_is_wanted_is_asked_for(switch: Any) -> None:
    with pytest.raises(LoginRefusedError, match="enable secret"):
        opened(switch(lambda handler, _commands: refuse(handler, 0, "Bad secret", 1000)))


def test_a_certificate_that_has_expired_is_refused_although_it_is_the_recorded_one(switch: Any) -> None:
    served = switch(lambda handler, _commands: results(handler, VERSION), made=datetime(2001, 1, 1, tzinfo=UTC))
    with pytest.raises(HostKeyError, match="expired"):
        opened(served)
    assert served.requests == []


# Answers.


def test_an_answer_that_trickles_in_ends_in_time(switch: Any) -> None:
    def trickle(handler: BaseHTTPRequestHandler, _commands: list[Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    with pytest.raises(AnswerTimeoutError, match="did not answer in 1 s"):
        opened(switch(then(_until_gone(trickle)))).running()


def test_headers_that_trickle_in_end_in_time(switch: Any) -> None:
    def trickle(handler: BaseHTTPRequestHandler, _commands: list[Any]) -> None:
        for _ in range(200):
            handler.wfile.write(b"X")
            handler.wfile.flush()
            time.sleep(0.05)

    with pytest.raises(AnswerTimeoutError):
        opened(switch(then(_until_gone(trickle)))).running()


def _until_gone(
    answer: Callable[[BaseHTTPRequestHandler, list[Any]], None],
) -> Callable[[BaseHTTPRequestHandler, list[Any]], None]:
    def answers(handler: BaseHTTPRequestHandler, commands: list[Any]) -> None:
        try:
            answer(handler, commands)
        except OSError:
            handler.close_connection = True

    return answers


def test_an_answer_that_is_too_large_is_cut_off(switch: Any) -> None:
    huge = _until_gone(lambda handler, _commands: results(handler, {"output": "x" * 1_000_000}))
    with pytest.raises(AnswerTooLargeError, match="show running-config"):
        opened(switch(then(huge))).running()


def test_an_answer_that_breaks_off_is_no_answer(switch: Any) -> None:
    def broken(handler: BaseHTTPRequestHandler, _commands: list[Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"jsonrpc"')
        handler.close_connection = True

    with pytest.raises(SessionLostError):
        opened(switch(then(broken))).running()


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"{}"], ids=["html", "list", "object"])
def test_an_answer_in_another_shape_is_no_answer(switch: Any, body: bytes) -> None:
    with pytest.raises(IncompleteAnswerError):
        opened(switch(then(lambda handler, _commands: send(handler, body)))).running()


def test_a_switch_that_is_busy_in_between_ends_the_session(switch: Any) -> None:
    with pytest.raises(SessionLostError):
        opened(switch(then(lambda handler, _commands: send(handler, b"", 503)))).running()


@pytest.mark.parametrize("number", [3, 4])
def test_the_line_that_a_switch_refuses_is_found_by_its_number(switch: Any, number: int) -> None:
    def answer(handler: BaseHTTPRequestHandler, commands: list[Any]) -> None:
        if commands[-1] == "end":
            refuse(handler, number, "Invalid input\x1b[2J (at token 0: 'x')")
        else:
            results(handler, {"output": ""})

    session = opened(switch(then(answer)))
    with pytest.raises(LineRejectedError) as caught:
        session.stage(("vlan 1", "line two", "banner motd", "text", "EOF"), label=LABEL, replace=False)
    assert caught.value.line == ("line two" if number == 3 else "banner motd")
    assert caught.value.answer == "Invalid input (at token 0: 'x')"


def test_too_many_open_sessions_are_no_fault_of_a_line(switch: Any) -> None:
    def answer(handler: BaseHTTPRequestHandler, commands: list[Any]) -> None:
        if commands[-1] == "end":
            refuse(handler, 1, "Maximum number of pending sessions has been reached.", 1000)
        else:
            results(handler, {"output": ""})

    with pytest.raises(DeviceBusyError):
        opened(switch(then(answer))).stage(("vlan 1",), label=LABEL, replace=False)


# Small things.


@pytest.mark.parametrize("text", ["", "plain\n", "  indented\n! kept\n", 'quotes " and \\ and ü\n'])
def test_a_text_survives_its_way_through_napalm(text: str) -> None:
    line = text_line("banner motd", text)
    assert line.strip() == line
    assert "\n" not in line
    assert with_text(line) == {"cmd": "banner motd", "input": text}


def test_a_line_without_a_text_stays_one() -> None:
    assert with_text("hostname a") == "hostname a"


@pytest.mark.parametrize(
    ("timer", "clock"),
    [
        (timedelta(seconds=1), "00:00:01"),
        (timedelta(milliseconds=1500), "00:00:02"),
        (timedelta(minutes=90), "01:30:00"),
        (timedelta(hours=23, minutes=59, seconds=59), "23:59:59"),
    ],
)
def test_timers_are_told_by_the_clock(timer: timedelta, clock: str) -> None:
    assert clock_of(timer) == clock
