"""FRR as this package needs it: read what runs, and bring a snapshot back until nothing differs."""

import hashlib
import os
import subprocess
from collections import Counter
from pathlib import Path

from wavegate_frr.state import WavegateFrrError

VTYSH = "/usr/bin/vtysh"
RELOAD = "/usr/lib/frr/frr-reload.py"
STARTUP = Path("/etc/frr/frr.conf")
DEADLINE_S = 60.0
_CLOSING = ("exit", "end", "!")
# What `no` sets to something else than before it was set, with the way back.
_DEFAULTS = {"exec-timeout": "exec-timeout 10 0"}

Line = tuple[str, ...]
"""A line with the lines it stands under, outermost first: `("router ospf", "passive-interface default")`."""


class RouterError(WavegateFrrError):
    """FRR did not do what it was asked: a daemon is down, a tool is missing, an answer did not come in time."""


def environment() -> dict[str, str]:
    """All that vtysh gets to see; nothing of it comes from the client.

    A pager would give its user a shell (`!sh` in less), so vtysh gets one that cannot; on a dumb terminal it would
    scroll long lines sideways.
    """
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "TERM": "vt100",
        "VTYSH_HISTFILE": "/dev/null",
        "VTYSH_PAGER": "/bin/cat",
    }


def _run(*arguments: str, folder: Path | None = None) -> str:
    name = Path(arguments[0]).name
    try:
        done = subprocess.run(
            arguments, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", timeout=DEADLINE_S, check=False,
        )  # fmt: skip
    except OSError as error:
        raise RouterError(f"{name} cannot be started ({error.strerror}): is FRR with its pythontools here?") from error
    except subprocess.TimeoutExpired as error:
        raise RouterError(f"{name} did not answer within {DEADLINE_S:.0f} s: is a daemon hanging?") from error
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise RouterError(f"{name} ended with {done.returncode}: {' '.join(last)}")
    return done.stdout


def running() -> str:
    """The running configuration, without vtysh's heading. Raises RouterError if it is not whole."""
    text = _run(VTYSH, "-c", "show running-config no-header")
    if text.rstrip().rpartition("\n")[2] != "end":
        raise RouterError("vtysh's running configuration does not finish with 'end': is a daemon restarting?")
    return text


def startup() -> str:
    """The saved configuration, as the file has it: FRR 8.4's `show startup-config` prints nothing in vtysh."""
    try:
        return STARTUP.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        message = f"{STARTUP} cannot be read ({error.strerror}): the account must be in the group frr"
        raise RouterError(message) from error


def startup_sha256() -> str:
    """A fingerprint of the saved configuration, to tell later whether somebody saved."""
    return hashlib.sha256(startup().encode()).hexdigest()


def lines(text: str) -> list[Line]:
    """Every line with the lines it stands under; what only closes a block or comments is left out."""
    found: list[Line] = []
    above: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.split("-")[0] in _CLOSING or line.startswith(("!", "frr version ")):
            continue
        depth = min(len(raw) - len(raw.lstrip(" ")), len(above))
        above[depth:] = [line]
        found.append(tuple(above))
    return found


def differences(wanted: str, actual: str) -> tuple[list[Line], list[Line]]:
    """(what `actual` lacks, what it has beyond `wanted`), in the order of the texts; order itself does not count."""
    want, have = lines(wanted), lines(actual)
    lacks, extra = Counter(want) - Counter(have), Counter(have) - Counter(want)
    return [path for path in want if path in lacks], [path for path in have if path in extra]


def save_snapshot(folder: Path) -> None:
    """Write what is running into `folder`, and prove that frr-reload.py sees no difference between the two.

    A configuration that frr-reload.py cannot read back could not be restored either: better to learn that now.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "frr.conf").write_text(running(), encoding="utf-8")
    (folder / "vtysh.conf").write_text("service integrated-vtysh-config\n", encoding="utf-8")
    report = _run(RELOAD, "--test", "--log-level", "critical", *_reload_paths(folder))
    if report.strip():
        raise RouterError(
            f"frr-reload.py cannot reproduce this configuration: {' / '.join(report.split(chr(10))[3:6])}"
        )


def bring_back(folder: Path) -> None:
    """One attempt at making the running configuration equal the snapshot in `folder`.

    frr-reload.py knows FRR's peculiarities; what it leaves (it keeps emptied blocks of unknown interfaces) is taken
    away line by line. Raises RouterError while something differs.
    """
    wanted = (folder / "frr.conf").read_text(encoding="utf-8")
    trouble = _attempt(RELOAD, "--reload", "--stdout", *_reload_paths(folder))
    lacks, extra = differences(wanted, running())
    _take_away(extra)
    for path in lacks:
        _attempt(VTYSH, *_each("configure terminal", *path))
    lacks, extra = map(_telling, differences(wanted, running()))
    if lacks or extra:
        raise RouterError(f"{len(lacks)} lines missing and {len(extra)} left over after restoring{trouble}")


def _telling(paths: list[Line]) -> list[Line]:
    # FRR never forgets an interface that the kernel has: a bare header stays once its lines are gone, and says nothing.
    said = {path[:-1] for path in paths}
    return [path for path in paths if path in said or len(path) > 1 or not path[0].startswith("interface ")]


def _take_away(extra: list[Line]) -> None:
    for path in extra:
        # With a block go its lines; where the block itself cannot go (`line vty`), its lines do one by one.
        if path[:-1] not in extra and not _negate(path):
            for below in extra:
                if below[: len(path)] == path and below != path:
                    _negate(below)


def _negate(path: Line) -> bool:
    # Some commands take back only their beginning: `no password`, `no exec-timeout`.
    *parents, line = path
    default = _DEFAULTS.get(line.split()[0])
    if default is not None:
        return not _attempt(VTYSH, *_each("configure terminal", *parents, default))
    words = (line.removeprefix("no ") if line.startswith("no ") else f"no {line}").split()
    shorter = (" ".join(words[:length]) for length in range(len(words), 1, -1))
    return any(not _attempt(VTYSH, *_each("configure terminal", *parents, command)) for command in shorter)


def _attempt(*arguments: str) -> str:
    # What counts is the read-back; a complaint only explains why that failed.
    try:
        _run(*arguments)
    except RouterError as error:
        return f" ({error})"
    return ""


def _each(*commands: str) -> tuple[str, ...]:
    return tuple(word for command in commands for word in ("-c", command))


def _reload_paths(folder: Path) -> tuple[str, ...]:
    # frr-reload.py saves to startup after every reload, unless the file it loads is frr.conf of its own confdir.
    return "--confdir", str(folder), "--rundir", str(folder), str(folder / "frr.conf")


def exec_shell() -> None:
    """Become an interactive vtysh; does not return."""
    os.execve(VTYSH, ["vtysh"], environment())  # noqa: S606 (nothing of it comes from the client)
