"""Every fault of the lab on devices of one rollout: each ends with the one outcome that is right, and hurts no other.

What is right is in the design's catalogue of failures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lab.faults import Fault, FaultKind, Moment
from lab.journal import Event

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

LINE = "ntp server 192.0.2.7"
COMMIT = {"ios": "end", "eos": "configure session .* commit timer .*"}


@dataclass(frozen=True)
class Case:
    """What happens to a device between its plan and its push, and how it has to end: its state, and why."""

    what: str
    happens: Callable[[Any, str, str], None]
    ios: tuple[str, str]
    eos: tuple[str, str]


def fault(kind: FaultKind, **options: Any) -> Callable[[Any, str, str], None]:
    """Sets a fault; a match of ``commit`` is the platform's own command for it."""

    def happens(lab: Any, device: str, platform: str) -> None:
        given = {**options, "match": COMMIT[platform]} if options.get("match") == "commit" else options
        lab.set_fault(device, Fault(kind=kind, **given))

    return happens


def at_commit(kind: FaultKind, moment: Moment) -> Callable[[Any, str, str], None]:
    """Sets a fault that strikes once, just before or after the commit."""
    return fault(kind, match="commit", once=True, moment=moment)


def typed(*lines: str) -> Callable[[Any, str, str], None]:
    """Somebody types lines on the device's console."""
    return lambda lab, device, _: lab.edit(device, lines)


VERIFIED = ("verified", "")
LOST = ("reverted", "access-lost")
CASES = (
    Case("nothing", lambda *_: None, VERIFIED, VERIFIED),
    Case("slow", fault(FaultKind.SLOW, seconds=0.3), VERIFIED, VERIFIED),
    # The lines are in when IOS hangs; EOS hangs before it has done anything.
    Case("hangs at the commit", fault(FaultKind.HANG, match="commit", once=True), VERIFIED, ("reverted", "timed-out")),
    Case("hangs when it is read", fault(FaultKind.HANG, match="show run.*"), *[("failed", "timed-out")] * 2),
    Case("dropped before the commit", fault(FaultKind.DROP, once=True), ("failed", "access-lost"), LOST),
    Case("dropped after the commit", fault(FaultKind.DROP, once=True, moment=Moment.AFTER), VERIFIED, VERIFIED),
    Case("restarts before the commit", at_commit(FaultKind.REBOOT, Moment.BEFORE), LOST, LOST),
    Case("restarts after the commit", at_commit(FaultKind.REBOOT, Moment.AFTER), LOST, LOST),
    Case("loses its power after the commit", at_commit(FaultKind.POWER_CUT, Moment.AFTER), LOST, LOST),
    Case("edited where the change goes", typed(f"{LINE} prefer"), *[("drifted", "drift")] * 2),
    Case("edited elsewhere", typed("snmp-server location somewhere"), VERIFIED, VERIFIED),
    Case("locked by somebody else", fault(FaultKind.LOCKED), *[("failed", "device-locked")] * 2),
    # EOS shows what it would make of the lines, before it is written to.
    Case(
        "swallows a line",
        fault(FaultKind.SWALLOW, match="ntp server .*"),
        ("reverted", "diff-differs"),
        ("refused", "diff-differs"),
    ),
    # IOS keeps the way back of its timer in flash and says so at once; EOS only when it is to save.
    Case("its flash is full", fault(FaultKind.FLASH_FULL), ("failed", "device-full"), ("reverted", "not-saved")),
    Case("other hardware", lambda lab, device, _: lab.swap_hardware(device), *[("failed", "host-key-changed")] * 2),
    Case("a flood", fault(FaultKind.FLOOD, match="show running-config"), *[("failed", "answer-too-large")] * 2),
)
IDS = [case.what for case in CASES]
#: Whose edits by hand the log does not know.
EDITED = ("edited where the change goes", "edited elsewhere")


@pytest.fixture(scope="module")
def company(found_company: Any, enrolled: Any) -> Any:
    """For each case a device of each platform."""
    made = found_company(16, 2 * len(CASES))
    made.start("up")
    enrolled(made)
    return made


@pytest.fixture(scope="module")
def devices(company: Any) -> dict[tuple[str, str], str]:
    """Devices by case and platform."""
    by_platform: dict[str, list[str]] = {"ios": [], "eos": []}
    for branch in company.branches:
        by_platform[branch.platform.value].append(branch.name)
    return {(what, each): name for each, names in by_platform.items() for what, name in zip(IDS, names, strict=True)}


