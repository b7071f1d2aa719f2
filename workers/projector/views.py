"""The views in their database. The position is stored with what it is the position of, in one transaction."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, create_engine, event, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from automation.rollout.state import State
from events import facts
from events.codec import GENESIS, FactRecord
from workers.projector import tables
from workers.projector.errors import UnusableViewsError, ViewsMovedError
from workers.projector.mending import mend
from workers.projector.rows import Row, approval_row, device_row, rollout_row, timeline_row, wave_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the views are."""

    seq: int = 0
    head: str = GENESIS
    position: int = 0


@dataclass(slots=True)
class Batch:
    """Facts that were folded in and are to be seen, and what they touched."""

    timeline: list[Row] = field(default_factory=list)
    rollouts: set[str] = field(default_factory=set)
    devices: set[tuple[str, str]] = field(default_factory=set)
    all_devices: set[str] = field(default_factory=set)
    approvals: list[Row] = field(default_factory=list)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)
    changes: set[str] = field(default_factory=set)
    host_keys: list[Row] = field(default_factory=list)
    control: bool = False

    def add(self, state: State, record: FactRecord, content: bytes) -> None:
        """Takes a fact in; ``state`` is the one after it."""
        self.timeline.append(timeline_row(state, record, content))
        fact = record.fact
        match fact:
            case facts.PlanApproved():
                self.approvals.append(approval_row(fact, record.at))
            case facts.ApprovalWithdrawn():
                self.withdrawn.append((fact.approval, fact.reason))
            case facts.ChangeSubmitted():
                self.changes.add(fact.change)
            case facts.HostKeysRecorded():
                self.host_keys.append(_host_keys(state, fact, record))
            case facts.ControlNoted():
                self.control = True
            case facts.TargetsFrozen() | facts.WavePlanned():
                self.all_devices.add(fact.rollout)
            case _:
                pass
        if isinstance(fact, facts.RolloutFact):
            self.rollouts.add(fact.rollout)
        if isinstance(fact, facts.DeviceFact | facts.DeviceSkipped | facts.DeviceRetried):
            self.devices.add((fact.rollout, fact.device))


class Views:
    """The views' database: SQLite by default. One writer; any number of readers."""

    def __init__(self, url: str) -> None:
        """Opens the database at a SQLAlchemy URL, for example ``sqlite:////var/lib/wavegate/views.db``."""
        self.engine = opened(url)

    def begin(self, log_name: str) -> Progress:
        """Makes what is missing, and says how far the views of the log of that name are; those of another are dropped.

        Raises:
            UnusableViewsError: it could not be read or written.
        """
        with self._transaction() as connection:
            tables.metadata.create_all(connection)
            row = connection.execute(select(tables.progress)).mappings().first()
            if row is not None and row["log"] == log_name and row["schema"] == tables.SCHEMA:
                return Progress(seq=row["seq"], head=row["head"], position=row["position"])
        self.clear(log_name)
        return Progress()

    def clear(self, log_name: str) -> None:
        """Drops all views, and begins empty ones of the log of that name.

        A projector that runs meanwhile notices and begins anew.

        Raises:
            UnusableViewsError: it could not be written.
        """
        try:
            self._make_anew(log_name)
        except UnusableViewsError as error:
            if error.retriable:
                raise
            # Nothing is lost with a damaged file: all of it is in the log.
            for file in self._files():
                file.unlink(missing_ok=True)
            self._make_anew(log_name)

    def _make_anew(self, log_name: str) -> None:
        with self._transaction() as connection:
            tables.metadata.drop_all(connection)
            tables.metadata.create_all(connection)
            start = {"id": 0, "schema": tables.SCHEMA, "log": log_name, "at": 0.0, **asdict(Progress())}
            connection.execute(insert(tables.progress), [start])

    def _files(self) -> list[Path]:
        """The files of an embedded database."""
        path = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        return [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")] if path else []

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            # SQLite calls a file that is damaged or none at all a DatabaseError, all that may pass an OperationalError.
            may_pass, advice = isinstance(error, OperationalError), mend(error, self.engine.url)
            raise UnusableViewsError(str(error.orig), retriable=may_pass, mend=advice) from error

    def write(self, state: State, batch: Batch, since: Progress, now: datetime, position: int) -> Progress:
        """Writes what a batch touched, and how far the views are with it.

        Raises:
            ViewsMovedError: the views are not at ``since`` any more; nothing was written.
            UnusableViewsError: nothing was written.
        """
        done = Progress(seq=state.seq, head=state.head, position=position)
        with self._transaction() as connection:
            _move(connection, since, done, now)
            _insert(connection, tables.timeline, batch.timeline)
            _write_rollouts(connection, state, batch, now)
            _insert(connection, tables.approvals, batch.approvals)
            for approval, reason in batch.withdrawn:
                statement = update(tables.approvals).where(tables.approvals.c.approval == approval)
                connection.execute(statement.values(withdrawn=reason))
            _insert(connection, tables.changes, [_change(state, name) for name in sorted(batch.changes)])
            _insert(connection, tables.host_keys, batch.host_keys)
        return done

    def close(self) -> None:
        """Lets go of the database."""
        self.engine.dispose()


def opened(url: str) -> Engine:
    """An engine; SQLite in WAL mode, so that readers and the writer do not wait for each other."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _wal)
    return engine


def _wal(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _write_rollouts(connection: Connection, state: State, batch: Batch, now: datetime) -> None:
    touched = set(batch.rollouts)
    if batch.control:
        touched.update(state.active)
    rollouts = [state.rollouts[name] for name in sorted(touched)]
    _insert(connection, tables.rollouts, [rollout_row(state, rollout, now) for rollout in rollouts])
    for rollout in rollouts:
        _insert(connection, tables.waves, list(wave_rows(rollout)))
    pairs = sorted(pair for pair in batch.devices if pair[0] not in batch.all_devices)
    rows = [device_row(state.rollouts[name], state.rollouts[name].devices[device]) for name, device in pairs]
    for name in sorted(batch.all_devices):
        rollout = state.rollouts[name]
        rows.extend(device_row(rollout, device) for device in rollout.devices.values())
    _insert(connection, tables.devices, rows)


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts rows, or writes over those with the same key."""
    if not rows:
        return
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    new = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)


def _change(state: State, name: str) -> Row:
    change = state.changes[name]
    return {
        "change": change.id,
        "title": change.title,
        "ticket": change.ticket,
        "team": change.team,
        "authors": json.dumps(sorted(change.authors)),
    }


def _host_keys(state: State, fact: facts.HostKeysRecorded, record: FactRecord) -> Row:
    keys = json.dumps(state.host_keys[fact.device])
    return {"device": fact.device, "keys": keys, "at": record.at.timestamp(), "by": record.by}


def _move(connection: Connection, since: Progress, done: Progress, now: datetime) -> None:
    """The first thing a batch writes: of two writers who begin at one place, one gets no further than this."""
    there = (tables.progress.c.seq == since.seq) & (tables.progress.c.head == since.head)
    moved = connection.execute(update(tables.progress).where(there).values(at=now.timestamp(), **asdict(done)))
    if moved.rowcount != 1:
        raise ViewsMovedError(f"the views are not at fact {since.seq} any more")
