"""Lines that take a text of several lines: banners and certificates."""

from lab.config.grammar import Text

_ETX = "\x03"


class TextBlock:
    """Collects the text that follows `head` (the line as it was read) until its end comes.

    IOS banners begin and end with a delimiter of one's choice, shown as `^C`; EOS banners end with `EOF`;
    certificates end with `quit`.
    """

    def __init__(self, kind: Text, head: str) -> None:
        self._kind = kind
        self._lines: list[str] = []
        self._head, self.delimiter = head, kind.value
        self.done = False
        if kind is Text.DELIMITER:
            self._begin(head)

    def _begin(self, head: str) -> None:
        # A saved config has the control character as the two letters in which it is shown.
        command, name, rest = head.split(" ", 2)
        self._head = f"{command} {name}"
        self.delimiter = "^C" if rest.startswith(("^C", _ETX)) else rest[0]
        self.feed(rest[2:] if rest.startswith("^C") else rest[1:])

    def feed(self, line: str) -> bool:
        """Takes the next line; true when it was the last one."""
        if self._kind is Text.DELIMITER:
            line, ended, _ = line.replace(_ETX, "^C").partition(self.delimiter)
            self._lines.append(line)
            self.done = bool(ended)
        elif line.strip().lower() == self.delimiter:
            self.done = True
        else:
            self._lines.append(line)
        return self.done

    def stored(self) -> str:
        """The line with its text, as the device shows it."""
        body = "\n".join(self._lines)
        if self._kind is Text.DELIMITER:
            return f"{self._head} ^C{body}^C"
        if self._kind is Text.EOF:
            return f"{self._head}\n{body}\nEOF"
        return f"{self._head}\n{body}\n  \tquit"
