"""What templates may call on a value, as a table: all of it is pure, and what is not in the table does not exist."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from automation.render.budget import budget
from automation.render.errors import RefusedError
from automation.render.texts import centred, joined, padded_left, padded_right, replaced, zero_filled
from automation.render.values import called, looked_at


def _join(separator: str, items: Iterable[object]) -> str:
    return joined(items, separator)


def _items(value: dict[str, object]) -> list[tuple[str, object]]:
    return list(value.items())


def _keys(value: dict[str, object]) -> list[str]:
    return list(value)


def _values(value: dict[str, object]) -> list[object]:
    return list(value.values())


_OF_TEXT: Mapping[str, Callable[..., object]] = {
    "capitalize": str.capitalize,
    "center": centred,
    "count": str.count,
    "endswith": str.endswith,
    "find": str.find,
    "isalnum": str.isalnum,
    "isalpha": str.isalpha,
    "isdigit": str.isdigit,
    "islower": str.islower,
    "isupper": str.isupper,
    "join": _join,
    "ljust": padded_right,
    "lower": str.lower,
    "lstrip": str.lstrip,
    "partition": str.partition,
    "removeprefix": str.removeprefix,
    "removesuffix": str.removesuffix,
    "replace": replaced,
    "rfind": str.rfind,
    "rjust": padded_left,
    "rpartition": str.rpartition,
    "rsplit": str.rsplit,
    "rstrip": str.rstrip,
    "split": str.split,
    "splitlines": str.splitlines,
    "startswith": str.startswith,
    "strip": str.strip,
    "title": str.title,
    "upper": str.upper,
    "zfill": zero_filled,
}
_OF_MAP: Mapping[str, Callable[..., object]] = {"get": dict.get, "items": _items, "keys": _keys, "values": _values}

#: Methods by the type of the value they are called on.
METHODS: Mapping[type, Mapping[str, Callable[..., object]]] = MappingProxyType(
    {
        str: _OF_TEXT,
        dict: _OF_MAP,
        list: {"count": list.count, "index": list.index},
        tuple: {"count": tuple.count, "index": tuple.index},
    }
)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value, not called yet."""

    name: str
    value: object
    function: Callable[..., object]

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Calls it; everything that goes in and comes out is counted.

        Raises:
            RefusedError: it cannot be called so.
        """
        for value in (self.value, *args, *kwargs.values()):
            looked_at(value)
        try:
            result = self.function(self.value, *args, **kwargs)
        except (TypeError, ValueError) as error:
            message = f"the method {self.name} of {called(self.value)} does not work so"
            raise RefusedError(message, detail=str(error)) from error
        looked_at(result)
        if isinstance(result, str):
            budget().write(len(result))
        return result


def method(value: object, name: str) -> Method | None:
    """The method of a value with this name, if templates have it."""
    function = METHODS.get(type(value), {}).get(name)
    return None if function is None else Method(name, value, function)
