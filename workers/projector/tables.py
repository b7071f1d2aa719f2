"""The views as tables. All of it is disposable: it is rebuilt from the facts."""

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

#: Raised when a table changes: views of another number are dropped and rebuilt.
SCHEMA = 1

metadata = MetaData()

#: How far the views are: the number of the next fact, the digest of the last one, its position in the log.
progress = Table(
    "progress",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("schema", Integer, nullable=False),
    Column("log", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("head", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("at", Float, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("change", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("ticket", String, nullable=False),
    Column("team", String, nullable=False),
    Column("authors", Text, nullable=False),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("rollout", String, primary_key=True),
    Column("change", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("ticket", String, nullable=False),
    Column("team", String, nullable=False),
    Column("authors", Text, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("since", Float, nullable=False),
    Column("proposed", Integer, nullable=False),
    Column("plan", String),
    Column("wave", Integer, nullable=False),
    Column("waves", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("unhealthy", Integer, nullable=False),
    Column("counts", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("waits", Text, nullable=False),
)

waves = Table(
    "waves",
    metadata,
    Column("rollout", String, primary_key=True),
    Column("wave", Integer, primary_key=True),
    Column("counts", Text, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("rollout", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("region", String, nullable=False),
    Column("role", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("redundancy_group", String),
    Column("wave", Integer),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("order", String),
    Column("cause", String),
    Column("detail", Text),
    Column("diff_class", String),
    Column("diff_text", String),
    Column("added", Integer),
    Column("removed", Integer),
    Column("undo", String),
    Column("access", String),
    Column("foreign_unsaved", Integer),
    Index("devices_by_state", "rollout", "state"),
    Index("devices_by_device", "device"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("approval", String, primary_key=True),
    Column("rollout", String, nullable=False, index=True),
    Column("area", String, nullable=False),
    Column("approver", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("note", Text, nullable=False),
    Column("withdrawn", Text),
)

host_keys = Table(
    "host_keys",
    metadata,
    Column("device", String, primary_key=True),
    Column("keys", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("by", String, nullable=False),
)

#: Every fact, for the audit, with what it is about. ``content`` is the fact as it stands in the log.
timeline = Table(
    "timeline",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("by", String, nullable=False, index=True),
    Column("cause", String, nullable=False),
    Column("type", String, nullable=False),
    Column("rollout", String),
    Column("device", String),
    Column("site", String),
    Column("change", String),
    Column("content", Text, nullable=False),
    Index("timeline_by_rollout", "rollout", "seq"),
    Index("timeline_by_device", "device", "seq"),
    Index("timeline_by_site", "site", "seq"),
    Index("timeline_by_change", "change", "seq"),
)
