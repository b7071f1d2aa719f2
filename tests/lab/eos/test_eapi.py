"""The API itself: HTTP, JSON-RPC, modes, errors."""

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from lab.faults import Fault, FaultKind

#: Of credentials that are not in the configuration.
REMOTE = {"remote": True}


def test_an_error_names_the_command_and_stops_the_request(eos: Any) -> None:
    error = eos.eapi().refused("configure", "hostname first", "no such line", "hostname never")

    assert error["code"] == 1002
    assert error["message"] == "CLI command 4 of 5 'no such line' failed: invalid command"
    assert error["data"] == [{}, {}, {}, {"errors": ["Invalid input (at token 1: 'such')"]}]
    # What came before it has taken effect, what comes behind was never seen.
    assert eos.lab.device("sw1").hostname == "first"
    assert "hostname never" not in eos.lines("sw1")


# Each case: the commands after `enable`, the code, the words of the last one.
ERRORS = {
    "an unknown command": (("show nonsense",), 1002, ["Invalid input (at token 1: 'nonsense')"]),
    "an incomplete one": (("show ip",), 1002, ["Incomplete command (at token 2: None)"]),
    "an abbreviated keyword": (("show ver",), 1002, ["Incomplete token (at token 1: 'ver')"]),
    "one without JSON": (
        ("show running-config diffs",),
        1003,
        ["Command cannot be used over the API at this time. To see ASCII output, set format='text' in your request"],
    ),
    "one that cannot be carried out": (
        ("copy flash:nothing running-config",),
        1000,
        ["Error opening flash:nothing (No such file or directory)"],
    ),
    "a line with the switch's own words": (
        ("configure", "interface Ethernet99"),
        1000,
        ["Interface does not exist"],
    ),
    "a session that there is not": (("configure session nothing commit",), 1000, ["Session nothing does not exist"]),
    "an incomplete line": (("configure", "ip route 10.0.0.0/8"), 1002, ["Incomplete command (at token 3: None)"]),
    "a banner without a text": (("configure", "banner motd"), 1002, ["Incomplete command (at token 2: None)"]),
}


@pytest.mark.parametrize(("commands", "code", "words"), ERRORS.values(), ids=ERRORS)
def test_refuses(eos: Any, commands: tuple[str, ...], code: int, words: list[str]) -> None:
    error = eos.eapi().refused(*commands)

    assert (error["code"], error["data"][-1]) == (code, {"errors": words})


def test_what_wants_privilege_is_refused_without_enable(eos: Any) -> None:
    error = eos.eapi().call("show running-config")["error"]

    assert error["code"] == 1002
    assert error["data"][-1]["errors"] == ["Invalid input (privileged mode required) (at token 1: 'running-config')"]


def test_keywords_may_be_shortened_when_the_client_asks(eos: Any) -> None:
    answer = eos.eapi().call("ena", "sh ver", "conf", "host short", autoComplete=True)

    assert len(answer["result"]) == 4
    assert eos.lab.device("sw1").hostname == "short"


def test_enable_wants_the_password_where_there_is_one(start: Callable[..., Any], login: dict[str, str]) -> None:
    bench = start(only="sw1", sw1={"credentials": login})
    eapi = bench.eapi()

    without = eapi.call("enable", "show clock")
    wrong = eapi.call({"cmd": "enable", "input": "wrong"}, "show clock")
    right = eapi.call({"cmd": "enable", "input": login["enable"]}, "show clock")

    assert without["error"]["data"] == wrong["error"]["data"] == [{"errors": ["Bad secret"]}]
    assert "result" in right
    journal = bench.lab.folder.joinpath("journal", "sw1.jsonl").read_text()
    assert "wrong" not in journal
    assert login["enable"] not in journal


def test_a_user_of_an_aaa_server_needs_no_line(start: Callable[..., Any], login: dict[str, str]) -> None:
    bench = start(only="sw1", sw1={"credentials": {name: login[name] for name in ("username", "password")} | REMOTE})

    shown = bench.eapi().run("show running-config", encoding="text")[0]["output"]

    assert "username" not in shown
    assert "hostname sw1" in shown


