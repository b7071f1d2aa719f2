"""Nothing stays behind: neither threads nor files nor sockets, for every adapter."""

import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from events.log.contract import Partition, Topic

FACTS = Partition(Topic.FACTS, 0)


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def descriptors() -> set[str]:
    """What this process has open, each by what it is."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {os.readlink(entry)}")  # noqa: PTH115 - a socket is no path
        except FileNotFoundError:
            continue
    return found


def use_everything(world: Any, help_: Any) -> None:
    log = world.open()
    reader = log.reader({FACTS: 0, Partition(Topic.CONTROL, 0): 0})
    membership = log.join("workers", Topic.ORDERS, "m")
    writer = log.fenced_writer("coordinator")
    log.append([help_.record()])
    writer.commit([help_.record()], {FACTS: 1})
    help_.read_to_end(reader, FACTS)
    help_.until(lambda: membership.poll(timedelta(milliseconds=50)).gained)
    log.close()


def test_a_closed_log_leaves_nothing_behind(world: Any, help_: Any) -> None:
    use_everything(world, help_)
    before = threads(), descriptors()

    use_everything(world, help_)

    help_.until(lambda: (threads(), descriptors()) == before, patience_s=5)


def test_what_is_dropped_without_closing_is_closed_with_the_log(world: Any, help_: Any) -> None:
    use_everything(world, help_)
    before = threads(), descriptors()
    log = world.open()

    for _ in range(3):
        log.reader({FACTS: 0}).poll(timedelta(milliseconds=1))
    log.close()

    help_.until(lambda: (threads(), descriptors()) == before, patience_s=5)
