"""A command line over SSH: netmiko's connection over a transport of ours.

netmiko knows the terminals; but its reads sleep and poll, its waits have limits of their own, it takes any host key and
logs what passes. So the way, the login and the channel are ours, and what the platforms send goes through
:meth:`Shell.ask`, which waits on the socket, takes no more than it should, and knows a prompt from a question.
netmiko's own methods work on it too.
"""

import codecs
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import paramiko
from netmiko.channel import Channel
from netmiko.cisco import CiscoIosSSH

from automation.platforms.answers import harmless
from automation.platforms.contract import (
    AnswerTimeoutError,
    AnswerTooLargeError,
    DeviceBusyError,
    Endpoint,
    Limits,
    PlatformError,
    SessionLostError,
    UnreachableError,
)
from automation.platforms.links import reason, where
from automation.platforms.ssh import cut_off, log_in
from automation.platforms.ways import Way

_PIECE = 32768
#: In this much at the end of an answer a prompt or a question is looked for.
_WINDOW = 4096
#: Prompts show this much of a device's name at the least, in every mode.
_NAME_SHOWN = 16
#: A question that nobody expected is believed after so much silence: it may be the middle of an answer.
_SILENCE = timedelta(milliseconds=500)
_CONTROL_C = "\x03"
_QUOTE_NEXT = "\x16"

_ANY_NAME = r"[^\s()#>]{1,63}"
_PROMPT = r"\n(?P<prompt>{name}[^\s()#>]*(?P<mode>\([^()\s]{{1,60}}\))?(?P<end>[#>])) ?\Z"
_QUESTION = re.compile(
    r"\n?(?P<question>[^\n]*(?:\[confirm\]|\[[^\]\n]*\] ?[?:]|\(y(?:es)?/no?\) ?[?:]?|assword:|\? ?)) *\Z"
)
#: What a device says to everybody at any moment, between prompts and answers.
_BROADCAST = re.compile(r"(?:\n*\*\*\*\n\*\*\* --- [^\n]* ---\n\*\*\*\n)+(?P<last>\Z)?")


class UnexpectedQuestionError(PlatformError):
    """A device asked back where no answer is known. The question was given up; ``question`` is what it was."""

    def __init__(self, question: str) -> None:
        super().__init__(f"the device asks {question!r}, to which no answer is known")
        self.question = question


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered to a question. A ``secret`` is not echoed by the device, and offered only once."""

    question: re.Pattern[str]
    answer: str
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the text without echo and prompt, the prompt, and the mode in it, as `(config-if)`."""

    text: str
    prompt: str
    mode: str

    @property
    def configuring(self) -> bool:
        """Whether the command line is in configuration mode."""
        return self.mode.startswith("(config")

    @property
    def privileged(self) -> bool:
        """Whether the command line may do everything."""
        return self.prompt.endswith("#")


