"""The same bytes give the same lines in any process: nothing depends on a machine, a place or a seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
PROGRAM = """
import sys
from pathlib import Path
from automation.change.packing import open_bundle
from automation.change.rendering import render
from inventory.estate import Estate
from inventory.model import Device, Scope, Site

change = open_bundle(Path(sys.argv[1]).read_bytes())
site = Site(name="ber-1", country="DE", timezone="Europe/Berlin", region="emea", tier="store")
devices = [
    Device(name="ber-1-r1", site="ber-1", role="router", platform="ios", address="a", credentials="c"),
    Device(name="ber-1-r2", site="ber-1", role="router", platform="eos", address="b", credentials="c"),
]
estate = Estate.of(sites=[site], devices=devices, regions=[Scope(name="emea", variables={"ntp": "10.0.0.1"})])
print(change.id)
for device in devices:
    sys.stdout.write(render(change, estate, device))
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "C", "TZ": "Pacific/Auckland"},
        {"PYTHONHASHSEED": "3", "LC_ALL": "C.UTF-8", "TZ": "America/New_York", "PYTHONOPTIMIZE": "1"},
    ],
    ids=["one", "another locale and zone", "optimised"],
)
def test_another_process_renders_the_same(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(GOLDEN / "everything.json")],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )

    expected = [(GOLDEN / name).read_text() for name in ("everything.id", "ber-1-r1.txt", "ber-1-r2.txt")]
    assert done.stdout == "".join(expected)
