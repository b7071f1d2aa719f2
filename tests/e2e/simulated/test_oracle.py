"""The oracle itself: it is silent about what is right, and notices each way in which devices and log can differ."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.journal import Event

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def company(found_company: Any, enrolled: Any) -> Any:
    """A site with a router and a switch."""
    made = found_company(1, 2)
    made.start("up")
    enrolled(made)
    return made


@pytest.fixture(scope="module")
def oracle(company: Any, oracle_of: Any) -> Any:
    """An oracle, once a change is on both devices."""
    made = oracle_of(company)
    company.reaches(company.approved(company.change("first")), "completed")
    assert made.complaints() == []
    return made


def lines(*events: Event) -> Callable[[str], bool]:
    """Whether a line of a journal is an entry of one of these kinds."""
    return lambda line: json.loads(line)["event"] in {event.value for event in events}


def entered(line: str) -> bool:
    """Whether a line of a journal is what made a change the running configuration."""
    return json.loads(line).get("mode", "").startswith("config") or lines(Event.COMMIT)(line)


def of_a_write(line: str) -> bool:
    """Whether a line of a journal is part of a write."""
    return entered(line) or lines(Event.TIMER_ARMED, Event.CONFIRMED, Event.SAVED)(line)


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        pytest.param(
            lambda found: [*found, *filter(of_a_write, found)],
            "of which the log knows nothing",
            id="a write of which there is no fact, such as the same one again",
        ),
        pytest.param(
            lambda found: [line for line in found if not of_a_write(line)],
            "the log says DeviceVerified",
            id="a fact of which there is no write",
        ),
        pytest.param(
            lambda found: [line for line in found if not lines(Event.CONFIRMED)(line)],
            "the log says DeviceVerified",
            id="verified and never confirmed",
        ),
        pytest.param(
            lambda found: [line for line in found if not lines(Event.SAVED)(line)],
            "the log says DeviceVerified",
            id="verified and never saved",
        ),
        pytest.param(
            lambda found: [*found, json.dumps(json.loads(found[0]) | {"event": "reverted"})],
            "the log says DeviceVerified",
            id="reverted after it was verified",
        ),
        pytest.param(
            lambda found: [line for line in found if not entered(line)],
            "the log says DeviceVerified",
            id="verified, and nothing was entered",
        ),
    ],
)
@pytest.mark.parametrize("device", ["de-001-r1", "de-001-s1"], ids=["ios", "eos"])
def test_it_notices_a_journal_that_tells_something_else(
    company: Any, oracle: Any, device: str, tamper: Callable[[list[str]], list[str]], complaint: str
) -> None:
    # Given a device that noted something else than the log says
    path = company.lab.folder / "journal" / f"{device}.jsonl"
    noted = path.read_text()
    path.write_text("".join(f"{line}\n" for line in tamper(noted.splitlines())))
    # When they are held against each other
    found = oracle.complaints()
    path.write_text(noted)
    # Then that is what the oracle complains about, and about nothing else
    assert found
    assert all(f"{device}: " in each and complaint in each for each in found if "knows nothing" not in each), found
    assert any(complaint in each for each in found)
    assert oracle.complaints() == []


def test_it_notices_an_edit_by_hand_and_what_came_of_it(company: Any, oracle: Any) -> None:
    # When somebody types on a device's console
    company.lab.edit("de-001-s1", ["ntp server 192.0.2.66", "no ntp server 192.0.2.7"])
    # Then it is told that it was done, what is there of it, and that it is not saved
    assert oracle.complaints() == [
        "de-001-s1: edited by hand: ntp server 192.0.2.66",
        "de-001-s1: edited by hand: no ntp server 192.0.2.7",
        "de-001-s1: running has, and the log does not say: ntp server 192.0.2.66",
        "de-001-s1: running lacks, and the log says: ntp server 192.0.2.7",
    ]
    # And where it was meant, nothing of it
    assert oracle.complaints("de-001-s1") == []
