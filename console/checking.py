"""A change is checked before it is sent: what is wrong with it is told its engineer now, not operations tonight."""

from collections.abc import Sequence

from console.changes import Checkout
from console.errors import ConsoleError
from console.home import Home
from console.output import Output
from console.telling import counted
from inventory.problems import InventoryError, Problem, Severity
from workers.bootstrap_stores import estate_paths, read_estate

_ALL_THE_SAME = "or send it all the same with --unchecked"


def see_that_usable(checkout: Checkout, place: Home, output: Output) -> None:
    """Holds a change against the installation's inventory, and tells everything that is wrong or odd.

    Where this machine has no inventory (a pipeline's need not), only that is said; whoever plans finds the rest.

    Raises:
        ConsoleError: something is wrong with it, or with the inventory.
        ChangeError: it cannot even be read.
    """
    if not _has_inventory(place):
        checkout.change()
        output.warn("the change is not checked against an inventory: there is none here")
        return
    try:
        problems = checkout.problems(read_estate(place.settings))
    except InventoryError as error:
        raise ConsoleError(f"the change cannot be checked: {error}\nMend the inventory, {_ALL_THE_SAME}") from error
    tell_problems(problems, output)
    if wrong := errors_of(problems):
        if output.as_json:
            output.emit({"problems": wrong})
        raise ConsoleError(f"{counted(len(wrong), 'problem')}: nothing was sent. Mend the change, {_ALL_THE_SAME}")


def tell_problems(problems: Sequence[Problem], output: Output) -> None:
    """Each problem in a line, on standard error."""
    for problem in problems:
        tell = output.complain if problem.severity is Severity.ERROR else output.warn
        tell(f"{problem.severity.value}: {problem}")


def errors_of(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Those because of which a change cannot be used."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


def _has_inventory(place: Home) -> bool:
    paths = estate_paths(place.settings)
    return any(path.is_file() or (path.is_dir() and any(path.iterdir())) for path in paths)
