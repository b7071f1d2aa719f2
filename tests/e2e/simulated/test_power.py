"""Power cuts: what is completed was saved and stays; what nobody has confirmed is gone, and the log says so."""

from itertools import count
from typing import Any

import pytest

from lab.journal import Event

pytestmark = pytest.mark.timeout(300)

#: One of each platform, and their neighbours, at two sites.
PLATFORMS = [pytest.param("de-001-r1", id="ios"), pytest.param("de-001-s1", id="eos")]
_servers = count(10)


@pytest.fixture(scope="module")
def company(found_company: Any, enrolled: Any) -> Any:
    """Two sites with a router and a switch each."""
    made = found_company(2, 4)
    made.start("up")
    enrolled(made)
    return made


@pytest.fixture(scope="module")
def oracle(company: Any, oracle_of: Any) -> Any:
    return oracle_of(company)


def test_a_power_cut_after_completion_keeps_the_change(company: Any, oracle: Any, until: Any) -> None:
    # Given a change that is completed
    line = f"ntp server 192.0.2.{next(_servers)}"
    company.reaches(company.approved(company.change("kept", line=f"{line}\n")), "completed")
    # When all devices lose their power, and come back
    for device in company.devices:
        company.lab.power_cut(device)
    until(lambda: all(status.up for status in company.lab.devices()), "all devices being up")
    # Then they have the change
    assert all(line in company.lab.running(device) for device in company.devices)
    assert len(company.noted(Event.REBOOTED)) == len(company.devices)
    oracle.reconcile()


@pytest.mark.parametrize("device", PLATFORMS)
def test_a_power_cut_in_the_confirm_window_loses_the_change(company: Any, oracle: Any, until: Any, device: str) -> None:
    # Given a device that runs the change, while the checks over a fresh session have to hold for a while
    line = f"ntp server 192.0.2.{next(_servers)}"
    # The canary takes both devices of the site, so that only this one is hurt.
    strategy = "{canary: 1, waves: ['100%']}"
    before = len(company.journal(device))
    checks = [{"name": "The server is there", "command": "show running-config", "matches": line}]
    change = company.change(f"lost-{device}", line=f"{line}\n", checks=checks, checks_hold="3s", strategy=strategy)
    rollout = company.approved(change)

    def in_the_window() -> bool:
        noted = company.journal(device)[before:]
        armed = next((place for place, entry in enumerate(noted) if entry.event is Event.TIMER_ARMED), len(noted))
        events = [entry.line or entry.event for entry in noted[armed:]]
        return Event.LOGIN in events and "show running-config" in events[events.index(Event.LOGIN) :]

    until(in_the_window, "the first check")
    assert line in company.lab.running(device)
    # When it loses its power, for longer than anybody waits between two looks
    company.lab.power_cut(device, 3)
    # Then nothing of the change is there, and the rollout shows it and stops
    page = company.reaches(rollout, "halted")
    failure = next(each for each in page["failures"] if each["device"] == device)
    assert (failure["state"], failure["cause"]) == ("reverted", "access-lost"), failure["detail"]
    assert line not in company.lab.running(device) + company.lab.startup(device)
    story = [fact["type"] for fact in company.facts(rollout) if fact["data"].get("device") == device]
    assert story[-3:] == ["PushStarted", "DeviceStaged", "DeviceReverted"]
    assert f"{device}" in company("rollout", "show", rollout).out
    oracle.reconcile()
    # And operations decides: it is tried again, and all have it
    company("rollout", "retry", rollout, device, "--yes", by="olga")
    company("rollout", "resume", rollout, "--yes", by="olga")
    assert company.reaches(rollout, "completed")["rollout"]["counts"] == {"verified": 4}
    assert line in company.lab.startup(device)
    oracle.reconcile()
