"""Lines that wait to be entered where a device has no candidate: kept here, by the label of their order."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from automation.platforms.contract import RefusedCommandError

E = TypeVar("E")


class StagedLines(Generic[E]):
    """What is staged in one session with ``device``. ``entries`` makes lines into what is typed, or refuses them."""

    def __init__(self, device: str, platform: str, entries: Callable[[Sequence[str]], tuple[E, ...]]) -> None:
        self._device = device
        self._platform = platform
        self._entries = entries
        self._staged: dict[str, tuple[E, ...]] = {}

    def put(self, label: str, lines: Sequence[str], *, replace: bool) -> None:
        """Keeps the lines, in place of what the label had.

        Raises:
            RefusedCommandError: they are to replace the whole configuration.
            LineRejectedError: one of them is never sent.
        """
        if replace:
            what = f"replacing the whole configuration is not offered on {self._platform}"
            raise RefusedCommandError(f"{self._device}: {what}")
        self._staged[label] = self._entries(lines)

    def drop(self, label: str) -> None:
        """Forgets them; where there are none, nothing happens."""
        self._staged.pop(label, None)

    def take(self, label: str, *, timer: object, armed: str | None) -> tuple[E, ...]:
        """Gives them to be entered, once. Where a ``timer`` is to guard them, it has to be armed for them by now.

        Raises:
            RefusedCommandError: there are none, or nothing would undo them.
        """
        if label not in self._staged:
            raise RefusedCommandError(f"{self._device}: nothing is staged under {label}")
        if timer is not None and armed != label:
            raise RefusedCommandError(f"{self._device}: no undo is armed for {label}")
        return self._staged.pop(label)
