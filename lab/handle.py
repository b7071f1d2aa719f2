"""What can be done to a running lab from outside, the same in-process and over the control channel."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from lab.faults import Fault, FaultKind
from lab.journal import Entry
from lab.status import DeviceStatus


class LabHandle(ABC):
    """A running lab, from any thread.

    Every method raises UnknownDeviceError for a device that the lab does not have, and ControlError where the lab
    does not answer.
    """

    @abstractmethod
    def _ask(self, operation: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """The result of an operation, as JSON has it."""

    @abstractmethod
    def stop(self) -> None:
        """Stops the lab and waits for its end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def devices(self) -> list[DeviceStatus]:
        """Every device as it is now."""
        return [DeviceStatus.model_validate(each) for each in self._ask("devices")]

    def device(self, name: str) -> DeviceStatus:
        """One device as it is now."""
        return next((each for each in self.devices() if each.name == name), None) or self._unknown(name)

    def _unknown(self, name: str) -> DeviceStatus:
        # Any operation on it raises what the caller expects.
        self._ask("running", device=name)
        raise LookupError(name)

    def running(self, device: str) -> str:
        """The running config."""
        return str(self._ask("running", device=device))

    def startup(self, device: str) -> str:
        """The startup config."""
        return str(self._ask("startup", device=device))

    def journal(self, device: str) -> list[Entry]:
        """The accounting journal, oldest entry first."""
        return [Entry.model_validate(each) for each in self._ask("journal", device=device)]

    def set_fault(self, device: str, fault: Fault) -> None:
        """Sets a fault from now on; raises FaultError where the device cannot have it."""
        self._ask("set-fault", device=device, fault=fault.model_dump(mode="json"))

    def clear_faults(self, device: str, kind: FaultKind | None = None) -> None:
        """Takes away the faults of a kind, or all of them."""
        self._ask("clear-faults", device=device, kind=kind and kind.value)

    def reboot(self, device: str, seconds: float | None = None) -> None:
        """Restarts the device now: it loads its startup config and is away for so many seconds."""
        self._ask("reboot", device=device, seconds=seconds)

    def power_cut(self, device: str, seconds: float | None = None) -> None:
        """Cuts the device's power now; it comes back after so many seconds with its startup config."""
        self._ask("power-cut", device=device, seconds=seconds)

    def edit(self, device: str, lines: Sequence[str]) -> list[str]:
        """Types configuration lines on the console; returns the refused ones with the reasons."""
        return list(self._ask("edit", device=device, lines=list(lines)))

    def put_file(self, device: str, name: str, text: str) -> None:
        """Puts a file into the device's flash, as a person with a memory stick."""
        self._ask("put-file", device=device, name=name, text=text)

    def swap_hardware(self, device: str) -> None:
        """Gives the device a new host key or certificate, as a replacement has; `trust/` keeps the old one."""
        self._ask("swap-hardware", device=device)

    @property
    def folder(self) -> Path:
        """Where the lab keeps `journal/` and `trust/`."""
        return Path(self._ask("folder"))

    @property
    def known_hosts(self) -> Path:
        """The known_hosts file with every SSH device and jump host of the lab."""
        return self.folder / "trust" / "known_hosts"

    def certificate(self, device: str) -> Path:
        """The PEM file with the certificate of an HTTPS device."""
        return self.folder / "trust" / f"{device}.pem"
