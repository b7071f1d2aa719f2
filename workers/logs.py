"""JSON lines on standard error, for what we log and for what libraries log."""

import logging
import re
import sys
from contextlib import suppress

import structlog

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


#: The client of Kafka tells of each connection that it tries again, several lines a second while a broker is away.
_CHATTY = "kafka"

# Above every level.
_NEVER = logging.CRITICAL + 1

#: So long the same is not told again, in seconds.
_QUIET_S = 60.0

_VARYING = re.compile(r"\d+")


def configure_logging(level: str, *, chatty: bool = True) -> None:
    """Logs ourselves from this level on, libraries from warnings on or from this level where that is higher.

    What the client of Kafka says again and again is told once a minute; nothing of it without ``chatty``, for people
    are told in our own words what came of it.
    """
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[*_SHARED, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_args: _StandardError(),
    )
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _ToStandardError)]:
        root.removeHandler(handler)
    root.addHandler(_ToStandardError(max(threshold, logging.WARNING)))
    # A level of its own: whoever sets the root's lower must not get its every request.
    logging.getLogger(_CHATTY).setLevel(max(threshold, logging.WARNING) if chatty else _NEVER)


class _Repeated(logging.Filter):
    """Passes what a chatty library says once a minute; numbers aside (ports, times, attempts) it is the same."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this is news."""
        if record.name.partition(".")[0] != _CHATTY:
            return True
        said = (record.name, _VARYING.sub("#", record.getMessage()))
        last = self._told.get(said)
        if last is not None and 0 <= record.created - last < _QUIET_S:
            return False
        self._told = {old: at for old, at in self._told.items() if 0 <= record.created - at < _QUIET_S}
        self._told[said] = record.created
        return True


class _StandardError:
    """Writes lines to whatever standard error is at that moment.

    A line for which there is no room, or nobody to read it, is lost: logging must not end what it tells about.
    """

    def msg(self, line: str) -> None:
        """Writes one line."""
        with suppress(OSError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


class _ToStandardError(logging.Handler):
    """Gives what libraries tell the same form and the same way out."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.addFilter(_Repeated())
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line."""
        try:
            _StandardError().msg(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler does: logging must not end what it tells about
            self.handleError(record)
