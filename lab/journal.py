"""The accounting journal of a device: who did what on it, which no client can write or change.

One JSON object a line, in a file per device that is only ever appended to; each is written in one call before the
device answers, so that what a client has been told is in the journal whatever happens to the lab next.
"""

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

Now = Callable[[], datetime]
"""The wall clock, aware and in UTC."""


class Event(Enum):
    """What an entry tells."""

    COMMAND = "command"
    LOGIN = "login"
    LOGIN_REFUSED = "login-refused"
    CONNECTION_REFUSED = "connection-refused"
    LOGOUT = "logout"
    SESSION_CUT = "session-cut"
    COMMIT = "commit"
    TIMER_ARMED = "timer-armed"
    TIMER_FIRED = "timer-fired"
    TIMER_CANCELLED = "timer-cancelled"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    SAVED = "saved"
    REBOOTED = "rebooted"
    EDITED_BY_HAND = "edited-by-hand"
    HARDWARE_SWAPPED = "hardware-swapped"
    FAULT_SET = "fault-set"
    FAULT_CLEARED = "fault-cleared"
    FAULT_FIRED = "fault-fired"


class Entry(BaseModel):
    """One entry.

    `session` tells the connections of a device apart. `line` is a command as it was sent (the input of a prompt for a
    secret never is), `mode` where it was typed, `result` is `accepted` or `refused`. `detail` explains an event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: datetime
    device: str
    event: Event
    user: str = ""
    peer: str = ""
    session: str = ""
    line: str = ""
    mode: str = ""
    result: str = ""
    detail: str = ""


class Journal:
    """Appends to one device's file."""

    def __init__(self, path: Path, device: str, now: Now) -> None:
        self.path = path
        self._device = device
        self._now = now

    def write(self, event: Event, **fields: str) -> None:
        """Appends an entry with these fields, stamped with the time now; the fields are those of Entry."""
        entry = {"time": self._now().astimezone(UTC).isoformat(), "device": self._device, "event": event.value}
        filled = {name: text for name, text in fields.items() if text}
        line = json.dumps(entry | filled, ensure_ascii=True) + "\n"
        # Opened for each entry: 500 devices would hold as many descriptors otherwise.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def read_journal(path: Path) -> list[Entry]:
    """Every entry of a device's file, oldest first; none where the device has done nothing yet."""
    return parse_journal(path.read_text().splitlines()) if path.exists() else []


def parse_journal(lines: Iterable[str]) -> list[Entry]:
    """Entries from their lines; a last line that a kill has cut short is left out."""
    return [Entry.model_validate_json(line) for line in lines if line.endswith("}")]
