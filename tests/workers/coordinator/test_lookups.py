"""What a command needs from outside: its bundle, and what its selector means now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from automation.rollout.decision import ChangeRead, LookupFailed, TargetsFound
from events import commands
from events.blobs.contract import BlobFullError
from events.plans import address_of
from inventory.problems import EstateError, Problem

HASH = "sha256:" + "7" * 64


def stored(court: Any, select: str = "platform=eos") -> str:
    """A bundle that is in the store."""
    bundle = court.bundle(select)
    court.blobs.put(bundle.encode())
    return str(bundle.id)


def test_a_change_that_came_with_its_command_is_put_into_the_store(court: Any) -> None:
    bundle = court.bundle()
    found = court.lookups().look_up(commands.SubmitChange(bundle=bundle.id, files=bundle.texts()))
    assert isinstance(found, ChangeRead)
    assert (found.title, found.ticket, found.team) == ("Another NTP server", "NET-1", "netauto")
    assert (found.selector, found.task) == ("platform=eos", None)
    assert [wanted.area for wanted in found.approvals] == ["network-ops"]
    assert court.blobs.get(address_of(bundle.id)) == bundle.encode()


def test_one_that_is_there_already_is_read_from_the_store(court: Any) -> None:
    found = court.lookups().look_up(commands.SubmitChange(bundle=stored(court)))
    assert isinstance(found, ChangeRead)


def _other_files(court: Any) -> commands.Command:
    return commands.SubmitChange(bundle=HASH, files=court.bundle().texts())


def _not_there(court: Any) -> commands.Command:
    return commands.SubmitChange(bundle=HASH)


def _no_change(court: Any) -> commands.Command:
    bundle = type(court.bundle())(files={"change.yaml": b"title: only that\n"})
    return commands.SubmitChange(bundle=bundle.id, files=bundle.texts())


def _nothing_matches(court: Any) -> commands.Command:
    return commands.RequestRollout(change=stored(court, "platform=ios"))


def _only_nothing(court: Any) -> commands.Command:
    return commands.RequestRollout(change=stored(court), only="role=router")


def _no_selector(court: Any) -> commands.Command:
    return commands.RequestRollout(change=stored(court), only="role in (")


def _rollout_of_nothing(court: Any) -> commands.Command:
    return commands.RequestRollout(change=HASH)


@pytest.mark.parametrize(
    ("command", "code", "why"),
    [
        pytest.param(_other_files, "bad-change", "the command says sha256:777", id="other files than it says"),
        pytest.param(_not_there, "change-missing", "cannot be had or kept", id="a bundle that nobody stored"),
        pytest.param(_no_change, "bad-change", "the change cannot be used", id="a bundle that holds no change"),
        pytest.param(_nothing_matches, "bad-selection", "platform=ios", id="a selector that matches nothing"),
        pytest.param(_only_nothing, "bad-selection", "role=router", id="a restriction that leaves nothing"),
        pytest.param(_no_selector, "bad-selection", "role in (", id="a selector that is none"),
        pytest.param(_rollout_of_nothing, "change-missing", "cannot be had or kept", id="a rollout of nothing"),
    ],
)
def test_what_cannot_be_had_is_said(
    court: Any, command: Callable[[Any], commands.Command], code: str, why: str
) -> None:
    found = court.lookups().look_up(command(court))
    assert isinstance(found, LookupFailed)
    assert found.code == code
    assert why in found.why


def test_targets_are_those_of_the_inventory_as_it_is_now(court: Any) -> None:
    found = court.lookups().look_up(commands.RequestRollout(change=stored(court)))
    assert isinstance(found, TargetsFound)
    assert found.inventory == court.estate.content_hash
    first, _ = found.targets
    assert first.device == "store-001-sw1"
    assert (first.site, first.region, first.tier, first.platform) == ("store-001", "emea", "store", "eos")
    assert (first.role, first.credential, first.via, first.group) == ("switch", "lab", None, None)


def test_a_restriction_is_added_to_the_change_s_own_selector(court: Any) -> None:
    found = court.lookups().look_up(commands.RequestRollout(change=stored(court), only="site=store-002"))
    assert isinstance(found, TargetsFound)
    assert [target.device for target in found.targets] == ["store-002-sw1"]


def test_an_inventory_that_is_wrong_is_said_to_whoever_asks(court: Any) -> None:
    def wrong() -> Any:
        raise EstateError([Problem(file="all.yaml", line=7, message="two devices on one address", hint="")])

    lookups = type(court.lookups())(court.blobs, wrong)
    found = lookups.look_up(commands.RequestRollout(change=stored(court)))
    assert isinstance(found, LookupFailed)
    assert found.code == "bad-selection"
    assert "all.yaml:7" in found.why


@dataclass
class FullStore:
    """A store without room."""

    def put(self, _content: bytes, **_options: object) -> str:
        raise BlobFullError("no room on /var")


def test_a_store_without_room_is_said_too(court: Any) -> None:
    bundle = court.bundle()
    lookups = type(court.lookups())(FullStore(), lambda: court.estate)
    found = lookups.look_up(commands.SubmitChange(bundle=bundle.id, files=bundle.texts()))
    assert isinstance(found, LookupFailed)
    assert "no room on /var" in found.why


def test_most_commands_need_nothing(court: Any) -> None:
    assert court.lookups().look_up(commands.HoldRollout(rollout="r-1", reason="x")) is None
