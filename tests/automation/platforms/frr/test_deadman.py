"""The dead-man's verbs over real SSH, against a router that answers by a script: what a real one says only in need."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import (
    AnswerTimeoutError,
    AnswerTooLargeError,
    Limits,
    LockedError,
    RefusedCommandError,
    SessionLostError,
    UnconfirmedError,
)
from automation.platforms.frr.deadman import DeadMan, NotInstalledError
from automation.platforms.ways import way_to

pytestmark = pytest.mark.timeout(30)

LABEL = "wg-0123456789abcdef"
LIMITS = Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=5), answer_bytes=100_000)
IDLE = {"ok": True, "state": "idle", "boot": "b", "pending": None, "ended": []}


def refused(reason: str, error: str = "because") -> str:
    return json.dumps({"ok": False, "reason": reason, "error": error})


@pytest.fixture
def deadman(host: Any) -> Any:
    """The dead-man of a router that answers each request with this, and keeps what it was asked."""
    opened: list[DeadMan] = []

    def make(answer: str, limits: Limits = LIMITS, **how: bool) -> tuple[DeadMan, list[str]]:
        asked: list[str] = []

        async def script(terminal: Any) -> None:
            asked.append(terminal.process.command)
            if how.get("hangs"):
                await asyncio.Event().wait()
            if how.get("cut"):
                terminal.process.channel.get_connection().abort()
                return
            terminal.process.stdout.write(answer)
            terminal.process.exit(0)

        endpoint = host(script).endpoint()
        opened.append(DeadMan(endpoint, way_to(endpoint, None, limits), limits, None))
        return opened[-1], asked

    yield make
    for each in opened:
        each.close()


def _arm(deadman: DeadMan) -> None:
    deadman.arm(LABEL, timedelta(minutes=1))


def _confirm(deadman: DeadMan) -> None:
    deadman.confirm(LABEL)


def _revert(deadman: DeadMan) -> None:
    deadman.revert(LABEL)


@pytest.mark.parametrize(
    ("verb", "reason", "error"),
    [
        pytest.param(_arm, "armed", LockedError, id="another id is armed"),
        pytest.param(_arm, "restoring", LockedError, id="another id is being restored"),
        pytest.param(_arm, "busy", AnswerTimeoutError, id="the guardian has not left yet"),
        pytest.param(_arm, "router", RefusedCommandError, id="FRR did not do its part"),
        pytest.param(_arm, "installation", RefusedCommandError, id="it is not installed right"),
        pytest.param(_arm, "new-in-a-later-version", RefusedCommandError, id="a reason of the future"),
        pytest.param(_confirm, "armed", UnconfirmedError, id="another id's confirmation"),
        pytest.param(_confirm, "restoring", UnconfirmedError, id="too late to confirm"),
        pytest.param(_confirm, "unarmed", UnconfirmedError, id="nothing to confirm"),
        pytest.param(_confirm, "ended", UnconfirmedError, id="ended otherwise"),
        pytest.param(_revert, "unarmed", UnconfirmedError, id="nothing to revert"),
        pytest.param(_revert, "ended", UnconfirmedError, id="reverted in vain"),
    ],
)
def test_a_refusal_says_what_can_be_done(
    deadman: Any, verb: Callable[[DeadMan], None], reason: str, error: type[Exception]
) -> None:
    router, _ = deadman(refused(reason, "not \x1b[2Jnow"))
    with pytest.raises(error, match=r"not .*now") as caught:
        verb(router)
    assert type(caught.value) is error
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("timer", "seconds"),
    [
        pytest.param(timedelta(seconds=90), "90", id="whole seconds"),
        pytest.param(timedelta(milliseconds=2500), "3", id="rounded up"),
        pytest.param(timedelta(0), "2", id="the shortest"),
        pytest.param(timedelta(days=9), "7200", id="the longest"),
    ],
)
def test_a_timer_is_armed_in_whole_seconds(deadman: Any, timer: timedelta, seconds: str) -> None:
    router, asked = deadman('{"ok": true, "state": "armed"}')
    router.arm(LABEL, timer)
    assert asked == [f"wavegate-deadman arm {seconds} {LABEL}"]


def test_what_is_armed_is_told_with_its_label_and_whose_it_is(deadman: Any) -> None:
    armed = {"id": LABEL, "by": "netops@192.0.2.1:50000", "seconds_left": 12.5}
    router, _ = deadman(json.dumps({**IDLE, "state": "armed", "pending": armed}))
    pending = router.pending()
    assert (pending.label, pending.left) == (LABEL, timedelta(seconds=12.5))
    assert router.holder() == f"netops@192.0.2.1:50000 has {LABEL} armed"


def test_nothing_is_armed(deadman: Any) -> None:
    router, _ = deadman(json.dumps(IDLE))
    assert (router.installed(), router.pending(), router.holder()) == (True, None, "")


def test_the_saved_configuration_comes_through_without_escapes(deadman: Any) -> None:
    router, _ = deadman(json.dumps({"ok": True, "startup": "frr version 8.4.4\n\x1b[31mline vty\n"}))
    assert "\x1b" not in router.startup()
    assert "line vty" in router.startup()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("% Unknown command: wavegate-deadman status\r\n", id="vtysh as login shell"),
        pytest.param("sh: 1: wavegate-deadman: not found\n", id="a shell"),
        pytest.param("", id="nothing"),
        pytest.param("[]", id="JSON of another kind"),
    ],
)
def test_a_router_without_it_is_no_error_to_ask_and_says_how_to_get_it(deadman: Any, said: str) -> None:
    router, _ = deadman(said)
    assert router.installed() is False
    with pytest.raises(NotInstalledError, match=r"prepare the router with deploy/frr/install\.sh"):
        router.startup()


def test_an_installation_that_does_not_work_is_no_missing_one(deadman: Any) -> None:
    router, _ = deadman(refused("installation", "vtysh cannot be run"))
    with pytest.raises(RefusedCommandError, match="vtysh cannot be run"):
        router.installed()


def test_an_answer_without_end_is_cut_off(deadman: Any) -> None:
    router, _ = deadman("x" * 300_000)
    with pytest.raises(AnswerTooLargeError, match="more than 100000 bytes"):
        router.pending()


def test_no_answer_comes_to_an_end_in_time(deadman: Any) -> None:
    router, _ = deadman("", Limits(connect=timedelta(seconds=5), answer=timedelta(milliseconds=300)), hangs=True)
    with pytest.raises(AnswerTimeoutError, match=r"did not answer 'wavegate-deadman status' in 0\.3 s"):
        router.pending()


def test_a_connection_that_breaks_off_is_lost_and_the_next_verb_has_one_of_its_own(deadman: Any) -> None:
    router, asked = deadman("", cut=True)
    for _ in range(2):
        with pytest.raises(SessionLostError):
            router.confirm(LABEL)
    assert asked == [f"wavegate-deadman confirm {LABEL}"] * 2
