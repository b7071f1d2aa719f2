"""The sandbox: Jinja's own, with allowlists where Jinja has blocklists.

Jinja refuses what is known to be dangerous. Here attributes, methods, callables, filters, tests and globals are each
what a table says, so the ways out that were found over the years (``str.format`` by detours, ``attr``, ``xmlattr``,
CVE-2019-10906, CVE-2024-56326, CVE-2025-27516) begin at names that do not exist.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import partial
from types import MethodType
from typing import Any, NoReturn, cast

from jinja2 import BaseLoader, Environment, Template, TemplateNotFound, UndefinedError, pass_context
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, StrictUndefined, TemplateReference, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, missing

from automation.render.arithmetic import operate
from automation.render.errors import RefusedError
from automation.render.filters import FILTERS, TESTS
from automation.render.instrument import HOOKS, instrument, loop_over
from automation.render.methods import METHODS, Method, method
from automation.render.values import SecretReference, called, looked_at, written
from inventory.problems import Suggester

MAX_RANGE = 10_000

_OF_A_LOOP = frozenset({
    "cycle", "changed", "depth", "depth0", "first", "index", "index0", "last", "length", "nextitem", "previtem",
    "revindex", "revindex0",
})  # fmt: skip
_CALLABLE = (Method, Macro, BlockReference, LoopContext)
_OPERATORS = frozenset({"+", "-", "*", "/", "//", "**", "%"})


class MissingError(UndefinedError):
    """Something was used that is not there. ``of`` is what it was looked for in; None is the template's names."""

    def __init__(self, message: str | None = None, *, name: str = "", of: object = None) -> None:
        super().__init__(message)
        self.name = name
        self.of = of


