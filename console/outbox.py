"""What one command sends, and what is known about it when somebody stops it in the middle."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from console.client import PATIENCE, VALID, Answer, Client, new_id
from console.errors import StoppedError
from console.exits import Exit
from console.output import Output, plain
from console.telling import tell
from events.codec import FactRecord
from events.commands import Command
from events.control import Control


@dataclass(slots=True, kw_only=True)
class Outbox:
    """Sends for a client. As a context manager it tells, after a Ctrl-C, what had been sent by then."""

    client: Client
    within: timedelta = PATIENCE
    _sent: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt) and self._sent:
            told = "\n".join(f"  {name} {what}" for name, what in self._sent.items())
            raise StoppedError(f"interrupted, after this was sent:\n{told}") from error

    def ask(self, command: Command) -> Answer:
        """Sends a command and waits for what is decided about it.

        Raises:
            LogError: it could not be sent, or it is unknown whether it was.
        """
        return self.ask_all([command])[0]

    def ask_all(self, commands: Sequence[Command]) -> tuple[Answer, ...]:
        """Sends several commands and waits for what is decided about them.

        Raises:
            LogError: they could not be sent, or it is unknown whether they were.
        """
        named = [(new_id(), command) for command in commands]
        until = self.client.now() + VALID
        for identity, command in named:
            self._sent[identity] = f"({command.wire}) is not known to be decided; it is void after {until:%H:%M} UTC"
        answers = self.client.ask_all(named, self.within)
        kinds = dict(named)
        for answer in answers:
            if answer.decided:
                self._sent[answer.command] = f"({kinds[answer.command].wire}) is decided"
        return answers

    def control(self, message: Control) -> str:
        """Writes a control record; returns the id under which it stands.

        Raises:
            RefusedError: it does not count.
            LogError: it could not be written, or it is unknown whether it was.
        """
        self._sent[message.wire] = "may have been written: 'wavegate rollout halts' and 'wavegate key list' tell"
        identity = self.client.control(message)
        del self._sent[message.wire]
        self._sent[identity] = f"({message.wire}) is written and counts"
        return identity


def report(answer: Answer, output: Output, **more: object) -> Exit:
    """Tells what came of a command; the same for people and, as one object with ``more`` in it, for machines."""
    output.emit_if_json({**more, **told(answer)})
    if not answer.decided:
        output.complain(
            f"nobody decided about command {answer.command} in time: is a coordinator running? It stays valid for "
            f"{VALID.total_seconds() / 60:.0f} minutes and may still be carried out"
        )
        return Exit.UNDECIDED
    if answer.refusal is not None:
        output.complain(f"refused ({answer.refusal.code}): {answer.refusal.reason}")
        return Exit.FAILED
    for record in answer.records:
        output.say(tell(record))
    return Exit.DONE


def told(answer: Answer) -> dict[str, object]:
    """What came of a command, as JSON has it."""
    refusal = answer.refusal
    return {
        "command": answer.command,
        "decided": answer.decided,
        "refused": None if refusal is None else {"code": refusal.code, "reason": refusal.reason},
        "facts": [fact_told(record) for record in answer.records],
    }


def fact_told(record: FactRecord) -> dict[str, object]:
    """A fact as JSON has it everywhere in the console."""
    head = {"seq": record.seq, "at": plain(record.at), "by": record.by, "cause": record.cause}
    return {**head, "type": record.fact.wire, "sentence": tell(record), "data": plain(record.fact)}
