"""The accounting journal."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.journal import Entry, Event, Journal, parse_journal, read_journal

NOW = datetime(2026, 5, 4, 14, 5, 33, tzinfo=UTC)


def test_entries_are_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "r1.jsonl", "r1", lambda: NOW)

    journal.write(
        Event.COMMAND, user="netops", peer="127.0.0.1", session="vty-1", line="x", mode="exec", result="accepted"
    )
    journal.write(Event.REBOOTED, detail="power cut")

    assert read_journal(journal.path) == [
        Entry(
            time=NOW,
            device="r1",
            event=Event.COMMAND,
            user="netops",
            peer="127.0.0.1",
            session="vty-1",
            line="x",
            mode="exec",
            result="accepted",
        ),
        Entry(time=NOW, device="r1", event=Event.REBOOTED, detail="power cut"),
    ]


def test_nothing_was_done_yet(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "nobody.jsonl") == []


def test_a_last_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "r1.jsonl", "r1", lambda: NOW)
    journal.write(Event.SAVED)
    whole = journal.path.read_text()

    assert len(parse_journal([*whole.splitlines(), whole[: len(whole) // 2]])) == 1


def test_control_characters_stay_inside_their_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "r1.jsonl", "r1", lambda: NOW)

    journal.write(Event.COMMAND, line="a\nb\x1b[2J\u2028c")

    assert len(journal.path.read_text().splitlines()) == 1
    assert read_journal(journal.path)[0].line == "a\nb\x1b[2J\u2028c"


def test_it_is_only_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "r1.jsonl"
    Journal(path, "r1", lambda: NOW).write(Event.SAVED)

    Journal(path, "r1", lambda: NOW + timedelta(seconds=1)).write(Event.SAVED)

    assert [json.loads(line)["time"] for line in path.read_text().splitlines()] == [
        "2026-05-04T14:05:33+00:00",
        "2026-05-04T14:05:34+00:00",
    ]


def test_a_session_from_login_to_logout(bench: Any, eventually: Any) -> None:
    console = bench.console()
    for line in ("configure terminal", "hostname other", "no such line", "end", "write memory", "nonsense"):
        console.run(line)
    console.type("exit\n")
    console.ends()
    eventually(lambda: "logout" in bench.events("r1"))

    told = [(entry.event.value, entry.mode, entry.line, entry.result) for entry in bench.lab.journal("r1")]

    assert told == [
        ("login", "", "", ""),
        ("command", "exec", "configure terminal", "accepted"),
        ("command", "config", "hostname other", "accepted"),
        ("command", "config", "no such line", "refused"),
        ("command", "config", "end", "accepted"),
        ("saved", "", "", ""),
        ("command", "exec", "write memory", "accepted"),
        ("command", "exec", "nonsense", "refused"),
        ("command", "exec", "exit", "accepted"),
        ("logout", "", "", ""),
    ]
    entries = bench.lab.journal("r1")
    assert {(entry.user, entry.session) for entry in entries} == {("netops", "vty-1")}
    assert all(entry.peer.startswith("127.") for entry in entries)
    assert entries == sorted(entries, key=lambda entry: entry.time)


def test_modes_of_a_switch(eos: Any) -> None:
    eos.eapi().run("configure session s1", "interface Ethernet1", "description x", "commit", "configure", "hostname y")

    assert [(entry.mode, entry.line) for entry in eos.lab.journal("sw1") if entry.event is Event.COMMAND] == [
        ("user", "enable"),
        ("exec", "configure session s1"),
        ("config-s-s1", "interface Ethernet1"),
        ("config-s-s1-interface", "description x"),
        ("config-s-s1-interface", "commit"),
        ("exec", "configure"),
        ("config", "hostname y"),
    ]


@pytest.mark.parametrize("device", ["r1", "sw1"])
def test_logins_leave_no_password(bench: Any, device: str, login: dict[str, str]) -> None:
    bench.console()
    bench.eapi().run("show clock")

    written = bench.lab.folder.joinpath("journal", f"{device}.jsonl").read_text()

    assert '"event": "login"' in written
    assert login["password"] not in written
