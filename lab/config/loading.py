"""Applying many lines at once: a startup config, a file to replace the configuration with, a person at the console."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lab.config.editor import Edited, Editor, Place, Refused
from lab.config.textblock import TextBlock
from lab.config.tree import EMPTY, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A line that was applied or refused; `number` counts from 1 and is that of a text's first line."""

    number: int
    line: str
    result: Edited | Refused


class Typist:
    """Types lines into a configuration that nobody else edits meanwhile."""

    def __init__(self, editor: Editor, config: Node = EMPTY, place: Place = ()) -> None:
        self._editor = editor
        self.config = config
        self.place = place
        self._block: TextBlock | None = None
        self._head = ""

    def type(self, lines: Iterable[str]) -> Iterator[Entered]:
        """Types the lines one by one up to `end`; those of a text count as one."""
        number = 0
        for index, line in enumerate(lines, start=1):
            if self._block is None:
                if line.strip() == "end":
                    return
                number, self._head = index, line
                self._block = self._editor.block(self.place, line)
            else:
                self._block.feed(line)
            if self._block is None or self._block.done:
                yield Entered(number=number, line=self._head, result=self._apply())

    def _apply(self) -> Edited | Refused:
        text = self._block.stored() if self._block else ""
        self._block = None
        result = self._editor.apply(self.config, self.place, self._head, text=text)
        if isinstance(result, Edited):
            self.config, self.place = result.config, result.place
        return result
