"""What the console itself refuses."""


class ConsoleError(Exception):
    """A command cannot be carried out; the message says what, where and how to mend it."""


class UsageError(ConsoleError):
    """A command was called in a way that cannot be meant."""


class StoppedError(ConsoleError):
    """Somebody pressed Ctrl-C after something had been sent; the message says what."""


class ViewsError(ConsoleError):
    """The read models cannot be used."""


class UnknownIdError(ConsoleError):
    """Something was named that the read models do not have, or that could be several things."""
