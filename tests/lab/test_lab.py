"""A lab inside this process: start, stop, and what it leaves behind."""

import asyncio
import gc
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.errors import AddressError, ControlError, StartupConfigError, UnknownDeviceError
from lab.estate import Estate
from lab.faults import Fault, FaultKind
from lab.lab import Lab


def estate(*devices: dict[str, Any]) -> Estate:
    return Estate.model_validate({"devices": list(devices)})


def entry(address: str, startup: str = "hostname r1", **options: Any) -> dict[str, Any]:
    return {"name": "r1", "platform": "ios", "address": address, "startup": startup, **options}


def test_devices_and_their_state(bench: Any) -> None:
    console = bench.console()

    found = {device.name: device for device in bench.lab.devices()}

    assert (found["r1"].platform.value, found["r1"].hostname, found["r1"].up) == ("ios", "r1", True)
    assert (found["r1"].sessions, found["sw1"].sessions) == (1, 0)
    assert console


def test_stopping_leaves_nothing(tmp_path: Path, new_address: Callable[[], str], start: Callable[..., Any]) -> None:
    gc.collect()  # what earlier tests left is not to vanish meanwhile
    threads, descriptors = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    bench = start()
    console, eapi = bench.console(), bench.eapi()
    console.run("configure terminal revert timer 5")
    eapi.run("configure session s1", "hostname other", "commit timer 00:05:00")
    bench.lab.edit("r1", ["hostname other"])

    bench.lab.stop()
    console.close()
    eapi.close()

    gc.collect()
    assert threading.active_count() == threads
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    for address in bench.addresses.values():
        with pytest.raises(ConnectionRefusedError), socket.create_connection(address):
            pass


def test_stopping_while_a_device_restarts(start: Callable[..., Any]) -> None:
    bench = start(only="r1", r1={"reboot_seconds": 30})
    bench.lab.reboot("r1")

    bench.lab.stop()

    with pytest.raises(ControlError, match="the lab has been stopped"):
        bench.lab.devices()


def test_stopping_twice_is_the_same(start: Callable[..., Any]) -> None:
    bench = start(only="r1")

    bench.lab.stop()
    bench.lab.stop()


def test_a_startup_line_that_is_refused_is_named(tmp_path: Path, new_address: Callable[[], str]) -> None:
    with pytest.raises(StartupConfigError) as caught:
        Lab(estate(entry(new_address(), "hostname r1\nno such line\n")), tmp_path)

    assert "r1: line 2 of its startup config, 'no such line', is refused: invalid at 'such'" in str(caught.value)
    assert (caught.value.number, caught.value.device) == (2, "r1")


def test_an_address_that_is_taken_is_named_and_nothing_is_left(tmp_path: Path, new_address: Callable[[], str]) -> None:
    first, taken = new_address(), new_address()
    threads = threading.active_count()
    with socket.create_server((taken, 2222)), pytest.raises(AddressError) as caught:
        Lab(estate(entry(first), entry(taken) | {"name": "r2"}), tmp_path)

    assert f"r2 cannot listen on {taken} port 2222: Address already in use" in str(caught.value)
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError), socket.create_connection((first, 2222)):
        pass


@pytest.mark.parametrize("method", ["running", "startup", "journal", "reboot", "power_cut", "swap_hardware", "device"])
def test_a_device_that_there_is_not(bench: Any, method: str) -> None:
    with pytest.raises(UnknownDeviceError, match="the lab has no device 'nobody'"):
        getattr(bench.lab, method)("nobody")


def test_trust_holds_every_device(bench: Any) -> None:
    address, port = bench.addresses["r1"]

    assert bench.lab.known_hosts.read_text().startswith(f"[{address}]:{port} ssh-ed25519 ")
    assert bench.lab.certificate("sw1").read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_it_can_be_used_from_many_threads(bench: Any) -> None:
    failures: list[BaseException] = []

    def use(number: int) -> None:
        try:
            for _ in range(5):
                bench.lab.edit("r1", [f"vlan {number}"])
                assert f"vlan {number}\n" in bench.lab.running("r1")
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(20, 24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_devices_share_one_thread(bench: Any) -> None:
    names = [thread.name for thread in threading.enumerate()]

    assert names.count("lab") == 1
    assert asyncio.get_event_loop_policy() is not None


def test_a_full_flash_takes_no_file(bench: Any) -> None:
    bench.lab.set_fault("r1", Fault(kind=FaultKind.FLASH_FULL))

    with pytest.raises(ControlError, match="r1: its flash is full"):
        bench.lab.put_file("r1", "x", "hostname x\n")


def test_an_estate_may_be_empty(tmp_path: Path) -> None:
    with Lab(Estate(devices=()), tmp_path) as lab:
        assert lab.devices() == []
        assert lab.known_hosts.read_text() == ""


def test_starting_again_in_the_same_folder_goes_on_with_the_journals(start: Callable[..., Any], tmp_path: Path) -> None:
    bench = start(only="r1")
    bench.lab.edit("r1", ["hostname other"])
    bench.lab.stop()
    journal = tmp_path / "lab0" / "journal" / "r1.jsonl"
    before = journal.read_text()

    again = estate(entry(bench.addresses["r1"][0]))
    with Lab(again, tmp_path / "lab0") as lab:
        assert lab.device("r1").hostname == "r1"
        lab.edit("r1", ["hostname third"])

    assert journal.read_text().startswith(before)
    assert len(journal.read_text()) > len(before)
