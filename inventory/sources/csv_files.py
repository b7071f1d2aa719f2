"""Reads a CSV file of sites or devices into records: one row each, columns named as the fields.

``label.x`` and ``var.x`` are single labels and variables. An empty cell is a field that is not there. A cell of
``var.x`` has the type that it would have in YAML; quotes within the cell (``'0042'``) make it text.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from inventory.model import Origin
from inventory.problems import EstateError, Problem, Suggester
from inventory.shapes import FIELDS, REQUIRED
from inventory.sources.files import Format, SourceFile, decoded
from inventory.sources.records import SINGULAR, Kind, Reading, Record
from inventory.sources.scalars import NULLS, Scalar, typed

_KINDS = {Format.SITES_CSV: Kind.SITE, Format.DEVICES_CSV: Kind.DEVICE}
_MAPS = {"label": "labels", "var": "variables"}
_MAX_COLUMNS = 1_000


def read_csv(file: SourceFile) -> Reading:
    """All records of a file, and everything that is wrong with its form. Never raises for what is in the file."""
    reading = Reading()
    try:
        rows = _rows(file)
        _, header = next(rows, (1, []))
        columns = _Header(file, _KINDS[file.format], header)
        columns.check()
        for line, cells in rows:
            columns.add(line, cells, reading)
    except EstateError as error:
        reading.gaps.extend(error.problems)
    return reading


def _rows(file: SourceFile) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line on which it begins."""
    reader = csv.reader(io.StringIO(decoded(file), newline=""), strict=True)
    before = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield before + 1, [cell.strip() for cell in cells]
            before = reader.line_num
    except csv.Error as error:
        message = f"the CSV is broken: {error}"
        raise EstateError([Problem(file=file.name, line=before + 1, message=message)]) from error


class _Header:
    """The columns of a file, and what a row with them says."""

    def __init__(self, file: SourceFile, kind: Kind, columns: Sequence[str]) -> None:
        self._file = file.name
        self._kind = kind
        self._columns = columns

    def check(self) -> None:
        """Refuses a header that would make every row wrong, with everything that is wrong in it."""
        if len(self._columns) > _MAX_COLUMNS:
            raise EstateError([self._problem(1, f"there are more than {_MAX_COLUMNS} columns")])
        problems = [*self._repeated(), *self._unknown(), *self._missing()]
        if problems:
            raise EstateError(problems)

    def add(self, line: int, cells: Sequence[str], reading: Reading) -> None:
        """Adds the record of one row."""
        if len(cells) != len(self._columns):
            message = f"the row has {len(cells)} cells, the header {len(self._columns)} columns"
            reading.gaps.append(self._problem(line, message, "put cells that hold commas into double quotes"))
            return
        fields = self._fields(cells)
        name = str(fields.pop("name", ""))
        if not name:
            reading.gaps.append(self._problem(line, f"the {SINGULAR[self._kind]} has no name"))
            return
        origin = Origin(file=self._file, line=line)
        reading.records.append(Record(kind=self._kind, name=name, fields=fields, origin=origin))

    def _fields(self, cells: Sequence[str]) -> dict[str, object]:
        maps: dict[str, dict[str, object]] = {"labels": {}, "variables": {}}
        fields: dict[str, object] = {}
        for column, cell in zip(self._columns, cells, strict=True):
            prefix, dot, key = column.partition(".")
            if cell in NULLS:
                continue
            if dot:
                maps[_MAPS[prefix]][key] = _cell(cell) if prefix == "var" else cell
            else:
                fields[column] = cell
        return fields | {name: values for name, values in maps.items() if values}

    def _repeated(self) -> Iterator[Problem]:
        for column in sorted({column for column in self._columns if self._columns.count(column) > 1}):
            yield self._problem(1, f"the column {column!r} stands there twice")

    def _unknown(self) -> Iterator[Problem]:
        allowed = {"name", *FIELDS[self._kind]} - set(_MAPS.values())
        suggester = Suggester()
        for column in self._columns:
            prefix, dot, key = column.partition(".")
            if column not in allowed and not (dot and key and prefix in _MAPS):
                hint = suggester.hint(column, allowed) or _advice(column, allowed)
                yield self._problem(1, f"{self._kind} have no column {column!r}", hint)

    def _missing(self) -> Iterator[Problem]:
        wanted = ["name", *sorted(REQUIRED[self._kind])]
        missing = [column for column in wanted if column not in self._columns]
        if missing:
            yield self._problem(1, f"the columns {', '.join(missing)} are missing")

    def _problem(self, line: int, message: str, hint: str = "") -> Problem:
        return Problem(file=self._file, line=line, message=message, hint=hint)


def _cell(text: str) -> Scalar:
    for quote in "'\"":
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            return text[1:-1]
    return typed(text)


def _advice(column: str, allowed: set[str]) -> str:
    if ";" in column or "\t" in column:
        return "separate the columns with commas"
    return f"columns are {', '.join(sorted(allowed))}, label.NAME and var.NAME"
