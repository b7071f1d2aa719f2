"""Looks at a whole change, in a folder or in a bundle: everything that is wrong with it, and what was made of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from automation.change.bundle import CHANGE_FILE, TASK_FILE, Bundle
from automation.change.entries import ChangeFile
from automation.change.errors import in_order
from automation.change.gathering import Gathering
from automation.change.model import Change, TaskReference, Template
from automation.change.reading import Understood, understand
from automation.change.rules import RULES
from automation.change.sources import MissingFileError, Source
from automation.change.table import Table, read_table
from automation.push.work import Check
from events.facts.rollouts import Strategy
from events.plans import ApprovalWanted
from inventory.problems import Problem, Severity

#: Where one of these is wrong, holding the change against an estate would tell about stand-ins.
_NEEDED = frozenset({"select", "config", "task", "data", "variables"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found. ``change`` is None where too little is right for it; it may be there in spite of ``problems``.

    ``files`` are those that the change is made of.
    """

    change: Change | None
    files: Mapping[str, bytes]
    problems: tuple[Problem, ...]


def examine(source: Source) -> Examined:
    """Reads a change with everything that it names. Never raises for what is in the files."""
    name = source.name(CHANGE_FILE)
    try:
        content = source.read(CHANGE_FILE)
        text = content.decode("utf-8-sig")
    except MissingFileError as error:
        return _nothing(Problem(file=name, line=0, message=str(error), hint=error.hint))
    except UnicodeDecodeError:
        return _nothing(Problem(file=name, line=0, message="this is not UTF-8 text", hint="save it as UTF-8"))
    understood = understand(name, text)
    if understood.entry is None:
        return _nothing(*understood.problems)
    return _Examination(source, understood, understood.entry, content).result()


def _nothing(*problems: Problem) -> Examined:
    return Examined(change=None, files={}, problems=in_order(problems))


class _Examination:
    """One change that could be read."""

    def __init__(self, source: Source, understood: Understood, entry: ChangeFile, content: bytes) -> None:
        self._source = source
        self._understood = understood
        self._entry = entry
        self._gathering = Gathering(source, understood.document)
        self._gathering.files[CHANGE_FILE] = content
        self._problems: list[Problem] = list(understood.problems)

    def result(self) -> Examined:
        self._problems += self._broken_rules()
        self._gathering.gather_templates(self._entry.config or {})
        table = self._table()
        task = self._task()
        notes = tuple(self._notes(table))
        self._problems += self._gathering.problems
        lost = (self._entry.data is not None and table is None) or (self._entry.task is not None and task is None)
        usable = not lost and self._understood.broken.isdisjoint(_NEEDED)
        return Examined(
            change=self._change(table, task, notes) if usable else None,
            files=self._gathering.files,
            problems=in_order(self._problems),
        )

    def _broken_rules(self) -> Iterator[Problem]:
        for rule, fields in RULES.items():
            if fields.isdisjoint(self._understood.broken):
                yield from (self._problem(*finding) for finding in rule(self._entry))

    def _table(self) -> Table | None:
        path = self._entry.data
        content = self._gathering.field_file(path, ("data",)) if path is not None else None
        if path is None or content is None:
            self._problems += self._rows_without_table() if path is None else ()
            return None
        table, problems = read_table(path, self._source.name(path), content)
        self._problems += problems
        return table

    def _rows_without_table(self) -> Iterator[Problem]:
        for path, template in self._gathering.templates.items():
            if "row" in template.outline.uses and "data" not in self._understood.broken:
                message = "'row' is used, and the change has no data"
                file = self._source.name(path)
                yield Problem(file=file, line=0, message=message, hint="add data: stores.csv to the change file")

    def _task(self) -> TaskReference | None:
        if self._entry.task is None:
            return None
        try:
            content = self._source.task(self._entry.task)
            reference = TaskReference.decode(content)
        except (MissingFileError, ValueError) as error:
            self._problems.append(self._problem(("task",), str(error), getattr(error, "hint", "")))
            return None
        if reference.name != self._entry.task:
            message = f"{TASK_FILE} is about {reference.name!r}, the change about {self._entry.task!r}"
            self._problems.append(self._problem(("task",), message, "pack the change anew"))
        self._gathering.files[TASK_FILE] = content
        return reference

    def _notes(self, table: Table | None) -> Iterator[Problem]:
        """What is there and nobody reads. Nobody can tell of a task, nor while templates are missing or broken."""
        templates = self._gathering.templates.values()
        if self._entry.task is not None or self._gathering.problems or not templates:
            return
        used = frozenset(name for template in templates for name in template.outline.uses)
        for name in sorted(self._entry.variables.keys() - used):
            yield self._note(("variables", name), f"no template uses the variable {name!r}")
        if table is not None:
            columns = _read_of_rows(templates)
            for column in table.columns if columns is not None else ():
                if column not in (columns or ()):
                    message = f"no template uses the column {column!r}"
                    yield Problem(
                        file=self._source.name(table.path), line=1, message=message, severity=Severity.WARNING
                    )

    def _change(self, table: Table | None, task: TaskReference | None, notes: tuple[Problem, ...]) -> Change:
        entry = self._entry
        return Change(
            id=Bundle(files=self._gathering.files).id,
            title=entry.title,
            ticket=entry.ticket,
            team=entry.team,
            select=entry.select,
            mode=entry.mode,
            keep=entry.keep,
            roots=dict(entry.config or {}),
            templates=self._gathering.templates,
            task=task,
            checks=tuple(_checks(entry)),
            checks_within=entry.checks_within,
            checks_hold=entry.checks_hold,
            strategy=_strategy(entry),
            approvals=tuple(ApprovalWanted(area=wanted.area, count=wanted.count) for wanted in entry.approvals),
            table=table,
            variables=dict(entry.variables),
            lines=self._understood.document.lines,
            names={path: self._source.name(path) for path in self._gathering.files},
            notes=notes,
        )

    def _problem(self, path: tuple[str, ...], message: str, hint: str = "") -> Problem:
        line = self._understood.document.line(path)
        return Problem(file=self._source.name(CHANGE_FILE), line=line, message=message, hint=hint)

    def _note(self, path: tuple[str, ...], message: str) -> Problem:
        line = self._understood.document.line(path)
        file = self._source.name(CHANGE_FILE)
        return Problem(file=file, line=line, message=message, severity=Severity.WARNING)


def _checks(entry: ChangeFile) -> Iterator[tuple[Check, frozenset[str]]]:
    for check in entry.checks:
        made = Check(name=check.name, command=check.command, matches=check.matches, lacks=check.lacks)
        yield made, frozenset(check.platforms or ())


def _strategy(entry: ChangeFile) -> Strategy:
    wanted = entry.strategy
    return Strategy(
        canary=wanted.canary,
        waves=wanted.waves,
        max_in_flight=wanted.max_in_flight,
        max_unhealthy=wanted.max_unhealthy,
        halt_at=wanted.halt_at,
        bake_s=wanted.bake.total_seconds(),
    )


def _read_of_rows(templates: Iterable[Template]) -> frozenset[str] | None:
    """The columns that templates read; None where they use a row as a whole."""
    found: set[str] = set()
    for template in templates:
        parts = template.outline.parts.get("row", frozenset())
        if parts is None:
            return None
        found |= parts
    return frozenset(found)
