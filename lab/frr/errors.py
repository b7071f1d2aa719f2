"""What can go wrong when a lab of real routers is built or used."""

from lab.errors import LabError


class FrrLabError(LabError):
    """The root of this package's errors; the message says what happened to which machine, and how to mend it."""


class MissingError(FrrLabError):
    """This machine lacks something that the lab is made of; `missing` names all of it at once."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"real FRR routers cannot run here: {'; '.join(missing)}")
        self.missing = missing


class CommandError(FrrLabError):
    """A command that builds the lab, or was run inside a machine, ended with an error."""


class BootError(FrrLabError):
    """A machine did not come up; the message ends with the last lines of its console."""


class UnknownNameError(FrrLabError):
    """No machine of this lab has that name."""


class PlanError(FrrLabError, ValueError):
    """So many sites, or such a slot, are not to be had."""
