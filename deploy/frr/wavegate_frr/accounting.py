"""Accounting: every line a client sends and every verb it asks for goes to syslog, before it takes effect.

Syslog belongs to root, so the account that is accounted for can neither change nor remove what was written.
"""

import json
import os
import re
import syslog

LONGEST_LINE = 2048
_SECRET = re.compile(
    r"(?i)\b(password|md5|authentication-key|key-string|authentication\s+string|secret)(\s+)\S.*",
)
_ERASE = frozenset(b"\x08\x7f")
_KILL = frozenset(b"\x03\x15")


def masked(line: str) -> str:
    """The line with everything after a word that introduces a secret replaced by `***`."""
    return _SECRET.sub(r"\1\2***", line)


class Account:
    """Writes one JSON object a message to syslog (facility auth, ident `wavegate`), with who and from where."""

    def __init__(self, user: str, peer: str) -> None:
        self._who = {"user": user, "peer": peer, "session": os.urandom(6).hex()}
        syslog.openlog("wavegate", syslog.LOG_PID, syslog.LOG_AUTHPRIV)

    @property
    def by(self) -> str:
        """Who it is, for people: `user@address:port`."""
        return f"{self._who['user']}@{self._who['peer']}"

    def note(self, event: str, **fields: str | float | bool | None) -> None:
        """Write one event; a value too long for syslog is cut."""
        cut = {name: value[:LONGEST_LINE] if isinstance(value, str) else value for name, value in fields.items()}
        syslog.syslog(syslog.LOG_INFO, json.dumps({"event": event, **self._who, **cut}))


class Lines:
    """Cuts what a client types into lines, as vtysh will read them: both line ends, erase and kill are understood."""

    def __init__(self) -> None:
        self._line = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """The lines that these bytes end; empty ones do nothing in vtysh and are left out."""
        ended = []
        for byte in data:
            if byte in b"\r\n":
                ended.append(self._line.decode("utf-8", "backslashreplace").strip())
                self._line.clear()
            else:
                self._type(byte)
        return [line for line in ended if line]

    def _type(self, byte: int) -> None:
        if byte in _ERASE:
            del self._line[-1:]
        elif byte in _KILL:
            self._line.clear()
        elif len(self._line) < LONGEST_LINE:
            self._line.append(byte)
