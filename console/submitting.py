"""Submitting changes, and requesting rollouts of them."""

from pathlib import Path

from automation.change.bundle import Bundle
from console.client import Answer, Client
from console.errors import UnknownIdError, UsageError, ViewsError
from console.freshness import PATIENCE, await_views
from console.home import Home
from console.outbox import Outbox
from console.queries import ViewsReader
from events.commands import RequestRollout, SubmitChange


def submit(outbox: Outbox, bundle: Bundle) -> Answer:
    """Makes a change known, with its files: whoever submits need not reach the blob store.

    Raises:
        LogError: it could not be sent.
    """
    return outbox.ask(SubmitChange(bundle=bundle.id, files=bundle.texts()))


def request(outbox: Outbox, change: str, only: str | None, reason: str) -> Answer:
    """Asks for a change to be planned over what its selector names now.

    Raises:
        LogError: it could not be sent.
    """
    return outbox.ask(RequestRollout(change=change, only=only, reason=reason))


def is_file(text: str) -> bool:
    """Whether a change was named by its file.

    Raises:
        UsageError: it looks like a file, and there is none.
    """
    path = Path(text)
    if path.is_file():
        return True
    if path.suffix in {".yaml", ".yml"} or "/" in text:
        raise UsageError(f"there is no file {text}")
    return False


def change_id(views: ViewsReader, text: str) -> str:
    """The id of a submitted change, from as much of it as is unique.

    Raises:
        UnknownIdError: there is none, or there are several.
    """
    return views.change(text).id


def is_known(place: Home, client: Client, bundle: Bundle) -> bool:
    """Whether a change is known as one of whoever asks: an author of it is whoever has submitted it.

    Where the views cannot tell it is not, and submitting it again does no harm.

    Raises:
        LogError: control could not be read.
    """
    entry = client.authority().keys.get(client.signer.key_id)
    try:
        with place.views() as views:
            await_views(client.log, views, PATIENCE)
            return entry is not None and entry.name in views.change(bundle.id).authors
    except (ViewsError, UnknownIdError):
        return False
