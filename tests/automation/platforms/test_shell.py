"""A command line that behaves strangely, and one that is hostile."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import (
    AnswerTimeoutError,
    AnswerTooLargeError,
    Limits,
    SessionLostError,
    UnreachableError,
)
from automation.platforms.shell import Reply, UnexpectedQuestionError

PROMPT = "branch-1#"
SHORT = Limits(connect=timedelta(seconds=5), answer=timedelta(seconds=1), answer_bytes=20_000)


def answering(*pieces: str, greeting: str = "", prompt: str = PROMPT) -> Any:
    """A script that says this to the first command, and then answers two more."""

    async def script(terminal: Any) -> None:
        await terminal.prepared(prompt, greeting)
        await terminal.hear()
        await terminal.say(*pieces)
        for number in range(2):
            await terminal.hear()
            await terminal.say(f"answer {number}\n{prompt}")

    return script


def test_a_banner_is_no_prompt(shell: Any) -> None:
    banner = "*****\n#  branch-1 > property of the company  #\nbranch-9#\nPassword: \nContinue? [confirm]\n*****"
    line = shell(answering(f"said\n{PROMPT}", greeting=banner))
    assert line.ask("show clock").text == "said\n"
    assert line.privileged


def test_what_is_typed_is_typed_at_a_prompt(shell: Any) -> None:
    # Given a readline that starts slowly: what is typed while none reads the terminal echoes, and later it does again
    async def script(terminal: Any) -> None:
        await terminal.say("Hello, this is a router.\n\n")
        typing = asyncio.ensure_future(terminal.hear(echo=False))
        for answer in ("", "", "first\n", "second\n"):
            early, _ = await asyncio.wait([typing], timeout=0.1)
            await terminal.say(*(f"{each.result()}\n" for each in early), PROMPT)
            await terminal.say(f"{await typing}\n")
            typing = asyncio.ensure_future(terminal.hear(echo=False))
            await terminal.say(answer)
        await terminal.say(PROMPT)
        await typing

    line = shell(script)
    # Then each answer is that of its own command
    assert line.ask("show one").text == "first\n"
    assert line.ask("show two").text == "second\n"


@pytest.mark.parametrize(
    ("prompt", "privileged"), [("branch-1>", False), ("branch-1#", True), ("a.b_c/d#", True), ("Router# ", True)]
)
def test_prompts_tell_the_rights(shell: Any, prompt: str, privileged: bool) -> None:
    line = shell(answering(f"said\n{prompt}", prompt=prompt))
    assert line.privileged is privileged
    assert line.ask("show clock").text == "said\n"


@pytest.mark.parametrize(
    ("prompt", "mode", "configuring"),
    [
        ("a-very-long-name-tha(config)#", "(config)", True),
        ("a-very-long-name-tha(config-if)#", "(config-if)", True),
        ("a-very-long-name-that-goes-on#", "", False),
    ],
)
def test_a_long_name_is_cut_in_configuration_mode(shell: Any, prompt: str, mode: str, configuring: bool) -> None:
    line = shell(answering(f"\n{prompt}", prompt="a-very-long-name-that-goes-on#"))
    answer = line.ask("configure terminal")
    assert (answer.mode, answer.configuring) == (mode, configuring)


@pytest.mark.parametrize(
    "pieces",
    [
        ("first\n", "second\n", PROMPT),
        ("first\nsec", "ond\nbran", "ch-1#"),
        ("first\nwhat is this? ", "second\n" + PROMPT),
        ("first\n[confirm]", "\nsecond\n", PROMPT),
        ("first\nother#", "\nsecond\n", PROMPT),
    ],
    ids=["by lines", "anywhere", "at a question mark", "at a question", "at a prompt of another name"],
)
def test_an_answer_comes_in_any_pieces(shell: Any, pieces: tuple[str, ...]) -> None:
    line = shell(answering(*pieces))
    assert line.ask("show text").text == "".join(pieces).removesuffix(PROMPT)
    assert line.ask("next").text == "answer 0\n"


def test_letters_of_several_bytes_come_through_whole(shell: Any) -> None:
    text = "Zürich, São Paulo, 東京\n" * 800
    line = shell(answering(text + PROMPT))
    assert line.ask("show text").text == text


def test_escapes_and_repainted_lines_do_not_come_through(shell: Any) -> None:
    said = "\x1b[2Ja\x1b]0;owned\x07b\x1b[31mc\x9b1md\x08 \x08e\x00\x07\n"
    line = shell(answering(f"{said}\x1b[0m{PROMPT}\x1b[K"))
    assert line.ask("show text").text == "abce\n"


@pytest.mark.parametrize(
    "broadcast",
    ["\n\n\n***\n*** --- SHUTDOWN in 0:05:00 ---\n***\n", "\n\n\n***\n*** --- SHUTDOWN ABORTED ---\n***\n"],
    ids=["coming", "aborted"],
)
@pytest.mark.parametrize("where", ["before the answer", "behind the prompt"])
def test_what_is_said_to_everybody_is_no_answer(shell: Any, broadcast: str, where: str) -> None:
    pieces = (broadcast, f"said\n{PROMPT}") if where == "before the answer" else (f"said\n{PROMPT}{broadcast}",)
    line = shell(answering(*pieces))
    assert line.ask("show text").text.strip() == "said"
    assert line.ask("next").text == "answer 0\n"


def test_another_name_shows_in_the_prompt(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        await terminal.hear()
        await terminal.say("renamed(config)#")
        await terminal.hear()
        await terminal.say("said\nrenamed(config)#")

    line = shell(script)
    assert line.ask("hostname renamed", renames=True).mode == "(config)"
    assert line.ask("show clock").text == "said\n"


def test_a_question_mark_is_typed_and_asks_for_nothing(shell: Any) -> None:
    heard: list[str] = []

    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        heard.append(await terminal.hear())
        await terminal.say(PROMPT)

    shell(script).ask("description who? me")
    assert heard == ["description who? me"]


# Questions.


def test_an_expected_question_is_answered(shell: Any) -> None:
    heard: list[str] = []

    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        for question in ("Save? [yes/no]: ", "Proceed with reload? [confirm]", "Password: "):
            heard.append(await terminal.hear(echo=question != "Password: "))
            await terminal.say(question)
        heard.append(await terminal.hear(echo=False))
        await terminal.say(f"\ndone\n{PROMPT}")

    replies = (
        Reply(question=re.compile(r"Save\?"), answer="no"),
        Reply(question=re.compile("Proceed"), answer=""),
        Reply(question=re.compile("assword"), answer="canary", secret=True),
    )
    answer = shell(script).ask("reload", replies=replies)
    assert heard == ["reload", "no", "", "canary"]
    assert answer.text.endswith("done\n")


def test_an_unexpected_question_is_given_up_and_the_session_goes_on(shell: Any) -> None:
    heard: list[str] = []

    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        await terminal.hear()
        await terminal.say("This will erase everything.\nDo you want to continue? [confirm]")
        heard.append(await terminal.hear())
        await terminal.say(PROMPT)
        heard.append(await terminal.hear())
        await terminal.say(f"said\n{PROMPT}")

    line = shell(script)
    with pytest.raises(UnexpectedQuestionError) as caught:
        line.ask("crypto key zeroize")
    assert caught.value.question == "Do you want to continue? [confirm]"
    assert line.ask("show clock").text == "said\n"
    assert heard == ["\x03", "show clock"]


def test_a_question_that_cannot_be_left_ends_the_session(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        while True:
            await terminal.hear()
            await terminal.say("Really? [yes/no]: ")

    line = shell(script)
    with pytest.raises(UnexpectedQuestionError):
        line.ask("write erase")
    with pytest.raises(SessionLostError):
        line.ask("show clock")


def test_a_secret_is_offered_once(shell: Any) -> None:
    heard: list[str] = []

    async def script(terminal: Any) -> None:
        await terminal.prepared("branch-1>")
        heard.append(await terminal.hear())
        while True:
            await terminal.say("Password: ")
            heard.append(await terminal.hear(echo=False))

    reply = Reply(question=re.compile("assword"), answer="canary", secret=True)
    with pytest.raises(UnexpectedQuestionError):
        shell(script).ask("enable", replies=(reply,))
    assert heard[:3] == ["enable", "canary", "\x03"]


# Bounds.


def test_output_without_end_is_cut_off(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        await terminal.hear()
        while True:
            await terminal.say("x" * 79 + "\n")

    line = shell(script, SHORT)
    with pytest.raises((AnswerTooLargeError, AnswerTimeoutError)):
        line.ask("show tech-support")
    with pytest.raises(SessionLostError):
        line.ask("show clock")


def test_questions_without_end_end_in_time(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        await terminal.hear()
        while True:
            await terminal.say("what? ")

    line = shell(script, SHORT)
    with pytest.raises(AnswerTimeoutError):
        line.ask("show clock")


def test_output_before_the_echo_counts_too(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        await terminal.say("y" * 30_000)

    with pytest.raises(AnswerTooLargeError):
        shell(script, SHORT).ask("show clock")


def test_a_device_that_never_prompts_is_unreachable(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.say("Welcome. Please wait ...\n")

    with pytest.raises(UnreachableError):
        shell(script, SHORT)


def test_a_device_that_does_not_echo_is_not_believed(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        await terminal.hear(echo=False)
        await terminal.say(f"\nsaid\n{PROMPT}")

    with pytest.raises(AnswerTimeoutError):
        shell(script, SHORT).ask("show clock")


# netmiko.


def test_netmikos_own_methods_work_on_it(shell: Any) -> None:
    async def script(terminal: Any) -> None:
        await terminal.prepared(PROMPT)
        while True:
            command = await terminal.hear()
            said = f"you said {command}\n" if command else ""
            await terminal.say(f"{said}{PROMPT}")

    line = shell(script)
    assert line.send_command("show clock", auto_find_prompt=False) == "you said show clock"
    assert line.check_enable_mode()
