"""What a log has opened and must close with itself."""

from events.log.opened import Opened


class Thing:
    def __init__(self, name: str, closing: list[str]) -> None:
        self.name = name
        self.closed = False
        self._closing = closing

    def close(self) -> None:
        self.closed = True
        self._closing.append(self.name)


def test_what_is_open_is_closed_the_latest_first() -> None:
    closing: list[str] = []
    opened = Opened()
    for name in "abc":
        thing = Thing(name, closing)
        assert opened.keep(thing, thing.close) is thing

    opened.close()
    opened.close()

    assert closing == ["c", "b", "a"]


def test_what_was_closed_is_forgotten() -> None:
    closing: list[str] = []
    opened = Opened()
    for name in "abc":
        thing = Thing(name, closing)
        opened.keep(thing, thing.close)
        if name != "b":
            thing.close()

    opened.close()

    assert closing == ["a", "c", "b"]
