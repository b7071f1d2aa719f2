"""Network namespaces without names, and commands run inside them.

A namespace lives as long as a file descriptor or a process holds it. So nothing can be left behind, whatever ends the
process that built the lab.
"""

import ctypes
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.frr.errors import CommandError, MissingError

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_TOOLS = {
    "/usr/bin/vtysh": "frr", "/usr/lib/frr/zebra": "frr", "/usr/lib/frr/vrrpd": "frr",
    "/usr/lib/frr/frr-reload.py": "frr-pythontools", "/usr/sbin/sshd": "openssh-server",
}  # fmt: skip
_COMMANDS = {"ip": "iproute2", "ping": "iputils-ping", "unshare": "util-linux", "ssh-keygen": "openssh-client"}


def missing() -> tuple[str, ...]:
    """What this machine lacks for a lab of real routers, each with the way to mend it; empty if it has everything."""
    lacks = [] if os.geteuid() == 0 else ["root's rights are needed to make namespaces"]
    lacks += [f"{path} is missing (Debian: {package})" for path, package in _TOOLS.items() if not Path(path).exists()]
    lacks += [f"{name} is missing (Debian: {package})" for name, package in _COMMANDS.items() if not shutil.which(name)]
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="ascii").split():
        lacks.append("the kernel has no overlay filesystem (modprobe overlay)")
    return tuple(lacks)


def require() -> None:
    """Raise MissingError unless a lab can be built here."""
    if lacks := missing():
        raise MissingError(lacks)


class Network:
    """One network namespace, held by this process."""

    def __init__(self) -> None:
        # unshare() acts on the calling thread alone: a thread of its own may stay in there and end.
        with ThreadPoolExecutor(max_workers=1) as pool:
            self._descriptor = pool.submit(_unshare).result()

    @property
    def path(self) -> str:
        """A path that other processes can open while this one lives."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def inside(self, *command: str) -> list[str]:
        """The command that runs `command` in this namespace."""
        return ["nsenter", f"--net={self.path}", "--", *command]

    def ip(self, *lines: str) -> None:
        """Run a batch of `ip` commands in it. Raises CommandError naming the line that failed."""
        run(self.inside("ip", "-batch", "-"), standard_input="\n".join(lines) + "\n")

    def write(self, settings: dict[str, str]) -> None:
        """Set its kernel parameters: paths below /proc/sys and their values."""
        script = "".join(f"echo {value} > /proc/sys/{name}\n" for name, value in settings.items())
        run(self.inside("sh", "-e", "-c", script))

    def close(self) -> None:
        """Let it go; with the last process inside, its interfaces go too."""
        os.close(self._descriptor)


def run(command: list[str], *, standard_input: str | None = None) -> str:
    """Run a command to its end and return what it printed. Raises CommandError with its complaint."""
    feed = subprocess.DEVNULL if standard_input is None else None
    done = subprocess.run(  # noqa: S603 (the lab's own words, no shell)
        command, input=standard_input, stdin=feed, capture_output=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()[-800:]
        raise CommandError(f"{' '.join(command)[:300]} ended with {done.returncode}: {said}")
    return done.stdout


def _unshare() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise CommandError(f"no network namespace can be made: {os.strerror(code)}")
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
