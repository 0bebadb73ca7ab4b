"""loader.conf of systemd-boot (loader.conf(5)): which entry it takes, and which entries it adds by itself."""

from __future__ import annotations

from vfiotui.formats.loaders.key_values import key_values
from vfiotui.model.base.value import dataclass

TRUE = frozenset("1 yes y true t on".split())
FALSE = frozenset("0 no n false f off".split())


@dataclass(frozen=True, slots=True)
class LoaderConf:
    """What decides which entry starts."""

    default: str = ""
    """The pattern, or "@saved"; empty where none is set."""
    default_line: int = 0
    preferred: str = ""
    """The pattern that goes before the default one, from systemd 260 on."""
    preferred_line: int = 0
    auto_entries: bool = True
    """Whether Windows, an EFI shell and the removable path's program are added."""
    auto_firmware: bool = True


def parse(text: str) -> LoaderConf:
    """The settings; of a key that comes again the last one counts, and a value that makes no sense is passed over.

    >>> parse("timeout 3\\ndefault arch-*\\nauto-entries no").default
    'arch-*'
    """
    named: dict[str, tuple[str, int]] = {}
    switches = {"auto-entries": True, "auto-firmware": True}
    for one in key_values(text):
        if one.key in ("default", "preferred"):
            if one.value.startswith("@") and one.value.lower() != "@saved":
                continue
            named[one.key] = one.value, one.line
        elif one.key in switches and one.value in TRUE | FALSE:
            switches[one.key] = one.value in TRUE
    default, preferred = named.get("default", ("", 0)), named.get("preferred", ("", 0))
    return LoaderConf(*default, *preferred, switches["auto-entries"], switches["auto-firmware"])
