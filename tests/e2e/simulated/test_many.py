"""Two hundred devices in flight, and one of them hangs: it holds up nobody."""

from typing import Any

import pytest

from lab.faults import Fault, FaultKind
from lab.journal import Event

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

SITES = 100
DEVICES = 200


@pytest.fixture(scope="module")
def company(found_company: Any, enrolled: Any) -> Any:
    """A hundred sites with a router and a switch each, and patience: all of them are one small machine."""
    made = found_company(SITES, DEVICES, settings={"connect_s": 30.0, "answer_s": 120.0, "session_s": 6.0})
    made.start("up")
    enrolled(made)
    return made


def test_one_that_hangs_holds_up_nobody(company: Any, oracle_of: Any, until: Any) -> None:
    # Given a rollout over all of them, and a device of its one large wave that hangs before anything is written
    oracle = oracle_of(company)
    rollout = company.planned(company.change("many", strategy="{waves: ['100%']}"))
    waves = [fact["data"] for fact in company.facts(rollout) if fact["type"] == "WavePlanned"]
    hanging = max(waves, key=lambda wave: wave["wave"])["devices"][0]
    company.lab.set_fault(hanging, Fault(kind=FaultKind.HANG, match="show running-config"))
    # When it goes out
    company("rollout", "approve", rollout, "--yes", by="olga")
    # Then all others are verified, while that one is still being waited for
    until(lambda: company.show(rollout)["rollout"]["counts"].get("verified") == DEVICES - 1, "all others", 120)
    counts = company.show(rollout)["rollout"]["counts"]
    assert counts == {"verified": DEVICES - 1, "in_progress": 1}
    assert not company.noted(Event.TIMER_ARMED, hanging)
    # And once it answers it goes the same way
    company.lab.clear_faults(hanging)
    assert company.reaches(rollout, "completed")["rollout"]["counts"] == {"verified": DEVICES}
    oracle.reconcile()
