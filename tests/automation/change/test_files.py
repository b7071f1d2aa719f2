"""The files that a change is made of: templates and what they take in, tables, and what may not be among them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from automation.change.errors import ChangeError
from automation.change.model import Change
from automation.change.packing import open_bundle, pack
from inventory.estate import Estate
from inventory.problems import Problem

Problems = Callable[[dict[str, str]], list[Problem]]
Write = Callable[[dict[str, str]], Path]


@pytest.mark.parametrize(
    ("files", "place", "message", "hint"),
    [
        ({"common.j2": ""}, "templates/eos.j2:1", "there is no file 'common.j2'", ""),
        ({"templates/ios.j2": "{% include '../x.j2' %}"}, "templates/ios.j2:1", "'../x.j2' must be a path below", ""),
        ({"templates/ios.j2": "{% include 'task.json' %}"}, "templates/ios.j2:1", "'task.json' has another", None),
        ({"templates/ios.j2": "\n{{ row.vlan | uper }}"}, "templates/ios.j2:2", "there is no filter 'uper', in: {{ row",
         "did you mean 'upper'?"),
        ({"common.j2": "{% if x %}"}, "common.j2:1", "Unexpected end of template", ""),
        ({"common.j2": "{% include 'templates/ios.j2' %}"}, "common.j2:1", "'common.j2' takes itself in", ""),
        ({"common.j2": "{% include 'common.j2' %}"}, "common.j2:1", "'common.j2' takes itself in", ""),
        ({"common.j2": "snmp-server community s3cret RO"}, "common.j2:1", "a secret is written out here", None),
        ({"common.j2": "\n enable secret 9 $9$abcdefgh"}, "common.j2:2", "a secret is written out here", None),
        ({"stores.csv": "name,vlan\n"}, "stores.csv:1", "the first column is 'name', and must be site or device", ""),
        ({"stores.csv": "site;vlan\n"}, "stores.csv:1", "the first column is 'site;vlan'",
         "separate the columns with commas"),
        ({"stores.csv": "site,vlan,vlan\n"}, "stores.csv:1", "the column 'vlan' stands there twice", ""),
        ({"stores.csv": "site,vlan id\n"}, "stores.csv:1", "the column 'vlan id' has no proper name", None),
        ({"stores.csv": "site,vlan\nber-1\n"}, "stores.csv:2", "the row has 1 cells, the header 2 columns", None),
        ({"stores.csv": "site,vlan\n,10\n"}, "stores.csv:2", "the row is for no site", ""),
        ({"stores.csv": "site,vlan\nber-1,10\n\nber-1,11\n"}, "stores.csv:4", "'ber-1' has a row already",
         "the first is on line 2"),
        ({"stores.csv": 'site,vlan\nber-1,"10\nno aaa"\n'}, "stores.csv:2", "the cell of 'vlan' is not one line", None),
        ({"stores.csv": 'site,vlan\nber-1,"10\n'}, "stores.csv:2", "the CSV is broken: unexpected end of data", ""),
        ({"stores.csv": "site,psk\nber-1,hunter2\n"}, "stores.csv:2", "a secret is written out in 'psk'", None),
        ({"stores.csv": "site,vlan\nber-1,env:VLAN\n"}, "stores.csv:2", "'vlan' is a reference to a secret", None),
        ({"stores.csv": "\n\n"}, "stores.csv:1", "the table is empty", None),
    ],
)  # fmt: skip
def test_tells_what_is_wrong(
    problems: Problems, files: dict[str, str], place: str, message: str, hint: str | None
) -> None:
    found = [one for one in problems(files) if f"{one.file}:{one.line}" == place and message in one.message]

    assert found, problems(files)
    assert hint is None or found[0].hint == hint


def test_a_secret_that_is_taken_away_may_be_named(opened: Callable[..., object]) -> None:
    assert opened({"common.j2": "no snmp-server community public\nip routing\n"})


def test_a_secret_is_never_shown(problems: Problems) -> None:
    found = problems({"common.j2": "snmp-server community s3cret RO", "stores.csv": "site,psk\nber-1,hunter2\n"})

    assert "s3cret" not in str(found)
    assert "hunter2" not in str(found)


def test_rows_need_data(problems: Problems, edited: Callable[[str, str], dict[str, str]]) -> None:
    found = problems(edited("    data: stores.csv\n", ""))

    assert [str(problem) for problem in found] == [
        "templates/eos.j2: 'row' is used, and the change has no data; add data: stores.csv to the change file",
        "templates/ios.j2: 'row' is used, and the change has no data; add data: stores.csv to the change file",
    ]


def test_a_link_out_of_the_folder_is_not_followed(write: Write, tmp_path: Path) -> None:
    path = write({"common.j2": ""})
    (tmp_path / "passwd").write_text("root")
    (path.parent / "common.j2").symlink_to(tmp_path / "passwd")

    with pytest.raises(ChangeError, match=r"'common.j2' is a link out of the change's folder"):
        pack(path)


def test_a_link_to_a_folder_outside_is_not_followed(write: Write, tmp_path: Path) -> None:
    path = write({"templates/ios.j2": "{% include 'shared/x.j2' %}"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.j2").write_text("x")
    (path.parent / "shared").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ChangeError, match=r"'shared/x.j2' is a link out of the change's folder"):
        pack(path)


def test_a_link_within_the_folder_is_followed(write: Write) -> None:
    path = write({"common.j2": "", "shared/common.j2": "ip routing\n"})
    (path.parent / "common.j2").symlink_to(path.parent / "shared" / "common.j2")

    assert pack(path).files["common.j2"] == b"ip routing\n"


def test_what_may_be_missing_may_be_missing(opened: Callable[..., object]) -> None:
    taken = "{% include 'local.j2' ignore missing %}{% include ['a.j2', 'common.j2'] %}"
    source = taken + "\nvlan {{ row.vlan }} {{ row.text }}"

    assert opened({"templates/ios.j2": source, "templates/eos.j2": source})


def test_a_spreadsheets_marks_do_not_count(write: Write, estate: Estate) -> None:
    path = write({})
    (path.parent / "stores.csv").write_bytes(b"\xef\xbb\xbfsite,vlan,text\r\nber-1,10, office \r\n")

    change = open_bundle(pack(path).encode())

    assert dict(change.variables_for(estate.device("ber-1-r1")).row) == {"vlan": "10", "text": "office"}


def test_what_nobody_reads_is_noted(
    opened: Callable[..., Change], edited: Callable[[str, str], dict[str, str]]
) -> None:
    files = edited("noc_prefix: 198.51.100.0/24", "noc_prefix: 198.51.100.0/24\n      spare: 1")
    change = opened({**files, "stores.csv": "site,vlan,text,spare\n"})

    assert [f"{note.file}:{note.line}: {note.message} ({note.severity})" for note in change.notes] == [
        "change.yaml:11: no template uses the variable 'spare' (warning)",
        "stores.csv:1: no template uses the column 'spare' (warning)",
    ]
