"""The interactive session: vtysh on a terminal of its own, with every line accounted for before vtysh sees it."""

import fcntl
import os
import pty
import select
import signal
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from wavegate_frr import vtysh
from wavegate_frr.accounting import Account, Lines, masked
from wavegate_frr.state import WavegateFrrError, lock

_CHUNK = 65536
NOTICE = b"\r\n% wavegate: the dead-man restores this router's configuration: this session ends\r\n"


class FencedError(WavegateFrrError):
    """The guardian (or the system) ends this session before it restores."""


def relay(account: Account) -> int:
    """Run vtysh for the terminal on descriptors 0 and 1 until either side closes; returns an exit status."""
    pid, master = pty.fork()
    if pid == 0:
        vtysh.exec_shell()
    with _raw_terminal(), _signals(master):
        try:
            _copy(master, account)
        except FencedError:
            os.kill(pid, signal.SIGKILL)
            _say_goodbye()
        finally:
            os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) and 1


@contextmanager
def registered(shells: Path) -> Iterator[None]:
    """Be in the list of shells that the guardian ends before it restores, for as long as this process lives."""
    own = shells / str(os.getpid())
    with own.open("w", encoding="utf-8") as file:
        lock(file.fileno(), 1.0)
        try:
            yield
        finally:
            own.unlink(missing_ok=True)


def _copy(master: int, account: Account) -> None:
    lines = Lines()
    while True:
        readable, _, _ = select.select([0, master], [], [])
        if master in readable:
            data = _read(master)
            if not data:
                return
            _write(1, data)
        if 0 in readable:
            data = _read(0)
            if not data:
                return
            for line in lines.feed(data):
                account.note("line", line=masked(line))
            _write(master, data)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:  # a terminal whose other side is closed reads as an error, not as its end
        return b""


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _say_goodbye() -> None:
    # A client that is cut off never drains its terminal: only tell one that listens.
    if select.select([], [1], [], 0.0)[1]:
        os.write(1, NOTICE)


@contextmanager
def _raw_terminal() -> Iterator[None]:
    before = termios.tcgetattr(0)
    # Not flushed, as would be usual: a client that is quick may have typed its first line already.
    tty.setraw(0, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)


@contextmanager
def _signals(master: int) -> Iterator[None]:
    def resize(_: int, __: FrameType | None) -> None:
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)

    def fence(_: int, __: FrameType | None) -> None:
        raise FencedError(NOTICE.decode())

    signal.signal(signal.SIGWINCH, resize)
    signal.signal(signal.SIGTERM, fence)
    signal.signal(signal.SIGHUP, fence)
    resize(0, None)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH):
            signal.signal(number, signal.SIG_IGN)
