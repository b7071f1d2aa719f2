"""What real FRR 8.4 does behind vtysh, each fact that a driver or the push protocol builds on."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.frr.lab import FrrDevice, FrrLab

pytestmark = pytest.mark.frr

Login = Callable[..., Any]
Typing = Callable[..., str]


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        pytest.param(["frobnicate"], "% Unknown command: frobnicate", id="unknown command"),
        pytest.param(["interface"], "% Unknown command: interface", id="not at this level"),
        pytest.param(["configure terminal", "router ospf", "area 0"], "% Command incomplete: area 0", id="incomplete"),
        pytest.param(
            ["configure terminal", "ip route"], "% Command incomplete: ip route", id="incomplete, one word in"
        ),
        pytest.param(["sh r"], "% Ambiguous command: sh r", id="ambiguous"),
        pytest.param(
            ["configure terminal", "router ospf", "network 10.0.0.0/8 area 0"],
            "Please remove all ip ospf area x.x.x.x commands first.",
            id="refused without a percent sign",
        ),
        pytest.param(
            ["configure terminal", "router bgp 65000"], "bgpd is not running", id="a daemon that is not there"
        ),
        pytest.param(["configure terminal", "ip route 10.0.0.300/8 Null0"], "% Unknown command", id="no address"),
        pytest.param(
            ["configure terminal", "interface eth0", "ip ospf area 5"],
            "Must remove previous area config before changing ospf area",
            id="an advice, and nothing done",
        ),
        pytest.param(
            ["configure terminal", "no interface eth0"], "% Configuration failed.", id="refused by the daemon"
        ),
    ],
)
def test_a_refusal_is_only_a_text(
    lab: FrrLab, scratch: FrrDevice, typing: Typing, lines: list[str], answer: str
) -> None:
    before = lab.running_config(scratch.name)
    said = typing(*lines)
    assert answer in said
    assert lab.running_config(scratch.name) == before


def test_lines_before_a_refused_one_stay_applied(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, eventually: Callable[..., None]
) -> None:
    shell = login(out_of_band).shell()
    shell.send("configure terminal", "ip route 10.1.0.0/16 Null0", "ip route 10.2.0.0/16 Null0")
    eventually(lambda: {"10.1.0.0/16", "10.2.0.0/16"} <= _destinations(lab, out_of_band), "both are in the kernel")
    assert "% Unknown command" in shell.send("ip roto 10.3.0.0/16 Null0")
    assert {"10.1.0.0/16", "10.2.0.0/16"} <= _destinations(lab, out_of_band)


def test_a_block_for_a_daemon_that_is_not_there_is_swallowed_while_the_prompt_goes_along(
    lab: FrrLab, scratch: FrrDevice, scratch_shell: Any
) -> None:
    before, shell = lab.running_config(scratch.name), scratch_shell
    shell.send("end")
    shell.send("configure terminal")
    assert shell.send("router bgp 65000").splitlines()[1:] == ["bgpd is not running", "s01-r2(config-router)# "]
    assert "bgpd is not running" in shell.send("neighbor 192.0.2.1 remote-as 65001")
    assert shell.send("address-family ipv4 unicast").endswith("(config-router-af)# ")
    assert shell.send("exit-address-family", "exit").endswith("(config)# ")
    assert lab.running_config(scratch.name) == before


def test_a_line_that_fits_one_level_up_is_applied_although_the_answer_says_not_running(
    lab: FrrLab, scratch: FrrDevice, typing: Typing
) -> None:
    block = ["configure terminal", "router bgp 65000", "address-family ipv4 unicast"]
    said = typing(*block, "ip route 10.6.0.0/16 Null0")
    assert "bgpd is not running" in said
    assert said.endswith("(config)# ")
    assert "ip route 10.6.0.0/16 Null0" in lab.running_config(scratch.name)


@pytest.mark.parametrize(
    ("lines", "stored"),
    [
        pytest.param(["ip route 10.9.0.1/16 Null0"], "ip route 10.9.0.0/16 Null0", id="prefix is masked"),
        pytest.param(
            ["ip prefix-list A permit 10.9.0.1/16"], "ip prefix-list A seq 5 permit 10.9.0.0/16", id="sequence is added"
        ),
        pytest.param(
            ["access-list L permit 10.9.0.1/16"], "access-list L seq 5 permit 10.9.0.0/16", id="in access lists too"
        ),
        pytest.param(
            ["ip route 10.9.0.0/16 Null0 50 tag 7"], "ip route 10.9.0.0/16 Null0 tag 7 50", id="words change places"
        ),
        pytest.param(["router ospf", "passive-interface eth9"], " ip ospf passive", id="moved to the interface"),
        pytest.param(["int eth0", "desc hello"], " description hello", id="abbreviations are spelt out"),
    ],
)
def test_what_is_accepted_is_stored_in_another_form(
    lab: FrrLab, scratch: FrrDevice, typing: Typing, lines: list[str], stored: str
) -> None:
    typing("configure terminal", *lines)
    assert stored in lab.running_config(scratch.name).splitlines()


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["interface eth0", "ip ospf cost 10", "no ip ospf cost"], id="set and taken back"),
        pytest.param(["interface eth1", "vrrp 1 priority 100"], id="VRRP's default priority"),
        pytest.param(["interface eth0", "ip ospf transmit-delay 1"], id="OSPF's default delay"),
        pytest.param(["hostname elsewhere"], id="host name: stays in that vtysh"),
        pytest.param(["banner motd line hello"], id="banner: stays in that vtysh"),
    ],
)
def test_what_equals_a_default_or_stays_in_vtysh_leaves_no_trace(
    lab: FrrLab, scratch: FrrDevice, typing: Typing, lines: list[str]
) -> None:
    before = lab.running_config(scratch.name)
    assert "%" not in typing("configure terminal", *lines)
    assert lab.running_config(scratch.name) == before


def test_an_interface_that_does_not_exist_is_accepted(lab: FrrLab, scratch: FrrDevice, typing: Typing) -> None:
    said = typing("configure terminal", "interface nosuch0", "ip address 10.4.4.4/24")
    assert "%" not in said
    assert "interface nosuch0\n ip address 10.4.4.4/24\nexit\n" in lab.running_config(scratch.name)
    assert "nosuch0" not in lab.kernel_addresses(scratch.name)


def test_a_mistyped_next_hop_is_taken_for_the_name_of_an_interface(
    lab: FrrLab, scratch: FrrDevice, typing: Typing
) -> None:
    said = typing("configure terminal", "ip route 10.1.0.0/16 10.300.0.1")
    assert "%" not in said
    assert "ip route 10.1.0.0/16 10.300.0.1" in lab.running_config(scratch.name)
    assert "10.1.0.0/16" not in _destinations(lab, scratch)


def test_an_exit_too_many_ends_the_session(out_of_band: FrrDevice, login: Login) -> None:
    shell = login(out_of_band).shell()
    shell.send("configure terminal", "exit", "exit")
    assert shell.channel.recv(1) == b""


def test_a_question_mark_in_a_line_is_a_call_for_help_and_vanishes(
    lab: FrrLab, scratch: FrrDevice, typing: Typing
) -> None:
    typing("configure terminal", "interface eth0", "description why?")
    running = lab.running_config(scratch.name)
    assert " description why\n" in running
    assert "why?" not in running


def test_a_long_line_is_not_broken_on_a_wide_terminal(lab: FrrLab, scratch: FrrDevice, typing: Typing) -> None:
    text = "x" * 180
    said = typing("configure terminal", "interface eth0", f"description {text}")
    assert said.splitlines()[0] == f"description {text}"
    assert f" description {text}\n" in lab.running_config(scratch.name)


def test_saving_through_watchfrr_answers_ok_and_needs_no_right_to_the_file(
    lab: FrrLab, out_of_band: FrrDevice, login: Login
) -> None:
    client = login(out_of_band)
    said = client.shell().send("configure terminal", "ip route 10.1.0.0/16 Null0", "end", "write memory")
    assert said.splitlines()[1:] == [
        "Note: this version of vtysh never writes vtysh.conf",
        "Building Configuration...",
        "Integrated configuration saved to /etc/frr/frr.conf",
        "[OK]",
        "s02-r2# ",
    ]
    assert "ip route 10.1.0.0/16 Null0" in lab.startup_config(out_of_band.name)
    assert client.verb("startup")["startup"] == lab.startup_config(out_of_band.name)


def test_saving_without_watchfrr_fails_with_no_ok_and_leaves_the_file(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, eventually: Callable[..., None]
) -> None:
    name, before = out_of_band.name, lab.startup_config(out_of_band.name)
    lab.run(name, "pkill", "-x", "watchfrr")
    eventually(lambda: "watchfrr" not in lab.vtysh(name, "show daemons"), "watchfrr is gone")
    said = login(out_of_band).shell().send("configure terminal", "ip route 10.1.0.0/16 Null0", "end", "write memory")
    assert "% Error: failed to open configuration file /etc/frr/frr.conf: Permission denied" in said
    assert "[OK]" not in said
    assert lab.startup_config(name) == before


def test_the_startup_configuration_cannot_be_shown_by_vtysh(scratch: FrrDevice, typing: Typing) -> None:
    said = typing("show startup-config")
    assert len(said.splitlines()) == 2, f"the echo and the prompt: {said!r}"


@pytest.mark.parametrize("command", ["configure terminal exclusive", "configure exclusive", "configure terminal lock"])
def test_vtysh_offers_no_lock(scratch: FrrDevice, typing: Typing, command: str) -> None:
    assert "% Unknown command" in typing(command)


def test_two_sessions_configure_at_the_same_time(lab: FrrLab, out_of_band: FrrDevice, login: Login) -> None:
    one, other = login(out_of_band).shell(), login(out_of_band).shell()
    one.send("configure terminal", "interface eth0", "description from one")
    other.send("configure terminal", "interface eth0", "description from the other")
    one.send("ip ospf cost 7")
    running = lab.running_config(out_of_band.name)
    assert " description from the other\n" in running
    assert " ip ospf cost 7\n" in running


@pytest.mark.real_time
def test_shutting_one_of_two_uplinks_loses_no_ping_only_a_neighbour(
    lab: FrrLab, in_band: FrrDevice, eventually: Callable[..., None]
) -> None:
    worker = str(lab.plan.worker.ip)
    assert _neighbours(lab, in_band) == 2
    with lab.pinging("s01-h1", worker) as stream:
        lab.vtysh(in_band.name, "configure terminal", "interface eth0", "shutdown")
        eventually(lambda: _neighbours(lab, in_band) == 1, "the core is no neighbour any more")
        eventually(lambda: lab.ping("s01-h1", worker, count=20), "twenty pings in a row are answered")
    assert stream.sent > 20
    assert stream.lost <= 1, "the last one may be under way"


def test_a_lower_priority_moves_the_virtual_router_to_the_twin(
    lab: FrrLab, in_band: FrrDevice, eventually: Callable[..., None]
) -> None:
    twin = lab.devices[1].name
    assert (_vrrp_state(lab, in_band.name), _vrrp_state(lab, twin)) == ("Master", "Backup")
    lab.vtysh(in_band.name, "configure terminal", "interface eth1", "vrrp 1 priority 50")
    eventually(lambda: _vrrp_state(lab, twin) == "Master", "the twin is master")
    eventually(lambda: _vrrp_state(lab, in_band.name) == "Backup", "the first one stands back")
    eventually(lambda: lab.ping("s01-h1", str(lab.plan.worker.ip)), "the host still gets out")


def test_passive_interfaces_on_the_vrrp_master_lose_the_host_while_ssh_out_of_band_answers(
    lab: FrrLab, in_band: FrrDevice, eventually: Callable[..., None]
) -> None:
    lab.vtysh(in_band.name, "configure terminal", "router ospf", "passive-interface default")
    worker = str(lab.plan.worker.ip)
    eventually(lambda: not lab.ping("s01-h1", worker, timeout_s=0.3), "the host is cut off")
    assert _vrrp_state(lab, in_band.name) == "Master"
    assert lab.run(in_band.name, "ping", "-q", "-c1", "-W1", str(lab.plan.manager.ip)), "its management port answers"


def _neighbours(lab: FrrLab, device: FrrDevice) -> int:
    return lab.vtysh(device.name, "show ip ospf neighbor").count("Full/")


def _vrrp_state(lab: FrrLab, router: str) -> str:
    return lab.vtysh(router, "show vrrp summary").strip().splitlines()[-1].split()[5]


def _destinations(lab: FrrLab, device: FrrDevice) -> set[str]:
    return {route["dst"] for route in lab.kernel_routes(device.name)}