@pytest.fixture(scope="module")
def oracle(company: Any, oracle_of: Any) -> Any:
    return oracle_of(company)


@pytest.fixture(scope="module")
def rollout(company: Any, devices: Any, oracle: Any) -> str:
    """One rollout over all of them, which went on to its end whatever happened to some."""
    planned = company.planned(company.change("faults", strategy="{halt_at: 99, waves: ['100%']}"))
    for case in CASES:
        for platform in COMMIT:
            case.happens(company.lab, devices[case.what, platform], platform)
    company("rollout", "approve", planned, "--yes", "--save-foreign", by="olga")
    company.reaches(planned, "completed")
    return str(planned)


@pytest.fixture(scope="module")
def failures(company: Any, rollout: str) -> dict[str, Any]:
    """Those devices that have not what the change wants."""
    return {each["device"]: each for each in company.show(rollout)["failures"]}


@pytest.mark.parametrize("platform", COMMIT)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_each_ends_as_it_must(company: Any, devices: Any, failures: Any, case: Case, platform: str) -> None:
    device = devices[case.what, platform]
    failure = failures.get(device, {"state": "verified", "cause": "", "detail": ""})
    assert (failure["state"], failure["cause"]) == getattr(case, platform), failure["detail"]
    # And the device has the change, saved, or nothing of it
    for config in (company.lab.running(device), company.lab.startup(device)):
        assert (LINE in config.splitlines()) == (failure["state"] == "verified")


def test_every_device_is_accounted_for_and_noted_the_same(
    company: Any, devices: Any, oracle: Any, rollout: str
) -> None:
    counts = company.show(rollout)["rollout"]["counts"]
    assert sum(counts.values()) == len(company.devices)
    assert "unknown" not in counts
    oracle.reconcile(*(devices[what, platform] for what in EDITED for platform in COMMIT))


@pytest.mark.parametrize("platform", COMMIT)
def test_an_edit_elsewhere_is_noted_and_kept(company: Any, devices: Any, rollout: str, platform: str) -> None:
    device = devices["edited elsewhere", platform]
    kinds = [fact["type"] for fact in company.facts(rollout) if fact["data"].get("device") == device]
    assert "ForeignDriftNoted" in kinds
    assert "snmp-server location somewhere" in company.lab.startup(device)


@pytest.mark.parametrize("platform", COMMIT)
def test_nothing_is_sent_to_other_hardware(company: Any, devices: Any, rollout: str, platform: str) -> None:
    events = [entry.event for entry in company.journal(devices["other hardware", platform])]
    assert not {Event.LOGIN, Event.COMMAND} & set(events[events.index(Event.HARDWARE_SWAPPED) :])


def test_a_login_that_is_refused_stops_the_credential_everywhere(
    company: Any, devices: Any, until: Any, rollout: str
) -> None:
    # Given devices that are well, of which one refuses the login from now on
    well = [devices["nothing", platform] for platform in COMMIT]
    well += [devices["slow", platform] for platform in COMMIT]
    for device in well:
        company.lab.clear_faults(device)
    change = company.change("refused", line="ntp server 192.0.2.8\n", select=f"name in ({','.join(well)})")
    asked = company.planned(change)
    company.lab.set_fault(well[0], Fault(kind=FaultKind.REFUSE_LOGIN))
    # When a change goes out
    company("rollout", "approve", asked, "--yes", by="olga")
    page = company.reaches(asked, "halted")
    # Then that device failed, and its account was not locked by trying again and again
    failure = next(each for each in page["failures"] if each["device"] == well[0])
    assert (failure["state"], failure["cause"]) == ("failed", "login-refused")
    assert len(company.noted(Event.LOGIN_REFUSED)) == 1
    assert "CredentialStopped" in [fact["type"] for fact in company.facts()]
    # And nobody uses the credential before somebody has looked
    halts = [halt for halt in company("rollout", "halts", "--json").lines if halt["subjects"] == ["credential:lab"]]
    assert len(halts) == 1
    company.lab.clear_faults(well[0])
    company("rollout", "lift", halts[0]["halt"], "--yes", by="olga")
    company("rollout", "retry", asked, well[0], "--yes", by="olga")
    company("rollout", "resume", asked, "--yes", by="olga")
    assert company.reaches(asked, "completed")["rollout"]["counts"] == {"verified": len(well)}
