"""What Wavegate's account may do on a router: a fenced vtysh and the dead-man's verbs; all of it is accounted for."""

import json
from collections.abc import Callable
from typing import Any

import paramiko
import pytest

from lab.frr.journal import JournalEntry
from lab.frr.lab import FrrDevice, FrrLab

pytestmark = pytest.mark.frr

Login = Callable[..., Any]

REFUSED = {
    "a command": "id",
    "nothing at all": " ",
    "a shell": "sh -i",
    "vtysh with arguments": "vtysh -c 'show running-config'",
    "scp": "scp -t /tmp",
    "a verb and a command": "wavegate-deadman status; id",
    "a verb in a substitution": "wavegate-deadman arm 60 $(id)",
    "two verbs": "wavegate-deadman status\nwavegate-deadman status",
    "a path as id": "wavegate-deadman revert ../../etc/passwd",
    "an option as id": "wavegate-deadman revert --help",
    "no id": "wavegate-deadman confirm",
    "an id too long": f"wavegate-deadman confirm {'x' * 65}",
    "a second id": "wavegate-deadman confirm one two",
    "no number": "wavegate-deadman arm soon one",
    "digits of another script": "wavegate-deadman arm ٦٠ one",
    "seconds with a sign": "wavegate-deadman arm +60 one",
    "too short": "wavegate-deadman arm 1 one",
    "too long": "wavegate-deadman arm 7201 one",
    "spaces too many": "wavegate-deadman  status",
    "a space at the end": "wavegate-deadman status ",
    "capitals": "wavegate-deadman STATUS",
    "escapes": "wavegate-deadman status\x1b[2J",
    "ten thousand letters": "x" * 10_000,
}


def test_everything_but_the_verbs_is_refused_and_journalled(lab: FrrLab, out_of_band: FrrDevice, login: Login) -> None:
    client = login(out_of_band)
    for what, request in REFUSED.items():
        status, output, errors = client.execute(request)
        assert (status, errors) == (2, ""), what
        assert json.loads(output)["reason"] == "request", what
    session = [entry for entry in _entries(lab, out_of_band) if entry.event == "refused"][-len(REFUSED) :]
    assert [entry.line for entry in session] == [request[:2048] for request in REFUSED.values()]
    assert client.verb("status")["ended"] == [], "nothing of it did anything"


@pytest.mark.parametrize("subsystem", ["sftp", "netconf"])
def test_subsystems_are_refused(out_of_band: FrrDevice, login: Login, subsystem: str) -> None:
    channel = login(out_of_band).client.get_transport().open_session()
    try:
        channel.invoke_subsystem(subsystem)
        said = channel.recv(1000)
        status = channel.recv_exit_status()
    except paramiko.SSHException:
        return
    assert json.loads(said)["ok"] is False
    assert status == 2


def test_ports_are_not_forwarded(lab: FrrLab, out_of_band: FrrDevice, login: Login) -> None:
    transport = login(out_of_band).client.get_transport()
    with pytest.raises(paramiko.ChannelException, match="Administratively prohibited"):
        transport.open_channel("direct-tcpip", ("127.0.0.1", 2601), ("127.0.0.1", 0))


def test_a_shell_without_a_terminal_is_refused(out_of_band: FrrDevice, login: Login) -> None:
    channel = login(out_of_band).client.get_transport().open_session()
    channel.invoke_shell()
    assert channel.recv_exit_status() == 2
    assert channel.recv(1000) == b"% refused: a shell needs a terminal (ssh -t)\r\n"


def test_a_shell_is_vtysh_at_once_without_escape_sequences(out_of_band: FrrDevice, login: Login) -> None:
    shell = login(out_of_band).shell()
    banner = "\r\nHello, this is FRRouting (version 8.4.4).\r\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\r\n\r\n"
    assert shell.banner == f"{banner}s02-r2# "
    assert shell.send("show daemons") == "show daemons\n zebra ospfd watchfrr staticd vrrpd\ns02-r2# "


