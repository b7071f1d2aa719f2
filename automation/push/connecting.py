"""Sessions for a push: the first one, and fresh ones after a commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from automation.platforms.contract import LoginRefusedError, PlatformError, Session
from automation.push.work import Desk, Work


@contextmanager
def session(work: Work, desk: Desk, patience: timedelta) -> Iterator[Session]:
    """A session, tried again until ``patience`` is over where trying again can help; closed at the end.

    A refused login is never tried again: one refusal stops the credential, before the account is locked.

    Raises:
        PlatformError: no session came about.
    """
    opened = _patiently(lambda: _connect(work), work, desk, patience)
    try:
        yield opened
    finally:
        opened.close()


def _connect(work: Work) -> Session:
    return work.platform.connect(work.endpoint, work.via, work.timing.limits)


def _patiently(connect: Callable[[], Session], work: Work, desk: Desk, patience: timedelta) -> Session:
    deadline = desk.monotonic() + patience.total_seconds()
    while True:
        try:
            return connect()
        except LoginRefusedError:
            raise
        except PlatformError as error:
            if not error.retriable or desk.monotonic() >= deadline:
                raise
        desk.sleep(work.timing.pause.total_seconds())