class WaitingChannel(Channel):
    """A netmiko channel that waits on the socket; text is decoded across the boundaries of packets."""

    def __init__(self, connection: paramiko.Channel, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write_channel(self, out_data: str) -> None:
        """Sends text."""
        self._connection.settimeout(self._seconds)
        self._connection.sendall(out_data.encode())

    def read_buffer(self) -> str:
        """What has come by now, one piece of it."""
        return self.wait(0.0) if self._connection.recv_ready() else ""

    def read_channel(self) -> str:
        """What has come by now, all of it."""
        pieces = []
        while piece := self.read_buffer():
            pieces.append(piece)
        return "".join(pieces)

    def wait(self, seconds: float) -> str:
        """The next piece of text, as soon as it comes.

        Raises:
            TimeoutError: none came in time.
            EOFError: none will come any more.
        """
        self._connection.settimeout(max(seconds, 0.001))
        received = self._connection.recv(_PIECE)
        if not received:
            raise EOFError
        return self._decoder.decode(received)


class Shell(CiscoIosSSH):
    """One command line on a device, logged in and with paging off once it is opened."""

    channel: WaitingChannel
    #: What is told to the terminal before anything else.
    preparation: ClassVar[tuple[str, ...]] = ("terminal width 511", "terminal length 0")
    #: Whether the login begins with all rights.
    privileged: bool = False

    def __init__(self, endpoint: Endpoint, way: Way, limits: Limits) -> None:
        self._endpoint = endpoint
        self._way = way
        self._limits = limits
        self._name = _ANY_NAME
        super().__init__(
            host=endpoint.address,
            port=endpoint.port,
            username=endpoint.login.username,
            device_type="cisco_ios",
            ssh_strict=True,
            auto_connect=False,
        )

    def open(self) -> None:
        """Logs in and prepares the terminal.

        Raises:
            PlatformError: as :meth:`automation.platforms.contract.Platform.connect` says. Nothing is left open.
        """
        try:
            self.establish_connection()
            self.session_preparation()
        except (SessionLostError, AnswerTimeoutError) as error:
            self.disconnect()
            raise UnreachableError(str(error)) from error
        except BaseException:
            self.disconnect()
            raise

    # What netmiko does in its own way.

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        """Logs in, with strict host keys, and asks for a terminal."""
        self.remote_conn_pre = log_in(self._endpoint, self._way.open, self._limits)
        try:
            with cut_off(self.remote_conn_pre.get_transport(), self._limits.connect):
                self.remote_conn = self.remote_conn_pre.invoke_shell(term="vt100", width=width, height=height)
        except paramiko.ChannelException as error:
            raise DeviceBusyError(f"{self._place} has no free line for a session: {error}") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise UnreachableError(f"{self._place} opens no session: {reason(error)}") from error
        self.channel = WaitingChannel(self.remote_conn, self._limits.answer.total_seconds())

    def session_preparation(self) -> None:
        """Learns the prompt and turns paging off; what is said at the login is left behind.

        What is typed before the first prompt the terminal echoes, and a readline (vtysh's) once more behind its prompt.
        That prompt would be taken for the end of the answer, and each answer from then on for the one before it.
        """
        with self._bounded(self._limits.answer) as ends:
            self._settled("", (), ends)
        for command in self.preparation:
            self.privileged = self.ask(command, renames=True).privileged

    def write_channel(self, out_data: str) -> None:
        """Sends text, and logs nothing of it."""
        self.channel.write_channel(out_data)

    def read_channel(self) -> str:
        """What has come by now, and logs nothing of it."""
        kept, self._read_buffer = self._read_buffer, ""
        return kept + harmless(self.channel.read_channel())

    def cleanup(self, command: str = "") -> None:
        """Says no good-bye: the connection's end frees the line, and a session that hangs would not answer."""

    # What the platforms use.

    def ask(
        self,
        command: str,
        *,
        replies: Sequence[Reply] = (),
        text: Sequence[str] = (),
        limit: timedelta | None = None,
        renames: bool = False,
    ) -> Answer:
        """Sends a command and waits for its prompt; answers the questions that are expected.

        ``text`` are the lines of a text that the command is the header of, the one that ends it last. ``limit`` is in
        place of the usual one for an answer. ``renames``: the prompt may show another name afterwards.

        Raises:
            UnexpectedQuestionError: it was answered with control-C; the session is at its prompt, or closed.
            SessionLostError, AnswerTimeoutError, AnswerTooLargeError: the session is closed.
        """
        allowed = limit or self._limits.answer
        # Until the new name is seen any will do; the echo still keeps older output apart.
        self._name = _ANY_NAME if renames else self._name
        with self._bounded(allowed) as ends:
            answer = self._converse(command, replies, text, ends)
        if renames:
            self._learn(answer.prompt)
        return answer

    @contextmanager
    def _bounded(self, allowed: timedelta) -> Iterator[float]:
        """Gives when an answer has to be there; the session is closed where it is not, or is too large."""
        try:
            yield time.monotonic() + allowed.total_seconds()
        except TimeoutError as error:
            self.disconnect()
            raise AnswerTimeoutError(f"{self._place} did not answer in {allowed.total_seconds():g} s") from error
        except (EOFError, OSError, paramiko.SSHException) as error:
            self.disconnect()
            raise SessionLostError(f"{self._place} ended the session") from error
        except AnswerTooLargeError:
            self.disconnect()
            raise

    @property
    def _place(self) -> str:
        return where(self._endpoint)

    def _learn(self, prompt: str) -> None:
        self.base_prompt = prompt[:-1].partition("(")[0][:_NAME_SHOWN]
        self._name = re.escape(self.base_prompt)

    def _converse(self, command: str, replies: Sequence[Reply], text: Sequence[str], ends: float) -> Answer:
        if self.remote_conn is None:
            raise EOFError
        # A question mark would ask the device for help, in the middle of the line.
        self.write_channel(command.replace("?", f"{_QUOTE_NEXT}?") + self.RETURN)
        if text:
            self.write_channel("".join(f"{line}{self.RETURN}" for line in text))
        # What a device asks twice was answered wrongly; a secret is not tried again.
        said, left = [], list(replies)
        answer = self._settled(command, replies, ends)
        while isinstance(answer, str):
            said.append(answer)
            reply = next((each for each in left if each.question.search(answer)), None)
            if reply is None:
                raise self._given_up(answer)
            if reply.secret:
                left.remove(reply)
            self.write_channel(reply.answer + self.RETURN)
            answer = self._settled("" if reply.secret else reply.answer, replies, ends)
        return Answer(text="".join((*said, answer.text)), prompt=answer.prompt, mode=answer.mode)

    def _settled(self, echo: str, replies: Sequence[Reply], ends: float) -> Answer | str:
        """Reads until a prompt or a question stands at the end; gives a question as text."""
        reading = _Reading(echo, self._limits.answer_bytes, self._place)
        doubt = False
        while True:
            left = ends - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                reading.add(self.channel.wait(min(left, _SILENCE.total_seconds()) if doubt else left))
            except TimeoutError:
                # Silence behind what looks like a question: it is one.
                if doubt and time.monotonic() < ends:
                    return reading.text("")
                raise
            window = reading.window()
            prompt = re.search(_PROMPT.format(name=self._name), window)
            if prompt:
                return Answer(text=reading.text(prompt["prompt"]), prompt=prompt["prompt"], mode=prompt["mode"] or "")
            question = _QUESTION.search(window)
            if question and any(reply.question.search(question["question"]) for reply in replies):
                return reading.text("")
            doubt = question is not None

    def _given_up(self, question: str) -> UnexpectedQuestionError:
        """Leaves a question, by its own way out; a device that goes on asking is left alone with it."""
        asked = question.rstrip().rpartition("\n")[2]
        try:
            self.write_channel(_CONTROL_C)
            left = self._settled("", (), time.monotonic() + 4 * _SILENCE.total_seconds())
        except (OSError, EOFError, paramiko.SSHException, AnswerTooLargeError):
            left = ""
        if isinstance(left, str):
            self.disconnect()
        return UnexpectedQuestionError(asked)


class _Reading:
    """An answer as it comes in. It begins after the echo of what was sent: before that may stand anything."""

    def __init__(self, echo: str, most: int, place: str) -> None:
        self._echo = echo
        self._begun = not echo
        self._most = most
        self._place = place
        self._pieces: list[str] = []
        self._size = 0
        self._end = "\n" if not echo else ""

    def add(self, piece: str) -> None:
        """Takes the next piece.

        Raises:
            AnswerTooLargeError: that is more than is taken.
        """
        # Counted before the echo too: whoever floods need not echo.
        self._size += len(piece)
        if self._size > self._most:
            raise AnswerTooLargeError(f"{self._place} answers with more than the {self._most} bytes that are taken")
        if self._begun:
            self._pieces.append(piece)
            self._end = (self._end + piece)[-_WINDOW:]
        else:
            self._look_for_echo(piece)

    def _look_for_echo(self, piece: str) -> None:
        seen = self._end + piece
        before, echo, after = seen.partition(self._echo)
        if echo:
            self._begun = True
            self._pieces, self._end = [after], after[-_WINDOW:]
        else:
            # The echo may come in two pieces.
            self._end = before[-len(self._echo) - _WINDOW :]

    def window(self) -> str:
        """The end of what has come, without what was said to everybody; empty before the echo."""
        return _without_broadcasts(harmless(self._end)) if self._begun else ""

    def text(self, prompt: str) -> str:
        """All of it, less the prompt at its end."""
        whole = _without_broadcasts(harmless("".join(self._pieces)))
        return whole.rstrip(" ").removesuffix(prompt).lstrip("\n")


def _without_broadcasts(text: str) -> str:
    return _BROADCAST.sub(lambda match: "\n" if match["last"] is None else "", text)