class Missing(StrictUndefined):
    """Stands for what is not there: usable for nothing but the question whether it is defined."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: object = missing, name: str | None = None, exc: type = UndefinedError
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if exc is UndefinedError:
            of = None if obj is missing else obj
            self._undefined_exception = partial(MissingError, name=name or "", of=of)  # type: ignore[assignment] # it is called and nothing else


def bounded_range(*bounds: int) -> list[int]:
    """Whole numbers, as Python's ``range`` has them.

    Raises:
        RefusedError: there are more than :data:`MAX_RANGE`.
    """
    found = range(*bounds)
    if len(found) > MAX_RANGE:
        raise RefusedError(f"a range has {MAX_RANGE} numbers at most", detail=f"this has {len(found)}")
    return list(found)


GLOBALS: Mapping[str, object] = {"range": bounded_range, "namespace": Namespace}


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment in which all templates are parsed, compiled and rendered."""

    intercepted_binops = _OPERATORS

    def __init__(self, loader: BaseLoader | None = None) -> None:
        super().__init__(
            loader=loader,
            undefined=Missing,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            # Constant expressions would be computed while compiling, where nothing counts.
            optimized=False,
            autoescape=False,
            auto_reload=False,
            cache_size=-1,
        )
        self.filters = {**FILTERS, **HOOKS}
        self.tests = dict(TESTS)
        self.globals = dict(GLOBALS)

    def getattr(self, obj: object, attribute: str) -> object:
        """``obj.attribute``: of maps the value before the method, so that a column may be called as it likes."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, SecretReference):
            raise obj.refuse()
        if isinstance(obj, Undefined):
            return getattr(obj, attribute)
        found = method(obj, attribute)
        if found is None and isinstance(obj, dict):
            return self.undefined(obj=obj, name=attribute)
        return found if found is not None else self._special(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        """``obj[argument]``: of maps by name, of lists and text by place."""
        if isinstance(obj, Undefined):
            return obj[argument]
        if isinstance(obj, SecretReference):
            raise obj.refuse()
        if isinstance(obj, dict):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=str(argument))
        if isinstance(obj, list | tuple | str):
            inside = type(argument) is int and -len(obj) <= argument < len(obj)
            return obj[cast("int", argument)] if inside else self.undefined(obj=obj, name=str(argument))
        return self._special(obj, str(argument))

    def call(self, context: Context, what: object, /, *args: object, **kwargs: object) -> object:
        """Calls what is callable in templates: macros, blocks, loops, the methods of the tables and the globals."""
        if isinstance(what, Undefined):
            return what()
        if not _is_callable(what):
            raise RefusedError(f"{called(what)} cannot be called", "leave the parentheses out")
        if isinstance(what, LoopContext):
            args = tuple(loop_over(arg) for arg in args)
        for value in (*args, *(value for name, value in kwargs.items() if not name.startswith("_"))):
            _countable(value)
        return context.call(cast("Callable[..., object]", what), *args, **kwargs)

    def call_filter(
        self,
        name: str,
        value: object,
        args: Sequence[object] | None = None,
        kwargs: Mapping[str, object] | None = None,
        context: Context | None = None,
        eval_ctx: EvalContext | None = None,
    ) -> object:
        """A filter that was named by a text, as in ``map('upper')``: one of the table, and none that counts."""
        if name not in FILTERS:
            raise _no_such("filter", name, FILTERS)
        return super().call_filter(name, value, args, kwargs, context, eval_ctx)

    def call_test(
        self,
        name: str,
        value: object,
        args: Sequence[object] | None = None,
        kwargs: Mapping[str, object] | None = None,
        context: Context | None = None,
        eval_ctx: EvalContext | None = None,
    ) -> object:
        """A test that was named by a text, as in ``select('defined')``."""
        if name not in TESTS:
            raise _no_such("test", name, TESTS)
        return super().call_test(name, value, args, kwargs, context, eval_ctx)

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:  # noqa: ARG002 - Jinja's
        """An operator between two values, bounded."""
        return operate(operator, left, right)

    def _special(self, obj: object, attribute: str) -> object:
        """Attributes of what a template makes itself."""
        if attribute.startswith("_"):
            self._none(obj, attribute)
        if isinstance(obj, Namespace):
            return getattr(obj, attribute, None) if hasattr(obj, attribute) else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in _OF_A_LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, TemplateModule) and attribute in vars(obj):
            return vars(obj)[attribute]
        if isinstance(obj, BlockReference) and attribute == "super":
            return obj.super
        if isinstance(obj, TemplateReference):
            return _block(obj, attribute)
        return self._none(obj, attribute)

    @staticmethod
    def _none(obj: object, attribute: str) -> NoReturn:
        known = METHODS.get(type(obj), {})
        hint = Suggester().hint(attribute, known)
        if known and not hint:
            hint = f"there are {', '.join(known)}"
        raise RefusedError(f"{called(obj)} has no {attribute!r} in templates", hint)


class Sources(BaseLoader):
    """Loads the templates of one change, counting, and no others."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's own
    ) -> Template:
        """A compiled template.

        Raises:
            TemplateNotFound: there is none of that name.
            TemplateSyntaxError: it is none.
        """
        if name not in self._sources:
            raise TemplateNotFound(name)
        tree = instrument(environment.parse(self._sources[name], name, name))
        tree.set_environment(environment)
        code = environment.compile(tree, name, name)
        return Template.from_code(environment, code, globals or {})


@pass_context
def _finalize(_context: Context, value: object) -> str:
    # It takes the context, although it has no need for it, so that Jinja does not call it while compiling.
    return written(value)


def _no_such(what: str, name: str, known: Mapping[str, object]) -> RefusedError:
    hint = Suggester().hint(name, known) or f"there are {', '.join(sorted(known))}"
    return RefusedError(f"there is no {what} {name!r}", hint)


def _is_callable(value: object) -> bool:
    if isinstance(value, MethodType):
        return isinstance(value.__self__, LoopContext) and value.__name__ in {"cycle", "changed"}
    return isinstance(value, _CALLABLE) or any(value is known for known in GLOBALS.values())


def _countable(value: object) -> None:
    # Macros may be given macros, and what is made by namespace() may be handed on.
    if not isinstance(value, Macro | Namespace | TemplateModule | Undefined):
        looked_at(value)


def _block(reference: TemplateReference, name: str) -> object:
    try:
        return reference[name]
    except KeyError as error:
        raise RefusedError(f"there is no block {name!r}") from error
