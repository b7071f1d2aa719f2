"""Views and metrics: folded from the facts, and the same when they are rebuilt."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool

from events import commands
from workers.projector import tables
from workers.projector.errors import ForeignViewsError
from workers.projector.projector import Projector
from workers.projector.views import Views
from workers.serving.fact_metrics import FactMetrics


@pytest.fixture
def rolled_out(make_world: Any) -> tuple[Any, str]:
    """An installation in which a rollout has hurt a device, was resumed, completed and rolled back."""
    world = make_world(sites=2)
    world.coordinator()
    world.worker()
    world.devices["store-002-sw1"].deaf = True
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed")
    world.operator.ask(commands.HoldRollout(rollout=rollout, reason="too late"))
    world.operator.ask(commands.RollBack(rollout=rollout, reason="not after all"))
    world.await_state(rollout, "rolled_back")
    return world, rollout


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    opened = Views(f"sqlite:///{tmp_path / 'views.db'}")
    yield opened
    opened.close()


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every view, but for when it was written."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in tables.metadata.sorted_tables
        }
    for row in found["progress"]:
        del row["at"]
    for rows in found.values():
        rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
    return found


def test_the_views_show_how_it_ended(rolled_out: tuple[Any, str], views: Views) -> None:
    world, rollout = rolled_out
    seen = Projector(log=world.log, name=world.name, views=views).catch_up()
    found = contents(str(views.engine.url))
    (row,) = found["rollouts"]
    assert row["rollout"] == rollout
    assert row["state"] == "rolled_back"
    assert json.loads(row["counts"]) == {"failed": 1, "rolled_back": 3}
    assert json.loads(row["authors"]) == ["ann"]
    assert {device["state"] for device in found["devices"]} == {"failed", "rolled_back"}
    assert [approval["approver"] for approval in found["approvals"]] == ["olga"]
    assert len(found["timeline"]) == seen == len(world.facts())


def test_rebuilt_views_are_the_same_as_those_that_grew(rolled_out: tuple[Any, str], tmp_path: Path) -> None:
    # Given views that were written fact by fact, and some that are written in one go
    world, _ = rolled_out
    grown, rebuilt = (Views(f"sqlite:///{tmp_path / name}.db") for name in ("grown", "rebuilt"))
    step_by_step(world, grown)
    Projector(log=world.log, name=world.name, views=rebuilt).catch_up()
    # Then they are alike
    assert contents(str(grown.engine.url)) == contents(str(rebuilt.engine.url))
    # And clearing them and folding again changes nothing
    before = contents(str(rebuilt.engine.url))
    rebuilt.clear(world.name)
    Projector(log=world.log, name=world.name, views=rebuilt).catch_up()
    assert contents(str(rebuilt.engine.url)) == before
    for opened in (grown, rebuilt):
        opened.close()


def step_by_step(world: Any, views: Views) -> None:
    """Stops the projector after every few facts and starts another one, as restarts would."""
    total = len(world.facts())
    for stop_at in range(3, total + 3, 3):
        seen = 0
        projector = Projector(log=world.log, name=world.name, views=views)

        def count(_state: object, _record: object, projector: Projector = projector, stop_at: int = stop_at) -> None:
            nonlocal seen
            seen += 1
            if seen >= stop_at:
                projector.stop()

        projector.fold = count
        if stop_at < total:
            projector.run()
        else:
            projector.catch_up()


def test_metrics_are_the_same_after_a_rebuild(rolled_out: tuple[Any, str], tmp_path: Path) -> None:
    world, _ = rolled_out
    texts = []
    for name in ("first", "second"):
        registry = CollectorRegistry()
        metrics = FactMetrics(registry)
        views = Views(f"sqlite:///{tmp_path / name}.db")
        Projector(log=world.log, name=world.name, views=views, fold=metrics.fold).catch_up()
        views.close()
        metrics.refresh()
        texts.append([line for line in generate_latest(registry).splitlines() if b"_created" not in line])
    assert texts[0] == texts[1]
    shown = b"\n".join(texts[0]).decode()
    assert 'wavegate_rollouts{state="rolled_back"} 1.0' in shown
    assert 'wavegate_push_outcomes_total{outcome="verified",platform="eos"} 3.0' in shown
    assert 'wavegate_push_outcomes_total{outcome="rolled_back",platform="eos"} 3.0' in shown
    assert 'wavegate_commands_refused_total{code="wrong-state"} 1.0' in shown
    assert "wavegate_devices_in_flight 0.0" in shown


def test_views_of_another_history_are_not_gone_on_with(rolled_out: tuple[Any, str], views: Views) -> None:
    world, _ = rolled_out
    Projector(log=world.log, name=world.name, views=views).catch_up()
    with views.engine.begin() as connection:
        connection.execute(text("UPDATE progress SET head = 'sha256:' || hex(zeroblob(32))"))
    with pytest.raises(ForeignViewsError, match="views rebuild"):
        Projector(log=world.log, name=world.name, views=views).catch_up()


def test_views_of_another_log_or_an_older_layout_are_dropped(rolled_out: tuple[Any, str], views: Views) -> None:
    world, _ = rolled_out
    seen = Projector(log=world.log, name=world.name, views=views).catch_up()
    with views.engine.begin() as connection:
        connection.execute(text("UPDATE progress SET log = 'log-of-somebody-else'"))
    assert Projector(log=world.log, name=world.name, views=views).catch_up() == seen
    assert len(contents(str(views.engine.url))["timeline"]) == seen
