"""A whole change looked at: in spite of what is wrong, what is right is held against an estate, too."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from automation.change.examining import Examined, examine
from automation.change.sources import Folder, Packed
from automation.change.validation import validate
from automation.platforms.contract import Platform
from inventory.estate import Estate

Edited = Callable[[str, str], dict[str, str]]


@pytest.fixture
def look(write: Callable[[dict[str, str]], Path]) -> Callable[[dict[str, str]], Examined]:
    return lambda files: examine(Folder(change_file=write(files)))


Look = Callable[[dict[str, str]], Examined]


def test_a_right_change_has_no_problem(look: Look) -> None:
    found = look({})

    assert found.change is not None
    assert not found.problems
    assert sorted(found.files) == ["change.yaml", "common.j2", "stores.csv", "templates/eos.j2", "templates/ios.j2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: M", "titel: M"),
        ("team: netauto", "team: net auto"),
        ("canary: 2", "canary: 0"),
        ("checks_within: 30s", "checks_within: soon"),
        ("count: 1", "count: 0"),
        ("show ntp status", "reload"),
    ],
)
def test_what_says_nothing_about_lines_hides_no_problem_of_lines(
    look: Look, edited: Edited, estate: Estate, platforms: Mapping[str, Platform], old: str, new: str
) -> None:
    # given one mistake in how the change goes out, and one in what it is
    found = look({**edited(old, new), "templates/ios.j2": "{{ nope }}{{ row.vlan }}{{ row.text }}"})

    assert found.problems
    assert found.change is not None
    messages = [problem.message for problem in validate(found.change, estate, platforms)]
    assert [message for message in messages if message.startswith("'nope' is not defined")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("select: role=router,region=emea", "select: [a]"),
        ("ios: templates/ios.j2", "ios: ../x"),
        ("data: stores.csv", "data: /x"),
        ("noc_prefix:", "noc-prefix:"),
    ],
)
def test_what_lines_depend_on_has_to_be_right(look: Look, edited: Edited, old: str, new: str) -> None:
    found = look(edited(old, new))

    assert found.problems
    assert found.change is None


@pytest.mark.parametrize(
    "files",
    [
        {"templates/ios.j2": "{% if x %}{{ row.vlan }}{{ row.text }}"},
        {"templates/ios.j2": "{{ row.vlan | uper }}{{ row.text }}"},
        {"templates/ios.j2": "{% include 'missing.j2' %}{{ row.vlan }}{{ row.text }}"},
        {"templates/ios.j2": ""},
    ],
    ids=["syntax", "filter", "include", "no file"],
)
def test_what_is_wrong_with_a_template_is_told_once(
    look: Look, estate: Estate, platforms: Mapping[str, Platform], files: dict[str, str]
) -> None:
    found = look({**files, "common.j2": "{{ nope }}{{ noc_prefix }}"})

    assert found.change is not None
    assert len(found.problems) == 1
    # and the other platform's templates are rendered all the same
    [problem] = validate(found.change, estate, platforms)
    assert problem.message.startswith("'nope' is not defined, in: {{ nope }}{{ noc_prefix }} (1 device: ber-1-r2)")


@pytest.mark.parametrize(
    ("old", "new"),
    [("    data: stores.csv\n", ""), ("stores.csv", "stores.cvs")],
    ids=["no data", "no file"],
)
def test_what_rows_are_missing_for_is_told_once(
    look: Look, edited: Edited, estate: Estate, platforms: Mapping[str, Platform], old: str, new: str
) -> None:
    found = look(edited(old, new))

    assert found.problems
    assert found.change is None or not validate(found.change, estate, platforms)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[", b"- a", b"title: [", b"\x00"])
def test_no_content_makes_it_fail(content: bytes) -> None:
    found = examine(Packed(files={"change.yaml": content}))

    assert found.change is None
    assert [problem.file for problem in found.problems] == ["change.yaml"]


def test_a_bundle_without_a_change_file_is_told() -> None:
    [problem] = examine(Packed(files={})).problems

    assert str(problem) == "change.yaml: the bundle has no file 'change.yaml'"


def test_a_template_of_several_platforms_is_told_once(look: Look, edited: Edited) -> None:
    files = edited("eos: templates/eos.j2", "eos: templates/ios.j2")

    found = look({**files, "templates/ios.j2": "{{ row.vlan | uper }} {{ row.text }}"})

    assert len(found.problems) == 1


def test_templates_may_share_parts_without_going_in_circles(look: Look) -> None:
    # given a diamond: both templates take in the same two, one of which takes in the other
    files = {
        "templates/ios.j2": "{% include 'common.j2' %}{% include 'more.j2' %}{{ row.vlan }}{{ row.text }}",
        "more.j2": "{% include 'common.j2' %}",
    }

    assert not look(files).problems


@pytest.mark.parametrize("length", [1, 2, 5])
def test_every_circle_is_found(look: Look, length: int) -> None:
    circle = {f"c{n}.j2": f"{{% include 'c{(n + 1) % length}.j2' %}}" for n in range(length)}

    found = look({**circle, "common.j2": "{% include 'c0.j2' %}"})

    assert {problem.file.rsplit("/", 1)[1] for problem in found.problems} == set(circle)


def test_a_chain_of_templates_is_followed_to_its_end(look: Look) -> None:
    chain = {f"c{n}.j2": f"{{% include 'c{n + 1}.j2' %}}" for n in range(50)}

    found = look({**chain, "c50.j2": "ip routing\n", "common.j2": "{% include 'c0.j2' %}! {{ noc_prefix }}\n"})

    assert not found.problems
    assert "c50.j2" in found.files


def test_a_chain_without_an_end_is_cut(look: Look) -> None:
    chain = {f"c{n}.j2": f"{{% include 'c{n + 1}.j2' %}}" for n in range(400)}

    assert len(look({**chain, "common.j2": "{% include 'c0.j2' %}"}).files) < 210
