"""The rules that have tables of their own: patterns, commands, waves, durations, references to tasks."""

from datetime import timedelta

import pytest

from automation.change.checks import changes_something, repeats_repetitions
from automation.change.fields import duration, relative_path, wave_size
from automation.change.lines import faults
from automation.change.model import TaskReference
from automation.change.waves import MAX_WAVES, most_waves
from automation.config.vendors.ios import IOS
from automation.platforms.commands import only_looks
from automation.platforms.contract import ForbiddenCommandError


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+", r"(?:ab*)*", r"([^)]+)+", r"((a+))+", r"(?P<x>a+)*", r"(a+b|c){2,}", r"(a{21}){21}", r"(?:(?:a*)b)+?"],
)
def test_patterns_that_may_never_end(pattern: str) -> None:
    assert repeats_repetitions(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "Clock is synchronized",
        r"(\d{1,3}\.){3}\d{1,3}",
        r"(a|b)+",
        r"(a+)?b",
        r"(a+b)c*",
        r"\(a+\)+",
        r"[(a+)]+",
        r"^\s*(\S+)\s+up\s+up$",
        r"(?!x)a+",
        r"[]a+]+",
    ],
)
def test_patterns_that_end(pattern: str) -> None:
    assert not repeats_repetitions(pattern)


@pytest.mark.parametrize("command", ["show version", "SHOW ip route | include ^S", "ping 192.0.2.1", "traceroute x"])
def test_commands_that_only_look(command: str) -> None:
    assert changes_something(command) == ""
    # And the platforms send whatever a change may hold.
    assert only_looks(command) == command


@pytest.mark.parametrize(
    "command",
    [
        "",
        "reload",
        "configure terminal",
        "shows",
        "show run > flash:x",
        "show run | redirect tftp://x",
        "show run |append x",
        "show run | tee x",
        "show run | include ntp|snmp",
        "show run | grep x",
        "show version; reload",
        "show version && reload",
        "show version || reload",
        "show `reload`",
        "show $(reload)",
        "show version\nreload",
    ],
)
def test_commands_that_do_more_than_look(command: str) -> None:
    assert changes_something(command)
    with pytest.raises(ForbiddenCommandError):
        only_looks(command)


@pytest.mark.parametrize(
    ("sizes", "most"),
    [
        (("100%",), 1),
        (("10%", "25%", "50%"), 4),
        (("5%",), 29),
        (("4%",), 37),
        ((5, "20%"), 6),
        (("1%",), MAX_WAVES + 1),
        ((1_000,), MAX_WAVES + 1),
        (("50%", 10), MAX_WAVES + 1),
    ],
)
def test_waves_are_counted_over_any_estate(sizes: tuple[int | str, ...], most: int) -> None:
    assert most_waves(sizes)[0] == most


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("10s", timedelta(seconds=10)),
        ("1.5m", timedelta(seconds=90)),
        ("2h", timedelta(hours=2)),
        ("0s", timedelta(0)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["10", "s", "-1s", "1d", "1 s", "1e3s", "1_0s", "\u0661s", "99999999999h", 10, None])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="must be a time span such as 500ms, 10s, 5m or 2h"):
        duration(text)


@pytest.mark.parametrize(("value", "expected"), [("5", 5), (5, 5), ("10%", "10%"), ("0.5%", "0.5%"), ("100%", "100%")])
def test_wave_sizes(value: object, expected: int | str) -> None:
    assert wave_size(value) == expected


@pytest.mark.parametrize(
    "value", ["0", "-1", "0%", "0.0%", "100.1%", "101%", "10 %", "%", "ten", "1e2%", "\u0663", "9999999"]
)
def test_what_is_no_wave_size(value: str) -> None:
    with pytest.raises(ValueError, match="must be a number of sites"):
        wave_size(value)


@pytest.mark.parametrize("path", ["a.j2", "templates/ios.j2", "a/b/c-d_e.f/G9"])
def test_paths_below_the_folder(path: str) -> None:
    assert relative_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "../a",
        "a/../b",
        "./a",
        "a//b",
        "a/",
        ".a",
        "a/.b",
        "a b",
        "ä",
        "a\\b",
        "a\n",
        "C:a",
        "a" * 101,
        "a/" * 11 + "a",
    ],
)
def test_paths_that_lead_elsewhere(path: str) -> None:
    with pytest.raises(ValueError, match="must be a path below the change file's folder"):
        relative_path(path)


def test_a_reference_to_a_task_has_one_form() -> None:
    reference = TaskReference(name="acl", version="sha256:" + "0" * 64)

    assert reference.encode() == b'{"name":"acl","version":"sha256:' + b"0" * 64 + b'"}'
    assert TaskReference.decode(reference.encode()) == reference


@pytest.mark.parametrize("content", [b"", b"[]", b'{"name":"acl"}', b'{"name": "acl","version":"x"}', b"\xff"])
def test_what_is_no_reference_to_a_task(content: bytes) -> None:
    with pytest.raises(ValueError, match="this is no reference to a task"):
        TaskReference.decode(content)


def test_a_secret_in_lines_is_not_shown() -> None:
    found = list(faults("snmp-server community s3cret RO\n", IOS, merge=True))

    assert [fault.detail for fault in found] == ["'snmp-server community' ..."]


def test_a_line_that_takes_a_secret_away_is_none() -> None:
    assert not list(faults("no snmp-server community public\n", IOS, merge=True))


def test_a_whole_configuration_may_say_default() -> None:
    # what is ambiguous about it is so when it is merged into something
    assert not list(faults("default interface Vlan1\n", IOS, merge=False))
