"""A place in a group, kept in the main file of a log in SQLite."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from events.log.checks import check_marks, check_partitions
from events.log.contract import Delivery, LogFullError, LogUnavailableError, Mark, Partition, Topic
from events.log.holdings import Holdings
from events.log.sqlite.bell import Bell
from events.log.sqlite.files import Files
from events.log.sqlite.roster import Group, Roster
from events.log.sqlite.schema import MAIN
from events.log.sqlite.tape import Cursor
from events.log.terms import Terms

# That somebody's session has ended shows in no file, so the roster is also looked at without any change.
_LOOK_S = 0.1
_WITHIN = timedelta(seconds=1)


class SqliteMembership:
    """A member is a row with the time at which its session ends, on the clock that all processes of a boot share."""

    def __init__(self, files: Files, bell: Bell, terms: Terms, group: str, topic: Topic, name: str) -> None:
        self._bell = bell
        self._terms = terms
        self._name = name
        self._slots = {partition: slot for partition, slot in files.slots.items() if partition.topic is topic}
        self._database = files.connect(MAIN)
        self._group = Group(self._database, group, self._slots, terms.session.total_seconds())
        self._cursor = Cursor(self._database, self._slots)
        self._member = 0
        self._holdings = Holdings()
        self._lease_ends = float("-inf")
        self._polled = time.monotonic()
        self._paused: frozenset[Partition] = frozenset()
        self.closed = False
        with self._database.transaction():
            self._group.found(topic)

    def poll(self, timeout: timedelta) -> Delivery:
        """See the contract."""
        deadline = time.monotonic() + timeout.total_seconds()
        while True:
            self._polled = time.monotonic()
            # Before looking, so that what changes in between is not slept over.
            watch = self._bell.watch([self._database])
            self._settle()
            records = self._cursor.take(skip=self._paused)
            gained, lost = self._holdings.changes()
            left = deadline - time.monotonic()
            if records or gained or lost or left <= 0:
                return Delivery(records=records, gained=gained, lost=lost)
            watch.wait(min(left, _LOOK_S))

    def mark(self, partition: Partition) -> Mark | None:
        """See the contract."""
        check_partitions([partition], self._slots)
        return self._group.marks().get(partition)

    def renew(self, marks: Mapping[Partition, Mark]) -> bool:
        """See the contract."""
        check_marks(marks, self._slots)
        sent = time.monotonic()
        if self.closed or sent - self._polled > self._terms.session.total_seconds():
            return False
        try:
            with self._database.transaction(_WITHIN):
                # No row means that the others have taken over; a session that ended unnoticed may go on.
                if not self._group.extend(self._member, sent):
                    return False
                owned = self._group.roster().owned(self._member)
                self._group.set_marks({partition: mark for partition, mark in marks.items() if partition in owned})
        except (LogUnavailableError, LogFullError):
            return False
        # From when it was asked, not from now: others count from what was written, which is the same moment.
        self._lease_ends = sent + self._terms.lease_s
        return True

    def holds(self, partition: Partition) -> bool:
        """See the contract."""
        return partition in self._holdings.partitions and time.monotonic() < self._lease_ends

    def pause(self, partitions: frozenset[Partition]) -> None:
        """See the contract."""
        check_partitions(partitions, self._slots)
        self._paused = partitions

    def leave(self) -> None:
        """See the contract."""
        if self.closed:
            return
        self.closed = True
        self._holdings.lose(self._holdings.partitions)
        # Where the file cannot be written now, the others take over when the session ends.
        with suppress(LogUnavailableError, LogFullError), self._database.transaction(_WITHIN):
            self._group.remove([self._member])
        self._database.close()

    def _settle(self) -> None:
        """Brings this member's share up to date."""
        if self._settled(self._group.roster()):
            return
        before, sent = frozenset(self._cursor.at), time.monotonic()
        with self._database.transaction(_WITHIN):
            member, roster = self._enrolled(sent)
            owned, wanted = roster.owned(member), roster.wanted(member, self._slots)
            # Less than it has where an earlier attempt at this failed halfway: that is gained anew.
            kept = self._holdings.partitions & before & owned & wanted
            gained = frozenset(partition for partition in wanted - kept if roster.free(partition, member))
            # Before the commit that lets others have them: nothing may be held by two, not even for a moment.
            self._holdings.lose(before - kept)
            self._group.move(owned - wanted, gained, member)
            self._group.extend(member, sent)
            marks = self._group.marks()
        self._member = member
        self._lease_ends = sent + self._terms.lease_s
        self._holdings.gain(gained)
        starts = {partition: marks[partition].position if partition in marks else 0 for partition in sorted(gained)}
        self._cursor.at = {partition: self._cursor.at[partition] for partition in kept} | starts
        self._paused &= kept

    def _settled(self, roster: Roster) -> bool:
        """Whether there is nothing to do: this member is in, has all it should that is free, and nobody is to go."""
        if roster.ended or self._member not in roster.members:
            return False
        owned = self._holdings.partitions
        if not roster.owned(self._member) == owned == frozenset(self._cursor.at):
            return False
        wanted = roster.wanted(self._member, self._slots)
        missing = wanted - owned
        return owned <= wanted and not any(roster.free(partition, self._member) for partition in missing)

    def _enrolled(self, sent: float) -> tuple[int, Roster]:
        """This member's row, made anew where there is none or its session ended; and the roster with it."""
        roster = self._group.roster()
        self._group.remove(roster.ended)
        member = self._member if self._member in roster.members else self._group.enrol(self._name, sent)
        return member, self._group.roster()
