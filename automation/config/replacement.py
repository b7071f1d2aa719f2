"""A whole configuration that takes the place of a device's own, but for what the device keeps."""

from dataclasses import dataclass

from automation.config.compare import Comparison, compare_replace
from automation.config.difference import Difference, Edit
from automation.config.keeping import falls_under, normalised, with_kept
from automation.config.reading import read_device
from automation.config.tree import Tree
from automation.config.vendor import Vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """``text`` is what a change has for a device, ``keep`` the prefixes of what stays of the device's own."""

    text: str
    vendor: Vendor
    keep: tuple[str, ...] = ()

    def compare(self, running: Tree) -> Comparison:
        """What it would do to a device that has this."""
        return compare_replace(running, read_device(self.text, self.vendor), self.vendor, self.keep)

    def lines(self, shown: str) -> tuple[str, ...]:
        """What is entered on a device that shows this as its configuration. Holds what secrets the device keeps."""
        return tuple(with_kept(self.text, shown, self.keep, self.vendor))

    def carries(self, line: str) -> bool:
        """Whether a line that is entered is the device's own, and not the change's."""
        return bool(self.keep) and line.strip() not in {each.strip() for each in self.text.splitlines()}

    def concealed(self, edits: Difference) -> Difference:
        """A difference that tells of what the device keeps no more than the prefix: any word of it may be a secret."""
        prefixes = [normalised(prefix, self.vendor) for prefix in self.keep]
        found: dict[Edit, None] = {}
        for edit in edits:
            top = (*edit.path, edit.text)[0].removeprefix("no ")
            prefix = next((each for each in prefixes if falls_under(top, each)), None)
            found[edit if prefix is None else Edit(sign=edit.sign, path=(), text=f"{prefix} ...")] = None
        return tuple(found)
