"""``wavegate views``."""

import typer

from console.cli.options import Home, Json
from console.home import open_home
from console.output import Output
from console.telling import counted
from workers.projector.projector import Projector
from workers.projector.views import Views

app = typer.Typer()


@app.callback()
def views() -> None:
    """The read models."""


@app.command("rebuild")
def rebuild(*, home: Home = None, as_json: Json = False) -> None:
    """Drop the read models and make them anew from the log. Nothing is lost: they are only a view of it.

    A projector that runs meanwhile notices, and helps.
    """
    output = Output(as_json=as_json)
    place = open_home(home)
    name = place.settings.log_name
    with place.log() as log:
        made = Views(place.settings.views_url)
        try:
            made.clear(name)
            facts = Projector(log=log, name=name, views=made).catch_up()
        finally:
            made.close()
    output.emit_if_json({"facts": facts})
    output.say(f"Made the views anew from {counted(facts, 'fact')}.")
