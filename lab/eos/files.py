"""Files and saving on an EOS switch."""

from lab.eos.commands import Cli, CommandError, Commands, Output
from lab.eos.device import EosDevice

_COPIED = "Copy completed successfully."
_SIZE = 4093313024


def in_flash(name: str) -> str:
    """The name of a file within flash, without the file system."""
    return name.removeprefix("flash:").lstrip("/")


def file_text(device: EosDevice, name: str) -> str:
    """What a file holds; raises CommandError where there is no such file."""
    if name in {"running-config", "system:/running-config"}:
        return device.text(device.running)
    if name in {"startup-config", "flash:startup-config", "flash:/startup-config"}:
        return device.text(device.startup)
    file = device.flash.get(in_flash(name))
    if file is None or not name.startswith("flash:"):
        raise CommandError(f"Error opening {name} (No such file or directory)")
    return file.text


def _save(cli: Cli, _words: str) -> Output:
    return _copied(cli, "running-config", "startup-config")


def _copy(cli: Cli, words: str) -> Output:
    _, source, target = words.split()
    return _copied(cli, source, target)


def _copied(cli: Cli, source: str, target: str) -> Output:
    device = cli.device
    text = file_text(device, source)
    to_startup = in_flash(target) == "startup-config"
    if to_startup and "running-config" in source:
        stored = device.save(cli.connection)
    elif to_startup:
        stored = device.save(cli.connection, device.replace_with(text)[0])
    elif "running-config" in target:
        config, _ = device.merged_with(text)
        device.change(config, cli.connection.user)
        device.settle()
        stored = True
    else:
        stored = device.store(in_flash(target), text)
    if not stored:
        raise CommandError(f"Error copying {source} to {target} (No space left on device)")
    return Output(text=f"{_COPIED}\n", data={"messages": [_COPIED]})


def _erase(cli: Cli, _words: str) -> Output:
    cli.device.startup = cli.device.base
    return Output()


def _dir(cli: Cli, _words: str) -> Output:
    files = cli.device.flash
    rows = [
        f"       -rw-  {len(file.text.encode()):10}           {file.written:%b %d %H:%M}  {name}"
        for name, file in sorted(files.items())
    ]
    free = _SIZE - sum(len(file.text.encode()) for file in files.values())
    text = "\n".join(("Directory of flash:/", "", *rows, "", f"{_SIZE} bytes total ({free} bytes free)", ""))
    return Output(text=text, data={"messages": [text]})


def _more(cli: Cli, words: str) -> Output:
    text = file_text(cli.device, words.split()[1])
    return Output(text=text, data={"messages": [text]})


def _delete(cli: Cli, words: str) -> Output:
    name = words.split()[1]
    if cli.device.flash.pop(in_flash(name), None) is None:
        raise CommandError(f"Error deleting {name} (No such file or directory)")
    return Output()


FILE_COMMANDS: Commands = {
    "write-memory": _save,
    "write-erase": _erase,
    "copy": _copy,
    "dir": _dir,
    "more": _more,
    "delete": _delete,
}
