"""How old what the views show is. What was decided a moment ago is waited for, a projector that is gone is not."""

import time
from datetime import timedelta

from console.home import Home
from console.output import Output, moment
from console.queries import ViewsReader
from console.telling import counted
from events.log.contract import EventLog, LogError, Partition, Topic

_FACTS = Partition(Topic.FACTS, 0)

#: How long views are waited for.
PATIENCE = timedelta(seconds=2)

_POLL = timedelta(milliseconds=50)
_LOOK_S = 0.05


def see_that_fresh(home: Home, views: ViewsReader, output: Output) -> None:
    """Waits a little for the views to have what the log has; warns where they have not, or where nobody can tell.

    Raises:
        ViewsError: there are no views of this log.
    """
    at = views.progress().at
    try:
        with home.log() as log:
            behind = await_views(log, views, PATIENCE)
    except LogError as error:
        output.warn(f"this may be old, it is of {moment(at)}: {error}")
        return
    if behind:
        output.warn(
            f"this is old: {counted(behind, 'fact')} came since {moment(at)}. Is a projector running? See "
            "'wavegate up' and 'wavegate run projector'"
        )


def await_views(log: EventLog, views: ViewsReader, patience: timedelta) -> int:
    """Waits until the views have what the log had when this was called; returns how many facts they lack at the end.

    Raises:
        LogError: the log did not say.
        ViewsError: there are no views of this log.
    """
    progress = views.progress()
    wanted = progress.seq + _facts_after(log, progress.position)
    deadline = time.monotonic() + patience.total_seconds()
    while (seq := views.progress().seq) < wanted and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
    return max(0, wanted - seq)


def _facts_after(log: EventLog, position: int) -> int:
    """Positions have gaps, so facts are counted by reading them."""
    reader = log.reader({_FACTS: position})
    try:
        end = reader.end(_FACTS)
        count = 0
        while reader.position(_FACTS) < end:
            count += len(reader.poll(_POLL))
        return count
    finally:
        reader.close()