def test_text_and_json_encodings(eos: Any) -> None:
    eapi = eos.eapi()

    as_json = eapi.run("show hostname")[0]
    as_text = eapi.run("show hostname", encoding="text")[0]

    assert as_json == {"hostname": "sw1", "fqdn": "sw1"}
    assert as_text == {"output": "Hostname: sw1\nFQDN:     sw1\n"}


def test_modes_last_as_long_as_the_request(eos: Any) -> None:
    eapi = eos.eapi()

    eapi.run("configure", "interface Ethernet1", "description new")

    assert "Invalid input" in str(eapi.refused("description lost"))


def test_other_commands_are_understood_in_configuration_mode(eos: Any) -> None:
    results = eos.eapi().run(
        "configure", "interface Ethernet1", "show hostname", "description new", "end", "show hostname"
    )

    assert results[2] == results[5] == {"hostname": "sw1", "fqdn": "sw1"}
    assert "description new" in eos.lab.running("sw1")


def test_exit_leaves_one_section_and_then_the_mode(eos: Any) -> None:
    eos.eapi().run(
        "configure", "router bgp 1", "vrf X", "exit", "router-id 1.1.1.1", "exit", "hostname out", "exit", "show clock"
    )

    assert "   router-id 1.1.1.1\n   !\n   vrf X" in eos.lab.running("sw1")


def test_a_text_comes_with_its_command(eos: Any) -> None:
    eos.eapi().run("configure", {"cmd": "banner motd", "input": "keep out\n# really\n"}, "hostname x")

    assert "banner motd\nkeep out\n# really\nEOF\n" in eos.lab.running("sw1")
    assert "banner motd\nkeep out\n# really" in eos.lines("sw1")


def test_comments_and_blank_lines_are_nothing(eos: Any) -> None:
    assert eos.eapi().run("! a comment", "", "configure", "!", "end") == [{}, {}, {}, {}, {}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("not json", -32700),
        ("[]", -32600),
        ('{"method": "runCmds"}', -32600),
        (json.dumps({"jsonrpc": "2.0", "method": "getCmds", "id": "1"}), -32601),
        (json.dumps({"jsonrpc": "2.0", "method": "runCmds", "id": "1"}), -32602),
        (json.dumps({"jsonrpc": "2.0", "method": "runCmds", "params": {"cmds": []}}), -32602),
        (json.dumps({"jsonrpc": "2.0", "method": "runCmds", "params": {"cmds": [1]}}), -32602),
        (json.dumps({"jsonrpc": "2.0", "method": "runCmds", "params": {"cmds": ["x"], "format": "xml"}}), -32602),
    ],
    ids=["no JSON", "no object", "no version", "another method", "no params", "no commands", "a number", "a format"],
)
def test_what_is_no_request_is_answered_with_json_rpcs_error(eos: Any, body: str, code: int) -> None:
    status, text = eos.eapi().post(body)

    assert (status, json.loads(text)["error"]["code"]) == (200, code)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/command-api", "GET", 405), ("/", "POST", 404), ("/command-api", "PUT", 405)],
)
def test_other_paths_and_methods(eos: Any, path: str, method: str, status: int) -> None:
    assert eos.eapi().post("", path, method)[0] == status


def test_one_connection_carries_many_requests(eos: Any) -> None:
    eapi = eos.eapi()

    for _ in range(3):
        eapi.run("show clock")

    assert eos.events("sw1").count("login") == 1
    assert eos.lab.device("sw1").sessions == 1


@pytest.mark.parametrize(("user", "password"), [("netops", "wrong"), ("nobody", "pass-w0rd"), ("", "")])
def test_a_login_is_really_checked(eos: Any, user: str, password: str) -> None:
    status, text = eos.eapi(user=user, password=password).post("{}")

    assert (status, text) == (401, "Unable to authenticate user: Bad username/password combination")
    assert eos.events("sw1")[-1] == "login-refused"


def test_a_user_without_a_password_does_not_get_in_from_the_network(start: Callable[..., Any]) -> None:
    startup = "username guest nopassword\nmanagement api http-commands\n no shutdown"
    bench = start(only="sw1", sw1={"startup": startup})

    assert bench.eapi(user="guest", password="").post("{}")[0] == 401


