"""Files and saving on an IOS device."""

import hashlib

from lab.ios import clock
from lab.ios.commands import CommandError, Commands, plain
from lab.ios.device import IosDevice, Line
from lab.ios.filenames import FLASH, contents, in_flash, is_running, is_startup

_SIZE, _FREE = 7897796608, 5869666304
_NO_SPACE = "startup-config file open failed (Not enough space)"


def _saved(device: IosDevice, line: Line) -> str:
    if not device.save(line):
        raise CommandError(f"Building configuration...\n{_NO_SPACE}")
    device.write_log("%SYS-6-PRIVCFG_ENCRYPT_SUCCESS: Successfully encrypted private config file")
    return "Building configuration...\n[OK]"


async def _write_memory(line: Line, _words: str) -> str:
    return _saved(line.device, line)


async def _write_erase(line: Line, _words: str) -> str:
    device = line.device
    prompt = "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]"
    if await line.terminal.confirm(prompt, line.timeout):
        device.startup = device.base
        return "[OK]\nErase of nvram: complete"
    return ""


async def _copy(line: Line, words: str) -> str:
    device = line.device
    _, source, target = words.split()
    text = contents(device, source)
    if text is None:
        raise CommandError(f"%Error opening {source} (No such file or directory)")
    if device.running.child("file prompt") is None:
        usual = "startup-config" if is_startup(target) else "running-config" if is_running(target) else in_flash(target)
        answer = await line.terminal.ask(f"Destination filename [{usual}]? ", line.timeout)
        target = answer if answer and answer != usual else target
        if not _is_config(target) and in_flash(target) in device.flash:
            prompt = "%Warning:There is a file already existing with this name \nDo you want to over write? [confirm]"
            if not await line.terminal.confirm(prompt, line.timeout):
                return ""
    return _copied(device, line, source, target, text)


def _is_config(name: str) -> bool:
    return is_running(name) or is_startup(name)


def _copied(device: IosDevice, line: Line, source: str, target: str, text: str) -> str:
    size = len(text.encode())
    copied = f"{size} bytes copied in 0.520 secs ({round(size / 0.52)} bytes/sec)"
    if is_startup(target):
        if is_running(source):
            return _saved(device, line)
        if not device.save(line, device.replace_with(text)[0]):
            raise CommandError(_NO_SPACE)
        return f"[OK]\n{copied}"
    if is_running(target):
        config, refused = device.merged_with(text)
        device.change(config, line.user)
        device.settle()
        wrong = "".join(f"{each.line}\n% Invalid input detected at '^' marker.\n\n" for each in refused)
        return f"{wrong}{copied}"
    if not device.store(in_flash(target), text):
        raise CommandError(f"%Error opening {target} (No space left on device)")
    return copied


def _dir(line: Line, words: str) -> str:
    device = line.device
    rows = [
        f"{number:5}  -rw-  {len(file.text.encode()):16}  "
        f"{file.written:%b} {file.written.day} {file.written:%Y %H:%M:%S} +00:00  {name}"
        for number, (name, file) in enumerate(sorted(device.flash.items()), start=11)
    ]
    named = words.split()[1:]
    if named and not named[0].startswith(("flash", "bootflash", "nvram")) and not words.startswith("show"):
        raise CommandError(f"%Error opening {FLASH}/{named[0]} (No such file or directory)")
    used = sum(len(file.text.encode()) for file in device.flash.values())
    total = f"{_SIZE} bytes total ({_FREE - used} bytes free)"
    return "\n".join((f"Directory of {FLASH}/", "", *(rows or ["No files in directory"]), "", total))


def _more(line: Line, words: str) -> str:
    name = words.split()[1]
    text = contents(line.device, name)
    if text is None:
        raise CommandError(f"%Error opening {name} (No such file or directory)")
    return text.rstrip("\n")


async def _delete(line: Line, words: str) -> str:
    name = words.rsplit(maxsplit=1)[-1]
    file = in_flash(name)
    if "/force" not in words:
        answer = await line.terminal.ask(f"Delete filename [{file}]? ", line.timeout)
        file = answer or file
        if not await line.terminal.confirm(f"Delete {FLASH}/{file}? [confirm]", line.timeout):
            return ""
    if line.device.flash.pop(file, None) is None:
        raise CommandError(f"%Error deleting {FLASH}/{file} (No such file or directory)")
    return ""


def _verify(line: Line, words: str) -> str:
    name, *expected = words.split()[2:]
    text = contents(line.device, name)
    if text is None:
        raise CommandError(f"%Error opening {name} (No such file or directory)")
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    if expected and expected[0] != digest:
        raise CommandError(
            f"%Error verifying {name}\nComputed signature  = {digest}\nSubmitted signature = {expected[0]}"
        )
    return f".Done!\nverify /md5 ({name}) = {digest}"


def nvram_updated(device: IosDevice) -> str:
    """The line of the running config that tells when it was saved, or nothing."""
    if device.saved is None:
        return ""
    return f"! NVRAM config last updated at {clock.stamp(device.saved, device.running)}"


FILE_COMMANDS: Commands = {
    "write-memory": _write_memory,
    "write-erase": _write_erase,
    "copy": _copy,
    "dir": plain(_dir),
    "more": plain(_more),
    "delete": _delete,
    "verify": plain(_verify),
}
