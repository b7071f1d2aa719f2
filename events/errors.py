"""What can be wrong with a message; the log's own errors are in its contract."""


class MessageError(Exception):
    """A record is not what it should be."""

    retriable = False


class MalformedError(MessageError):
    """A record that cannot be read as what it claims to be."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} cannot be read: {why}")
        self.what = what
        self.why = why


class UnknownTypeError(MessageError):
    """A record of a type that this software does not know."""

    def __init__(self, kind: str, wire: str) -> None:
        super().__init__(f"no {kind} is called {wire[:80]!r}; was it written by newer software, or to the wrong topic?")
        self.kind = kind
        self.wire = wire


class UnknownVersionError(MessageError):
    """A record of a version that this software does not know."""

    def __init__(self, wire: str, version: int, newest: int) -> None:
        super().__init__(
            f"{wire} has version {version}, this software reads up to {newest}: upgrade this process before it goes on"
        )
        self.wire = wire
        self.version = version
        self.newest = newest
