"""What devices keep where all the rest is replaced: as it is written, packed, and held against what is rendered."""

from collections.abc import Callable, Mapping

import pytest

from automation.change.lines import faults
from automation.change.model import Change
from automation.change.validation import validate
from automation.config.vendors.eos import EOS
from automation.platforms.contract import Platform
from inventory.estate import Estate
from inventory.problems import Problem

Open = Callable[..., Change]
Edited = Callable[[str, str], dict[str, str]]
Problems = Callable[..., list[Problem]]

REPLACING = "select: platform=eos\n    mode: replace\n    keep:\n"
KEEP = (
    "      - username\n      - snmp-server community\n      - enable password\n      - management api http-commands\n"
)


def keeping(lines: str, edited: Edited) -> dict[str, str]:
    """The right change over EOS alone, by a replace that keeps these; the list starts on line 7."""
    files = edited("select: role=router,region=emea\n", f"{REPLACING}{lines}")
    change = files["change.yaml"].replace("      ios: templates/ios.j2\n", "").replace("platforms: [ios], ", "")
    return {"change.yaml": change}


def test_it_is_read_in_order(opened: Open, edited: Edited) -> None:
    change = opened(keeping(KEEP, edited))
    assert change.keep == ("username", "snmp-server community", "enable password", "management api http-commands")


def test_without_it_nothing_is_kept(opened: Open) -> None:
    assert opened().keep == ()


def test_it_is_a_part_of_the_change(opened: Open, edited: Edited) -> None:
    ids = {opened(keeping(lines, edited)).id for lines in (KEEP, KEEP.replace("enable password", "enable secret"))}
    assert len(ids) == 2


# Each case: what is kept, the line of the change file, what is said, and how to mend it.
WRONG = {
    "no list": ("      username\n", 6, "keep 'username' must be a list", ""),
    "empty": ('      - ""\n', 7, "keep.0 '' must be the first words of lines that stand on top", ""),
    "indented": ('      - "   description"\n', 7, "keep.0 '   description' must be the first words of lines", ""),
    "two spaces": ("      - username  ops\n", 7, "keep.0 'username  ops' must be the first words", ""),
    "a comment": ('      - "!"\n', 7, "keep.0 '!' must be the first words of lines", ""),
    "two lines": ('      - "username\\nenable"\n', 7, "keep.0 'username\\nenable' must be the first words", ""),
    "far too long": (f"      - {'x' * 201}\n", 7, "keep.0 'xxxx", ""),
    "twice": (
        "      - username\n      - enable\n      - username\n",
        9,
        "'username' is kept already, by 'username'",
        "remove one of them",
    ),
    "narrower": (
        "      - snmp-server\n      - snmp-server community\n",
        8,
        "'snmp-server community' is kept already, by 'snmp-server'",
        "remove one of them",
    ),
    "a secret": (
        "      - snmp-server community canary\n",
        7,
        "keep.0 holds a secret",
        "leave it out: the words before it are enough",
    ),
}


@pytest.mark.parametrize(("lines", "line", "message", "hint"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_it_is_told(
    problems: Problems, edited: Edited, lines: str, line: int, message: str, hint: str
) -> None:
    [found] = problems(keeping(lines, edited))
    assert (found.file, found.line, found.hint) == ("change.yaml", line, hint)
    assert found.message.startswith(message)
    assert "canary" not in str(found)


def test_a_merge_keeps_what_it_does_not_name_anyway(problems: Problems, edited: Edited) -> None:
    [found] = problems(edited("data: stores.csv", "data: stores.csv\n    keep: [username]"))
    assert (found.line, found.message) == (9, "keep is for mode: replace; a merge leaves alone what it does not name")
    assert found.hint == "leave keep out, or set mode: replace"


@pytest.fixture
def validated(
    opened: Open, edited: Edited, estate: Estate, platforms: Mapping[str, Platform]
) -> Callable[..., list[str]]:
    """What is said about a replace with these lines that keeps what is in ``KEEP``."""

    def found(template: str) -> list[str]:
        files = {
            **keeping(KEEP, edited),
            "templates/eos.j2": f"{template}vlan {{{{ row.vlan }}}}\n! {{{{ row.text }}}}",
        }
        errors = validate(opened({**files, "common.j2": ""}), estate, platforms)
        return [str(problem) for problem in errors if problem.severity == "error"]

    return found


def test_a_change_that_leaves_out_what_is_kept_is_right(validated: Callable[..., list[str]]) -> None:
    assert validated("hostname {{ device.name }}\nsnmp-server location here\nusername-prompt who\n") == []


@pytest.mark.parametrize(
    ("line", "place", "prefix", "words"),
    [
        ("username {{ device.name }} nopassword", 7, "username", "username ber-1-r2"),
        ("no username bob", 7, "username", "no username"),
        ("management api http-commands\n   no shutdown", 10, "management api http-commands", "management api"),
    ],
    ids=["a line", "one taken away", "a section"],
)
def test_a_line_that_is_kept_is_not_the_change_s_to_say(
    validated: Callable[..., list[str]], line: str, place: int, prefix: str, words: str
) -> None:
    [said] = validated(f"{line}\n")
    assert said == (
        f"change.yaml:{place}: {prefix!r} is kept as each device has it, and the change has such a line as well "
        f"(2 devices: ber-1-r2, ber-1-s1, on ber-1-r2 it is {words!r} ...); "
        "remove the line, or leave this out of keep"
    )


def test_it_is_known_by_what_the_device_makes_of_it() -> None:
    text = "dns domain branch.example.net\n"
    [fault] = faults(text, EOS, merge=False, keep=("hostname", "ip domain-name"))
    assert (fault.field, fault.detail) == (("keep", "1"), "it is 'dns domain' ...")


def test_lines_below_a_section_are_nobody_s_but_the_section_s() -> None:
    assert not list(faults("interface Ethernet1\n   description x\n", EOS, merge=False, keep=("description",)))
