"""Canary secrets: planted wherever secrets are, and searched for wherever anything is written or shown."""

import base64
import binascii
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.home import open_home
from events.blobs.contract import BlobStore, is_secret
from events.log.contract import Topic

pytestmark = pytest.mark.timeout(300)

#: What nobody hides, to see that a search finds what is there.
TITLE = "Public title 8f1c"
LINE = "ntp server 192.0.2.81"
#: Parts of signed envelopes, and files in them, which hide what they are from whoever only reads bytes.
ENCODED = re.compile(rb"[A-Za-z0-9_+/-]{24,}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
#: Where secrets belong; what else is below an installation's folder holds none.
VAULTS = {"keys", "people", "password"}


def planted(name: str) -> str:
    """A secret that occurs nowhere else in the world."""
    return f"Canary-{name}-{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def canaries() -> dict[str, str]:
    """Secrets by what they are."""
    return {name: planted(name) for name in ("password", "enable", "community", "tacacs", "ospf", "bgp", "typed")}


@pytest.fixture(scope="module")
def company(found_company: Any, enrolled: Any, canaries: dict[str, str]) -> Any:
    """A company whose every process tells all it can, and whose devices are full of secrets that are not even saved."""
    login = {"password": canaries["password"], "enable": canaries["enable"]}
    made = found_company(2, 4, settings={"log_level": "debug"}, **login)
    made.start("up")
    enrolled(made)
    for branch in made.branches:
        refused = made.lab.edit(branch.name, [line.format(**canaries) for line in SECRETS[branch.platform.value]])
        assert refused == []
    return made


SECRETS = {
    "ios": (
        "snmp-server community {community} RO",
        "tacacs-server host 192.0.2.9 key {tacacs}",
        "interface Loopback0",
        "ip ospf message-digest-key 1 md5 {ospf}",
        "router bgp 65000",
        "neighbor 192.0.2.10 remote-as 65001",
        "neighbor 192.0.2.10 password {bgp}",
    ),
    "eos": (
        "snmp-server community {community} ro",
        "tacacs-server key {tacacs}",
        "interface Vlan10",
        "ip ospf message-digest-key 1 md5 {ospf}",
        "router bgp 65000",
        "neighbor 192.0.2.10 remote-as 65001",
        "neighbor 192.0.2.10 password {bgp}",
    ),
}
IOS = f"""\
{LINE}
interface Loopback0
 description beside a secret
router bgp 65000
 neighbor 192.0.2.10 description beside another
"""
EOS = IOS.replace("Loopback0", "Vlan10")


@pytest.fixture(scope="module")
def told(company: Any, canaries: dict[str, str]) -> Any:
    """The company, once it has done everything that could give a secret away."""
    words = ("community", "key", "password", "secret")
    shows = [{"name": word, "command": f"show running-config | include {word}", "lacks": word} for word in words]
    # Nobody agreed to what others left unsaved: it is quoted in the reason why nothing was written.
    unsaved = company.approved(company.change("unsaved", ios=IOS, eos=EOS, title=TITLE))
    assert company.reaches(unsaved, "completed", "halted")["rollout"]["counts"] == {"refused": 4}
    # Out and back, over lines that others left unsaved.
    rollout = company.planned(company.change("out", ios=IOS, eos=EOS, title=TITLE))
    company("rollout", "approve", rollout, "--yes", "--save-foreign", by="olga")
    page = company.reaches(rollout, "completed", "halted")
    assert page["rollout"]["counts"] == {"verified": 4}, page["failures"]
    company("rollout", "rollback", rollout, "-r", "a drill", "--yes", by="olga")
    company.reaches(rollout, "rolled_back")
    # A check that fails quotes what the device answered: all of its secrets.
    failing = company.change("failing", title=TITLE, checks=shows, within="2s")
    hurt = company.approved(failing)
    assert {each["cause"] for each in company.reaches(hurt, "halted")["failures"]} == {"checks-failed"}
    # Somebody types a secret on a device after it was planned, in a section that a change touches.
    drifted = company.planned(company.change("drifted", ios=IOS, eos=EOS, title=TITLE))
    for branch in company.branches:
        company.lab.edit(branch.name, ["router bgp 65000", f"neighbor 192.0.2.11 password {canaries['typed']}"])
    company("rollout", "approve", drifted, "--yes", "--save-foreign", by="olga")
    assert company.reaches(drifted, "completed", "halted")["rollout"]["counts"].get("drifted")
    replaced = _replaced(company, canaries)
    _look(company, (unsaved, rollout, hurt, drifted, replaced))
    return company


#: What of an EOS device holds secrets; all else is in the template.
KEPT = ["username", "enable password", "snmp-server community", "tacacs-server", "interface Vlan10", "router bgp"]


def _replaced(company: Any, canaries: dict[str, str]) -> str:
    """Replaces whole configurations, out and back, but for all that is secret, which the devices keep."""
    whole = {name: config for name in company.devices if "EOS" in (config := company.lab.running(name))}
    parts = [f'{{% if device.name == "{name}" %}}\n{_public(config)}{{% endif %}}\n' for name, config in whole.items()]
    only = {"select": "platform=eos", "platforms": ["eos"], "mode": "replace", "keep": KEPT}
    change = company.change("replaced", eos="".join(parts), title=TITLE, **only)
    company("change", "validate", str(change))
    for device in whole:
        assert "replaced.example.net" in company("change", "diff", str(change), "--device", device).out
    rollout = str(company.planned(change))
    company("rollout", "approve", rollout, "--yes", "--save-foreign", by="olga")
    page = company.reaches(rollout, "completed", "halted")
    assert page["rollout"]["counts"] == {"verified": len(whole)}, page["failures"]
    own = [canaries[name] for name in ("community", "tacacs", "ospf", "bgp", "typed")]
    for name in whole:
        config = company.lab.startup(name)
        assert "dns domain replaced.example.net" in config
        assert [secret for secret in own if secret not in config] == []
    company("rollout", "rollback", rollout, "-r", "a drill", "--yes", by="olga")
    company.reaches(rollout, "rolled_back")
    return rollout


def _public(config: str) -> str:
    """A configuration with another domain, and without what is kept of it."""
    lines: list[str] = []
    public = True
    for line in config.splitlines():
        public = public if line.startswith(" ") else not line.startswith(tuple(KEPT))
        lines += [line] if public else []
    return "".join(f"{line}\n" for line in lines).replace("branch.example.net", "replaced.example.net")


def _look(company: Any, rollouts: tuple[str, ...]) -> None:
    """Shows all that can be shown, for people and for machines."""
    for more in ((), ("--json",)):
        for rollout in rollouts:
            for words in (("rollout", "show"), ("rollout", "plan"), ("audit", "--rollout")):
                company(*words, rollout, *more)
        for device in company.devices:
            company("device", "history", device, *more)
            company("inventory", "show", device, *more)
        company("log", "--last", "0", *more)
        company("rollout", "list", *more)
        company("audit", "--person", "olga", *more)
        company("key", "list", *more)
    company.told.append(company.processes[0].metrics())


def sinks(company: Any) -> Iterator[tuple[str, bytes]]:
    """Everything that was written or shown, by where, and as it is read there."""
    home = open_home(company.home)
    with home.log() as log:
        for topic in Topic:
            for partition in log.partitions(topic):
                with_all = log.reader({partition: 0})
                while with_all.position(partition) < with_all.end(partition):
                    for record in with_all.poll(timedelta(seconds=1)):
                        parts = [record.key.encode(), record.value, *(value for _, value in record.headers)]
                        yield f"topic {topic}", decoded(b"\n".join(parts))
    yield "what was told", "\n".join(company.told).encode()
    blobs = home.blobs()
    for path in sorted(company.home.rglob("*")):
        if path.is_file() and path.relative_to(company.home).parts[0] not in VAULTS:
            yield path.relative_to(company.home).parts[0], path.read_bytes() + content(path, blobs)


def content(path: Path, blobs: BlobStore) -> bytes:
    """What a blob holds that is not encrypted; nothing of any other file."""
    address = path.name.partition(".")[0]
    if path.suffixes[:1] != [".zst"] or is_secret(address):
        return b""
    return decoded(blobs.get(address))


def decoded(text: bytes) -> bytes:
    """A text together with what the parts of it that are base64 stand for, and the parts of those."""
    parts = [text]
    for part in ENCODED.findall(text):
        try:
            inner = base64.b64decode(part.translate(_URL_SAFE) + b"=" * (-len(part) % 4))
        except binascii.Error:
            continue
        parts.append(decoded(inner))
    return b"\n".join(parts)


def test_no_secret_is_anywhere(told: Any, canaries: dict[str, str]) -> None:
    # Given secrets that the devices really have, in clear or as a hash that is a secret as well
    hidden = dict(canaries)
    for branch in told.branches[:2]:
        hidden |= {f"{branch.platform} {name}": branch.secret(canaries[name]).split()[-1] for name in LOGIN}
        assert all(hidden[f"{branch.platform} {name}"] in told.lab.running(branch.name) for name in LOGIN)
    keys = [*(told.home / "keys").iterdir(), *(told.home / "people").glob("*.pem")]
    hidden |= {f"key {path.name}": path.read_text().splitlines()[1] for path in keys if path.suffix == ".pem"}
    # When they are searched for in everything that was written or shown
    found = {
        f"{name} in {where}"
        for where, text in sinks(told)
        for name, secret in hidden.items()
        if secret.encode() in text
    }
    # Then they are not there
    assert found == set()


LOGIN = ("password", "enable")


def test_the_search_finds_what_is_there(told: Any) -> None:
    # Given what nobody hides: the title of a change, and a line of it
    wheres = {word: {where for where, text in sinks(told) if word.encode() in text} for word in (TITLE, LINE)}
    # Then it is found in the log, in blobs, in the views, and in what was told
    assert {"topic commands", "topic facts", "blobs", "views.db", "what was told"} <= wheres[TITLE]
    assert {"topic commands", "blobs", "what was told"} <= wheres[LINE]
    # And where secrets stood something else stands now
    shown = "\n".join(told.told)
    for words in ("snmp-server community", "tacacs-server", "message-digest-key 1 md5", "neighbor 192.0.2.10 password"):
        assert re.search(rf"{words}[^\n]* <secret", shown), words
    assert "process-0.log" in {where for where, _ in sinks(told)}
