"""The journal: one collector writes what syslog sockets receive, and a reader tells who did what."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.frr.journal import JournalEntry, JournalError, read_journal

ROOT = Path(__file__).parents[3]


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Path]:
    """The folder of a router whose syslog is collected."""
    with subprocess.Popen(
        [sys.executable, "-m", "lab.frr.collector", str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as collector:
        assert collector.stdout is not None
        assert collector.stdout.readline() == b"ready\n"
        yield tmp_path
    assert collector.returncode == 0, "it ends by itself when its standard input does"


ACCOUNTED = {
    "event": "line",
    "user": "wavegate",
    "peer": "192.0.2.1:50000",
    "session": "a1b2",
    "line": "configure terminal",
}


@pytest.mark.parametrize(
    ("message", "ident", "event", "line", "context"),
    [
        pytest.param(
            f"<86>Nov  3 06:36:25 wavegate[77]: {json.dumps(ACCOUNTED)}",
            "wavegate",
            "line",
            "configure terminal",
            "",
            id="a line typed into a shell",
        ),
        pytest.param(
            "<29>Nov 23 06:39:44 zebra[93]: [M7Q4P-46WDR] vty[45]@(config-if)# ip address 192.0.2.1/24\n",
            "zebra",
            "command",
            "ip address 192.0.2.1/24",
            "(config-if)",
            id="what a daemon was given in a block",
        ),
        pytest.param(
            "<29>Nov 23 06:39:44 ospfd[98]: [M7Q4P-46WDR] vty[17]@# do write terminal",
            "ospfd",
            "command",
            "do write terminal",
            "",
            id="what a daemon was given outside",
        ),
        pytest.param(
            "<86>Nov 23 06:36:25 sshd[9]: Accepted publickey for wavegate from 192.0.2.1 port 50000 ssh2",
            "sshd",
            "message",
            "Accepted publickey for wavegate from 192.0.2.1 port 50000 ssh2",
            "",
            id="a login",
        ),
        pytest.param(
            "<27>Nov 23 06:36:25 watchfrr.sh: Cannot stop zebra",
            "watchfrr.sh",
            "message",
            "Cannot stop zebra",
            "",
            id="without a process id",
        ),
        pytest.param("<30>logger: no time", "logger", "message", "no time", "", id="without a time"),
        pytest.param("who knows", "", "message", "who knows", "", id="in no form at all"),
        pytest.param("<86>wavegate: {no json", "wavegate", "message", "{no json", "", id="damaged accounting"),
    ],
)
def test_a_message_becomes_an_entry(
    router: Path, message: str, ident: str, event: str, line: str, context: str
) -> None:
    _send(router, message.encode())
    [entry] = read_journal(router)
    assert (entry.ident, entry.event, entry.line, entry.context) == (ident, event, line, context)
    assert entry.uid == os.getuid()


def test_accounting_tells_who_from_where_and_in_which_session(router: Path) -> None:
    _send(router, f"<86>wavegate[77]: {json.dumps({**ACCOUNTED, 'more': True})}".encode())
    [entry] = read_journal(router)
    assert (entry.user, entry.peer, entry.session) == ("wavegate", "192.0.2.1:50000", "a1b2")
    assert entry.fields["more"] is True


@pytest.mark.parametrize(
    ("event", "field"), [("line", "line"), ("verb", "request"), ("refused", "request"), ("restored", "id")]
)
def test_what_an_event_is_about_is_its_line(router: Path, event: str, field: str) -> None:
    said = {"event": event, "user": "u", "peer": "p", "session": "s", field: "this"}
    _send(router, f"<86>wavegate: {json.dumps(said)}".encode())
    assert [entry.line for entry in read_journal(router)] == ["this"]


def test_everything_sent_before_reading_is_read_in_order_and_with_rising_times(router: Path) -> None:
    for number in range(500):
        _send(router, f"<30>test: {number}".encode())
    entries = read_journal(router)
    assert [entry.line for entry in entries] == [str(number) for number in range(500)]
    assert entries == sorted(entries, key=_time)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        pytest.param(b"<30>test: \xff\xfe", "\ufffd\ufffd", id="no text"),
        pytest.param(b"<30>test: zero\0", "zero", id="a zero at the end, as syslog() sends it"),
        pytest.param(b"<30>test: " + b"x" * 40_000, "x" * 40_000, id="long"),
        pytest.param(b"<30>test: one\ntwo", "one\ntwo", id="two lines"),
        pytest.param(b"<30>test: \x1b[2J", "\x1b[2J", id="escapes stay what they are"),
    ],
)
def test_odd_messages_are_kept(router: Path, message: bytes, line: str) -> None:
    _send(router, message)
    assert [entry.line for entry in read_journal(router)] == [line]


def test_what_is_written_is_there_for_a_later_collector(router: Path) -> None:
    _send(router, b"<30>test: early")
    assert [entry.line for entry in read_journal(router)] == ["early"]
    assert "early" in (router / "journal.jsonl").read_text(encoding="utf-8")


def test_a_journal_nobody_writes_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="the lab has been stopped"):
        read_journal(tmp_path)


def _send(router: Path, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(message, str(router / "log"))


def _time(entry: JournalEntry) -> float:
    return entry.at.timestamp()
