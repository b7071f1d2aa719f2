"""The templates of a change: found from its change file on, each looked at, and what is wrong among them."""

import re
from collections.abc import Iterator, Mapping

from automation.change.bundle import CHANGE_FILE, MAX_FILES, TASK_FILE
from automation.change.document import Document
from automation.change.fields import relative_path
from automation.change.model import Template
from automation.change.sources import MissingFileError, Source
from automation.render.errors import Failure
from automation.render.static import outline
from inventory.problems import Problem
from inventory.secrets import find_secrets

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")


class Gathering:
    """Files of one change as they are asked for; what is wrong goes to ``problems``."""

    def __init__(self, source: Source, document: Document) -> None:
        self.files: dict[str, bytes] = {}
        self.templates: dict[str, Template] = {}
        self.problems: list[Problem] = []
        self._source = source
        self._document = document

    def field_file(self, path: str, field: tuple[str, ...]) -> bytes | None:
        """The content of a file that a field of the change file names."""
        return self._file(path, self._source.name(CHANGE_FILE), self._document.line(field))

    def gather_templates(self, roots: Mapping[str, str]) -> None:
        """Reads the templates of each platform and everything that they take in."""
        for platform, path in roots.items():
            content = self.field_file(path, ("config", platform))
            if content is not None:
                self._template(path, content)
        for path in self._circles():
            template = self.templates[path]
            failure = Failure(template=path, line=template.outline.taken[0].line, message=f"{path!r} takes itself in")
            self.problems.append(self.problem(failure))

    def problem(self, failure: Failure) -> Problem:
        """A template's failure as a problem."""
        shown = f", in: {failure.expression}" if failure.expression else ""
        file = self._source.name(failure.template)
        return Problem(file=file, line=failure.line, message=f"{failure.message}{shown}", hint=failure.hint)

    def _template(self, path: str, content: bytes) -> None:
        pending = [(path, content)]
        while pending:
            path, content = pending.pop()
            if path in self.templates or len(self.files) > MAX_FILES:
                continue
            template = self._looked_at(path, content)
            self.templates[path] = template
            pending += self._taken_in(path, template)

    def _looked_at(self, path: str, content: bytes) -> Template:
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.problems.append(self.problem(Failure(template=path, line=line, message="this is not UTF-8 text")))
            text = ""
        template = Template(source=text, outline=outline(path, text))
        self.problems += [self.problem(failure) for failure in template.outline.failures]
        self.problems += [self.problem(failure) for failure in _secrets(path, text)]
        return template

    def _taken_in(self, path: str, template: Template) -> Iterator[tuple[str, bytes]]:
        for taken in template.outline.taken:
            content = self._file(taken.path, self._source.name(path), taken.line, optional=taken.optional)
            if content is not None:
                yield taken.path, content

    def _file(self, path: str, file: str, line: int, *, optional: bool = False) -> bytes | None:
        """A file's content; ``file`` and ``line`` are where it is named."""
        try:
            _check_path(path)
            content = self._source.read(path)
        except MissingFileError as error:
            if not optional:
                self.problems.append(Problem(file=file, line=line, message=str(error), hint=error.hint))
            return None
        self.files[path] = content
        return content

    def _circles(self) -> Iterator[str]:
        """Templates that take themselves in, by way of others or not."""
        for path in self.templates:
            seen: set[str] = set()
            pending = [path]
            while pending:
                here = pending.pop()
                inner = {taken.path for taken in self.templates[here].outline.taken} & self.templates.keys()
                pending += inner - seen
                seen |= inner
            if path in seen:
                yield path


def _check_path(path: str) -> None:
    if path in {CHANGE_FILE, TASK_FILE}:
        raise MissingFileError(f"{path!r} has another meaning in a change", "give the file another name")
    try:
        relative_path(path)
    except ValueError as error:
        raise MissingFileError(f"{path[:100]!r} {error}") from error


def _secrets(path: str, text: str) -> Iterator[Failure]:
    """Lines that have a secret written out, which would go into the log with the change.

    A line that takes a secret away has to name it, and it is none any more once the change has gone out.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        bare = _EXPRESSION.sub("", line).strip()
        if not bare.startswith("no ") and any(find_secrets({"line": bare})):
            message = "a secret is written out here, and the whole change goes into the log"
            hint = "leave the line out of the change, and set the secret with the tool that keeps it"
            yield Failure(template=path, line=number, message=message, hint=hint)
