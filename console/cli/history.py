"""``wavegate log`` and ``wavegate audit``: what happened."""

import time
from dataclasses import replace
from typing import Annotated

import typer

from console.auditing import audit, lines, told_lines
from console.cli.options import Home, Json
from console.errors import UsageError
from console.exits import Exit
from console.freshness import see_that_fresh
from console.home import open_home
from console.moments import ago
from console.outbox import fact_told
from console.output import Output, moment
from console.queries import ViewsReader
from console.telling import tell
from console.views import Filter, Happening
from events.facts import FACTS
from inventory.problems import Suggester

app = typer.Typer()

_PAGE = 2_000
_LOOK_S = 0.3


@app.command("log")
def log(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens from now on.")] = False,
    rollout: Annotated[str | None, typer.Option(help="About this rollout alone.")] = None,
    device: Annotated[str | None, typer.Option(help="About this device alone.")] = None,
    site: Annotated[str | None, typer.Option(help="About devices of this site alone.")] = None,
    by: Annotated[str | None, typer.Option(help="Brought about by this person or process alone.")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="Facts of this type alone; repeatable.")] = None,
    since: Annotated[str | None, typer.Option(help="Since then: 30m, 2h, 7d, or a moment.")] = None,
    last: Annotated[int, typer.Option(min=0, help="So many of the newest; 0 is all.")] = 100,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what happened, fact by fact, oldest first."""
    output = Output(as_json=as_json)
    place = open_home(home)
    for name in types or ():
        _check_type(name)
    with place.views() as views:
        see_that_fresh(place, views, output)
        wanted = Filter(
            rollout=views.rollout(rollout).id if rollout else None,
            device=device,
            site=site,
            by=by,
            types=tuple(types or ()),
            since=ago(since, place.now()) if since else None,
        )
        try:
            seen = _show(views, wanted, last, output)
            while follow:
                time.sleep(_LOOK_S)
                seen = _show_after(views, wanted, seen, output)
        except KeyboardInterrupt:
            # Whoever follows can end it in no other way, and is told nothing new by being told so.
            raise typer.Exit(Exit.INTERRUPTED) from None


@app.command("audit")
def audit_(
    *,
    device: Annotated[str | None, typer.Option(help="The story of a device.")] = None,
    site: Annotated[str | None, typer.Option(help="The story of a site.")] = None,
    person: Annotated[str | None, typer.Option(help="What a person or a pipeline did.")] = None,
    change: Annotated[str | None, typer.Option(metavar="ID", help="The story of a change.")] = None,
    rollout: Annotated[str | None, typer.Option(metavar="ID", help="The story of a rollout.")] = None,
    since: Annotated[str | None, typer.Option(help="Since then: 30m, 2h, 7d, or a moment.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Tell who did what to what, when and why, in sentences.

    With tickets, approvals and causes: what was decided about a rollout belongs to the story of each of its devices.
    """
    output = Output(as_json=as_json)
    if sum(each is not None for each in (device, site, person, change, rollout)) != 1:
        raise UsageError("the story of what? One of --device, --site, --person, --change, --rollout")
    place = open_home(home)
    with place.views() as views:
        see_that_fresh(place, views, output)
        wanted = Filter(
            device=device,
            site=site,
            by=person,
            change=views.change(change).id if change else None,
            rollout=views.rollout(rollout).id if rollout else None,
            since=ago(since, place.now()) if since else None,
        )
        sections = audit(views, wanted)
    for section in sections:
        for told in told_lines(section):
            output.emit_if_json(told)
        for line in lines(section):
            output.say(line)
        output.say()
    if not sections:
        output.note(f"nothing is recorded about {device or site or person or change or rollout}")


def _check_type(name: str) -> None:
    known = [message.wire for message in FACTS]
    if name not in known:
        hint = Suggester().hint(name, known) or f"types are {', '.join(known)}"
        raise UsageError(f"there is no type of fact {name!r}; {hint}")


def _show(views: ViewsReader, wanted: Filter, last: int, output: Output) -> int:
    """Shows what there is already; returns the number of the last fact that was looked at."""
    end = views.progress().seq - 1
    if last == 0:
        return _show_after(views, wanted, -1, output)
    found = views.timeline(replace(wanted, last=last))
    _tell(found, output)
    return max([end, *(each.record.seq for each in found[-1:])])


def _show_after(views: ViewsReader, wanted: Filter, seen: int, output: Output) -> int:
    while found := views.timeline(replace(wanted, after=seen, most=_PAGE)):
        _tell(found, output)
        seen = found[-1].record.seq
    return seen


def _tell(found: list[Happening], output: Output) -> None:
    for each in found:
        about = {"rollout": each.rollout, "device": each.device, "site": each.site, "change": each.change}
        output.emit_if_json({**fact_told(each.record), **about})
        output.say(f"{each.record.seq:>7}  {moment(each.record.at)}  {each.rollout or '-':<10}  {tell(each.record)}")
