"""What EOS shows of itself; files; replacing."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from lab.faults import Fault, FaultKind

STARTUP = """
hostname sw1
dns domain branch.example
snmp-server community hidden ro
ntp server 10.0.0.1 prefer
ntp server 10.0.0.2
vlan 20
   name POS
interface Ethernet1
   description to the core
   mtu 9000
interface Ethernet2
   shutdown
interface Vlan20
   ip address 10.0.20.1/24
ip access-list standard S
   10 permit 10.0.0.0/8
ip access-list WEB
   10 remark the web
   20 permit tcp any any eq https
management api http-commands
   no shutdown
"""


@pytest.fixture
def eapi(start: Callable[..., Any]) -> Any:
    return start(only="sw1", sw1={"startup": STARTUP}).eapi()


def test_version(eapi: Any) -> None:
    version = eapi.run("show version")[0]

    assert version["version"] == "4.30.5M"
    assert (version["modelName"], version["serialNumber"]) == ("vEOS-lab", "SN-SW1")
    assert version["uptime"] >= 0
    assert "Software image version: 4.30.5M" in eapi.text("show version")


def test_interfaces(eapi: Any) -> None:
    found = eapi.run("show interfaces")[0]["interfaces"]

    assert list(found) == ["Ethernet1", "Ethernet2", "Vlan20"]
    assert found["Ethernet1"]["description"] == "to the core"
    assert found["Ethernet1"]["mtu"] == 9000
    assert (found["Ethernet2"]["interfaceStatus"], found["Ethernet2"]["lineProtocolStatus"]) == ("disabled", "down")
    assert found["Vlan20"]["interfaceAddress"][0]["primaryIp"] == {"address": "10.0.20.1", "maskLen": 24}
    assert list(eapi.run("show interfaces Ethernet2")[0]["interfaces"]) == ["Ethernet2"]


# Each case: a command, a path into its JSON, what is there, and what its text holds.
SHOWN = {
    "hostname": ("show hostname", ["fqdn"], "sw1.branch.example", "FQDN:     sw1.branch.example"),
    "time": ("show ntp status", ["status"], "synchronised", "synchronised to NTP server (10.0.0.1)"),
    "servers": ("show ntp associations", ["peers", "10.0.0.2", "condition"], "candidate", "+10.0.0.2"),
    "clock": ("show clock", ["timezone"], "UTC", "Clock source: NTP server (10.0.0.1)"),
    "descriptions": (
        "show interfaces description",
        ["interfaceDescriptions", "Ethernet2", "interfaceStatus"],
        "admin down",
        "to the core",
    ),
    "addresses": (
        "show ip interface brief",
        ["interfaces", "Vlan20", "interfaceAddress", "ipAddr", "maskLen"],
        24,
        "10.0.20.1/24",
    ),
    "VLANs": ("show vlan", ["vlans", "20", "name"], "POS", "20    POS"),
    "lists": ("show ip access-lists", ["aclList", 0, "name"], "S", "Standard IP Access List S\n        10 permit"),
    "one list": (
        "show ip access-lists WEB",
        ["aclList", 0, "sequence", 1],
        {"sequenceNumber": 20, "text": "permit tcp any any eq https"},
        "IP Access List WEB",
    ),
    "restart": ("show reload cause", ["resetCauses", 0, "description"], "Reload Command", "Reload occurred at"),
    "the API": ("show management api http-commands", ["httpsServer", "running"], True, "HTTPS server:       running"),
    "privilege": ("show privilege", ["privilegeLevel"], 15, "Current privilege level is 15"),
}


@pytest.mark.parametrize(("command", "path", "value", "text"), SHOWN.values(), ids=SHOWN)
def test_shows(eapi: Any, command: str, path: list[str | int], value: object, text: str) -> None:
    found = eapi.run(command)[0]
    for step in path:
        found = found[step]

    assert found == value
    assert text in eapi.text(command)


def test_the_running_config_in_both_encodings(eapi: Any) -> None:
    as_json = eapi.run("show running-config")[0]
    as_text = eapi.text("show running-config")

    assert as_json["cmds"]["hostname sw1"] is None
    assert as_json["cmds"]["interface Ethernet1"]["cmds"] == {"description to the core": None, "mtu 9000": None}
    assert as_text.startswith("! Command: show running-config\n! device: sw1 (vEOS-lab, EOS-4.30.5M)\n!\n")
    assert "interface Ethernet1\n   description to the core\n   mtu 9000\n!\n" in as_text
    assert as_text.endswith("!\nend\n")


def test_secrets_can_be_left_out(eapi: Any) -> None:
    text = eapi.text("show running-config sanitized")

    assert "secret sha512 <removed>" in text
    assert "snmp-server community <removed> ro" in text


def test_parts_of_the_running_config(eapi: Any) -> None:
    assert eapi.text("show running-config interfaces Ethernet2") == "interface Ethernet2\n   shutdown\n"
    assert eapi.text("show running-config section POS") == "vlan 20\n   name POS\n"


def test_what_is_not_saved(eapi: Any) -> None:
    eapi.run("configure", "hostname other")

    diffs = eapi.text("show running-config diffs")

    assert diffs.startswith("--- flash:/startup-config\n+++ system:/running-config\n@@ ")
    assert "-hostname sw1\n+hostname other\n" in diffs
    eapi.run("write memory")
    assert eapi.text("show running-config diffs") == ""


@pytest.mark.parametrize("command", ["write memory", "write", "copy running-config startup-config"])
def test_saves(eos: Any, command: str) -> None:
    eapi = eos.eapi()
    eapi.run("configure", "hostname other")

    result = eapi.run(command)[0]

    assert result == {"messages": ["Copy completed successfully."]}
    assert "hostname other" in eos.lab.startup("sw1")
    assert "hostname other" in eapi.text("show startup-config")


def test_files(eos: Any) -> None:
    eapi = eos.eapi()

    eapi.run("copy running-config flash:backup")
    listed = eapi.text("dir flash:")
    shown = eapi.text("more flash:backup")
    eapi.run("delete flash:backup")

    assert re.search(r"-rw- +\d+ .* backup\n", listed)
    assert "hostname sw1" in shown
    assert "No such file" in str(eapi.refused("delete flash:backup"))
    assert "No such file" in str(eapi.refused("more backup"))


def test_replaces_with_a_file(eos: Any) -> None:
    eapi = eos.eapi()
    eapi.run("copy startup-config flash:rollback-0", "configure", "hostname other", "vlan 77")

    eapi.run("configure replace flash:rollback-0")

    assert "vlan 77" not in eos.lab.running("sw1")
    assert eos.lab.device("sw1").hostname == "sw1"


def test_a_file_with_a_wrong_line_replaces_nothing(eos: Any) -> None:
    eapi = eos.eapi()
    eos.lab.put_file("sw1", "bad", eos.lab.running("sw1").replace("hostname sw1", "hostname other\nno such line"))

    error = eapi.refused("configure replace flash:bad")
    unchanged = eos.lab.device("sw1").hostname
    eapi.run("configure replace flash:bad ignore-errors")

    assert error["data"][-1]["errors"] == ["no such line: invalid at 'such'"]
    assert (unchanged, eos.lab.device("sw1").hostname) == ("sw1", "other")


def test_copies_between_running_startup_and_files(eos: Any) -> None:
    eapi = eos.eapi()
    eos.lab.put_file("sw1", "merge", "vlan 77\n")

    eapi.run("copy flash:merge running-config")
    merged = eos.lab.running("sw1")
    eapi.run("copy flash:merge startup-config")

    assert "vlan 77" in merged
    assert "hostname sw1" in merged
    assert "hostname" not in eos.lab.startup("sw1")


@pytest.mark.parametrize(
    "command",
    [
        "write memory",
        "copy running-config flash:x",
        "copy startup-config flash:rollback-0",
        "copy flash:y startup-config",
    ],
)
def test_a_full_flash(eos: Any, command: str) -> None:
    eapi, before = eos.eapi(), eos.lab.startup("sw1")
    eos.lab.put_file("sw1", "y", "hostname y\n")
    eos.lab.set_fault("sw1", Fault(kind=FaultKind.FLASH_FULL))

    assert "No space left on device" in str(eapi.refused(command))
    assert eos.lab.startup("sw1") == before


@pytest.mark.parametrize("command", ["reload now", "reload force"])
def test_reloads(eos: Any, command: str, eventually: Callable[..., None]) -> None:
    eapi = eos.eapi()
    eapi.run("configure", "hostname other")

    with pytest.raises((OSError, EOFError)):
        eapi.run(command)

    eventually(lambda: eos.lab.device("sw1").up)
    assert eos.lab.device("sw1").hostname == "sw1"
    assert "reload by netops" in eos.eapi().text("show reload cause")


def test_an_erased_startup_leaves_the_ports(eos: Any) -> None:
    eos.eapi().run("write erase")

    assert "hostname" not in eos.lab.startup("sw1")
    assert "interface Ethernet1" in eos.lab.startup("sw1")


def test_privilege_can_be_given_back(eos: Any) -> None:
    answer = eos.eapi().call("enable", "disable", "show privilege", "show running-config")

    assert answer["error"]["data"][2] == {"privilegeLevel": 1}
    assert "privileged mode required" in str(answer["error"]["data"][3])


@pytest.mark.parametrize("command", ["end", "exit", "terminal length 0", "terminal width 200"])
def test_what_changes_nothing_is_accepted(eos: Any, command: str) -> None:
    assert eos.eapi().run(command, "show hostname") == [{}, {"hostname": "sw1", "fqdn": "sw1"}]


def test_files_survive_a_restart(eos: Any, eventually: Callable[..., None]) -> None:
    eos.eapi().run("copy running-config flash:backup")

    eos.lab.power_cut("sw1")
    eventually(lambda: eos.lab.device("sw1").up)

    assert "hostname sw1" in eos.eapi().text("more flash:backup")


def test_the_name_of_the_device_is_in_every_header(eos: Any) -> None:
    eapi = eos.eapi()

    eapi.run("configure", "hostname edge")

    for command in ("show running-config", "show startup-config"):
        assert f"! Command: {command}\n! device: edge (vEOS-lab, EOS-4.30.5M)\n" in eapi.text(command)


def test_model_version_and_serial_are_those_of_the_estate_file(start: Callable[..., Any]) -> None:
    bench = start(only="sw1", sw1={"model": "DCS-7050", "version": "4.28.1F", "serial": "JPE123"})

    version = bench.eapi().run("show version")[0]

    assert (version["modelName"], version["version"], version["serialNumber"]) == ("DCS-7050", "4.28.1F", "JPE123")


def test_interfaces_have_addresses_of_their_own(eapi: Any) -> None:
    found = eapi.run("show interfaces")[0]["interfaces"]

    assert len({each["physicalAddress"] for each in found.values()}) == len(found)
