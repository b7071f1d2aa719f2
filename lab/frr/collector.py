"""The lab's syslog server: one process for all routers; `python -m lab.frr.collector FOLDER...`.

It binds FOLDER/log for every folder, says so on its standard output, and writes to FOLDER/journal.jsonl until its
standard input ends.
"""

import selectors
import socket
import struct
import sys
import time
from pathlib import Path
from typing import IO

from lab.frr.journal import JOURNAL, SOCKET, record

_CREDENTIALS = struct.Struct("=iII")
_LONGEST = 65536


def main() -> None:
    """Collect until standard input ends."""
    with selectors.DefaultSelector() as selector:
        for folder in map(Path, sys.argv[1:]):
            selector.register(_bind(folder / SOCKET), selectors.EVENT_READ, (folder / JOURNAL).open("a", buffering=1))
        selector.register(sys.stdin, selectors.EVENT_READ)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while all(_collect(key) for key, _ in selector.select()):
            continue


def _bind(path: Path) -> socket.socket:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    receiver.bind(str(path))
    path.chmod(0o666)
    return receiver


def _collect(key: selectors.SelectorKey) -> bool:
    if not isinstance(key.fileobj, socket.socket):
        return False
    message, ancillary, _, _ = key.fileobj.recvmsg(_LONGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
    journal: IO[str] = key.data
    journal.write(record(message.decode("utf-8", "replace").rstrip("\0"), _sender(ancillary), time.time()) + "\n")
    return True


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(_CREDENTIALS.unpack(data)[1])
    return -1


if __name__ == "__main__":
    main()
