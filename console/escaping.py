"""Text from devices, people and files, made safe to look at on a terminal.

Whatever a terminal would act on instead of showing it (control sequences, but also marks that turn the direction of
writing or are invisible) is shown as an escape, so that nobody can be shown something else than what is there.
"""

_WIDTHS = ((0x100, "\\x{:02x}"), (0x10000, "\\u{:04x}"), (0x110000, "\\U{:08x}"))


def visible(text: str) -> str:
    """A text as one line in which everything can be seen."""
    return text if text.isprintable() else "".join(map(_shown, text))


def block(text: str) -> str:
    """A text of several lines, each as :func:`visible` has it, but for tabs, which stay."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in lines)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\n\t\r":
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}[character]
    code = ord(character)
    return next(shape for limit, shape in _WIDTHS if code < limit).format(code)
