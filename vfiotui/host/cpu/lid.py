"""The lid as ACPI's button driver shows it, and logind's settings for it.

Sources: drivers/acpi/button.c (/proc/acpi/button/lid/NAME/state); logind.conf(5): the lid is handled by
HandleLidSwitchDocked where a second display or a dock is connected (default ignore), by HandleLidSwitchExternalPower on
external power (default: as HandleLidSwitch), else by HandleLidSwitch (default suspend). Inhibitors of "sleep" do not
hold it off (LidSwitchIgnoreInhibited=yes), those of "handle-lid-switch" do.
"""

from __future__ import annotations

from vfiotui.host.root.config_files import FOLDERS, ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, if_absent, then
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.cpu.lid import ACTIONS, Lid, LidSetting

LIDS = "/proc/acpi/button/lid"
PLAIN, POWER, DOCKED = "HandleLidSwitch", "HandleLidSwitchExternalPower", "HandleLidSwitchDocked"


def _closed(text: str) -> Reading[bool]:
    word = text.rpartition(":")[2].strip()
    return {"open": False, "closed": True}.get(
        word, Unread(f"holds {text[:40]!r}, neither open nor closed", Why.DAMAGED)
    )


def _settings(root: Root) -> Reading[tuple[LidSetting, ...]]:
    files = ConfigFiles(root)
    # Only the first logind.conf counts, and every drop-in behind it (logind.conf(5)).
    main = next((f for top in FOLDERS if (f := files.one(f"{top}/systemd/logind.conf"))), ())
    read = (*main, *files.layered("systemd/logind.conf.d"))
    if isinstance(files.seen, Unread):
        return files.seen
    found = {PLAIN: LidSetting(PLAIN, "suspend"), DOCKED: LidSetting(DOCKED, "ignore")}
    found |= {s.name: s for file in read for s in _assigned(file)}
    found.setdefault(POWER, LidSetting(POWER, found[PLAIN].value, found[PLAIN].source))
    return tuple(found[name] for name in (PLAIN, POWER, DOCKED))


def _assigned(file: ConfigFile) -> list[LidSetting]:
    """The lid's settings of one file, the later ones last; a value that logind does not know sets nothing."""
    found, section = [], ""
    for number, line in file.numbered():
        if line.startswith("["):
            section = line
        name, equals, value = (part.strip() for part in line.partition("="))
        if equals and value in ACTIONS and section == "[Login]" and name in (PLAIN, POWER, DOCKED):
            found.append(LidSetting(name, value, f"{file.path}:{number}"))
    return found


def read(root: Root) -> Reading[Lid | None]:
    """The first lid; None where the machine has none, or shows none."""
    names = if_absent(root.names(LIDS), ())
    if isinstance(names, Unread):
        return names
    for name in names:
        state = f"{LIDS}/{name}/state"
        there = root.exists(state)
        if isinstance(there, Unread):
            return there
        if there:
            return Lid(state, then(root.text(state, 4096), _closed), _settings(root))
    return None
