"""``wavegate key``."""

from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import Home, Json, Key, Reason, Yes
from console.confirming import confirm
from console.home import open_home
from console.keyring import entry_of, find_key, make_key, read_public, registered
from console.outbox import Outbox
from console.output import Output, table
from console.telling import counted
from events.control import KeyRegistered, KeyRevoked, Role
from events.signing import key_id
from workers.control_watch import read_control

app = typer.Typer()


@app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; the public one goes to FILE.pub.")],
    *,
    name: Annotated[str, typer.Option(help="Whose key it is to be, for the line that an admin runs.")],
    as_json: Json = False,
) -> None:
    """Make a key for a person or a pipeline. It counts once an admin has registered it."""
    output = Output(as_json=as_json)
    made = make_key(file)
    output.emit_if_json(made)
    output.say(
        f"Made {made.private} (keep it secret) and {made.public_file} (give it to an admin); its id is {made.id}."
    )
    output.say(
        f"An admin registers it with: wavegate key register {made.public_file} --name {name} --team TEAM --role ROLE"
    )


@app.command("register")
def register(
    public: Annotated[str, typer.Argument(help="The public key: a .pub file, or its 43 characters.")],
    *,
    name: Annotated[str, typer.Option(help="Whose key it is.")],
    team: Annotated[str, typer.Option(help="Their team, which is told when their changes hurt.")],
    role: Annotated[list[Role], typer.Option(help="What it may do; repeatable.")],
    area: Annotated[list[str] | None, typer.Option(help="An operator's areas; repeatable.")] = None,
    home: Home = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Let a key count (as an admin). Registering a known key anew replaces what it may do."""
    output = Output(as_json=as_json)
    entry = entry_of(read_public(public), name, team, role, area or [])
    with open_home(home, key).client() as client, Outbox(client=client) as outbox:
        record = outbox.control(KeyRegistered(key=entry))
    output.emit_if_json({"record": record, "key": key_id(entry.public), "entry": entry})
    output.say(f"Key {key_id(entry.public)} counts as {name}'s from now on.")


@app.command("revoke")
def revoke(
    which: Annotated[str, typer.Argument(metavar="KEY", help="A key's id, or the name of its owner.")],
    *,
    reason: Reason,
    home: Home = None,
    key: Key = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let a key count no more (as an admin): neither what it signs nor the approvals that it gave."""
    output = Output(as_json=as_json)
    with open_home(home, key).client() as client, Outbox(client=client) as outbox:
        authority = client.authority()
        identity = find_key(authority, which)
        entry = authority.keys[identity]
        confirm(output, [f"Key {identity} of {entry.name} is revoked, and every approval it gave."], yes=yes)
        record = outbox.control(KeyRevoked(key=identity, reason=reason))
    output.emit_if_json({"record": record, "key": identity})
    output.say(f"Key {identity} of {entry.name} counts no more.")


@app.command("list")
def list_(*, home: Home = None, as_json: Json = False) -> None:
    """List the keys that count, and what each may do."""
    output = Output(as_json=as_json)
    place = open_home(home)
    with place.log() as log:
        keys = list(registered(read_control(log, place.settings.log_name)))
    for entry in keys:
        output.emit_if_json(entry)
    rows = [(entry.id, entry.name, entry.team, ", ".join(entry.roles), ", ".join(entry.areas)) for entry in keys]
    output.show(table(("KEY", "NAME", "TEAM", "ROLES", "AREAS"), rows))
    if not keys:
        output.warn(f"{counted(0, 'key')}: the log is not founded; see 'wavegate topics apply'")
