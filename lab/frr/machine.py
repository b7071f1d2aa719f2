"""A machine: processes, mounts and a host name of its own over a disk that outlives them, on a given network."""

import os
import select
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab.frr.errors import BootError
from lab.frr.namespaces import Network, run

BOOT_DEADLINE_S = 60.0
_BOOT = Path(__file__).with_name("boot.sh")


class Machine:
    """`folder` holds the disk (`disk`), the boot script (`rc`) and the console's output; `lower` is its base system."""

    def __init__(self, name: str, folder: Path, network: Network, *, rc: str, lower: str = "/") -> None:
        self.name = name
        self.folder = folder
        self.network = network
        self._lower = lower
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self.pid = 0
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rc").write_text(rc, encoding="utf-8")

    @property
    def disk(self) -> Path:
        """What the machine has written, over its base system."""
        return self.folder / "disk"

    def start(self) -> None:
        """Switch it on; `wait_until_booted` tells when it is there. Several boot at the same time this way."""
        spaces = ["unshare", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child"]
        command = [*spaces, "sh", str(_BOOT), str(self.folder), self.name, self._lower]
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(  # noqa: S603 (the lab's own words, no shell)
                self.network.inside(*command),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=console, start_new_session=True,
            )  # fmt: skip

    def wait_until_booted(self) -> None:
        """Return once the boot script is through. Raises BootError with the end of the console."""
        process = self._process
        if process is None or process.stdout is None:
            raise BootError(f"{self.name} was never switched on")
        ready, _, _ = select.select([process.stdout], [], [], BOOT_DEADLINE_S)
        words = process.stdout.readline().split() if ready else []
        if not words:
            raise BootError(f"{self.name} did not boot: {self._console()}")
        self.pid = int(words[1])
        self._pidfd = os.pidfd_open(self.pid)

    def command(self, *words: str) -> list[str]:
        """The command that runs `words` inside the machine as root."""
        spaces = ["--net", "--pid", "--mount", "--uts", "--ipc"]
        return ["nsenter", f"--target={self.pid}", *spaces, "--wd=/", "--", *words]

    def run(self, *words: str, standard_input: str | None = None) -> str:
        """Run a command inside as root and return its output. Raises CommandError."""
        return run(self.command(*words), standard_input=standard_input)

    def power_off(self) -> None:
        """Kill every process of it at once, like a cable that is pulled; returns when the last is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        if self._pidfd >= 0:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            # Process 1 becomes a zombie only after the kernel has ended everybody else in there.
            select.select([self._pidfd], [], [])
            os.close(self._pidfd)
            self._pidfd = -1
        else:
            process.kill()
        _close(process)

    def _console(self) -> str:
        return (self.folder / "console").read_text(encoding="utf-8", errors="replace")[-2000:].strip()


def power_off_all(machines: Sequence[Machine]) -> None:
    """Switch all of them off, whatever state each is in."""
    for machine in machines:
        machine.power_off()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()
