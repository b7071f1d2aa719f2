"""What people ask the read models. Plain values come out; nothing above knows of SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, func, or_, select
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from console.errors import UnknownIdError, ViewsError
from console.views import (
    Approval,
    Change,
    DeviceInRollout,
    Filter,
    Happening,
    HostKeys,
    Progress,
    Rollout,
    Wave,
)
from events.codec import decode_fact
from workers.projector import tables
from workers.projector.mending import mend
from workers.projector.views import opened

_REBUILD = "'wavegate views rebuild' makes them anew from the log"

#: A fact carries its device, its site and its rollout where it has them; host keys have a device and no rollout.
_T = tables.timeline.c


class ViewsReader:
    """Reads the views of one log."""

    def __init__(self, engine: Engine, log: str) -> None:
        self._engine = engine
        self._log = log

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def progress(self) -> Progress:
        """How far the views are.

        Raises:
            ViewsError: they are of another log or another version, or not there.
        """
        rows = self._rows(select(tables.progress))
        if not rows:
            raise ViewsError(f"there are no views yet; is a projector running? {_REBUILD}")
        row = rows[0]
        if row["log"] != self._log:
            raise ViewsError(f"the views are of {row['log']}, this installation's log is {self._log}; {_REBUILD}")
        if row["schema"] != tables.SCHEMA:
            raise ViewsError(f"the views have version {row['schema']}, this software has {tables.SCHEMA}; {_REBUILD}")
        return Progress(seq=row["seq"], position=row["position"], at=_moment(row["at"]))

    def rollouts(self, states: Sequence[str] = ()) -> list[Rollout]:
        """All rollouts, the newest first."""
        query = select(tables.rollouts).order_by(tables.rollouts.c.proposed.desc())
        if states:
            query = query.where(tables.rollouts.c.state.in_(states))
        return [_rollout(row) for row in self._rows(query)]

    def rollout(self, name: str) -> Rollout:
        """One rollout, by its id or the beginning of it.

        Raises:
            UnknownIdError: there is none, or there are several.
        """
        found = self._rows(_by_prefix(tables.rollouts, "rollout", name))
        return _rollout(_only(found, "rollout", name, "'wavegate rollout list' shows them"))

    def change(self, name: str) -> Change:
        """One change, by its id or the beginning of it.

        Raises:
            UnknownIdError: there is none, or there are several.
        """
        name = name if name.startswith("sha256:") else f"sha256:{name}"
        row = _only(self._rows(_by_prefix(tables.changes, "change", name)), "change", name, "submit it first")
        return Change(
            id=row["change"],
            title=row["title"],
            ticket=row["ticket"],
            team=row["team"],
            authors=tuple(json.loads(row["authors"])),
        )

    def waves(self, rollout: str) -> list[Wave]:
        """A rollout's waves, in order."""
        query = select(tables.waves).where(tables.waves.c.rollout == rollout).order_by(tables.waves.c.wave)
        return [Wave(number=row["wave"], counts=json.loads(row["counts"])) for row in self._rows(query)]

    def devices(
        self, rollout: str, states: Sequence[str] = (), names: Sequence[str] = (), limit: int | None = None
    ) -> list[DeviceInRollout]:
        """Devices of a rollout in the order of waves and names; of these states and names only, where given."""
        table = tables.devices
        query = select(table).where(table.c.rollout == rollout).order_by(table.c.wave, table.c.device)
        if states:
            query = query.where(table.c.state.in_(states))
        if names:
            query = query.where(table.c.device.in_(names))
        return [_device(row) for row in self._rows(query.limit(limit))]

    def approvals(self, rollout: str) -> list[Approval]:
        """Everything that was approved, oldest first, withdrawn approvals included."""
        table = tables.approvals
        query = select(table).where(table.c.rollout == rollout).order_by(table.c.at)
        return [_approval(row) for row in self._rows(query)]

    def host_keys(self, devices: Sequence[str] = ()) -> list[HostKeys]:
        """The trusted keys of all devices and jump hosts, or of these."""
        query = select(tables.host_keys).order_by(tables.host_keys.c.device)
        if devices:
            query = query.where(tables.host_keys.c.device.in_(devices))
        return [
            HostKeys(device=row["device"], keys=tuple(json.loads(row["keys"])), at=_moment(row["at"]), by=row["by"])
            for row in self._rows(query)
        ]

    def timeline(self, wanted: Filter) -> list[Happening]:
        """What happened, oldest first; with ``last``, only so many of the newest."""
        query = _filtered(select(tables.timeline), wanted)
        if wanted.last is not None:
            newest = query.order_by(_T.seq.desc()).limit(wanted.last)
            return [_happening(row) for row in reversed(self._rows(newest))]
        return [_happening(row) for row in self._rows(query.order_by(_T.seq).limit(wanted.most))]

    def count(self, wanted: Filter) -> int:
        """How much happened."""
        rows = self._rows(_filtered(select(func.count().label("count")).select_from(tables.timeline), wanted))
        return int(rows[0]["count"])

    def _rows(self, query: Select[Any]) -> list[Mapping[str, Any]]:
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in _run(connection, query)]
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error)
            if "no such table" in reason:
                raise ViewsError(f"there are no views yet; is a projector running? {_REBUILD}") from error
            raise ViewsError(f"the views cannot be read: {reason}; {mend(error, self._engine.url)}") from error


