"""What went wrong in a rollout is told once for all devices of which it is true."""

from typing import Any

import pytest

from console.failing import failure_lines
from console.views import DeviceInRollout

NOTHING: dict[str, Any] = dict.fromkeys(
    ("redundancy_group", "order", "diff_class", "diff_text", "added", "removed", "undo", "access", "foreign_unsaved")
)


def device(name: str, **more: Any) -> DeviceInRollout:
    given = {"state": "failed", "cause": "unreachable", "detail": f"{name} does not answer", "wave": 1, **more}
    place: dict[str, Any] = {"site": "ber", "region": "emea", "role": "router", "platform": "ios", "attempts": 1}
    return DeviceInRollout(device=name, **NOTHING, **place, **given)


def told(*devices: DeviceInRollout) -> list[str]:
    return "\n".join(line.plain for line in failure_lines(devices)).splitlines()


def test_one_device_is_told_with_its_site_and_wave() -> None:
    assert told(device("r1", wave=0)) == [
        "1 device without what the change wants:",
        "  r1 (site ber, canary): failed, unreachable: r1 does not answer",
        "    See whether the site is up; then retry the device, or skip it.",
    ]


def test_what_is_equal_but_for_the_device_s_own_name_is_told_once() -> None:
    assert told(*(device(f"r{number}") for number in range(7))) == [
        "7 devices without what the change wants:",
        "  7 devices (r0, r1, r2, r3, r4 and 2 more; wave 1): failed, unreachable: the device does not answer",
        "    See whether the site is up; then retry the device, or skip it.",
    ]


def test_different_details_of_one_cause_share_its_advice() -> None:
    lines = told(device("r1", detail="port 22"), device("r2", detail="port 23"), device("r3", detail="port 22", wave=2))
    assert lines[1:] == [
        "  2 devices (r1, r3): failed, unreachable: port 22",
        "  r2 (site ber, wave 1): failed, unreachable: port 23",
        "    See whether the site is up; then retry the device, or skip it.",
    ]


def test_causes_and_states_are_kept_apart_in_their_order() -> None:
    devices = [
        device("r1", state="reverted", cause="checks-failed", detail="x"),
        device("r2"),
        device("r3", cause=None),
    ]
    lines = told(*devices)
    assert [line for line in lines if line.startswith("  r")] == [
        "  r1 (site ber, wave 1): reverted, checks-failed: x",
        "  r2 (site ber, wave 1): failed, unreachable: r2 does not answer",
        "  r3 (site ber, wave 1): failed",
    ]
    assert sum(line.startswith("    ") for line in lines) == 2


def test_lines_of_a_detail_stay_lines_and_nothing_in_them_reaches_a_terminal() -> None:
    lines = told(device("r1", detail="two lines:\n\nthe \x1b[8msecond\r\n"))
    assert lines[1:3] == [
        "  r1 (site ber, wave 1): failed, unreachable: two lines:",
        "      the \\x1b[8msecond",
    ]


@pytest.mark.parametrize(("count", "left"), [(40, None), (43, "  and 3 more: --json lists all of them")])
def test_however_many_there_are_a_screen_is_enough(count: int, left: str | None) -> None:
    lines = told(*(device(f"r{number}", detail=f"port {number}") for number in range(count)))
    assert sum(line.startswith("  r") for line in lines) == 40
    assert (lines[-1] if left else None) == left


def test_a_long_detail_is_cut() -> None:
    assert told(device("r1", detail="x" * 1000))[1].endswith("x" * 400 + "…")


def test_a_device_that_was_not_planned_is_in_no_wave() -> None:
    assert "(site ber, not planned)" in told(device("r1", wave=None))[1]
