"""CSV as it is read: its header, its rows, and the lines they stand on."""

import csv
import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.sources.csv_files import read_csv
from inventory.sources.files import Format, SourceFile
from inventory.sources.records import Kind, Reading

HEADER = "name,site,role,platform,address,credentials"


def read(text: str, form: Format = Format.DEVICES_CSV) -> Reading:
    content = text.encode()
    return read_csv(
        SourceFile(name="devices.csv", format=form, content=content, digest=hashlib.sha256(content).hexdigest())
    )


def problems(text: str) -> list[str]:
    reading = read(text)
    assert not reading.problems
    return [str(problem) for problem in reading.gaps]


def test_a_row_is_a_record() -> None:
    reading = read(f"{HEADER},label.a,var.b\n d1 , hq,r,ios,h,c, x y ,7\n")
    [record] = reading.records
    assert (record.kind, record.name, record.origin.line) == (Kind.DEVICE, "d1", 2)
    assert record.fields == {
        "site": "hq",
        "role": "r",
        "platform": "ios",
        "address": "h",
        "credentials": "c",
        "labels": {"a": "x y"},
        "variables": {"b": 7},
    }


def test_an_empty_cell_is_a_field_that_is_not_there() -> None:
    [record] = read(f"{HEADER},via,label.a,var.b\nd1,hq,r,ios,h,c,,,\n").records
    assert record.fields.keys() == {"site", "role", "platform", "address", "credentials"}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("10", 10), ("'10'", "10"), ('"""10"""', "10"), ("0042", "0042"), ("true", True), ("'", "'"), ("it's", "it's")],
)
def test_a_variable_has_the_type_that_it_would_have_in_yaml(cell: str, expected: object) -> None:
    [record] = read(f"{HEADER},var.x\nd1,hq,r,ios,h,c,{cell}\n").records
    assert record.fields["variables"] == {"x": expected}


def test_lines_are_those_of_the_file() -> None:
    """A cell may go over several lines, and empty rows count."""
    text = f'{HEADER},var.note\na,hq,r,ios,h,c,"one\ntwo\nthree"\n\n,,,,,,\nb,hq,r,ios,h,c,x\n'
    assert [(record.name, record.origin.line) for record in read(text).records] == [("a", 2), ("b", 7)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ["the columns name, address, credentials, platform, role, site are missing"], id="empty"),
        pytest.param(f"{HEADER},rol\n", ["devices have no column 'rol'; did you mean 'role'?"], id="mistyped"),
        pytest.param(
            f"{HEADER},labels\n",
            [
                ("devices have no column 'labels'; columns are access, address, credentials, legacy_crypto, name,"
                " os_version, platform, port, redundancy_group, role, site, via, label.NAME and var.NAME")
            ],
            id="labels as one column",
        ),
        pytest.param(f"{HEADER},role\n", ["the column 'role' stands there twice"], id="twice"),
        pytest.param(
            "name,site,platform,address,credentials\n", ["the columns role are missing"], id="one is missing"
        ),
        pytest.param(
            HEADER.replace(",", ";"),
            [
                f"devices have no column {HEADER.replace(',', ';')!r}; separate the columns with commas",
                "the columns name, address, credentials, platform, role, site are missing",
            ],
            id="semicolons",
        ),
        pytest.param(
            f"{HEADER},label.\n",
            [
                ("devices have no column 'label.'; columns are access, address, credentials, legacy_crypto, name,"
                " os_version, platform, port, redundancy_group, role, site, via, label.NAME and var.NAME")
            ],
            id="a label without a name",
        ),
    ],
)  # fmt: skip
def test_a_header_is_refused_as_a_whole(text: str, expected: list[str]) -> None:
    assert sorted(problems(f"{text}")) == sorted(f"devices.csv:1: {problem}" for problem in expected)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(
            "d1,hq,r,ios,h",
            "the row has 5 cells, the header 6 columns; put cells that hold commas into double quotes",
            id="short",
        ),
        pytest.param(
            "d1,hq,r,ios,h,c,x",
            "the row has 7 cells, the header 6 columns; put cells that hold commas into double quotes",
            id="long",
        ),
        pytest.param(",hq,r,ios,h,c", "the device has no name", id="no name"),
        pytest.param('d1,"hq,r,ios,h,c', "the CSV is broken: unexpected end of data", id="quote never closed"),
        pytest.param('d1,"hq"x,r,ios,h,c', "the CSV is broken: ',' expected after '\"'", id="text after a quote"),
        pytest.param(
            f"{'x' * 200_000},h,r,i,h,c", "the CSV is broken: field larger than field limit (131072)", id="huge"
        ),
    ],
)
def test_a_row_is_refused_with_its_line(row: str, expected: str) -> None:
    assert problems(f"{HEADER}\nd0,hq,r,ios,h0,c\n{row}\n") == [f"devices.csv:3: {expected}"]


def test_rows_after_a_bad_one_are_read() -> None:
    reading = read(f"{HEADER}\nbad\nd1,hq,r,ios,h,c\n")
    assert [record.name for record in reading.records] == ["d1"]


def test_a_file_of_sites_has_columns_of_its_own() -> None:
    reading = read("name,country,timezone,region\nhq,DE,Europe/Berlin,emea\n", Format.SITES_CSV)
    assert [(record.kind, record.name) for record in reading.records] == [(Kind.SITE, "hq")]


def test_columns_are_bounded() -> None:
    assert problems(",".join(f"label.x{n}" for n in range(1_001))) == [
        "devices.csv:1: there are more than 1000 columns"
    ]


cells = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8).map(str.strip)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_what_python_writes_is_read_as_it_was(pairs: list[tuple[str, str]]) -> None:
    """Commas, quotes and whatever else is in a cell, as a spreadsheet would save it."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([*HEADER.split(","), "label.a", "label.b"])
    writer.writerows([f"d{number}", "hq", "r", "ios", "h", "c", *pair] for number, pair in enumerate(pairs))
    found = [record.fields.get("labels", {}) for record in read(stream.getvalue()).records]
    assert found == [
        {key: cell for key, cell in zip("ab", pair, strict=True) if cell not in {"", "~", "null", "Null", "NULL"}}
        for pair in pairs
    ]


@settings(deadline=None, derandomize=True)
@given(st.one_of(st.binary(max_size=100), st.text(alphabet=f"{HEADER}\"'\r\n;\t\0ä", max_size=100)))
def test_any_bytes_are_read_or_refused(content: str | bytes) -> None:
    """Whatever stands in a file ends in records and problems with lines, never in an exception."""
    raw = content.encode() if isinstance(content, str) else content
    header = f"{HEADER}\n".encode()
    for text in (raw, header + raw):
        file = SourceFile(name="devices.csv", format=Format.DEVICES_CSV, content=text, digest="")
        reading = read_csv(file)
        assert all(problem.line >= 1 for problem in reading.gaps)
