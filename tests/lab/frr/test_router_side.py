"""The parts of the router's side that decide without a router: requests, lines, secrets, configuration texts, state."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Side = Callable[[str], ModuleType]


@pytest.mark.parametrize(
    ("request_text", "verb", "identity", "seconds"),
    [
        pytest.param("wavegate-deadman status", "status", "", 2, id="status"),
        pytest.param("wavegate-deadman startup", "startup", "", 2, id="startup"),
        pytest.param("wavegate-deadman arm 120 order-7.1", "arm", "order-7.1", 120, id="arm"),
        pytest.param("wavegate-deadman confirm 0:a_b", "confirm", "0:a_b", 2, id="confirm"),
        pytest.param(f"wavegate-deadman revert {'x' * 64}", "revert", "x" * 64, 2, id="revert, the longest id"),
    ],
)
def test_a_verb_is_read(router_side: Side, request_text: str, verb: str, identity: str, seconds: int) -> None:
    request = router_side("deadman").parse(request_text)
    assert (request.verb, request.id, request.seconds) == (verb, identity, seconds)


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        pytest.param([b"show version\n"], ["show version"], id="one line"),
        pytest.param([b"sh", b"ow ver", b"sion\r\n"], ["show version"], id="in pieces, with both line ends"),
        pytest.param([b"\n\r\n \n"], [], id="empty lines"),
        pytest.param([b"one\rtwo\nthree"], ["one", "two"], id="the last one is not ended yet"),
        pytest.param([b"shox\x08w\n"], ["show"], id="erased"),
        pytest.param([b"oops\x15show\n"], ["show"], id="killed"),
        pytest.param([b"oops\x03show\n"], ["show"], id="interrupted"),
        pytest.param([b"\xff\xfe\n"], ["\\xff\\xfe"], id="no text at all"),
        pytest.param([b"x" * 5000 + b"\n"], ["x" * 2048], id="longer than syslog takes"),
    ],
)
def test_what_is_typed_is_cut_into_lines(router_side: Side, typed: list[bytes], lines: list[str]) -> None:
    cutter = router_side("accounting").Lines()
    assert [line for data in typed for line in cutter.feed(data)] == lines


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        pytest.param("neighbor 192.0.2.1 password hidden", "neighbor 192.0.2.1 password ***", id="BGP"),
        pytest.param("ip ospf message-digest-key 1 md5 hidden", "ip ospf message-digest-key 1 md5 ***", id="OSPF"),
        pytest.param("ip ospf authentication-key hidden", "ip ospf authentication-key ***", id="OSPF, plain"),
        pytest.param("enable password 8 hidden more", "enable password ***", id="all that follows"),
        pytest.param("KEY-STRING hidden", "KEY-STRING ***", id="capitals"),
        pytest.param("ip rip authentication string hidden", "ip rip authentication string ***", id="RIP"),
        pytest.param("no password", "no password", id="nothing follows"),
        pytest.param("set community 65000:1", "set community 65000:1", id="no secret"),
    ],
)
def test_secrets_are_masked(router_side: Side, line: str, masked: str) -> None:
    assert router_side("accounting").masked(line) == masked


CONFIG = """\
frr version 8.4.4
hostname r1
!
interface eth0
 ip address 192.0.2.1/24
exit
!
router bgp 65000
 neighbor 192.0.2.2 remote-as 65001
 !
 address-family ipv4 unicast
  network 192.0.2.0/24
 exit-address-family
exit
!
end
"""


def test_a_configuration_is_its_lines_with_those_they_stand_under(router_side: Side) -> None:
    assert router_side("vtysh").lines(CONFIG) == [
        ("hostname r1",),
        ("interface eth0",),
        ("interface eth0", "ip address 192.0.2.1/24"),
        ("router bgp 65000",),
        ("router bgp 65000", "neighbor 192.0.2.2 remote-as 65001"),
        ("router bgp 65000", "address-family ipv4 unicast"),
        ("router bgp 65000", "address-family ipv4 unicast", "network 192.0.2.0/24"),
    ]


@pytest.mark.parametrize(
    ("actual", "lacks", "extra"),
    [
        pytest.param(CONFIG, [], [], id="the same"),
        pytest.param(CONFIG.replace("8.4.4", "9.0"), [], [], id="a version is no configuration"),
        pytest.param(CONFIG.replace("hostname r1\n", ""), [("hostname r1",)], [], id="a line is missing"),
        pytest.param(
            CONFIG.replace(" ip address", " shutdown\n ip address"), [], [("interface eth0", "shutdown")], id="one more"
        ),
        pytest.param(
            CONFIG.replace("end\n", "hostname r1\nend\n"), [], [("hostname r1",), ("hostname r1",)], id="twice"
        ),
    ],
)
def test_differences_are_counted_both_ways(
    router_side: Side, actual: str, lacks: list[tuple[str, ...]], extra: list[tuple[str, ...]]
) -> None:
    assert router_side("vtysh").differences(CONFIG, actual) == (lacks, extra)


def test_a_state_survives_being_written_and_read(router_side: Side, tmp_path: Path) -> None:
    state = router_side("state")
    store = state.Store(tmp_path)
    pending = state.Pending(id="a", seconds=9, armed_at=1.0, deadline=2.0, by="me", startup_sha256="0")
    with store.locked() as fresh:
        store.write(state.State(boot=fresh.boot, pending=pending).with_end(_end(state, "old")))
    with store.locked() as again:
        assert (again.boot, again.pending, again.ending("old").outcome) == (fresh.boot, None, "fired")


@pytest.mark.parametrize("text", ["", "damaged", "[]", "{}", '{"boot": "x", "pending": 7, "ended": []}'])
def test_a_damaged_state_is_like_none(router_side: Side, tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text, encoding="utf-8")
    assert router_side("state").Store(tmp_path).read().boot == ""


def test_only_the_latest_ends_are_remembered(router_side: Side) -> None:
    state = router_side("state")
    many = state.State(boot="x")
    for number in range(state.REMEMBERED + 5):
        many = many.with_end(_end(state, str(number)))
    assert len(many.ended) == state.REMEMBERED
    assert many.ending("4") is None
    assert many.ending("5") is not None


def test_a_lock_that_is_held_is_told_after_the_time_given(router_side: Side, tmp_path: Path) -> None:
    state = router_side("state")
    store = state.Store(tmp_path)
    with (
        store.locked(),
        pytest.raises(state.BusyError, match="another session has held"),
        store.locked(timeout_s=0.05),
    ):
        pass


def test_a_missing_folder_says_how_to_mend_it(router_side: Side, tmp_path: Path) -> None:
    state = router_side("state")
    with pytest.raises(state.FolderError, match="run systemd-tmpfiles --create, or install again"):
        state.Store(tmp_path / "missing").prepare()


def _end(state: ModuleType, identity: str) -> object:
    return state.Ended(id=identity, outcome="fired", at=1.0)
