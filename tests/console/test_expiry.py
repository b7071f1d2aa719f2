"""An approval that runs out in the middle of a rollout."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(120)


def test_an_approval_that_runs_out_while_the_canary_bakes_starts_nothing_more(site: Any, until: Any) -> None:
    # Given a rollout whose approval lasts for its canary, and not for the wave after it
    place = site.place
    rollout = site.request(place.change("expiry", bake="6s"))
    ends = datetime.now(UTC) + timedelta(seconds=5)
    approved = site.approve(rollout, "--until", f"{ends:%Y-%m-%dT%H:%M:%SZ}")
    assert approved.code == 0, approved.err
    until(lambda: site.state(rollout) == "baking")
    # When it has run out
    watched = site.watch(rollout)
    # Then the rollout waits for somebody, and says for whom and why; nothing after the canary was touched
    assert watched.code == 4
    assert "put it on hold: nothing new starts: approvals of network-ops have run out or were revoked." in watched.out
    shown = site.show(rollout)
    assert shown["rollout"]["state"] == "held"
    assert ["approval of network-ops", "network-ops"] in shown["rollout"]["waits"]
    later = [each for each in shown["waves"] if each["number"] > 0]
    assert later
    assert all(set(each["counts"]) == {"planned"} for each in later)
    assert sum("ntp server 192.0.2.7" in site.lab.running(name) for name in site.devices) == 4
    # And it cannot go on without a new one, with which it does
    refused = place("rollout", "resume", rollout, "--yes", by="olga")
    assert refused.code == 1
    assert "refused (not-approved)" in refused.err
    assert site.approve(rollout).code == 0
    assert place("rollout", "resume", rollout, "--yes", by="olga").code == 0
    assert site.watch(rollout).code == 0
    assert all("ntp server 192.0.2.7" in site.lab.running(name) for name in site.devices)