def test_a_line_typed_before_the_prompt_counts_and_a_dumb_terminal_does_not_scroll_it_sideways(
    out_of_band: FrrDevice, login: Login
) -> None:
    channel = login(out_of_band).client.invoke_shell(term="dumb", width=80, height=24)
    channel.settimeout(30)
    line = f"show {'x' * 100}"
    channel.send(f"{line}\n".encode())
    said = b""
    while b"Unknown command" not in said:
        said += channel.recv(65536)
    assert line.encode() in said


@pytest.mark.parametrize("command", ["start-shell", "start-shell bash", "ssh 127.0.0.1", "telnet 127.0.0.1"])
def test_vtysh_starts_no_other_program(out_of_band: FrrDevice, login: Login, command: str) -> None:
    assert f"% Unknown command: {command}" in login(out_of_band).shell().send(command)


def test_the_pager_takes_no_commands(out_of_band: FrrDevice, login: Login) -> None:
    shell = login(out_of_band).shell()
    shell.send("terminal paginate")
    said = shell.send("show running-config")
    assert said.splitlines()[-2:] == ["end", "s02-r2# "]
    assert "--More--" not in said
    assert shell.send("!touch /tmp/escaped") == "!touch /tmp/escaped\ns02-r2# "


def test_the_account_can_write_nothing_that_decides_about_it(lab: FrrLab, out_of_band: FrrDevice) -> None:
    places = [
        "/etc/frr/frr.conf",
        "/etc/frr",
        "/etc/wavegate/authorized_keys",
        "/etc/wavegate",
        "/usr/local/lib/wavegate",
    ]
    script = "; ".join(f"test -w {place} && echo {place}" for place in places)
    assert lab.run(out_of_band.name, "runuser", "-u", "wavegate", "--", "sh", "-c", f"{script}; true") == ""


def test_one_connection_carries_a_shell_and_the_verbs_beside_it(out_of_band: FrrDevice, login: Login) -> None:
    client = login(out_of_band)
    shell = client.shell()
    shell.send("configure terminal", "interface eth0")
    assert client.verb("status")["state"] == "idle"
    assert shell.send("description still here").endswith("(config-if)# ")


def test_every_line_is_accounted_for_before_it_takes_effect_with_secrets_masked(
    lab: FrrLab, out_of_band: FrrDevice, login: Login
) -> None:
    shell = login(out_of_band).shell()
    shell.send(
        "configure terminal",
        "interface eth0",
        "ip ospf message-digest-key 1 md5 canary-of-secrets",
        "exit",
        "password canary-of-secrets",
        "descripz\b\x7fption typed badly",
        "roto",
        "end",
    )
    entries = [entry for entry in _entries(lab, out_of_band) if entry.ident == "wavegate"]
    session = [entry for entry in entries if entry.session == entries[-1].session]
    assert [(entry.event, entry.line) for entry in session] == [
        ("shell-opened", ""),
        ("line", "configure terminal"),
        ("line", "interface eth0"),
        ("line", "ip ospf message-digest-key 1 md5 ***"),
        ("line", "exit"),
        ("line", "password ***"),
        ("line", "description typed badly"),
        ("line", "roto"),
        ("line", "end"),
    ]
    assert not any("canary" in str(entry.fields) for entry in entries)


def test_who_asked_for_which_verb_is_accounted_for(lab: FrrLab, out_of_band: FrrDevice, login: Login) -> None:
    login(out_of_band).verb("confirm", "unheard-of")
    entry = _entries(lab, out_of_band)[-1]
    assert (entry.event, entry.line, entry.user) == ("refused", "wavegate-deadman confirm unheard-of", "wavegate")
    assert entry.fields["error"] == "unheard-of is not armed, and nothing else is: ask for the status"


def _entries(lab: FrrLab, device: FrrDevice) -> list[JournalEntry]:
    return [entry for entry in lab.journal(device.name) if entry.ident == "wavegate"]
