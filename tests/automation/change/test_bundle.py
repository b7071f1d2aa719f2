"""Bundles: one form of bytes, one digest, the same everywhere, and within reach of a shell."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.change.bundle import MAX_BUNDLE_BYTES, Bundle
from automation.change.errors import BundleError, ChangeError
from automation.change.model import Change
from automation.change.packing import open_bundle, pack
from events.plans import digest

Write = Callable[[dict[str, str]], Path]

paths = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,9}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,9}){0,2}", fullmatch=True)
files = st.dictionaries(paths, st.binary(max_size=200), max_size=8).map(lambda some: {**some, "change.yaml": b"x"})


@given(files)
def test_what_goes_in_comes_out(files: dict[str, bytes]) -> None:
    assert Bundle.decode(Bundle(files=files).encode()).files == files


@given(files, st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_count(files: dict[str, bytes], random: st.DataObject) -> None:
    shuffled = dict(sorted(files.items(), key=lambda _: random.random()))  # type: ignore[attr-defined] # it is a Random

    assert Bundle(files=shuffled).encode() == Bundle(files=files).encode()
    assert Bundle(files=shuffled).id == digest(Bundle(files=files).encode())


@given(files)
def test_bytes_are_the_one_form(files: dict[str, bytes]) -> None:
    content = Bundle(files=files).encode()
    inner = ",".join(f'"{path}":"{base64.b64encode(files[path]).decode()}"' for path in sorted(files))

    assert content == f'{{"files":{{{inner}}}}}'.encode("ascii")


@given(files, st.text(alphabet=" \n\t", min_size=1, max_size=3))
def test_any_other_form_is_refused(files: dict[str, bytes], space: str) -> None:
    spaced = Bundle(files=files).encode().replace(b":", b":" + space.encode(), 1)

    with pytest.raises(BundleError, match="not in its one form"):
        Bundle.decode(spaced)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the bundle is no JSON"),
        (b"\xff", "the bundle is no JSON"),
        (b"[" * 100_000, "the bundle is no JSON"),
        (b"[]", "a bundle is one map 'files'"),
        (b'{"files":[]}', "a bundle is one map 'files'"),
        (b'{"files":{"change.yaml":1}}', "a bundle is one map 'files'"),
        (b'{"files":{}}', "a bundle has 'change.yaml' and at most 200 files"),
        (b'{"files":{"change.yaml":"eA==","x":"eA=="},"more":1}', "not in its one form"),
        (b'{"files":{"x":"eA==","change.yaml":"eA=="}}', "not in its one form"),
        (b'{"files":{"change.yaml":"eA==","change.yaml":"eA=="}}', "not in its one form"),
        (b'{"files":{"change.yaml":"eA"}}', "the content of 'change.yaml' is no standard base64"),
        (b'{"files":{"change.yaml":"e-=="}}', "the content of 'change.yaml' is no standard base64"),
        (b'{"files":{"change.yaml":"eB=="}}', "not in its one form"),
        (b'{"files":{"change.yaml":"\\u00e9"}}', "the content of 'change.yaml' is no standard base64"),
        (b'{"files":{"../x":"eA==","change.yaml":"eA=="}}', "the bundle's path '../x' must be a path below"),
        (b'{"files":{"/x":"eA==","change.yaml":"eA=="}}', "the bundle's path '/x' must be a path below"),
        (b'{"files":{"change.yaml":"' + b"A" * MAX_BUNDLE_BYTES + b'"}}', "the change is too large: 700028 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses(content: bytes, message: str) -> None:
    with pytest.raises(BundleError, match=message.replace("'", ".").replace("(", r"\(")):
        Bundle.decode(content)


def test_a_change_that_is_too_large_is_refused_when_it_is_packed(write: Write) -> None:
    path = write({"common.j2": "! " + "x" * 530_000})

    with pytest.raises(BundleError, match=r"too large: 70\d{4} bytes, encoded, and 700000 fit a record of the log"):
        pack(path)


def test_packs_what_the_change_is_made_of(write: Write) -> None:
    path = write({"README.md": "not part of it", "templates/old.j2": "nor this"})

    bundle = pack(path)

    assert sorted(bundle.files) == ["change.yaml", "common.j2", "stores.csv", "templates/eos.j2", "templates/ios.j2"]
    assert bundle.files["change.yaml"] == path.read_bytes()


def test_the_name_of_the_change_file_does_not_count(write: Write) -> None:
    path = write({})
    renamed = path.rename(path.parent / "mgmt-acl.yaml")

    assert "change.yaml" in pack(renamed).files


def test_the_same_bytes_are_the_same_change(write: Write) -> None:
    bundle = pack(write({}))

    one, other = open_bundle(bundle.encode()), open_bundle(bundle.encode())

    assert one == other
    assert {one, other} == {one}
    assert one.id == bundle.id == digest(bundle.encode())
    assert one != "something else"


def test_another_byte_is_another_change(write: Write) -> None:
    before = open_bundle(pack(write({})).encode())
    after = open_bundle(pack(write({"stores.csv": "site,vlan,text\nber-1,11,office\n"})).encode())

    assert before.id != after.id
    assert before != after


def test_a_bundle_holds_nothing_that_the_change_does_not_name(write: Write) -> None:
    bundle = pack(write({}))
    padded = Bundle(files={**bundle.files, "notes.txt": b"hidden"})

    with pytest.raises(ChangeError, match=r"notes.txt: nothing in the change refers to this file"):
        open_bundle(padded.encode())


def test_a_bundle_lacks_nothing_that_the_change_names(write: Write) -> None:
    files = dict(pack(write({})).files)
    del files["common.j2"]

    with pytest.raises(ChangeError, match=r"templates/eos.j2:1: the bundle has no file 'common.j2'"):
        open_bundle(Bundle(files=files).encode())


def test_a_command_carries_the_same_bundle(write: Write) -> None:
    bundle = pack(write({}))

    assert Bundle.of_texts(bundle.texts()).encode() == bundle.encode()
    assert json.loads(bundle.encode()) == {"files": bundle.texts()}


SHELL = """
    set -eu
    cd "$1"
    export LC_ALL=C
    {
        printf '{"files":{'
        separator=
        for path in $(printf '%s\\n' change.yaml common.j2 stores.csv templates/ios.j2 templates/eos.j2 | sort); do
            printf '%s"%s":"%s"' "$separator" "$path" "$(openssl base64 -A -in "$path")"
            separator=,
        done
        printf '}}'
    } > bundle.json
    printf 'sha256:%s' "$(openssl dgst -sha256 -r bundle.json | cut -d ' ' -f 1)"
    """


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed (Debian's package openssl)")
def test_a_shell_with_openssl_makes_the_same_bytes(write: Write) -> None:
    path = write({})

    made = subprocess.run(
        ["/bin/sh", "-c", dedent(SHELL), "sh", str(path.parent)], capture_output=True, text=True, check=True
    )

    bundle = pack(path)
    assert (path.parent / "bundle.json").read_bytes() == bundle.encode()
    assert made.stdout == bundle.id
    change: Change = open_bundle((path.parent / "bundle.json").read_bytes())
    assert change.title == "Management ACL with the NOC's new prefix"
