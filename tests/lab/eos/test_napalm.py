"""Unmodified NAPALM `eos` against a simulated EOS switch."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import napalm
import pytest
from napalm.base.exceptions import CommitError, MergeConfigException, SessionLockedException

MERGE = "interface Ethernet1\n   description to the till\nvlan 20\n   name POS\nbanner motd\nkeep out\nEOF\n"


@pytest.fixture
def connect(eos: Any, login: dict[str, str]) -> Iterator[Callable[[], Any]]:
    """Opens NAPALM drivers, each with a memory of its own as in another process."""
    opened = []

    def driver() -> Any:
        host, port = eos.addresses["sw1"]
        context = ssl.create_default_context(cafile=str(eos.lab.certificate("sw1")))
        device = napalm.get_network_driver("eos")(
            host, login["username"], login["password"], optional_args={"port": port, "context": context}
        )
        device.open()
        opened.append(device)
        return device

    yield driver
    for device in opened:
        device.config_session = None
        device.close()


def test_reads_configs_and_facts(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()

    facts, configs = device.get_facts(), device.get_config()

    assert (facts["hostname"], facts["vendor"]) == ("sw1", "Arista")
    assert facts["interface_list"] == ["Ethernet1", "Management1"]
    assert configs["running"].startswith("! Command: show running-config\n! device: sw1 (vEOS-lab, EOS-4.30")
    assert "hostname sw1" in configs["startup"]


def test_merges(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()

    device.load_merge_candidate(config=MERGE)
    diff = device.compare_config()
    before = eos.lab.running("sw1")
    device.commit_config()

    assert "+   description to the till" in diff
    assert "+keep out" in diff
    assert "to the till" not in before
    assert "   name POS" in eos.lab.running("sw1")
    assert eos.lab.startup("sw1") == eos.lab.running("sw1")


def test_replaces(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()
    wanted = eos.lab.running("sw1").replace("name STAFF", "name PEOPLE").replace("description spare", "shutdown")

    device.load_replace_candidate(config=wanted)
    diff = [line for line in device.compare_config().splitlines() if line[0] in "+-"]
    device.commit_config()

    assert diff == ["-   name STAFF", "+   name PEOPLE", "-   description spare", "+   shutdown"]
    assert eos.lab.running("sw1") == wanted


def test_replacing_with_what_runs_is_no_difference(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()

    device.load_replace_candidate(config=device.get_config()["running"])

    assert device.compare_config() == ""


def test_discards(connect: Callable[[], Any], eos: Any) -> None:
    device, before = connect(), eos.lab.running("sw1")

    device.load_merge_candidate(config="hostname other\n")
    device.discard_config()

    assert eos.lab.running("sw1") == before
    assert eos.eapi().run("show configuration sessions")[0]["sessions"] == {}


def test_reverts_by_itself_when_nobody_confirms(
    connect: Callable[[], Any], eos: Any, eventually: Callable[..., None]
) -> None:
    device, before = connect(), eos.lab.running("sw1")

    device.load_merge_candidate(config="hostname other\n")
    device.commit_config(revert_in=3)

    assert device.has_pending_commit()
    assert eos.lab.device("sw1").hostname == "other"
    eventually(lambda: eos.lab.running("sw1") == before)
    assert not device.has_pending_commit()
    assert "timer-fired" in eos.events("sw1")


def test_confirms(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()

    device.load_merge_candidate(config="hostname other\n")
    device.commit_config(revert_in=60)
    left = device._get_pending_commits()
    device.confirm_commit()

    assert all(50 < seconds <= 60 for seconds in left.values())
    assert not device.has_pending_commit()
    assert "hostname other" in eos.lab.startup("sw1")
    assert "confirmed" in eos.events("sw1")


def test_rolls_back_a_pending_commit(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()

    device.load_merge_candidate(config="hostname other\n")
    device.commit_config(revert_in=60)
    device.rollback()

    assert eos.lab.device("sw1").hostname == "sw1"


def test_rolls_back_a_finished_commit_to_the_startup_before_it(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()

    device.load_merge_candidate(config="hostname other\n")
    device.commit_config()
    device.rollback()

    assert eos.lab.device("sw1").hostname == "sw1"


def test_another_process_cannot_confirm_through_napalm(connect: Callable[[], Any], eos: Any) -> None:
    """NAPALM keeps the session's name in memory; the switch itself takes the confirmation from anybody."""
    first, second = connect(), connect()

    first.load_merge_candidate(config="hostname other\n")
    first.commit_config(revert_in=60)

    with pytest.raises(CommitError, match="No pending commit-confirm"):
        second.confirm_commit()
    eos.eapi().run(f"configure session {first.config_session} commit")
    assert not second.has_pending_commit()


def test_a_refused_line_refuses_the_whole_candidate(connect: Callable[[], Any], eos: Any) -> None:
    device, before = connect(), eos.lab.running("sw1")

    with pytest.raises(MergeConfigException, match=r"'no such line' failed: invalid command"):
        device.load_merge_candidate(config="hostname other\nno such line\nhostname third\n")

    assert eos.lab.running("sw1") == before
    assert "hostname third" not in eos.lines("sw1")


def test_somebody_elses_session_is_a_lock(connect: Callable[[], Any], eos: Any) -> None:
    device = connect()
    eos.eapi().run("configure session somebody", "hostname theirs")

    # NAPALM asks this for ten seconds before it gives up.
    with pytest.raises(SessionLockedException):
        device._lock()
