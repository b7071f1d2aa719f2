"""A change's table of data: one row for each site or device, seen in templates as ``row.COLUMN``."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inventory.model import VARIABLE_PATTERN, Device
from inventory.problems import Problem
from inventory.secrets import KEPT_ELSEWHERE, find_references, find_secrets

_NAME = re.compile(VARIABLE_PATTERN)
_MAX_COLUMNS = 200
_MAX_CELL = 4_000


class Key(StrEnum):
    """What a table has rows for; also the name of its first column."""

    SITE = "site"
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its cells by column, without those that are empty, and where it stands."""

    cells: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All rows by the site's or device's name. ``columns`` are without the first."""

    key: Key
    columns: tuple[str, ...]
    rows: Mapping[str, Row]
    path: str

    def row(self, device: Device) -> Row | None:
        """The row of a device, or of its site."""
        return self.rows.get(device.site if self.key is Key.SITE else device.name)


def read_table(path: str, name: str, content: bytes) -> tuple[Table | None, list[Problem]]:
    """Reads a table; ``name`` is how problems call the file. The table is None where its header is wrong."""
    reader = _Reader(name)
    header, rows = reader.parsed(content)
    reader.check_header(header)
    if reader.problems:
        return None, reader.problems
    found: dict[str, Row] = {}
    for line, cells in rows:
        reader.add(found, header, line, cells)
    return Table(key=Key(header[0]), columns=tuple(header[1:]), rows=found, path=path), reader.problems


class _Reader:
    """Reads one file; everything that is wrong goes to ``problems``."""

    def __init__(self, name: str) -> None:
        self.problems: list[Problem] = []
        self._name = name

    def parsed(self, content: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
        """The header, and each row that is not empty with the line on which it begins."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._problem(content.count(b"\n", 0, error.start) + 1, "this is not UTF-8 text", "save it as UTF-8")
            return [], []
        rows = list(self._rows(text))
        if not rows:
            self._problem(1, "the table is empty", "its first line has the names of the columns, site or device first")
            return [], []
        return rows[0][1], rows[1:]

    def check_header(self, header: Sequence[str]) -> None:
        """Refuses a header that would make every row wrong."""
        if not header:
            return
        if header[0] not in set(Key):
            message = f"the first column is {header[0][:40]!r}, and must be site or device"
            self._problem(1, message, "separate the columns with commas" if ";" in header[0] else "")
        if len(header) > _MAX_COLUMNS:
            self._problem(1, f"there are more than {_MAX_COLUMNS} columns")
        for place, column in enumerate(header[1:], start=1):
            if not _NAME.fullmatch(column):
                hint = "use letters, digits and underscores: templates see it as row.COLUMN"
                self._problem(1, f"the column {column[:40]!r} has no proper name", hint)
            elif column in header[:place]:
                self._problem(1, f"the column {column!r} stands there twice")

    def add(self, found: dict[str, Row], header: Sequence[str], line: int, cells: Sequence[str]) -> None:
        """Adds one row."""
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells, the header {len(header)} columns"
            self._problem(line, message, "put cells that hold commas into double quotes")
            return
        name = cells[0]
        if not name:
            self._problem(line, f"the row is for no {header[0]}")
        elif name in found:
            self._problem(line, f"{name!r} has a row already", f"the first is on line {found[name].line}")
        else:
            row = {column: cell for column, cell in zip(header[1:], cells[1:], strict=True) if cell}
            self._check_cells(line, row)
            found[name] = Row(cells=row, line=line)

    def _check_cells(self, line: int, row: Mapping[str, str]) -> None:
        for column, cell in row.items():
            if not cell.isprintable() or len(cell) > _MAX_CELL:
                message = f"the cell of {column!r} is not one line of at most {_MAX_CELL} characters"
                self._problem(line, message, "several lines belong into the template, as a loop or a condition")
        for path, sign in find_secrets(row):
            self._problem(line, f"a secret is written out in {path[0]!r} ({sign})", KEPT_ELSEWHERE)
        for path, _ in find_references(row):
            self._problem(line, f"{path[0]!r} is a reference to a secret, which no template gets", "leave it out")

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        before = 0
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield before + 1, [cell.strip() for cell in cells]
                before = reader.line_num
        except csv.Error as error:
            self._problem(before + 1, f"the CSV is broken: {error}")

    def _problem(self, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(file=self._name, line=line, message=message, hint=hint))
