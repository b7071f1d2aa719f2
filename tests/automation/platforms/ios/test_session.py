"""What IOS alone does to a session: questions, locks, reloads, archives."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from automation.platforms.contract import (
    DeviceFullError,
    Limits,
    LineRejectedError,
    LockedError,
    NotSavedError,
    RefusedCommandError,
)
from automation.platforms.ios.platform import Ios
from events.values import UndoRank
from lab.faults import Fault, FaultKind
from lab.journal import Event

LABEL = "wg-0123456789abcdef"
PROMPT, CONFIG = "branch-1#", "branch-1(config)#"
MINUTE = timedelta(minutes=1)
KINDS = ("ios", "ios-dead-man")


@pytest.fixture(params=["ios"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def by_hand(bench: Any, *commands: str) -> Any:
    """Another session of a person, who types commands as they come."""
    secret = bench.endpoint.login.password.get_secret_value()
    bench.lab.edit(bench.device, [f"username ops privilege 15 secret 0 {secret}"])
    login = type(bench.endpoint.login)(username="ops", password=SecretStr(secret))
    session = bench.connect(login=login)
    for command in commands:
        session._shell.ask(command)
    return session


@pytest.fixture
def device(host: Any) -> Any:
    """A session with a device that answers commands with these texts; in configuration mode where they are lists."""
    opened = []

    def start(answers: dict[str, str | list[str]]) -> tuple[Any, list[str]]:
        heard: list[str] = []

        async def script(terminal: Any) -> None:
            await terminal.prepared(PROMPT)
            prompt = PROMPT
            while True:
                command = await terminal.hear()
                heard.append(command)
                said = answers.get(command, "")
                if command.startswith("configure terminal") and command not in answers:
                    prompt = CONFIG
                if command in {"end", "\x03"}:
                    prompt = PROMPT
                await terminal.say(*said) if isinstance(said, list) else await terminal.say(f"{said}\n{prompt}")

        limits = Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=3))
        opened.append(Ios().connect(host(script).endpoint(), None, limits))
        return opened[-1], heard

    yield start
    for session in opened:
        session.close()


def _committed(session: Any) -> None:
    session.arm(LABEL, MINUTE)
    session.commit(LABEL, MINUTE)


Device = Callable[[dict[str, str | list[str]]], tuple[Any, list[str]]]


# Others at work.


def test_a_persons_lock_is_theirs(bench: Any) -> None:
    bench.lab.edit(bench.device, ["configuration mode exclusive auto"])
    person = by_hand(bench, "configure terminal")
    with pytest.raises(LockedError, match=r"locked by user ops on line \d+"):
        bench.connect().lock(LABEL)
    person.close()
    bench.await_that(lambda: bench.lab.device(bench.device).sessions == 1)
    bench.connect().lock(LABEL)


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_taken_after_the_look_keeps_everything_out(bench: Any) -> None:
    bench.lab.edit(bench.device, ["configuration mode exclusive auto"])
    session = bench.connect()
    session.lock(LABEL)
    session.stage(("vlan 77",), label=LABEL, replace=False)
    by_hand(bench, "configure terminal")
    with pytest.raises(LockedError, match="user 'ops'"):
        _committed(session)
    assert "vlan 77" not in bench.running()
    # Nothing stays armed that would undo what was never done.
    assert session.pending() is None


def test_a_persons_revert_timer_is_theirs(bench: Any) -> None:
    by_hand(bench, "configure terminal revert timer 5", "end")
    with pytest.raises(LockedError, match="a revert timer of ops runs"):
        bench.connect().lock(LABEL)
    pending = bench.connect().pending()
    assert pending is not None
    assert pending.label == "user ops"


def test_a_persons_scheduled_reload_is_theirs(device: Device) -> None:
    said = "Reload scheduled for 02:00:00 UTC Tue May 5 2020 (in 3 hours) by ops on vty1\nReload reason: maintenance\n"
    session, _ = device({"show reload": said})
    with pytest.raises(LockedError, match=r"ops on vty1 scheduled a reload \(maintenance\)"):
        session.lock(LABEL)
    assert session.pending() is None


# Undo.


@pytest.mark.parametrize(("path", "rank"), [("bootflash:a", UndoRank.TIMER), ("tftp://10.0.0.1/a", UndoRank.DEAD_MAN)])
def test_the_rank_of_the_undo_depends_on_where_the_archive_is(make_bench: Any, path: str, rank: UndoRank) -> None:
    bench = make_bench("ios", archive=False, extra=f"archive\n path {path}\n")
    assert bench.connect().undo_rank() is rank


def test_an_archive_without_room_arms_nothing(bench: Any) -> None:
    session = bench.connect()
    session.stage(("vlan 77",), label=LABEL, replace=False)
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.FLASH_FULL))
    with pytest.raises(DeviceFullError, match="No space left"):
        session.arm(LABEL, MINUTE)
    assert session.pending() is None
    assert "vlan 77" not in bench.running()


def test_a_dead_man_that_is_not_armed_keeps_everything_out(device: Device) -> None:
    session, heard = device({f"reload in 1 wavegate {LABEL}": "% Reload is not possible now\n"})
    session.stage(("vlan 77",), label=LABEL, replace=False)
    with pytest.raises(RefusedCommandError, match="nothing would undo"):
        session.arm(LABEL, MINUTE)
    with pytest.raises(RefusedCommandError, match="no undo is armed"):
        session.commit(LABEL, MINUTE)
    assert not {"configure terminal", "vlan 77"} & set(heard)


@pytest.mark.parametrize("kind", ["ios-dead-man"])
def test_arming_a_dead_man_saves_nothing(bench: Any) -> None:
    bench.lab.edit(bench.device, ["hostname renamed"])
    session = bench.connect()
    session.stage(("vlan 77",), label=LABEL, replace=False)
    session.arm(LABEL, 3 * MINUTE)
    session.commit(LABEL, 3 * MINUTE)
    assert "hostname renamed" not in bench.startup()
    pending = session.pending()
    assert pending is not None
    assert pending.label == LABEL
    assert 2 * MINUTE < pending.left <= 3 * MINUTE


@pytest.mark.parametrize("kind", ["ios-dead-man"])
def test_setting_a_dead_man_off_saves_nothing(bench: Any) -> None:
    session = bench.connect()
    session.stage(("vlan 77",), label=LABEL, replace=False)
    _committed(session)
    with pytest.raises(Exception, match="ended the session"):
        session.revert(LABEL)
    bench.await_that(lambda: bench.lab.device(bench.device).up)
    assert "vlan 77" not in bench.running()
    assert not bench.journal(Event.SAVED)


# Lines.


def test_a_question_about_a_line_refuses_it(device: Device) -> None:
    question = "This will erase all keys.\nDo you really want to remove them? [yes/no]: "
    session, heard = device({"crypto key zeroize rsa": [question]})
    session.stage(("hostname a", "crypto key zeroize rsa", "vlan 77"), label=LABEL, replace=False)
    with pytest.raises(LineRejectedError) as caught:
        session.commit(LABEL, None)
    assert caught.value.line == "crypto key zeroize rsa"
    assert caught.value.answer == "Do you really want to remove them? [yes/no]:"
    assert "vlan 77" not in heard
    assert heard[-2:] == ["\x03", "end"]


def test_taking_a_user_away_is_confirmed(device: Device) -> None:
    question = (
        "This operation will remove all username related configurations with same name.\n"
        "Do you want to continue? [confirm]"
    )
    session, heard = device({"no username bob": [question], "": f"\n{CONFIG}"})
    session.stage(("no username bob", "vlan 77"), label=LABEL, replace=False)
    session.commit(LABEL, None)
    assert heard[-4:] == ["no username bob", "", "vlan 77", "end"]


def test_a_line_that_leaves_configuration_mode_is_refused(device: Device) -> None:
    session, heard = device({"exit": [PROMPT]})
    session.stage(("vlan 77", "exit", "reload-like"), label=LABEL, replace=False)
    with pytest.raises(LineRejectedError, match="refused a line") as caught:
        session.commit(LABEL, None)
    assert caught.value.answer == "it left configuration mode"
    assert "reload-like" not in heard


def test_another_name_does_not_confuse_the_session(bench: Any) -> None:
    session = bench.connect()
    session.stage(("hostname renamed", "vlan 77", "no hostname", "vlan 78"), label=LABEL, replace=False)
    session.commit(LABEL, None)
    assert "vlan 78" in session.running()
    assert "hostname Router" in bench.running()


def test_only_what_is_staged_is_committed(bench: Any) -> None:
    session = bench.connect()
    with pytest.raises(RefusedCommandError, match="nothing is staged"):
        session.commit(LABEL, None)
    with pytest.raises(RefusedCommandError, match="not offered"):
        session.stage(("hostname a",), label=LABEL, replace=True)


# Reading and saving.


def test_a_device_that_was_never_saved_has_no_startup(device: Device) -> None:
    session, _ = device({"show startup-config": "startup-config is not present\n"})
    assert session.startup() == ""


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Building configuration...\n[OK]\n", None),
        ("startup-config file open failed (Not enough space)\n", DeviceFullError),
        ("%Error opening nvram:/startup-config (Device or resource busy)\n", NotSavedError),
        ("Building configuration...\n", NotSavedError),
    ],
    ids=["saved", "full", "busy", "no word of it"],
)
def test_a_save_is_believed_where_the_device_says_so(device: Device, said: str, error: type[Exception] | None) -> None:
    session, _ = device({"write memory": said})
    if error is None:
        session.save()
        return
    with pytest.raises(error) as caught:
        session.save()
    assert type(caught.value) is error


def test_an_aaa_server_that_forbids_a_command_is_told_from_an_answer(device: Device) -> None:
    session, _ = device({"show archive": "Command authorization failed.\n"})
    with pytest.raises(RefusedCommandError, match="wavegate platform commands ios"):
        session.undo_rank()
