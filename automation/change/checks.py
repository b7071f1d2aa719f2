"""What a check may ask a device: nothing that changes it, and nothing whose answer takes for ever to search."""

import re

#: The first words of commands that only look.
LOOKING = ("show", "ping", "traceroute")

#: What sends a command's output into a file, or puts a second command after it.
_ESCAPES = re.compile(r"[;<>`\x00-\x1f]|\$\(|&&|\|\s*(?:redirect|tee|append)\b|\|\|")

#: What may stand behind a `|`; the platforms send nothing else, and a second `|` is always another filter.
_FILTER = re.compile(
    r"\s*(?:i(?:nclude)?|e(?:xclude)?|b(?:egin)?|s(?:ection)?|c(?:ount)?|json|no-more)\b", re.IGNORECASE
)

#: A part of a regular expression: an escape, a set, a group's begin or end, a repetition, or any other character.
_PART = re.compile(
    r"""(?P<escape>\\.)
      | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
      | (?P<open>\((?:\?(?:P<\w+>|[a-zA-Z-]*:|<?[=!]|>))?)
      | (?P<close>\))
      | (?P<repeat>(?:[*+]|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\})[?+]?)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: A repetition of so many rounds is taken for one without an end.
_MANY = 20


def changes_something(command: str) -> str:
    """Why a command is no check; empty where it only looks."""
    first = command.strip().partition(" ")[0].lower()
    if first not in LOOKING:
        return f"begins with {first!r}, and a check only looks: it begins with one of {', '.join(LOOKING)}"
    if _ESCAPES.search(command):
        return "sends its output elsewhere or holds a second command, and a check only looks"
    if not all(_FILTER.match(each) for each in command.split("|")[1:]):
        return "has something behind a | that is no filter; put alternatives such as a|b into the check's own pattern"
    return ""


def repeats_repetitions(pattern: str) -> bool:
    """Whether a repetition stands inside a repetition, as in ``(a+)*``.

    Python searches such patterns in a time that doubles with every character of an answer that nearly matches.
    """
    repeated_inside = [False]
    closed = False
    for part in _PART.finditer(pattern):
        if part["open"]:
            repeated_inside.append(False)
        elif part["close"] and len(repeated_inside) > 1:
            closed = repeated_inside.pop()
            repeated_inside[-1] |= closed
            continue
        elif part["repeat"] and _is_long(part):
            if closed:
                return True
            repeated_inside[-1] = True
        closed = False
    return False


def _is_long(repeat: re.Match[str]) -> bool:
    if repeat["repeat"][0] in "*+":
        return True
    most = repeat["most"] or ("" if repeat["comma"] else repeat["least"])
    return not most or int(most) > _MANY
