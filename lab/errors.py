"""What the lab raises."""

from pathlib import Path


class LabError(Exception):
    """The lab was asked for something that it cannot do; the message says what, where and how to mend it."""


class EstateFileError(LabError):
    """An estate file of the lab cannot be read or is not valid."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: not a valid estate of the lab: {reason}. Mend the file; docs/guides/lab.md shows one"
        )


class GrammarError(LabError):
    """A grammar table of the lab has an entry that cannot be compiled."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"grammar, {where}: {reason}. Mend the table")


class StartupConfigError(LabError):
    """A device would refuse a line of the startup config that it was given."""

    def __init__(self, device: str, number: int, line: str, reason: str) -> None:
        self.device = device
        self.number = number
        self.line = line
        super().__init__(
            f"{device}: line {number} of its startup config, {line.strip()!r}, is refused: {reason}. "
            f"Mend the line, or widen the platform's grammar in lab/"
        )


class UnknownDeviceError(LabError):
    """A device was named that this lab does not have."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the lab has no device {name!r}; `devices` lists those it has")


class FaultError(LabError):
    """A fault was described that cannot be set on this device."""


class ControlError(LabError):
    """The control channel of a lab answered with an error, or not at all."""


class AddressError(LabError):
    """A device or the jump host cannot listen where the estate file says."""

    def __init__(self, name: str, address: str, port: int, reason: str) -> None:
        super().__init__(
            f"{name} cannot listen on {address} port {port}: {reason}. Is another lab running there? "
            f"Stop it, or give another address or port in the estate file"
        )
