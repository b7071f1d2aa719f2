"""The lab itself: both ways in, the oracle, the kernel, power cuts, the journal, and a second pair of hands."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.frr.errors import CommandError, FrrLabError, UnknownNameError
from lab.frr.lab import FrrDevice, FrrLab

pytestmark = pytest.mark.frr


def test_the_first_router_of_a_site_is_reached_in_band_and_the_second_out_of_band(lab: FrrLab) -> None:
    ways = {device.name: device.reached for device in lab.devices}
    assert ways == {
        "s01-r1": "in-band",
        "s01-r2": "out-of-band",
        "s02-r1": "in-band",
        "s02-r2": "out-of-band",
    }
    for device in lab.devices:
        expected = device.in_band_address if device.reached == "in-band" else device.out_of_band_address
        assert device.address == expected
        assert device.host_key.startswith(f"{device.address} ssh-ed25519 ")
    assert len({device.host_key.split()[2] for device in lab.devices}) == 4


@pytest.mark.parametrize("password", [False, True], ids=["key", "password"])
def test_both_the_key_and_the_password_log_in(
    lab: FrrLab, login: Callable[..., Any], password: bool, in_band: FrrDevice
) -> None:
    answer = login(in_band, password=password).verb("status")
    assert answer["ok"] is True


def test_the_core_runs_exactly_what_it_was_given(lab: FrrLab) -> None:
    assert lab.running_config("core") == lab.startup_config("core") + "end\n"


def test_a_fresh_router_runs_exactly_what_it_would_boot(lab: FrrLab, in_band: FrrDevice) -> None:
    assert lab.running_config(in_band.name) == lab.startup_config(in_band.name) + "end\n"


def test_the_core_has_two_equal_paths_to_every_site(
    lab: FrrLab, in_band: FrrDevice, eventually: Callable[..., None]
) -> None:
    def paths(net: str) -> set[str]:
        route = next(route for route in lab.kernel_routes("core") if route["dst"] == net)
        return {hop["gateway"] for hop in route.get("nexthops", [])}

    for site in lab.plan.sites:
        uplinks = {str(router.uplink.ip) for router in site.routers}
        net = str(site.host_address.network)
        eventually(lambda net=net, uplinks=uplinks: paths(net) == uplinks, f"{site.name} has two paths")


def test_bgpd_runs_only_where_it_was_asked_for(lab: FrrLab) -> None:
    with_bgp = {device.name for device in lab.devices if "bgpd" in lab.vtysh(device.name, "show daemons").split()}
    assert with_bgp == {"s02-r1"}


def test_labs_run_beside_one_another_and_each_router_can_be_reached_the_other_way(
    lab: FrrLab, login: Callable[..., Any]
) -> None:
    with FrrLab(sites=1, in_band=["s01-r2"]) as other:
        first, second = other.devices
        assert (first.reached, second.reached) == ("out-of-band", "in-band")
        assert second.address == second.in_band_address
        assert not other.plan.block.overlaps(lab.plan.block)
        assert login(second).verb("status")["ok"] is True
        assert login(lab.devices[0]).verb("status")["ok"] is True
    with pytest.raises(FrrLabError, match="this lab is not running"):
        other.running_config("s01-r1")


def test_a_host_reaches_the_worker_and_the_other_site(lab: FrrLab, eventually: Callable[..., None]) -> None:
    for target in (lab.plan.worker.ip, lab.plan.sites[1].host_address.ip):
        eventually(lambda target=target: lab.ping("s01-h1", str(target), count=3), f"{target} answers three times")
    assert not lab.ping("s01-h1", "198.18.63.77", timeout_s=0.2)


def test_a_line_is_seen_in_the_kernel_as_soon_as_it_is_accepted(
    lab: FrrLab, out_of_band: FrrDevice, eventually: Callable[..., None]
) -> None:
    lab.vtysh(out_of_band.name, "configure terminal", "ip route 10.9.0.0/16 Null0")
    eventually(lambda: "10.9.0.0/16" in _destinations(lab, out_of_band), "the route is in the kernel")
    lab.vtysh(out_of_band.name, "configure terminal", "interface eth1", "ip address 10.8.0.1/24")
    eventually(lambda: "10.8.0.1/24" in lab.kernel_addresses(out_of_band.name)["eth1"], "the address is in the kernel")


def test_a_power_cut_undoes_what_was_not_saved_and_keeps_what_was(lab: FrrLab, out_of_band: FrrDevice) -> None:
    name = out_of_band.name
    # given one route that is saved and one that is not
    lab.vtysh(name, "configure terminal", "ip route 10.1.0.0/16 Null0", "end", "write memory")
    lab.vtysh(name, "configure terminal", "ip route 10.2.0.0/16 Null0")
    assert lab.running_config(name) != lab.startup_config(name) + "end\n"
    # when
    lab.power_cut(name)
    # then
    assert lab.running_config(name) == lab.startup_config(name) + "end\n"
    assert "10.1.0.0/16" in _destinations(lab, out_of_band)
    assert "10.2.0.0/16" not in _destinations(lab, out_of_band)


def test_a_power_cut_kills_every_process_and_the_router_comes_back_to_its_neighbours(
    lab: FrrLab, in_band: FrrDevice
) -> None:
    lab.run(in_band.name, "sh", "-c", "sleep 1000 >/dev/null 2>&1 &")
    assert "sleep 1000" in lab.run(in_band.name, "ps", "axo", "args")
    lab.power_cut(in_band.name)
    assert "sleep 1000" not in lab.run(in_band.name, "ps", "axo", "args")
    lab.converge()
    assert lab.ping("core", in_band.in_band_address)


def test_the_journal_tells_who_sent_what_and_outlives_a_power_cut(
    lab: FrrLab, out_of_band: FrrDevice, login: Callable[..., Any]
) -> None:
    client = login(out_of_band)
    shell = client.shell()
    shell.send("show daemons", "configure terminal", "frobnicate", "router bgp 65000", "end")
    lab.power_cut(out_of_band.name)
    lines = [entry for entry in lab.journal(out_of_band.name) if entry.event == "line"]
    sent = [entry.line for entry in lines if entry.session == lines[-1].session]
    assert sent == ["show daemons", "configure terminal", "frobnicate", "router bgp 65000", "end"]
    assert {(entry.user, entry.ident) for entry in lines} == {("wavegate", "wavegate")}
    assert lines[-1].peer.startswith(f"{lab.plan.manager.ip}:")
    assert lines[-1].uid == int(lab.run(out_of_band.name, "id", "-u", "wavegate"))


def test_the_journal_has_what_daemons_were_given_by_anybody_even_with_logging_switched_off(
    lab: FrrLab, out_of_band: FrrDevice
) -> None:
    lab.vtysh(out_of_band.name, "configure terminal", "no log syslog", "ip route 10.7.7.0/24 Null0")
    given = [(entry.ident, entry.context, entry.line) for entry in lab.journal(out_of_band.name)]
    assert ("staticd", "(config)", "ip route 10.7.7.0/24 Null0") in given


def test_the_account_cannot_reach_its_own_journal(lab: FrrLab, out_of_band: FrrDevice) -> None:
    journal = lab._machine(out_of_band.name).folder / "journal.jsonl"
    with pytest.raises(CommandError, match="No such file"):
        lab.run(out_of_band.name, "cat", str(journal))
    assert [json.loads(line)["at"] for line in journal.read_text(encoding="utf-8").splitlines()] == sorted(
        json.loads(line)["at"] for line in journal.read_text(encoding="utf-8").splitlines()
    )


def test_a_stream_of_pings_counts_what_is_lost(
    lab: FrrLab, in_band: FrrDevice, eventually: Callable[..., None]
) -> None:
    target = in_band.in_band_address
    with lab.pinging("s02-h1", target) as stream:
        eventually(lambda: lab.ping("s02-h1", target), "the router answers")
        lab.vtysh(in_band.name, "configure terminal", "interface lo", f"no ip address {target}/32")
        eventually(lambda: not lab.ping("s02-h1", target, count=5), "five pings in a row are not answered")
    assert stream.lost > 0
    assert stream.received + stream.lost == stream.sent


def test_an_unknown_name_is_refused_with_those_there_are(lab: FrrLab) -> None:
    with pytest.raises(UnknownNameError, match="no 's09-r1', only core, s01-r1"):
        lab.running_config("s09-r1")


def test_a_command_that_fails_says_what_it_said(lab: FrrLab) -> None:
    with pytest.raises(CommandError, match="% Unknown command: frobnicate"):
        lab.vtysh("s01-r2", "frobnicate")


def _destinations(lab: FrrLab, device: FrrDevice) -> set[str]:
    return {route["dst"] for route in lab.kernel_routes(device.name)}
