"""What devices make of lines, told by the lab's own reading of them: the oracle for what is predicted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from automation.config.reading import read_device
from automation.config.tree import Tree
from automation.config.vendor import Vendor
from automation.config.vendors.eos import EOS
from automation.config.vendors.ios import IOS
from lab.config.editor import Editor, Refused
from lab.config.loading import Typist
from lab.config.rendering import rendered
from lab.eos.device import eos_grammar
from lab.eos.rewrites import eos_rewrites
from lab.ios.device import ios_grammar
from lab.ios.rewrites import ios_rewrites

_PORTS = {
    "eos": frozenset({"Ethernet1", "Ethernet2", "Ethernet3", "Management1"}),
    "ios": frozenset({"GigabitEthernet0/0/0", "GigabitEthernet0/0/1", "GigabitEthernet0/0/2"}),
}
VENDORS = {"eos": EOS, "ios": IOS}


def _editor(platform: str) -> Editor:
    salt = "x" * 22
    if platform == "eos":
        return Editor(eos_grammar(), eos_rewrites(eos_grammar(), _PORTS["eos"], lambda length: salt[:length]))
    return Editor(ios_grammar(), ios_rewrites(ios_grammar(), _PORTS["ios"], lambda length: salt[:length]))


@dataclass
class Device:
    """A device's configuration, into which lines are typed."""

    platform: str
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.vendor: Vendor = VENDORS[self.platform]
        self._typist = Typist(_editor(self.platform))

    def type(self, lines: str | Sequence[str]) -> "Device":
        """Types lines from the top; what is refused is kept with the reasons."""
        self._typist.place = ()
        for entered in self._typist.type(lines.splitlines() if isinstance(lines, str) else lines):
            if isinstance(entered.result, Refused):
                self.refused.append(f"{entered.line.strip()}: {entered.result.reason()}")
        return self

    def restart(self, config: str) -> "Device":
        """Forgets everything, and loads a configuration that it has shown before."""
        self.refused.clear()
        self.__post_init__()
        return self.type(config)

    def shown(self) -> str:
        """What it shows."""
        return "\n".join(rendered(self._typist.config, 3 if self.platform == "eos" else 1))

    def tree(self) -> Tree:
        """What it shows, as it is read."""
        return read_device(self.shown(), self.vendor)


@pytest.fixture
def device() -> Callable[[str], Device]:
    """Makes devices with an empty configuration."""
    return Device
