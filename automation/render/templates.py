"""The templates of one change: looked at as a whole, compiled once, rendered for many devices."""

from collections.abc import Iterable, Mapping
from types import TracebackType

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError

from automation.render.budget import Allowance, spending
from automation.render.errors import Failure, RefusedError, RenderError
from automation.render.sandbox import MissingError, Sandbox, Sources
from automation.render.static import line_of
from automation.render.values import called, plain
from inventory.problems import Suggester

ALLOWANCE = Allowance()


class Templates:
    """Templates by path. May be used from several threads."""

    def __init__(self, sources: Mapping[str, str], allowance: Allowance = ALLOWANCE) -> None:
        self._sources = dict(sources)
        self._allowance = allowance
        self._sandbox = Sandbox(Sources(self._sources))

    def render(self, path: str, names: Mapping[str, object]) -> str:
        """The text of a template. ``names`` is plain data; the template gets a copy.

        Raises:
            RenderError: it gives none, with the place and the reason.
        """
        copies = {name: plain(value, name) for name, value in names.items()}
        try:
            with spending(self._allowance):
                template = self._sandbox.get_template(path)
                text = self._collected(template.root_render_func(template.new_context(copies)))
        except Exception as error:  # a template is its author's code: what it raises has no end
            raise RenderError(self._failure(path, error, copies)) from error
        _check_characters(path, text)
        return text

    def _collected(self, pieces: Iterable[str]) -> str:
        collected: list[str] = []
        left = self._allowance.text
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise RefusedError(f"the text has more than {self._allowance.text} characters")
            collected.append(piece)
        return "".join(collected)

    def _failure(self, path: str, error: Exception, names: Mapping[str, object]) -> Failure:
        template, line = _place(error.__traceback__) or (path, 0)
        if isinstance(error, TemplateSyntaxError):
            template, line = error.name or path, error.lineno
        message, detail, hint = _reason(error, names)
        return Failure(
            template=template,
            line=line,
            expression=line_of(self._sources.get(template, ""), line),
            message=message,
            detail=detail,
            hint=hint,
            missing=error.name if isinstance(error, MissingError) and error.of is None else "",
        )


def _place(traceback: TracebackType | None) -> tuple[str, int] | None:
    """The innermost template, and the line of it, that an error came through."""
    found = None
    while traceback is not None:
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            found = template.name or "", template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def _reason(error: Exception, names: Mapping[str, object]) -> tuple[str, str, str]:
    """What happened, with which values, and what to do."""
    if isinstance(error, RefusedError):
        return str(error), error.detail, error.hint
    if isinstance(error, MissingError):
        return _missing(error, names)
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}", "", "paths are relative to the change file's folder"
    if isinstance(error, TemplateSyntaxError):
        return error.message or "this is no template", "", ""
    if isinstance(error, RecursionError):
        return "expressions or calls are nested too deep", "", "end the recursion"
    return "this cannot be computed", f"{type(error).__name__}: {error}", ""


def _missing(error: MissingError, names: Mapping[str, object]) -> tuple[str, str, str]:
    if not error.name:
        return str(error), "", "add an else, or a default"
    if error.of is None:
        return f"{error.name!r} is not defined", "", Suggester().hint(error.name, names)
    if isinstance(error.of, dict):
        owner = next((name for name, value in names.items() if value is error.of), "the value")
        hint = Suggester().hint(error.name, error.of) or f"there are {', '.join(map(str, error.of)) or 'no values'}"
        return f"{owner} has no {error.name!r}", "", hint
    return f"{called(error.of)} has no {error.name!r}", "", ""


def _check_characters(path: str, text: str) -> None:
    """Refuses what no terminal shows and devices take for something else, a no-break space among it."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.replace("\t", " ").isprintable():
            odd = next(character for character in line if character != "\t" and not character.isprintable())
            message = f"the rendered text has the character U+{ord(odd):04X} in it, which no configuration has"
            hint = "type it anew in the template, or mend the value it comes from"
            raise RenderError(Failure(template=path, message=message, detail=f"line {number} of the text", hint=hint))
