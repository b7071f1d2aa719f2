"""The accounting journal: what was sent to a router, by whom, and what its daemons made of it.

Every router's syslog goes over a socket to one collector of the lab, which writes outside the router's disk, as root:
no account of the router can reach it, and it outlives power cuts. Three kinds of entries matter:

- `ident` "wavegate": the login wrapper's accounting (`event` is line, verb, refused, shell-opened, shell-closed,
  restoring, restored …), with who and from where;
- a daemon's name and `event` "command": what that FRR daemon was given to execute, by anybody;
- "sshd": logins.
"""

import json
import re
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.frr.errors import FrrLabError

JOURNAL, SOCKET = "journal.jsonl", "log"
WRITTEN_WITHIN_S = 10.0
_HEADER = re.compile(r"<\d+>(?:\w{3} [ \d]\d [\d:]{8} )?(?P<ident>[\w.-]+)(?:\[\d+\])?: (?P<text>.*)", re.DOTALL)
_COMMAND = re.compile(r"\[\w{5}-\w{5}\] vty\[\d+\]@(?P<context>\([\w-]+\))?[>#] ?(?P<line>.*)", re.DOTALL)


class JournalError(FrrLabError):
    """The collector does not write any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """One message. `line` is the command, verb or message; `context` FRR's prompt, `(config-router)` and the like.

    `uid` is the sender's user id, as the kernel vouches for it. `session` names one channel of a client's connection,
    which is a shell or one verb.
    """

    at: datetime
    ident: str
    uid: int
    event: str
    line: str
    context: str = ""
    user: str = ""
    peer: str = ""
    session: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


def read_journal(folder: Path) -> list[JournalEntry]:
    """Everything that was journalled for the router in `folder` up to now. Raises JournalError if nobody writes."""
    _await_writer(folder)
    with (folder / JOURNAL).open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [_entry(record) for record in records if "marker" not in record]


def record(message: str, uid: int, at: float) -> str:
    """One line of the journal's file for a syslog message."""
    match = _HEADER.fullmatch(message)
    ident, text = (match["ident"], match["text"]) if match else ("", message)
    found: dict[str, Any] = {"at": at, "uid": uid, "ident": ident, "text": text.rstrip("\n")}
    if message.startswith("marker "):
        found["marker"] = message
    return json.dumps(found)


def _entry(found: dict[str, Any]) -> JournalEntry:
    at, ident, uid, text = datetime.fromtimestamp(found["at"], UTC), found["ident"], found["uid"], found["text"]
    said = _accounting(text) if ident == "wavegate" else {}
    if said:
        line = next((said[name] for name in ("line", "request", "id") if said.get(name)), "")
        return JournalEntry(
            at=at, ident=ident, uid=uid, event=said["event"], line=line, user=said["user"], peer=said["peer"],
            session=said["session"], fields=said,
        )  # fmt: skip
    if command := _COMMAND.fullmatch(text):
        line, context = command["line"].strip(), command["context"] or ""
        return JournalEntry(at=at, ident=ident, uid=uid, event="command", line=line, context=context)
    return JournalEntry(at=at, ident=ident, uid=uid, event="message", line=text)


def _accounting(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:  # somebody else under that name, or cut off by a syslog on the way
        return {}
    return said if isinstance(said, dict) and {"event", "user", "peer", "session"} <= said.keys() else {}


def _await_writer(folder: Path) -> None:
    # The socket keeps order: once this marker is written, so is everything that was sent before it.
    marker = f"marker {uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.connect(str(folder / SOCKET))
            sender.send(marker.encode())
        except OSError as error:
            raise JournalError(f"nobody collects {folder / SOCKET} any more: the lab has been stopped") from error
    give_up = time.monotonic() + WRITTEN_WITHIN_S
    while not any(marker in line for line in _tail(folder / JOURNAL)):
        if time.monotonic() >= give_up:
            raise JournalError(f"the collector has not written to {folder / JOURNAL} for {WRITTEN_WITHIN_S:.0f} s")
        time.sleep(0.005)


def _tail(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        yield from file.read().decode("utf-8", "replace").splitlines()
