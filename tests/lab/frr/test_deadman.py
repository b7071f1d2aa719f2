"""The dead-man on a real router: it brings a configuration back whatever becomes of the client that armed it."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lab.frr.lab import FrrDevice, FrrLab

pytestmark = pytest.mark.frr

Login = Callable[..., Any]
Wait = Callable[[Callable[[], object], str], None]
GUARDIAN = "/usr/local/lib/wavegate/wavegate_frr/guardian.py"


@pytest.fixture(scope="module")
def ids() -> Iterator[str]:
    """Ids that no test here has used."""
    return (f"order-{number}.1" for number in itertools.count())


def test_a_confirmed_id_is_never_restored(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    client, identity = login(out_of_band), next(ids)
    # when armed, changed and confirmed from another connection
    armed = client.verb("arm", 300, identity)
    client.shell().send("configure terminal", "ip route 10.1.0.0/16 Null0")
    pending = login(out_of_band).verb("status")
    confirmed = login(out_of_band).verb("confirm", identity)
    # then
    assert (armed["ok"], armed["state"], armed["id"]) == (True, "armed", identity)
    assert 290 < armed["seconds_left"] <= 300
    assert (pending["state"], pending["pending"]["id"]) == ("armed", identity)
    assert pending["pending"]["by"].startswith("wavegate@198.18.")
    assert confirmed == {"ok": True, "id": identity, "state": "confirmed"}
    after = client.verb("status")
    assert (after["state"], after["pending"]) == ("idle", None)
    assert (after["ended"][0]["id"], after["ended"][0]["outcome"]) == (identity, "confirmed")
    assert "10.1.0.0/16" in lab.running_config(out_of_band.name)
    assert "snapshot" not in lab.run(out_of_band.name, "ls", "/run/wavegate")


def test_a_confirm_whose_answer_was_lost_may_be_asked_again(
    out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    client, identity = login(out_of_band), next(ids)
    client.verb("arm", 300, identity)
    assert client.verb("confirm", identity) == client.verb("confirm", identity)
    error = f"{identity} has ended already (confirmed)"
    assert client.verb("revert", identity) == {"ok": False, "reason": "ended", "error": error}


CHANGES = {
    "routes and filters": [
        "ip route 10.9.0.1/16 Null0",
        "ip route 10.8.0.0/16 Null0 50 tag 7",
        "ip prefix-list A permit 10.0.0.0/8",
        "access-list L permit 10.1.2.3/8",
        "route-map X permit 10",
        "match ip address prefix-list A",
        "set metric 5",
    ],
    "interfaces, one of them unknown": [
        "interface nosuch0",
        "description hello",
        "ip address 10.4.4.4/24",
        "interface eth0",
        "no description",
        "ip address 10.77.0.1/24",
        "ip ospf cost 77",
        "ip ospf authentication message-digest",
        "ip ospf message-digest-key 1 md5 hidden",
    ],
    "OSPF removed": ["no router ospf"],
    "OSPF rewritten": [
        "router ospf",
        "no ospf router-id",
        "passive-interface default",
        "redistribute static metric 5 route-map X",
        "area 5 stub no-summary",
        "timers throttle spf 1 2 3",
    ],
    "VRRP and loopback": [
        "interface eth1",
        "no vrrp 1 advertisement-interval",
        "vrrp 2",
        "vrrp 2 ip 198.18.2.7",
        "interface lo",
        "no ip ospf area 0.0.0.0",
    ],
    "what frr-reload.py cannot take back": [
        "password hidden",
        "enable password hidden",
        "line vty",
        "exec-timeout 5 0",
        "exit",
        "service advanced-vty",
        "no ip forwarding",
        "debug ospf event",
    ],
}


@pytest.mark.parametrize("lines", [pytest.param(lines, id=what) for what, lines in CHANGES.items()])
def test_a_revert_restores_the_configuration_to_the_letter_and_the_kernel_with_it(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str], eventually: Wait, lines: list[str]
) -> None:
    name, identity = out_of_band.name, next(ids)
    config, kernel = lab.running_config(name), _kernel(lab, name)
    client = login(out_of_band)
    client.verb("arm", 300, identity)
    client.shell().send("configure terminal", *lines)
    assert lab.running_config(name) != config
    # when
    reverted = client.verb("revert", identity)
    # then
    assert reverted == {"ok": True, "id": identity, "state": "reverted", "startup_changed": False}
    assert lab.running_config(name) == config
    eventually(lambda: _kernel(lab, name) == kernel, "the kernel has its addresses and routes back")
    assert client.verb("revert", identity) == reverted, "whose answer was lost may ask again"


def test_of_an_interface_that_frr_had_nothing_about_only_the_bare_header_is_left(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    # given FRR forgets no interface that the kernel has, once it was configured
    name, identity, before = out_of_band.name, next(ids), lab.running_config(out_of_band.name)
    client = login(out_of_band)
    client.verb("arm", 300, identity)
    client.shell().send("configure terminal", "interface eth2", "description management", "bandwidth 100")
    # then
    assert client.verb("revert", identity)["state"] == "reverted"
    assert lab.running_config(name).replace("interface eth2\nexit\n!\n", "") == before


def test_restoring_saves_nothing(lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]) -> None:
    # given a line of somebody else that runs but is not saved
    name, identity, before = out_of_band.name, next(ids), lab.startup_config(out_of_band.name)
    lab.vtysh(name, "configure terminal", "ip route 10.3.0.0/16 Null0")
    client = login(out_of_band)
    client.verb("arm", 300, identity)
    client.shell().send("configure terminal", "ip route 10.4.0.0/16 Null0")
    # when
    client.verb("revert", identity)
    # then that line runs on, and is still not saved
    assert "10.3.0.0/16" in lab.running_config(name)
    assert "10.4.0.0/16" not in lab.running_config(name)
    assert lab.startup_config(name) == before


def test_a_save_inside_the_window_is_told_with_the_revert(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    client, identity = login(out_of_band), next(ids)
    client.verb("arm", 300, identity)
    client.shell().send("configure terminal", "ip route 10.4.0.0/16 Null0", "end", "write memory")
    assert client.verb("revert", identity)["startup_changed"] is True
    assert "10.4.0.0/16" in lab.startup_config(out_of_band.name)


def test_a_second_id_is_refused_while_one_is_armed(out_of_band: FrrDevice, login: Login, ids: Iterator[str]) -> None:
    first, second, client = next(ids), next(ids), login(out_of_band)
    client.verb("arm", 300, first)
    for asked in (("arm", 300, second), ("arm", 300, first)):
        answer = client.verb(*asked)
        assert (answer["ok"], answer["reason"]) == (False, "armed")
        assert answer["error"].startswith(f"{first} is armed by wavegate@")
    for verb in ("confirm", "revert"):
        answer = client.verb(verb, second)
        assert (answer["ok"], answer["reason"]) == (False, "armed")
        assert answer["error"].startswith(f"{second} is not armed: {first} is, by wavegate@")
    assert client.verb("confirm", first)["ok"] is True


def test_an_id_may_be_armed_again_and_its_latest_end_counts(
    out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    client, identity = login(out_of_band), next(ids)
    for verb, end in (("revert", "reverted"), ("confirm", "confirmed"), ("revert", "reverted")):
        assert client.verb("arm", 300, identity)["ok"] is True
        assert identity not in [ended["id"] for ended in client.verb("status")["ended"]]
        assert client.verb(verb, identity)["state"] == end
    assert [ended["outcome"] for ended in client.verb("status")["ended"] if ended["id"] == identity] == ["reverted"]


def test_of_several_that_arm_at_once_exactly_one_wins(out_of_band: FrrDevice, login: Login, ids: Iterator[str]) -> None:
    wanted = {identity: login(out_of_band) for identity in itertools.islice(ids, 4)}
    with ThreadPoolExecutor(len(wanted)) as pool:
        answers = dict(zip(wanted, pool.map(lambda one: one[1].verb("arm", 300, one[0]), wanted.items()), strict=True))
    [winner] = [identity for identity, answer in answers.items() if answer["ok"]]
    refused = [answer["error"] for answer in answers.values() if not answer["ok"]]
    assert all(error.startswith(f"{winner} is armed by") for error in refused)
    assert login(out_of_band).verb("status")["pending"]["id"] == winner


@pytest.mark.parametrize("verb", ["confirm", "revert"])
def test_what_was_never_armed_can_neither_be_confirmed_nor_reverted(
    out_of_band: FrrDevice, login: Login, verb: str
) -> None:
    error = "unheard-of is not armed, and nothing else is: ask for the status"
    assert login(out_of_band).verb(verb, "unheard-of") == {"ok": False, "reason": "unarmed", "error": error}


def test_the_timer_restores_although_the_session_is_killed_and_the_state_is_damaged(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str], eventually: Wait
) -> None:
    name, identity, before = out_of_band.name, next(ids), lab.running_config(out_of_band.name)
    client = login(out_of_band)
    client.verb("arm", 2, identity)
    client.shell().send("configure terminal", "ip route 10.4.0.0/16 Null0")
    # when everything of the client's is killed, what can be asked to leave is asked, and the state is overwritten
    lab.run(name, "pkill", "-KILL", "-u", "wavegate", "sshd")
    lab.run(name, "sh", "-c", "pkill -TERM -u wavegate; echo damaged >/run/wavegate/state.json")
    assert "10.4.0.0/16" in lab.running_config(name)
    # then
    eventually(lambda: lab.running_config(name) == before, "the timer has restored")
    eventually(lambda: login(out_of_band).verb("status")["ended"], "the end is told")
    [end] = login(out_of_band).verb("status")["ended"]
    assert (end["id"], end["outcome"]) == (identity, "fired")


def test_a_guardian_that_was_killed_is_replaced_by_the_next_verb(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str], eventually: Wait
) -> None:
    name, identity, before = out_of_band.name, next(ids), lab.running_config(out_of_band.name)
    client = login(out_of_band)
    client.verb("arm", 300, identity)
    lab.vtysh(name, "configure terminal", "ip route 10.4.0.0/16 Null0")
    lab.run(name, "pkill", "-KILL", "-u", "wavegate", "-f", "python3 -I -S /usr/local/lib/wavegate")
    # when
    assert client.verb("status")["state"] == "armed"
    eventually(
        lambda: any(entry.event == "guardian-revived" for entry in lab.journal(name)), "there is a guardian again"
    )
    # then
    assert client.verb("revert", identity)["state"] == "reverted"
    assert lab.running_config(name) == before


def test_shells_are_ended_before_the_first_line_is_restored(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    client, identity = login(out_of_band), next(ids)
    client.verb("arm", 300, identity)
    shell = client.shell()
    shell.send("configure terminal", "ip route 10.4.0.0/16 Null0")
    client.verb("revert", identity)
    said = shell.until("nothing more comes")
    assert "the dead-man restores this router's configuration: this session ends" in said
    events = [entry.event for entry in lab.journal(out_of_band.name) if entry.ident == "wavegate"]
    latest = events[len(events) - events[::-1].index("restoring") - 1 :]
    assert latest.index("shell-closed") < latest.index("restored")
    assert "vtysh" not in lab.run(out_of_band.name, "ps", "-u", "wavegate", "-o", "args")


def test_a_power_cut_leaves_nothing_pending_and_shows_in_the_boot_mark(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    client, identity = login(out_of_band), next(ids)
    boot = client.verb("arm", 300, identity)["boot"]
    client.shell().send("configure terminal", "ip route 10.4.0.0/16 Null0")
    # when
    lab.power_cut(out_of_band.name)
    # then it runs what it boots, and nobody is left to restore anything
    status = login(out_of_band).verb("status")
    assert (status["state"], status["ended"]) == ("idle", [])
    assert status["boot"] != boot
    assert "wavegate" not in lab.run(out_of_band.name, "ps", "axo", "args").replace("sshd: wavegate", "")
    assert lab.running_config(out_of_band.name) == lab.startup_config(out_of_band.name) + "end\n"


def test_people_at_the_console_have_the_same_verbs(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    identity = next(ids)
    assert '"state": "armed"' in lab.run(out_of_band.name, "wavegate-deadman", "arm", "300", identity)
    assert login(out_of_band).verb("status")["pending"]["by"] == "wavegate@console"
    assert '"state": "reverted"' in lab.run(out_of_band.name, "wavegate-deadman", "revert", identity)


def test_what_cannot_be_restored_ends_as_failed_with_what_is_missing(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    # given a router that has lost OSPF and everybody who would start it, and a guardian without patience
    name, identity, client = out_of_band.name, next(ids), login(out_of_band)
    patience = r"s/^ATTEMPTS_AFTER_S = .*/ATTEMPTS_AFTER_S = (0,)/"
    lab.run(name, "sh", "-c", f"cp {GUARDIAN} /tmp/guardian && sed -i '{patience}' {GUARDIAN}")
    client.verb("arm", 300, identity)
    lab.run(name, "sh", "-c", "pkill -x watchfrr; pkill -x -KILL ospfd")
    # when
    answer = client.verb("revert", identity)
    # then
    assert (answer["ok"], answer["reason"]) == (False, "ended")
    assert f"{identity} has ended already (failed): " in answer["error"]
    assert "lines missing and 0 left over" in answer["error"]
    assert "snapshot-" in lab.run(name, "ls", "/run/wavegate"), "what should run is kept for whoever comes"
    lab.run(name, "cp", "/tmp/guardian", GUARDIAN)


def test_arming_needs_a_configuration_that_is_whole(
    lab: FrrLab, out_of_band: FrrDevice, login: Login, ids: Iterator[str]
) -> None:
    name = out_of_band.name
    lab.run(name, "mv", "/usr/lib/frr/frr-reload.py", "/usr/lib/frr/elsewhere")
    answer = login(out_of_band).verb("arm", 300, next(ids))
    lab.run(name, "mv", "/usr/lib/frr/elsewhere", "/usr/lib/frr/frr-reload.py")
    assert (answer["ok"], answer["reason"]) == (False, "router")
    assert answer["error"].startswith("frr-reload.py cannot be started")
    assert login(out_of_band).verb("status")["state"] == "idle"


def test_a_path_cut_in_the_middle_of_a_change_comes_back_with_the_whole_site(
    lab: FrrLab, in_band: FrrDevice, login: Login, ids: Iterator[str], eventually: Wait
) -> None:
    name, identity, before = in_band.name, next(ids), lab.running_config(in_band.name)
    client = login(in_band)
    client.verb("arm", 3, identity)
    shell = client.shell()
    shell.send("configure terminal", "interface eth1", "shutdown", "interface eth0")
    # when a line cuts the path it came on
    shell.channel.send(b"shutdown\n")
    eventually(lambda: not lab.ping("core", in_band.in_band_address, timeout_s=0.2), "the router is out of reach")
    shell.channel.send(b"ip route 10.4.0.0/16 Null0\n")
    assert "10.4.0.0/16" not in lab.running_config(name), "it never arrives, nor does an undo"
    # then
    eventually(lambda: lab.running_config(name) == before, "the timer has restored")
    lab.converge()
    [end] = [end for end in login(in_band).verb("status")["ended"] if end["id"] == identity]
    assert end["outcome"] == "fired"


def test_passive_interfaces_in_band_come_back_by_themselves(
    lab: FrrLab, in_band: FrrDevice, login: Login, ids: Iterator[str], eventually: Wait
) -> None:
    name, identity, before = in_band.name, next(ids), lab.running_config(in_band.name)
    client = login(in_band)
    client.verb("arm", 5, identity)
    client.shell().send("configure terminal", "router ospf", "passive-interface default", "exit")
    eventually(lambda: not lab.ping("s01-h1", str(lab.plan.worker.ip), timeout_s=0.2), "the host is cut off")
    eventually(lambda: not lab.ping("core", in_band.in_band_address, timeout_s=0.2), "the router is out of reach")
    eventually(lambda: lab.running_config(name) == before, "the timer has restored")
    lab.converge()
    assert login(in_band).verb("status")["ended"][0]["outcome"] == "fired"


def _kernel(lab: FrrLab, name: str) -> tuple[object, object]:
    routes = {str(route["dst"]) for route in lab.kernel_routes(name) if route.get("protocol") != "ospf"}
    return routes, lab.kernel_addresses(name)
