"""What templates see: plain data and nothing that lives. Copied on the way in, counted whenever it is looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jinja2.runtime import Undefined

from automation.render.budget import Budget, budget
from automation.render.errors import RefusedError
from inventory.secrets import is_reference

Names = Mapping[str, object]

_SCALARS = frozenset({int, float, bool, type(None)})
#: So many characters are looked at in one step.
_A_STEP = 64

_CALLED = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "nothing (null)",
    list: "a list",
    tuple: "a list",
    dict: "a map",
}


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Stands where a value only says where a secret is kept. ``place`` is its name, such as ``snmp.community``."""

    place: str
    reference: str

    def refuse(self) -> RefusedError:
        """The error for a template that would use it."""
        return RefusedError(
            f"{self.place!r} is a reference to a secret ({self.reference}), which no template gets",
            "leave the line out of the change: a secret in it would be in the plan, the log and the difference",
        )


def plain(value: object, place: str = "") -> object:
    """A copy of plain data of the template's own, with references to secrets made useless.

    Raises:
        TypeError: it is no plain data.
    """
    if isinstance(value, str):
        return SecretReference(place, value) if is_reference(value) else str(value)
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner, f"{place}.{key}" if place else str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, f"{place}.{index}") for index, inner in enumerate(value)]
    raise TypeError(f"{place} is {type(value).__name__} and no plain data")


def called(value: object) -> str:
    """What messages call a kind of value."""
    return _CALLED.get(type(value), f"a {type(value).__name__}")


def looked_at(value: object) -> None:
    """Counts what looking at all of a value costs; its structure can be far larger than what holds it.

    Raises:
        RefusedError: it is too much, it is a reference to a secret, or no value at all.
        UndefinedError: it is undefined. What is undefined further in says so when it is used itself.
    """
    if type(value) in _SCALARS:
        return
    if isinstance(value, Undefined):
        str(value)
    left = budget()
    if isinstance(value, str):
        left.step(1 + len(value) // _A_STEP)
    else:
        _look_through(value, left)


def as_text(value: object) -> str:
    """A value as it is written into configuration.

    Raises:
        RefusedError: it has no meaning there. Python's ``None``, ``True`` and ``[1, 2]`` have none on any device.
    """
    if isinstance(value, str):
        return value
    if type(value) in {int, float}:
        return str(value)
    if isinstance(value, SecretReference):
        raise value.refuse()
    if isinstance(value, Undefined):
        return str(value)
    raise RefusedError(f"{called(value)} cannot be written into configuration", _instead(value))


def written(value: object) -> str:
    """What an expression between braces puts out, counted."""
    text = as_text(value)
    budget().write(len(text))
    return text


def _look_through(value: object, left: Budget) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            left.step(1 + len(item) // _A_STEP)
        elif isinstance(item, dict):
            left.step(1 + len(item))
            pending += (*item, *item.values())
        elif isinstance(item, list | tuple):
            left.step(1 + len(item))
            pending += item
        elif type(item) not in _SCALARS:
            _check_odd(item)


def _check_odd(item: object) -> None:
    if isinstance(item, SecretReference):
        raise item.refuse()
    # Parts of a value may be undefined: select('defined') leaves them out.
    if not isinstance(item, Undefined):
        raise RefusedError(f"{called(item)} is no value", "call it, or use one of its values")


def _instead(value: object) -> str:
    if isinstance(value, bool):
        return "write {{ 'one' if value else 'the other' }}"
    if isinstance(value, Iterable):
        return "use a loop, or the filter join"
    return "test it with {% if value is not none %}, or give a value where it comes from"
