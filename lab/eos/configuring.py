"""The commands of EOS that enter, leave, commit and replace configuration."""

from lab.eos import sessions
from lab.eos.commands import Cli, CommandError, Commands, Output
from lab.eos.files import file_text
from lab.journal import Event


def _enable(cli: Cli, _words: str) -> Output:
    line = cli.device.running.child("enable password")
    if line is not None and not cli.device.bench.logins.right(cli.input.rstrip("\n"), line.text.split()[-1]):
        raise CommandError("Bad secret")
    cli.privileged = True
    return Output()


def _disable(cli: Cli, _words: str) -> Output:
    cli.privileged = False
    return Output()


def _exit(cli: Cli, _words: str) -> Output:
    cli.leave()
    return Output()


def _configure(cli: Cli, _words: str) -> Output:
    cli.leave()
    cli.configuring = True
    return Output()


def _session_enter(cli: Cli, words: str) -> Output:
    device, named = cli.device, words.split()[2:]
    if not named:
        device.sessions_opened += 1
    name = named[0] if named else f"sess-{device.sessions_opened}"
    sessions.opened(device, name, cli.connection.user)
    cli.leave()
    cli.configuring, cli.session = True, name
    return Output()


def _session_commit(cli: Cli, words: str) -> Output:
    sessions.commit(cli.device, words.split()[2], cli.connection)
    cli.leave()
    return Output()


def _session_commit_timer(cli: Cli, words: str) -> Output:
    _, _, name, _, _, timer = words.split()
    sessions.commit_with_timer(cli.device, name, timer, cli.connection)
    cli.leave()
    return Output()


def _session_abort(cli: Cli, words: str) -> Output:
    sessions.abort(cli.device, words.split()[2], cli.connection)
    cli.leave()
    return Output()


def _session_delete(cli: Cli, words: str) -> Output:
    sessions.delete(cli.device, words.split()[3])
    return Output()


def _commit(cli: Cli, _words: str) -> Output:
    sessions.commit(cli.device, cli.session, cli.connection)
    # Left without a look back: the session that was entered is done.
    cli.session = ""
    cli.leave()
    return Output()


def _commit_timer(cli: Cli, words: str) -> Output:
    sessions.commit_with_timer(cli.device, cli.session, words.split()[2], cli.connection)
    cli.session = ""
    cli.leave()
    return Output()


def _abort(cli: Cli, _words: str) -> Output:
    sessions.abort(cli.device, cli.session, cli.connection)
    cli.session = ""
    cli.leave()
    return Output()


def _clean_config(cli: Cli, _words: str) -> Output:
    sessions.staged(cli.device, cli.session, cli.device.base)
    cli.place = ()
    return Output()


def _replace(cli: Cli, words: str) -> Output:
    device, name = cli.device, words.split()[2]
    config, refused = device.replace_with(file_text(device, name))
    if refused and "ignore-errors" not in words:
        raise CommandError("\n".join(f"{each.line.strip()}: {each.reason()}" for each in refused))
    device.change(config, cli.connection.user)
    connection = cli.connection
    device.journal.write(
        Event.COMMIT, user=connection.user, peer=connection.peer, session=connection.id, detail=f"replace {name}"
    )
    device.settle()
    return Output()


def _reload(cli: Cli, _words: str) -> Output:
    cli.device.restart(f"reload by {cli.connection.user}")
    return Output()


CONFIGURING_COMMANDS: Commands = {
    "enable": _enable,
    "disable": _disable,
    "exit": _exit,
    "nothing": lambda _cli, _words: Output(),
    "configure": _configure,
    "session-enter": _session_enter,
    "session-commit": _session_commit,
    "session-commit-timer": _session_commit_timer,
    "session-abort": _session_abort,
    "session-delete": _session_delete,
    "configure-replace": _replace,
    "reload": _reload,
}

SESSION_COMMANDS: Commands = {
    "commit": _commit,
    "commit-timer": _commit_timer,
    "abort": _abort,
    "clean-config": _clean_config,
}
