"""Startup configs and estates of branch sites."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.branches.estate import branch_devices, branch_estate, device_spec
from lab.branches.startup import BranchDevice, Role, startup_config
from lab.estate import Estate, Platform
from lab.lab import Lab


def branch(platform: Platform, role: Role, **options: Any) -> BranchDevice:
    return BranchDevice(
        name="de-001-r1",
        platform=platform,
        role=role,
        site="de-001",
        number=1,
        address="127.64.0.1",
        username="netops",
        password="in-clear",
        **options,
    )


@pytest.mark.parametrize("role", list(Role), ids=str)
@pytest.mark.parametrize("platform", list(Platform), ids=str)
def test_a_device_takes_every_line_of_its_startup_config(
    platform: Platform, role: Role, tmp_path: Path, new_address: Callable[[], str]
) -> None:
    device = branch(platform, role, enable="also-clear")
    spec = device_spec(device).model_copy(update={"address": new_address()})

    with Lab(Estate(devices=(spec,)), tmp_path) as lab:
        running = lab.running("de-001-r1")

    assert "hostname de-001-r1" in running
    assert "clear" not in running
    assert "MGMT-IN" in running
    assert "10.0.19." in running


def test_managers_ntp_and_archive_are_chosen() -> None:
    config = startup_config(
        branch(Platform.IOS, Role.SWITCH, managers=("10.9.0.0/16",), ntp=("10.9.9.9",), archive=False)
    )

    assert " 10 permit 10.9.0.0 0.0.255.255\n 20 deny any log\n" in config
    assert "ntp server 10.9.9.9 prefer\n" in config
    assert "archive\n" not in config


def test_an_estate_has_both_platforms_and_roles_at_addresses_of_their_own() -> None:
    devices = list(branch_devices(40, 100))

    assert len({device.address for device in devices}) == len({device.name for device in devices}) == 100
    assert len({device.site for device in devices}) == 40
    assert Counter(device.platform for device in devices) == {Platform.IOS: 50, Platform.EOS: 50}
    assert Counter(device.role for device in devices) == {Role.ROUTER: 40, Role.SWITCH: 60}
    assert {str(device.lan) for device in devices if device.number == 3} == {"10.0.48.0/20"}
    assert len(branch_estate(40, 100).devices) == 100


def test_two_estates_can_be_apart() -> None:
    one, other = branch_estate(4, 8), branch_estate(4, 8, first="127.80.0.0", minute=0.5)

    assert not {device.address for device in one.devices} & {device.address for device in other.devices}
    assert other.devices[0].address == "127.80.0.1"
    assert f"ip address {other.devices[0].address} 255.255.255.255" in other.devices[0].startup
    assert (one.minute, other.minute) == (60.0, 0.5)
