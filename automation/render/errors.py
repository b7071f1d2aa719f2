"""Why a template gave no text."""

from dataclasses import dataclass, replace
from typing import Self

from automation.errors import AutomationError


class RefusedError(Exception):
    """A template asked for what templates do not get. Becomes a :class:`RenderError`, which adds the place.

    ``detail`` has what differs from device to device, so that ``str`` is the same for the same mistake.
    """

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong in a template.

    ``message`` is the same for every device with the same mistake, ``detail`` has the device's own values.
    ``expression`` is the template's line as it is written, ``missing`` the undefined variable, where it is one.
    """

    message: str
    detail: str = ""
    hint: str = ""
    template: str = ""
    line: int = 0
    expression: str = ""
    missing: str = ""

    def __str__(self) -> str:
        place = f"{self.template}:{self.line}" if self.line else self.template
        text = f"{place}: {self.message}" if place else self.message
        text += f" ({self.detail})" if self.detail else ""
        text += f", in: {self.expression}" if self.expression else ""
        return f"{text}; {self.hint}" if self.hint else text


class RenderError(AutomationError):
    """A template gave no text. ``device`` is empty where it was not rendered for one."""

    def __init__(self, failure: Failure, device: str = "") -> None:
        super().__init__(f"{device}: {failure}" if device else str(failure))
        self.failure = failure
        self.device = device

    def on(self, device: str, hint: str = "") -> Self:
        """The same with the device it was rendered for, and what to do about it."""
        return type(self)(replace(self.failure, hint=hint or self.failure.hint), device)
