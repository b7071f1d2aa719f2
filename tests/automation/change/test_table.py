"""Tables of data: read as spreadsheets write them, one row for each, and what is wrong with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.change.table import Key, Table, read_table
from inventory.model import Device
from inventory.secrets import find_references, find_secrets

DEVICE = Device(name="ber-1-r1", site="ber-1", role="router", platform="ios", address="a", credentials="c")

cells = st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=12)
rows = st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True), st.tuples(cells, cells), max_size=6)


def table_of(text: str | bytes) -> Table:
    table, problems = read_table("stores.csv", "stores.csv", text.encode() if isinstance(text, str) else text)
    assert table is not None
    assert not problems
    return table


@given(rows)
def test_what_a_spreadsheet_writes_is_read(rows: dict[str, tuple[str, str]]) -> None:
    rows = {
        name: pair
        for name, pair in rows.items()
        if not any(find_secrets({"a": pair[0], "b": pair[1]}))
        and not any(find_references({"a": pair[0], "b": pair[1]}))
    }
    quoted = ((name, *(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in pair)) for name, pair in rows.items())
    text = "site,a,b\r\n" + "".join(f"{','.join(row)}\r\n" for row in quoted)

    table = table_of(text)

    assert {name: (row.cells.get("a", ""), row.cells.get("b", "")) for name, row in table.rows.items()} == rows


def test_a_table_of_sites() -> None:
    table = table_of("site,vlan,text\nber-1,10,office\nosl-1,20,\n")

    assert (table.key, table.columns, table.path) == (Key.SITE, ("vlan", "text"), "stores.csv")
    row = table.row(DEVICE)
    assert row is not None
    assert (dict(row.cells), row.line) == ({"vlan": "10", "text": "office"}, 2)
    assert dict(table.rows["osl-1"].cells) == {"vlan": "20"}


def test_a_table_of_devices() -> None:
    table = table_of("device,vlan\nber-1-r1,10\n")

    assert table.key is Key.DEVICE
    assert table.row(DEVICE) is table.rows["ber-1-r1"]


def test_who_has_no_row_has_none() -> None:
    assert table_of("site,vlan\nosl-1,10\n").row(DEVICE) is None


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfsite,vlan\r\nber-1,10\r\n",
        b"site,vlan\nber-1,10",
        b" site , vlan \n ber-1 , 10 \n",
        b'"site","vlan"\n"ber-1","10"\n',
        b"\n\nsite,vlan\n\n,\nber-1,10\n\n",
    ],
    ids=["byte order mark", "no last line end", "spaces", "quotes", "empty lines"],
)
def test_marks_of_the_tool_do_not_count(text: bytes) -> None:
    row = table_of(text).row(DEVICE)

    assert row is not None
    assert dict(row.cells) == {"vlan": "10"}


def test_a_cell_may_hold_commas_and_quotes() -> None:
    row = table_of('site,text\nber-1,"a, ""b"""\n').row(DEVICE)

    assert row is not None
    assert row.cells["text"] == 'a, "b"'


def test_lines_are_those_of_the_file() -> None:
    assert table_of('site,text\n\n"ber-1",x\n').rows["ber-1"].line == 3


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        (b"", 1, "the table is empty", "its first line has the names of the columns, site or device first"),
        (b"site,a\nber-1,\xff\n", 2, "this is not UTF-8 text", "save it as UTF-8"),
        (b"Site,a\n", 1, "the first column is 'Site', and must be site or device", ""),
        (b"vlan,site\n", 1, "the first column is 'vlan', and must be site or device", ""),
        (b"site;vlan\n", 1, "the first column is 'site;vlan', and must be site or device",
         "separate the columns with commas"),
        (b"site,\n", 1, "the column '' has no proper name", None),
        (b"site,a-b\n", 1, "the column 'a-b' has no proper name", None),
        (b"site,1a\n", 1, "the column '1a' has no proper name", None),
        (b"site,a,b,a\n", 1, "the column 'a' stands there twice", ""),
        (b"site" + b"".join(b",c%d" % n for n in range(200)) + b"\n", 1, "there are more than 200 columns", ""),
        (b"site,a\nber-1,1,2\n", 2, "the row has 3 cells, the header 2 columns", None),
        (b"site,a\n,1\n", 2, "the row is for no site", ""),
        (b"device,a\n,1\n", 2, "the row is for no device", ""),
        (b"site,a\nx,1\ny,2\nx,3\n", 4, "'x' has a row already", "the first is on line 2"),
        (b'site,a\nx,"1\n2"\n', 2, "the cell of 'a' is not one line of at most 4000 characters", None),
        (b"site,a\nx,\x1b[31m\n", 2, "the cell of 'a' is not one line of at most 4000 characters", None),
        ("site,a\nx,1\u00a02\n".encode(), 2, "the cell of 'a' is not one line of at most 4000 characters", None),
        (b"site,a\nx," + b"1" * 4001 + b"\n", 2, "the cell of 'a' is not one line of at most 4000 characters", None),
        (b'site,a\nx,"1\n', 2, "the CSV is broken: unexpected end of data", ""),
        (b'site,a\nx,"1"2\n', 2, "the CSV is broken: ',' expected after '\"'", ""),
        (b"site,password\nx,hunter2\n", 2, "a secret is written out in 'password' (its name says that it is a secret)",
         None),
        (b"site,a\nx,$9$abcdefghijkl\n", 2, "a secret is written out in 'a' (it looks like the hash of a password)",
         None),
        (b"site,a\nx,file:/run/x\n", 2, "'a' is a reference to a secret, which no template gets", "leave it out"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: bytes, line: int, message: str, hint: str | None) -> None:
    _, problems = read_table("stores.csv", "acl/stores.csv", text)

    assert [(problem.file, problem.line, problem.message) for problem in problems] == [
        ("acl/stores.csv", line, message)
    ]
    assert hint is None or problems[0].hint == hint


def test_everything_is_told_at_once() -> None:
    _, problems = read_table("x", "x", b"site,a\nx\n,1\ny,1\ny,2\nz,env:A\n")

    assert [problem.line for problem in problems] == [2, 3, 5, 6]
