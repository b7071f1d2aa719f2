"""Plain netmiko, unmodified, drives a real router through the login wrapper."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from netmiko import BaseConnection, ConfigInvalidException, ConnectHandler
from netmiko.exceptions import NetmikoTimeoutException

from lab.frr.lab import FrrDevice, FrrLab

pytestmark = pytest.mark.frr

Connect = Callable[..., BaseConnection]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Opens connections with the host key checked; all are closed after the test."""
    opened: list[BaseConnection] = []

    def connected(device: FrrDevice, **more: Any) -> BaseConnection:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.write_text(more.pop("host_key", device.host_key) + "\n", encoding="ascii")
        opened.append(ConnectHandler(**{**_arguments(device, known_hosts), **more}))
        return opened[-1]

    yield connected
    for one in opened:
        one.disconnect()


@pytest.mark.parametrize("device_type", ["cisco_ios", "cisco_xe", "cisco_nxos"])
def test_netmiko_reads_configures_and_saves(
    lab: FrrLab, out_of_band: FrrDevice, connect: Connect, device_type: str
) -> None:
    connection = connect(out_of_band, device_type=device_type)
    shown = connection.send_command("show running-config")
    assert str(shown).splitlines()[4:] == lab.running_config(out_of_band.name).splitlines()
    connection.send_config_set(["ip route 10.1.0.0/16 Null0", "interface eth0", "description by netmiko"])
    assert " description by netmiko\n" in lab.running_config(out_of_band.name)
    assert "[OK]" in connection.save_config()
    assert lab.startup_config(out_of_band.name) + "end\n" == lab.running_config(out_of_band.name)


def test_an_error_pattern_stops_at_the_refused_line(lab: FrrLab, out_of_band: FrrDevice, connect: Connect) -> None:
    lines = ["ip route 10.1.0.0/16 Null0", "router bgp 65000", "ip route 10.2.0.0/16 Null0"]
    with pytest.raises(ConfigInvalidException, match="router bgp 65000"):
        connect(out_of_band).send_config_set(lines, error_pattern=r"(?m)^%|is not running")
    running = lab.running_config(out_of_band.name)
    assert "10.1.0.0/16" in running
    assert "10.2.0.0/16" not in running


def test_without_an_error_pattern_a_refused_line_passes_silently(
    lab: FrrLab, out_of_band: FrrDevice, connect: Connect
) -> None:
    said = connect(out_of_band).send_config_set(["frobnicate", "ip route 10.2.0.0/16 Null0"])
    assert "% Unknown command: frobnicate" in said
    assert "10.2.0.0/16" in lab.running_config(out_of_band.name)


def test_another_host_key_is_not_accepted(lab: FrrLab, out_of_band: FrrDevice, connect: Connect) -> None:
    other = lab.devices[0].host_key.split()[2]
    with pytest.raises(NetmikoTimeoutException, match="does not match"):
        connect(out_of_band, host_key=f"{out_of_band.address} ssh-ed25519 {other}")


def _arguments(device: FrrDevice, known_hosts: Path) -> dict[str, Any]:
    return {
        "device_type": "cisco_ios", "host": device.address, "port": device.port, "username": device.user,
        "use_keys": True, "key_file": str(device.key_file), "allow_agent": False, "ssh_strict": True,
        "alt_host_keys": True, "alt_key_file": str(known_hosts), "keepalive": 5,
    }  # fmt: skip
