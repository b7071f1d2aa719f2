"""A group as the main file has it: who is in it until when, who owns what, how far it has got."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from events.log.contract import LogMismatchError, Mark, Partition, Topic
from events.log.sharing import share
from events.log.sqlite.boot import boot_id
from events.log.sqlite.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The members whose sessions run, in the order in which they joined, those whose have ended, and all owners."""

    members: tuple[int, ...]
    ended: frozenset[int]
    owners: Mapping[Partition, int]

    def owned(self, member: int) -> frozenset[Partition]:
        """What a member owns."""
        return frozenset(partition for partition, owner in self.owners.items() if owner == member)

    def wanted(self, member: int, partitions: Iterable[Partition]) -> frozenset[Partition]:
        """What a member is to own once the group has settled."""
        names = [str(known) for known in self.members]
        # Those whose session has ended count as strangers here, so what they own is shared out as free.
        owners = {partition: str(owner) for partition, owner in self.owners.items()}
        targets = share(sorted(partitions), names, owners)
        return frozenset(partition for partition, name in targets.items() if name == str(member))

    def free(self, partition: Partition, member: int) -> bool:
        """Whether a member may take a partition now: nobody else who is still in has it."""
        owner = self.owners.get(partition)
        return owner is None or owner == member or owner in self.ended


class Group:
    """The rows of one group. What changes them runs inside a transaction of the caller's."""

    def __init__(self, database: Database, name: str, slots: Mapping[Partition, int], session_s: float) -> None:
        self._database = database
        self._name = name
        self._session_s = session_s
        self._boot = boot_id()
        self._slots = slots
        self._partitions = {slot: partition for partition, slot in slots.items()}

    def found(self, topic: Topic) -> None:
        """Makes the group one of this topic, or refuses where it has another."""
        self._database.execute("INSERT OR IGNORE INTO groups VALUES (?, ?)", (self._name, topic.value))
        known = self._database.rows("SELECT topic FROM groups WHERE name = ?", [self._name])[0][0]
        if known != topic.value:
            raise ValueError(f"the group {self._name!r} shares {known!r}, not {topic}: use another name")

    def roster(self) -> Roster:
        """Who is in the group and owns what."""
        select = "SELECT member, boot, session, until FROM members WHERE party = ? ORDER BY member"
        rows = self._database.rows(select, [self._name])
        owners = self._database.rows("SELECT slot, member FROM owners WHERE party = ?", [self._name])
        # Read after the rows, or a session renewed in between would seem to end later than any can.
        now = time.monotonic()
        ended = {
            _number(member): boot != self._boot or not _runs(session, until, now)
            for member, boot, session, until in rows
        }
        return Roster(
            members=tuple(member for member, over in ended.items() if not over),
            ended=frozenset(member for member, over in ended.items() if over),
            owners={self._partitions[_number(slot)]: _number(member) for slot, member in owners},
        )

    def enrol(self, name: str, sent: float) -> int:
        """Adds a member whose session runs from ``sent`` (monotonic seconds), and says what it is called."""
        insert = "INSERT INTO members (party, name, boot, session, until) VALUES (?, ?, ?, ?, ?)"
        self._database.execute(insert, (self._name, name, self._boot, self._session_s, sent + self._session_s))
        return _number(self._database.rows("SELECT last_insert_rowid()")[0][0])

    def extend(self, member: int, sent: float) -> bool:
        """Lets a member's session run from ``sent`` (monotonic seconds); False where the member is gone."""
        update = "UPDATE members SET until = ? WHERE member = ? RETURNING member"
        return bool(self._database.rows(update, (sent + self._session_s, member)))

    def remove(self, members: Collection[int]) -> None:
        """Takes members out, and what they own from them."""
        for member in members:
            self._database.execute("DELETE FROM owners WHERE party = ? AND member = ?", (self._name, member))
            self._database.execute("DELETE FROM members WHERE member = ?", [member])

    def move(self, given_up: Iterable[Partition], taken: Iterable[Partition], member: int) -> None:
        """Frees partitions, and gives others to a member."""
        freed = [(self._name, self._slots[partition]) for partition in given_up]
        self._database.execute_each("DELETE FROM owners WHERE party = ? AND slot = ?", freed)
        won = [(self._name, self._slots[partition], member) for partition in taken]
        self._database.execute_each("INSERT OR REPLACE INTO owners VALUES (?, ?, ?)", won)

    def marks(self) -> Mapping[Partition, Mark]:
        """How far the group has got."""
        rows = self._database.rows("SELECT slot, position, note FROM marks WHERE party = ?", [self._name])
        return {
            self._partitions[_number(slot)]: Mark(position=_number(position), note=str(note))
            for slot, position, note in rows
        }

    def set_marks(self, marks: Mapping[Partition, Mark]) -> None:
        """Sets marks."""
        rows = [(self._name, self._slots[partition], mark.position, mark.note) for partition, mark in marks.items()]
        self._database.execute_each("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", rows)


def _runs(session: object, until: object, now: float) -> bool:
    """Whether a session runs. One that ends later than it could if it began now is of an earlier boot."""
    return isinstance(session, float) and isinstance(until, float) and now < until <= now + session


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise LogMismatchError(f"a number was expected in the log's groups, and {value!r} found: restore its backup")
    return value
