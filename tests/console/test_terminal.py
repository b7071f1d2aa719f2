"""On a terminal: what is drawn while a rollout goes on, and that nothing of it is somebody else's."""

import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)

#: What Rich itself sends to a terminal: colours, moves of the cursor, erasing of lines, hiding and showing the cursor.
_OURS = re.compile(r"\x1b\[(?:[0-9;]*m|[0-9]*[ABCDGK]|2K|\?25[hl])|\r")


def on_terminal(place: Any, *arguments: str) -> tuple[int, str]:
    """A command as it is on a terminal of its own; its exit code, and all that the terminal was sent."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "console.cli", *arguments],
        env={**place.environment(), "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "50"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    found = bytearray()
    try:
        while part := os.read(ours, 65_536):
            found += part
    except OSError:
        pass  # Linux tells the end of a terminal like this
    finally:
        os.close(ours)
    return process.wait(60), found.decode()


@pytest.fixture(scope="module")
def rollout(site: Any) -> str:
    """A rollout that went out to a site, for a reason that is none."""
    reason = "\x1b]0;owned\x07\x1b[2J"
    name = str(site.request(site.place.change("terminal", select="site=de-001", bake="1s"), "ed", "-r", reason))
    assert site.approve(name, "--note", reason).code == 0
    return name


def test_a_rollout_is_drawn_until_it_has_ended(site: Any, rollout: str) -> None:
    code, shown = on_terminal(site.place, "rollout", "watch", rollout)
    assert code == 0
    assert "\x1b[?25l" in shown
    assert "\x1b[?25h" in shown
    plain = _OURS.sub("", shown)
    assert f"{rollout}  completed since" in plain
    assert "██" in plain
    assert "2 verified" in plain
    assert "network-ops   olga" in plain


@pytest.mark.parametrize(
    "arguments",
    [
        ("rollout", "watch", "{rollout}"),
        ("rollout", "show", "{rollout}"),
        ("rollout", "list"),
        ("log", "--rollout", "{rollout}"),
        ("audit", "--rollout", "{rollout}"),
    ],
    ids=" ".join,
)
def test_only_our_own_sequences_reach_it(site: Any, rollout: str, arguments: tuple[str, ...]) -> None:
    code, shown = on_terminal(site.place, *(argument.format(rollout=rollout) for argument in arguments))
    assert code == 0
    left = _OURS.sub("", shown)
    assert "\x1b" not in left
    assert "\x07" not in left


def test_elsewhere_there_are_none(site: Any, rollout: str) -> None:
    shown = site.place.shell("rollout", "watch", rollout)
    assert shown.code == 0
    assert "\x1b" not in shown.out + shown.err
