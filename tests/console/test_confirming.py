"""Nothing large happens without being asked for twice, or with --yes."""

import pytest

from console.confirming import confirm
from console.errors import UsageError
from console.output import Output


def test_with_yes_it_is_shown_and_done(capsys: pytest.CaptureFixture[str]) -> None:
    confirm(Output(), ["100 devices in DE"], yes=True)
    written = capsys.readouterr()
    assert written.err == "100 devices in DE\n"
    assert written.out == ""


def test_where_nobody_can_be_asked_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"nobody can be asked here .*; say --yes"):
        confirm(Output(), ["100 devices in DE"], yes=False)
    assert "100 devices in DE" in capsys.readouterr().err


def test_what_is_shown_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    confirm(Output(), ["“\x1b[8mhidden”"], yes=True)
    assert capsys.readouterr().err == "“\\x1b[8mhidden”\n"