def test_a_changed_password_takes_effect(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("configure", "username netops secret another")

    assert eos.eapi().post("{}")[0] == 401
    assert eos.eapi(password="another").run("show clock")


def test_what_is_not_http_is_turned_away(eos: Any) -> None:
    eapi = eos.eapi()
    eapi._connection.connect()

    eapi._connection.sock.sendall(b"NONSENSE\r\n\r\n")

    assert eapi._connection.sock.recv(100).startswith(b"HTTP/1.1 400")
    assert eapi._connection.sock.recv(1000)


def test_a_client_that_does_not_trust_the_certificate_gets_no_further(
    bench: Any, eventually: Callable[..., None]
) -> None:
    eapi = bench.eapi()
    bench.lab.swap_hardware("sw1")

    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        eapi.run("show clock")

    assert "hardware-swapped" in bench.events("sw1")
    eventually(lambda: bench.lab.device("sw1").sessions == 0)


def test_a_client_that_asks_first_whether_to_send_is_told(eos: Any) -> None:
    eapi = eos.eapi()
    eapi._connection.connect()
    head = "POST /command-api HTTP/1.1\r\nHost: lab\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"

    eapi._connection.sock.sendall(f"{head}Authorization: Basic {eapi._login}\r\n\r\n".encode())
    asked = eapi._connection.sock.recv(1000)
    eapi._connection.sock.sendall(b"{}")
    answered = eapi._connection.sock.recv(1000)

    assert asked.startswith(b"HTTP/1.1 100 ")
    assert answered.startswith(b"HTTP/1.1 200 OK")


def test_a_session_that_somebody_else_drops_in_the_middle(eos: Any, eventually: Callable[..., None]) -> None:
    eos.lab.set_fault("sw1", Fault(kind=FaultKind.HANG, match="hostname second"))
    answers: list[Any] = []

    def push() -> None:
        answers.append(eos.eapi().refused("configure session s1", "hostname first", "hostname second"))

    pushing = threading.Thread(target=push)
    pushing.start()
    eventually(lambda: "fault-fired" in eos.events("sw1"))
    eos.eapi().run("configure session s1 abort")
    eos.lab.clear_faults("sw1")
    pushing.join()

    assert answers[0]["data"][-1] == {"errors": ["Session s1 does not exist"]}


def test_a_body_that_is_too_large_is_refused(eos: Any) -> None:
    eapi = eos.eapi()
    eapi._connection.connect()

    eapi._connection.sock.sendall(b"POST /command-api HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n")
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 20_000_000:
            eapi._connection.sock.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
            sent += 0x100000

    assert sent < 20_000_000 or eapi._connection.sock.recv(100).startswith(b"HTTP/1.1 413")
    assert eos.eapi().run("show clock")


@pytest.mark.parametrize(
    "header", ["Bearer x", "Basic ???", "Basic /w==", ""], ids=["scheme", "base64", "utf-8", "none"]
)
def test_a_login_that_cannot_be_read_is_refused(eos: Any, header: str) -> None:
    eapi = eos.eapi()

    eapi._connection.request("POST", "/command-api", "{}", {"Authorization": header})
    response = eapi._connection.getresponse()

    assert response.status == 401
    assert response.headers["www-authenticate"] == 'Basic realm="COMMAND_API_AUTH"'


def test_requests_of_several_clients_do_not_mix(eos: Any) -> None:
    first, second = eos.eapi(), eos.eapi()

    first.run("configure session a", "interface Ethernet1", "description first")
    second.run("configure session b", "interface Ethernet1", "description second")

    assert "description first" in first.text("show session-config named a")
    assert "description second" in second.text("show session-config named b")
    assert "description spare" in eos.lab.running("sw1")


def test_ids_come_back_as_they_were_sent(eos: Any) -> None:
    body = {"jsonrpc": "2.0", "method": "runCmds", "params": {"cmds": ["show clock"]}, "id": "EapiExplorer-1"}

    assert json.loads(eos.eapi().post(json.dumps(body))[1])["id"] == "EapiExplorer-1"


def test_commands_may_come_as_objects(eos: Any) -> None:
    assert eos.eapi().run({"cmd": "show hostname"})[0]["hostname"] == "sw1"


def test_letters_of_other_alphabets_are_kept(eos: Any) -> None:
    eos.eapi().run("configure", "interface Ethernet1", "description Zürich, Straße, Kasse 1")

    assert "   description Zürich, Straße, Kasse 1\n" in eos.lab.running("sw1")
