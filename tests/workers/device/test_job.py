"""One order that cannot be carried out: the cause that is told is the one that a person can do something about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog.testing

from automation.platforms.contract import LoginRefusedError
from automation.render.errors import Failure, RenderError
from automation.tasks.finding import TaskError, TaskVersionError
from automation.tasks.unit import WrongHostsError
from events.blobs.contract import BlobDamagedError, BlobFullError, BlobMissingError, BlobUnavailableError
from events.reports import CredentialRefused, OrderReturned, PlanFailed, Report
from events.values import Cause
from inventory.credentials import CredentialError

DEVICE = "store-001-sw1"


@pytest.fixture
def outcome(make_quick_world: Any) -> Callable[[Exception], Report]:
    """Has a worker fail at rendering with an error, while it plans a device; gives what it told about it."""
    world = make_quick_world(sites=1)
    world.coordinator()

    def told(error: Exception) -> Report:
        worker = world.worker()
        render = worker.workshop.lines

        def fail(change: Any, device: Any) -> str:
            if device.name == DEVICE:
                raise error
            return str(render(change, device))

        worker.workshop = replace(worker.workshop, lines=fail)
        world.request(world.submit())

        def found() -> list[Report]:
            return [report for report in world.reports() if report.device == DEVICE]

        world.until(found)
        return found()[0]

    return told


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        pytest.param(RenderError(Failure(message="'x' is undefined")), Cause.RENDER_FAILED, id="a template"),
        pytest.param(TaskError("the task failed"), Cause.RENDER_FAILED, id="a task"),
        pytest.param(TaskVersionError("another version"), Cause.TASK_VERSION, id="another version of a task"),
        pytest.param(BlobMissingError("no such blob"), Cause.CHANGE_MISSING, id="no bundle"),
        pytest.param(BlobDamagedError("not what was put"), Cause.CHANGE_MISSING, id="a bundle that was altered"),
        pytest.param(
            CredentialError("lab", "password", "env:X", "no such variable"), Cause.CREDENTIAL_MISSING, id="no login"
        ),
        pytest.param(WrongHostsError("ran on nothing"), Cause.INTERNAL, id="Nornir did something else"),
    ],
)
def test_what_cannot_be_planned_is_told_with_its_cause(
    outcome: Callable[[Exception], Report], error: Exception, cause: Cause
) -> None:
    found = outcome(error)
    assert isinstance(found, PlanFailed)
    assert found.reason.cause is cause
    assert str(error) in found.reason.detail


def test_of_what_nobody_expected_the_kind_and_the_place_are_told_and_no_text_that_may_quote_a_device(
    outcome: Callable[[Exception], Report],
) -> None:
    with structlog.testing.capture_logs() as logged:
        found = outcome(ValueError("cannot read 'username ops secret canary-in-an-error'"))
    assert isinstance(found, PlanFailed)
    assert found.reason.cause is Cause.INTERNAL
    assert found.reason.detail.startswith("ValueError at ")
    (line,) = [line for line in logged if line["event"] == "an order failed unexpectedly"]
    assert any("test_job.py" in step for step in line["trail"])
    assert "canary-in-an-error" not in f"{found!r} {logged!r}"


@pytest.mark.parametrize("error", [BlobFullError("no room"), BlobUnavailableError("not mounted")], ids=["full", "gone"])
def test_a_store_that_may_come_back_costs_no_device_its_place(
    outcome: Callable[[Exception], Report], error: Exception
) -> None:
    found = outcome(error)
    assert isinstance(found, OrderReturned)
    assert str(error) in found.reason.detail


def test_a_refused_login_is_announced_before_the_outcome(make_quick_world: Any) -> None:
    # Given a device that refuses the login while it is read for a plan
    world = make_quick_world(sites=1)
    world.coordinator()
    world.worker()

    def refuse(step: str) -> None:
        if step == "connect":
            raise LoginRefusedError("store-001-sw1 refused ops")

    world.devices[DEVICE].before = refuse
    world.request(world.submit())
    # Then the credential stops everywhere, by a halt, and the device is told as failed
    world.until(lambda: world.state().authority.halts)
    (halt,) = world.state().authority.halts.values()
    assert [str(subject) for subject in halt.subjects] == ["credential:lab"]
    kinds = [type(report) for report in world.reports() if report.device == DEVICE]
    world.until(lambda: PlanFailed in [type(report) for report in world.reports() if report.device == DEVICE])
    assert kinds[0] is CredentialRefused


def test_what_runs_as_wanted_and_is_not_saved_is_not_called_unchanged(make_quick_world: Any) -> None:
    # Given a device on which somebody entered the very line, and did not save it
    world = make_quick_world(sites=1)
    world.coordinator()
    world.worker()
    world.devices[DEVICE].edit("ntp server 10.0.0.2\n")
    # When it is read for a plan
    rollout = world.request(world.submit())
    world.await_state(rollout, "awaiting_approval")
    # Then it is left out, with the reason: the next power cut would turn it round
    device = world.device(rollout, DEVICE)
    assert (device.state, device.reason.cause) == ("failed", Cause.NOT_SAVED)
    assert "ntp server 10.0.0.2" in device.reason.detail
