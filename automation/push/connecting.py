"""Sessions for a push: the first one, and fresh ones after a commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from automation.platforms.contract import LoginRefusedError, PlatformError, Session
from automation.push.telling import Teller
from automation.push.work import Work
from events.reports import CredentialRefused


@contextmanager
def session(work: Work, teller: Teller, patience: timedelta) -> Iterator[Session]:
    """A session as from :func:`opened`, closed at the end."""
    fresh = opened(work, teller, patience)
    try:
        yield fresh
    finally:
        fresh.close()


def opened(work: Work, teller: Teller, patience: timedelta) -> Session:
    """A session, tried again until ``patience`` is over where trying again can help.

    A refused login is announced and never tried again: one refusal stops the credential everywhere, before the account
    is locked.

    Raises:
        PlatformError: no session came about.
    """
    deadline = teller.desk.monotonic() + patience.total_seconds()
    while True:
        try:
            return work.platform.connect(work.endpoint, work.via, work.timing.limits)
        except LoginRefusedError as error:
            teller.announce(CredentialRefused, credential=error.credential or work.endpoint.credential)
            raise
        except PlatformError as error:
            if not error.retriable or teller.desk.monotonic() >= deadline:
                raise
        teller.desk.sleep(work.timing.pause.total_seconds())
