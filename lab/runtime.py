"""The devices of a lab on the event loop that they share."""

import asyncio
import random
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.config.hashes import CRYPT_ALPHABET, Logins
from lab.device import Bench, Device
from lab.eos.https import eos_device
from lab.errors import ControlError, UnknownDeviceError
from lab.estate import DeviceSpec, Estate, Platform
from lab.faults import FaultKind, fault_from
from lab.ios.ssh import ios_device
from lab.journal import Event, read_journal
from lab.jump import JumpHost
from lab.keys import write_trust
from lab.startup import startup_lines
from lab.status import DeviceStatus

_BUILDERS: Mapping[Platform, Callable[[DeviceSpec, Bench], Device]] = {
    Platform.IOS: ios_device,
    Platform.EOS: eos_device,
}


def _now() -> datetime:
    return datetime.now(UTC)


def _salt(length: int) -> str:
    return "".join(random.SystemRandom().choices(CRYPT_ALPHABET, k=length))


class Runtime:
    """A running lab. Every method but the constructor runs on the event loop.

    `folder` receives `journal/NAME.jsonl` for each device and `trust/`, which clients need.
    """

    def __init__(self, estate: Estate, folder: Path) -> None:
        self.folder = folder
        self._estate = estate
        self._bench = Bench(
            folder=folder, minute=estate.minute, now=_now, salt=_salt, logins=Logins(secrets.token_bytes(32))
        )
        self._devices: dict[str, Device] = {}
        self._jump_hosts: list[JumpHost] = []

    async def start(self) -> None:
        """Starts every device and jump host; stops those that were started where one cannot be."""
        (self.folder / "journal").mkdir(parents=True, exist_ok=True)
        targets = frozenset((device.address, device.port) for device in self._estate.devices)
        try:
            for spec in self._estate.devices:
                device = _BUILDERS[spec.platform](spec, self._bench)
                device.start(startup_lines(spec))
                self._devices[spec.name] = device
                # Hundreds of devices take seconds to start: those that are up are not held up.
                await asyncio.sleep(0)
            for jump in self._estate.jump_hosts:
                host = JumpHost(jump, targets)
                await host.start()
                self._jump_hosts.append(host)
            self._write_trust()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stops everything and waits for its end."""
        await asyncio.gather(*(device.stop() for device in self._devices.values()))
        await asyncio.gather(*(host.stop() for host in self._jump_hosts))

    def _write_trust(self) -> None:
        known_hosts = [host.known_hosts_line() for host in self._jump_hosts]
        certificates: dict[str, bytes] = {}
        for device in self._devices.values():
            lines, pems = device.trust()
            known_hosts += lines
            certificates |= pems
        write_trust(self.folder / "trust", known_hosts, certificates)

    def _device(self, name: str) -> Device:
        if name not in self._devices:
            raise UnknownDeviceError(name)
        return self._devices[name]

    def operate(self, operation: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Carries out an operation of the control interface, with arguments and result as JSON has them."""
        function = self._operations().get(operation)
        if function is None:
            raise ControlError(f"there is no operation {operation!r}; there are {', '.join(self._operations())}")
        try:
            return function(**arguments)
        except TypeError as error:
            raise ControlError(f"{operation} was called with the wrong arguments: {error}") from error

    def _operations(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "devices": self._status,
            "running": lambda device: self._text(device, "running"),
            "startup": lambda device: self._text(device, "startup"),
            "journal": lambda device: [
                entry.model_dump(mode="json") for entry in read_journal(self._device(device).journal.path)
            ],
            "set-fault": lambda device, fault: self._device(device).set_fault(fault_from(fault)),
            "clear-faults": lambda device, kind=None: self._device(device).clear_faults(kind and FaultKind(kind)),
            "reboot": lambda device, seconds=None: self._device(device).restart("reboot", seconds=seconds),
            "power-cut": lambda device, seconds=None: self._device(device).restart("power cut", seconds=seconds),
            "edit": lambda device, lines: self._device(device).edit_by_hand(lines),
            "put-file": self._put_file,
            "swap-hardware": self._swap,
            "folder": lambda: str(self.folder),
        }

    def _status(self) -> list[dict[str, Any]]:
        return [
            DeviceStatus(
                name=device.spec.name,
                platform=device.spec.platform,
                address=device.spec.address,
                port=device.spec.port,
                hostname=device.hostname,
                up=device.up,
                sessions=len(device.sessions),
                faults=tuple(device.faults),
            ).model_dump(mode="json")
            for device in self._devices.values()
        ]

    def _text(self, name: str, which: str) -> str:
        device = self._device(name)
        return device.text(device.running if which == "running" else device.startup)

    def _put_file(self, device: str, name: str, text: str) -> None:
        if not self._device(device).store(name, text):
            raise ControlError(f"{device}: its flash is full; clear that fault first")

    def _swap(self, device: str) -> None:
        swapped = self._device(device)
        swapped.new_identity()
        swapped.journal.write(Event.HARDWARE_SWAPPED)
        swapped.cut_all()