def open_views(url: str, log: str) -> ViewsReader:
    """Opens the views at a SQLAlchemy URL; an embedded database is never made by the way.

    Raises:
        ViewsError: there are none.
    """
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise ViewsError(f"the setting 'views' is no URL of a database: {error}") from error
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    if file and not Path(file).is_file():
        raise ViewsError(f"there are no views in {file} yet; is a projector running? {_REBUILD}")
    return ViewsReader(opened(url), log)


def _run(connection: Connection, query: Select[Any]) -> Sequence[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _filtered(query: Select[Any], wanted: Filter) -> Select[Any]:
    equal = {
        _T.rollout: wanted.rollout,
        _T.device: wanted.device,
        _T.site: wanted.site,
        _T.by: wanted.by,
        _T.change: wanted.change,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.types:
        query = query.where(_T.type.in_(wanted.types))
    if wanted.since is not None:
        query = query.where(_T.at >= wanted.since.timestamp())
    if wanted.after is not None:
        query = query.where(_T.seq > wanted.after)
    if wanted.causes:
        query = query.where(or_(*(_T.cause == cause for cause in wanted.causes)))
    return query


def _by_prefix(table: Any, column: str, name: str) -> Select[Any]:  # noqa: ANN401 - SQLAlchemy's own
    return select(table).where(table.c[column].startswith(name, autoescape=True)).limit(2)


def _only(rows: Sequence[Mapping[str, Any]], kind: str, name: str, hint: str) -> Mapping[str, Any]:
    exact = [row for row in rows if row[kind] == name]
    if len(exact or rows) != 1 or not name:
        what = f"several {kind}s begin with" if rows and name else f"there is no {kind}"
        raise UnknownIdError(f"{what} {name[:80]!r}; {hint}")
    return (exact or rows)[0]


def _rollout(row: Mapping[str, Any]) -> Rollout:
    return Rollout(
        id=row["rollout"],
        change=row["change"],
        title=row["title"],
        ticket=row["ticket"],
        team=row["team"],
        authors=tuple(json.loads(row["authors"])),
        state=row["state"],
        since=_moment(row["since"]),
        proposed=row["proposed"],
        plan=row["plan"],
        wave=row["wave"],
        waves=row["waves"],
        size=row["size"],
        unhealthy=row["unhealthy"],
        counts=json.loads(row["counts"]),
        strategy=json.loads(row["strategy"]),
        wanted={entry["area"]: entry["count"] for entry in json.loads(row["wanted"])},
        waits=tuple((what, who) for what, who in json.loads(row["waits"])),
    )


def _device(row: Mapping[str, Any]) -> DeviceInRollout:
    fields = {name: row[name] for name in DeviceInRollout.__dataclass_fields__ if name in row}
    return DeviceInRollout(**fields)


def _approval(row: Mapping[str, Any]) -> Approval:
    return Approval(
        id=row["approval"],
        area=row["area"],
        approver=row["approver"],
        at=_moment(row["at"]),
        until=_moment(row["until"]),
        note=row["note"],
        withdrawn=row["withdrawn"],
    )


def _happening(row: Mapping[str, Any]) -> Happening:
    record, _ = decode_fact(row["content"].encode())
    return Happening(
        record=record,
        content=row["content"],
        rollout=row["rollout"],
        device=row["device"],
        site=row["site"],
        change=row["change"],
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
