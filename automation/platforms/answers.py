"""What devices say, made harmless: they are not trusted, and people look at it on terminals."""

import re

#: Control sequences after ECMA-48: CSI, the strings (OSC, DCS, SOS, PM, APC) with their ends, and the rest of ESC.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?"
)
_BACKSPACED = re.compile(r"[^\n\x08]\x08")
_LINE_END = re.compile(r"\r*\n|\n\r")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """The text without terminal escapes and control characters, its lines ended by a newline each."""
    text = _LINE_END.sub("\n", _ESCAPES.sub("", text))
    while "\x08" in text:
        text, count = _BACKSPACED.subn("", text)
        if not count:
            break
    return _CONTROLS.sub("", text)


def whole(text: str, last: str) -> bool:
    """Whether the last line that is not empty is this one: a configuration that came to its end."""
    return text.rstrip().rpartition("\n")[2].strip() == last


def controls(line: str) -> bool:
    """Whether a line holds a character that a device would take for a key press and not for text."""
    return _CONTROLS.search(line) is not None or "\n" in line
