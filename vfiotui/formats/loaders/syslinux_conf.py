"""The configuration of SYSLINUX and EXTLINUX, which U-Boot reads too: keywords of any case, one on each line.

`LABEL` begins an entry; what stands before the first one holds for all. A kernel gets `APPEND`, its own or else the
common one, then `initrd=` and the files of `INITRD` (doc/syslinux.txt; com32/elflink/ldlinux/readconfig.c).
"""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit, rewrite
from vfiotui.formats.loaders.word_field import Field, edit_fields, plain_field, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import Line, line_end, lines_of
from vfiotui.model.base.value import dataclass, field

KERNELS = frozenset({"kernel", "linux"})
OTHERS = frozenset({"boot", "bss", "pxe", "fdimage", "comboot", "com32", "config", "localboot"})
"""Keywords that start something else than a Linux kernel."""
UBOOT = frozenset({"fdt", "fdtdir", "devicetree", "devicetreedir", "fdtoverlays", "devicetree-overlay"})
"""Keywords that only U-Boot knows."""


@dataclass(slots=True)
class Label:
    """One entry."""

    name: str
    line: int
    title: str = ""
    """MENU LABEL without the mark of its hotkey."""
    kernel: str = ""
    kernel_line: Line | None = None
    starts_linux: bool = True
    append: str | None = None
    append_field: Field | None = None
    append_line: int = 0
    initrd: str = ""
    menu_default: bool = False
    hidden: bool = False
    """MENU HIDE, MENU DISABLE or a separator: the menu does not start it by itself."""


@dataclass(slots=True)
class Config:
    """What a file says."""

    labels: list[Label] = field(default_factory=list)
    default: str = ""
    default_line: int = 0
    ui: str = ""
    ontimeout: str = ""
    ontimeout_line: int = 0
    timeout: int = 0
    """Tenths of a second; 0 where it waits for ever."""
    total_timeout: int = 0
    prompt: bool = False
    menu_save: bool = False
    append: str | None = None
    append_field: Field | None = None
    append_line: int = 0
    includes: list[str] = field(default_factory=list)
    is_uboot: bool = False


def _split(text: str) -> tuple[str, str]:
    first, _, rest = text.strip().replace("\t", " ").partition(" ")
    return first.lower(), rest.strip()


def _number(text: str) -> int:
    digits = text.strip()
    return int(digits[:9]) if digits.isascii() and digits.isdigit() else 0


def parse(text: str) -> Config:
    """The entries and settings of a file; what it includes is not followed.

    >>> [(l.name, l.append) for l in parse("DEFAULT a\\nLABEL a\\n LINUX vmlinuz\\n APPEND quiet\\n").labels]
    [('a', 'quiet')]
    """
    config = Config()
    for line in lines_of(text):
        key, value = _split(line.text.rstrip("\r"))
        label = config.labels[-1] if config.labels else None
        if key == "menu":
            _menu(config, label, value)
        elif key == "label" and value:
            config.labels.append(Label(value, line.number))
        elif key == "include" and value:
            config.includes.append(value)
        elif key == "append":
            _append(config, label, text, line, value)
        elif label is not None and (key in KERNELS or key in OTHERS):
            label.kernel, label.kernel_line = value, line
            label.starts_linux = key in KERNELS and not value.lower().endswith((".c32", ".bin", ".bs", ".bss"))
        elif label is not None and key == "initrd":
            label.initrd = value
        elif key in UBOOT:
            config.is_uboot = True
        else:
            _setting(config, key, value, line.number)
    return config


def _menu(config: Config, label: Label | None, value: str) -> None:
    word, rest = _split(value)
    if word == "label" and label is not None:
        label.title = rest.replace("^", "", 1)
    elif word == "default" and label is not None:
        label.menu_default = True
    elif word in ("hide", "disable", "separator") and label is not None:
        label.hidden = True
    elif word == "include" and rest:
        config.includes.append(rest.split(" ")[0])
    elif word == "save":
        config.menu_save = True


def _append(config: Config, label: Label | None, text: str, line: Line, value: str) -> None:
    body = line.text.rstrip("\r")
    start = line.start + len(body) - len(body.lstrip()) + len("append")
    placed = plain_field(text, start, line.start + len(body), line.number, line.text).joined()
    target: Config | Label = config if label is None else label
    target.append, target.append_field, target.append_line = value, placed, line.number


def _setting(config: Config, key: str, value: str, number: int) -> None:
    match key:
        case "default":
            config.default, config.default_line = value, number
        case "ui":
            config.ui = value
        case "ontimeout":
            config.ontimeout, config.ontimeout_line = value, number
        case "timeout":
            config.timeout = _number(value)
        case "totaltimeout":
            config.total_timeout = _number(value)
        case "prompt":
            config.prompt = _number(value) != 0


def words(text: str, name: str | None = None) -> tuple[str, ...]:
    """The words that every Linux entry gets by APPEND, in the order of the first; of one label with its name."""
    config = parse(text)
    chosen = [label for label in config.labels if label.starts_linux and label.kernel and name in (None, label.name)]
    found = [_words_of(config, label) for label in chosen]
    return tuple(w for w in found[0] if all(w in others for others in found)) if found else ()


def _words_of(config: Config, label: Label) -> tuple[str, ...]:
    if label.append == "-":
        return ()
    placed = label.append_field or config.append_field
    return words_of([placed]) if placed else ()


def edit_words(text: str, edit: WordEdit, name: str | None = None) -> str:
    """The file with the APPEND of every Linux entry edited, or of one label. Raises EditRefused.

    A label that takes the common APPEND is edited there where all are meant, and gets its own where it alone is.
    """
    config = parse(text)
    chosen = [label for label in config.labels if label.starts_linux and label.kernel and name in (None, label.name)]
    if not chosen:
        raise EditRefused("The file has no such entry that starts Linux.")
    common = name is None and config.append_field is not None and any(label.append is None for label in chosen)
    places: list[tuple[int, Label | None]] = [(label.line, label) for label in chosen if label.append or not common]
    if common:
        places.append((0, None))
    # From the last to the first, so that places further up stay true.
    for _, label in sorted(places, key=lambda p: -p[0]):
        placed = config.append_field if label is None else label.append_field
        if placed is not None and (label is None or label.append != "-"):
            text = edit_fields(text, [placed], edit)
        elif label is not None and label.append is None:
            text = _with_append(text, config, label, edit)
        elif label is not None:
            raise EditRefused("The entry takes no words (APPEND -).", label.append_line)
    return text


def _with_append(text: str, config: Config, label: Label, edit: WordEdit) -> str:
    """A line of its own behind the one that names the kernel, which begins with the common words."""
    from vfiotui.formats.loaders.kernel_words import Word

    new = rewrite(tuple(map(Word, _words_of(config, label))), edit)
    line = label.kernel_line
    if not new or line is None:
        return text
    indent = line.text[: len(line.text) - len(line.text.lstrip())]
    added = f"{line_end(text)}{indent}APPEND {' '.join(k.text for k in new)}"
    end = line.start + len(line.text.rstrip("\r"))
    return text[:end] + added + text[end:]
