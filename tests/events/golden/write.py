"""Writes the golden files that are missing: ``.venv/bin/python tests/events/golden/write.py``. See README.md."""

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from examples import AT, DIGEST, EXAMPLES, LOG, PLAN  # type: ignore[import-not-found]  # beside this script

from events.catalogue import Message
from events.codec import FactRecord, ReportRecord, encode_fact, encode_order, encode_report
from events.facts import Fact
from events.orders import Order
from events.reports import Report
from events.schema import shape
from events.signing import Signer, seal
from events.values import Value

HERE = Path(__file__).parent


def encoded(kind: str, message: Message) -> bytes:
    """A message as it is on the wire; of what is signed, the payload of the envelope."""
    match message:
        case Fact():
            record = FactRecord(seq=41, prev=DIGEST, at=AT, by="olga", cause="command:c-1", fact=message)
            return encode_fact(record)
        case Order():
            return encode_order(message, AT).value
        case Report():
            return encode_report(ReportRecord(id="r-abcd2345.1/0a1b2c3d/4", at=AT, report=message), "store-001").value
        case _:
            signer = Signer(Ed25519PrivateKey.from_private_bytes(b"not a secret: it signs examples."))
            signed = seal(signer, f"wavegate-{kind}", message, log=LOG, id="c-1", expires=AT)
            return base64.urlsafe_b64decode(signed.split(".")[1] + "==")


def files() -> Iterator[tuple[Path, bytes]]:
    """Every golden file that today's messages should have, with what today's code would write there."""
    for kind, messages in EXAMPLES.items():
        for message in messages:
            name = HERE / kind / f"{message.wire}.v{message.version}"
            yield name.with_name(f"{name.name}.json"), encoded(kind, message)
            yield name.with_name(f"{name.name}.shape.json"), shaped(type(message))
    yield HERE / "plans" / f"Plan.v{PLAN.v}.json", PLAN.sealed()
    yield HERE / "plans" / f"Plan.v{PLAN.v}.shape.json", shaped(type(PLAN))


def shaped(model: type[Value]) -> bytes:
    """The shape of a model as it is kept."""
    return f"{json.dumps(shape(model), indent=1)}\n".encode()


def main() -> None:
    """Writes what is missing, and never over what is there."""
    for path, content in files():
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(content)
            sys.stdout.write(f"{path.relative_to(HERE)}\n")


if __name__ == "__main__":
    main()
