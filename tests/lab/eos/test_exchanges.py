"""Whole conversations with the API of an EOS switch, letter by letter: `exchanges/*.yaml`.

Each entry is a request, `enable` left out, with the results or with the error and its data. `{{...}}` in a text holds a
regular expression for what differs from day to day.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

EXCHANGES = sorted((Path(__file__).parent / "exchanges").glob("*.yaml"))


def fits(expected: Any, found: Any) -> bool:
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and expected.keys() == found.keys()
            and all(map(fits, expected.values(), found.values()))
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(fits, expected, found))
    if isinstance(expected, str):
        parts = re.split(r"\{\{(.*?)\}\}(?!\})", expected)
        pattern = "".join(part if index % 2 else re.escape(part) for index, part in enumerate(parts))
        return re.fullmatch(pattern, found) is not None
    return bool(expected == found)


@pytest.mark.parametrize("path", EXCHANGES, ids=[path.stem for path in EXCHANGES])
def test_exchange(eos: Any, path: Path) -> None:
    eapi = eos.eapi()

    for exchange in yaml.safe_load(path.read_text()):
        answer = eapi.call("enable", *exchange["run"], encoding=exchange.get("encoding", "json"))

        if "error" in exchange:
            found = answer["error"]
            assert {"code": found["code"], "message": found["message"]} == exchange["error"], answer
            assert fits(exchange["data"], found["data"]), found["data"]
        else:
            assert "result" in answer, answer
            for expected, result in zip(exchange["result"], answer["result"][1:], strict=True):
                assert fits(ordered(expected, result), result), (exchange["run"], result)


def ordered(expected: Any, like: Any) -> Any:
    """The expectation with its keys in the order of what came, since the order of keys tells nothing."""
    if isinstance(expected, dict) and isinstance(like, dict) and expected.keys() == like.keys():
        return {key: ordered(expected[key], like[key]) for key in like}
    if isinstance(expected, list) and isinstance(like, list) and len(expected) == len(like):
        return [ordered(one, other) for one, other in zip(expected, like, strict=True)]
    return expected


def test_there_are_exchanges() -> None:
    assert len(EXCHANGES) >= 3
