"""Devices, people and files are hostile input: nothing of theirs acts on a terminal, and no secret is shown."""

import json
from typing import Any

import pytest

from lab.branches.estate import LAB_PASSWORD
from lab.faults import Fault, FaultKind

pytestmark = pytest.mark.timeout(300)

#: Clears the screen, sets the window's title, turns writing round, hides what follows, and writes in red for Rich.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e\x1b[8m[red]x[/red]\rend"
SHOWN = "\\x1b[2J\\x1b]0;owned\\x07\\u202e\\x1b[8m[red]x[/red]\\rend"
BAD = ("\x1b", "\u202e", "\x07", "\r")


def harmless(*texts: str) -> None:
    for text in texts:
        assert not [sign for sign in BAD if sign in text]


@pytest.fixture(scope="module")
def rollout(site: Any) -> str:
    """A rollout with all that a person can write into one, on a device that was made to answer with escapes."""
    place, device = site.place, "de-001-r1"
    name = str(site.request(place.change("hostile", select=f"name={device}"), "ed", "-r", f"why{HOSTILE}"))
    assert site.approve(name, "--note", f"note{HOSTILE}").code == 0
    site.watch(name)
    place("rollout", "rollback", name, "-r", f"back{HOSTILE}", "--yes", by="olga")
    site.watch(name)
    return name


@pytest.mark.parametrize(
    "arguments",
    [
        ("rollout", "show", "{rollout}"),
        ("rollout", "list"),
        ("rollout", "watch", "{rollout}"),
        ("rollout", "plan", "{rollout}"),
        ("log", "--last", "0"),
        ("audit", "--rollout", "{rollout}"),
        ("audit", "--device", "de-001-r1"),
        ("audit", "--person", "olga"),
        ("device", "history", "de-001-r1"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("as_json", [False, True], ids=["for people", "as JSON"])
def test_what_people_wrote_is_escaped_wherever_it_is_shown(
    site: Any, rollout: str, arguments: tuple[str, ...], as_json: bool
) -> None:
    given = [argument.format(rollout=rollout) for argument in arguments]
    shown = site.place(*given, *(["--json"] if as_json else []))
    harmless(shown.out, shown.err)
    assert shown.out
    if as_json:
        assert shown.out.isascii()


def test_what_they_wrote_can_still_be_read(site: Any, rollout: str) -> None:
    told = site.place("log", "--rollout", rollout, "--last", "0").out
    assert f"why{SHOWN}." in told
    assert f"note{SHOWN}." in told
    assert f"back{SHOWN}." in told
    asked = next(line for line in site.place("log", "--rollout", rollout, "--last", "0", "--json").lines)
    assert asked["data"]["reason"] == f"why{HOSTILE}"


def test_a_halt_s_reason(site: Any) -> None:
    halted = site.place("rollout", "halt", "--site", "nowhere", "-r", HOSTILE, by="olga")
    listed = site.place("rollout", "halts")
    lifted = site.place("rollout", "lift", site.place("rollout", "halts", "--json").json["halt"], by="olga")
    harmless(halted.out, halted.err, listed.out, lifted.out)
    assert SHOWN in listed.out


def test_a_device_that_answers_with_escapes(site: Any) -> None:
    # Given a device whose banner and answers are full of them, and a check that shows what it answered
    place, device = site.place, "fr-002-s1"
    site.lab.set_fault(device, Fault(kind=FaultKind.ESCAPES))
    change = place.change("escapes", select=f"name={device}", line="ntp server 192.0.2.99\n")
    rollout = site.request(change)
    if site.state(rollout) == "awaiting_approval":
        site.approve(rollout)
        site.watch(rollout)
    site.lab.clear_faults(device)
    # When people look at what came of it, then nothing of it acts on their terminals
    for arguments in (("rollout", "show", rollout), ("device", "history", device), ("audit", "--device", device)):
        shown = place(*arguments)
        harmless(shown.out, shown.err)


def test_a_file_with_escapes(site: Any) -> None:
    change = site.place.change("file", ios="{{ nothing }} {# \x1b[2J #}\n")
    change.write_text(change.read_text().replace("ticket: NET-7", 'ticket: "N\\e[2J"'))
    checked = site.place("change", "validate", str(change))
    harmless(checked.out, checked.err)
    assert checked.code == 1


@pytest.mark.parametrize("name", [f"x{HOSTILE}", "../../etc/passwd", "r-%", "' OR 1=1 --", "[bold]"])
def test_names_that_are_none(site: Any, name: str) -> None:
    for arguments in (
        ("rollout", "show", name),
        ("device", "history", name),
        ("inventory", "show", name),
        ("log", "--type", name),
        ("schema", name),
        ("platform", "commands", name),
        ("rollout", "lift", name),
        ("key", "revoke", name, "-r", "x", "--yes"),
    ):
        done = site.place(*arguments, by="ada")
        harmless(done.out, done.err)
        assert done.code in {0, 1, 2}


def test_no_login_is_anywhere(site: Any, rollout: str) -> None:
    texts = [
        site.place("log", "--last", "0", "--json").out,
        site.place("rollout", "plan", rollout).out,
        site.place("inventory", "show", "de-001-r1", "--vars", "--json").out,
        site.up.errors.read_text(),
        site.up.page("/metrics")[1],
        site.up.page("/healthz")[1],
        *(path.read_bytes().decode("latin-1") for path in (site.place.home / "log").iterdir()),
        (site.place.home / "views.db").read_bytes().decode("latin-1"),
    ]
    for text in texts:
        assert LAB_PASSWORD not in text
        assert "PRIVATE KEY" not in text


def test_logs_are_json_whatever_is_in_them(site: Any, rollout: str) -> None:
    for line in site.up.errors.read_text().splitlines():
        harmless(line)
        json.loads(line)
