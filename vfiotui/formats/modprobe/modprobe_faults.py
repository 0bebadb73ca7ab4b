"""Lines of modprobe.d that kmod or the module takes otherwise than they were meant (modprobe.d(5), kernel/params.c).

kmod ignores a line whose first word it does not know. A softdep line counts only the words behind "pre:" and "post:".
All options of a module become one line of words for the kernel, which splits it at blanks: a blank in a list ends it.
vfio-pci splits its ids at commas alone (drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids). A backslash before the line
end joins the next line, in comments too (libkmod/libkmod-util.c, freadline_wrapped).
"""

from __future__ import annotations

import re

from vfiotui.formats.fault import Fault
from vfiotui.model.base.near import nearest
from vfiotui.model.boot.modprobe_lines import LOGICAL, Statement, fold, statements

ID = re.compile(r"[0-9a-fA-F]{1,8}(:[0-9a-fA-F]{1,8}){1,5}")
"""An element of ids=: vendor:device[:subvendor[:subdevice[:class[:mask]]]]."""
MARK = re.compile(r"v.{0,2}i.{0,2}o|vfi|fio", re.IGNORECASE)
"""What a misspelt name of a vfio module still has."""
VERBS = ("alias", "blacklist", "install", "options", "remove", "softdep", "weakdep")
QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u2018\u2019\u201a"
"""Quotation marks of word processors and of web pages: to every program they are letters."""
OPTIONS = {
    "vfio_pci": ("ids", "nointxmask", "disable_vga", "disable_idle_d3", "enable_sriov", "disable_denylist"),
    "vfio_iommu_type1": ("allow_unsafe_interrupts", "disable_hugepages", "dma_entry_limit"),
}
"""Module → the options that it has (drivers/vfio)."""
MODULES = (
    "vfio vfio_pci vfio_pci_core vfio_iommu_type1 vfio_iommu_spapr_tce vfio_spapr_eeh vfio_mdev mdev vfio_platform"
    " vfio_platform_base vfio_amba vfio_cdx vfio_fsl_mc vfio_ap vfio_ccw mlx5_vfio_pci hisi_acc_vfio_pci pds_vfio_pci"
    " virtio_vfio_pci nvgrace_gpu_vfio_pci qat_vfio_pci xe_vfio_pci vfio_platform_amdxgbe vfio_virqfd"
).split()
"""Modules of drivers/vfio, with _ for -; of older kernels too."""
SHORT = {"id": "ids"}
"""Names that are too short to be told by their distance."""


def faults(text: str) -> tuple[Fault, ...]:
    """Every line that is not taken as it was meant; kinds: verb, softdep, options."""
    joined = _joined(text)
    lines = {f.line for f in joined}
    """What else such a line says is seen once it is parted."""
    found = [*joined, *(f for f in _verbs(text) if f.line not in lines)]
    for one in statements(text):
        if one.line in lines:
            continue
        if one.verb == "softdep":
            found += _softdep(text, one)
        elif one.verb == "options":
            found += _options(text, one)
    return tuple(sorted(found, key=lambda f: f.line))


def repaired(text: str, kind: str) -> str:
    """The text with every fault of a kind whose right line is known; equal to it where there is none."""
    for fault in reversed([f for f in faults(text) if f.kind == kind and f.right]):
        start, end = _place(text, fault.line)
        body = text[start:end]
        eol = "\r\n" if body.endswith("\r\n") else "\n" if body.endswith("\n") else ""
        text = text[:start] + fault.right + eol + text[end:]
    return text


def _place(text: str, line: int) -> tuple[int, int]:
    """Where the logical line that begins in this line stands, its end included."""
    place, number = 0, 1
    while place < len(text):
        match = LOGICAL.match(text, place)
        assert match
        if number == line:
            return place, match.end()
        number += text.count("\n", place, match.end())
        place = match.end()
    return len(text), len(text)


def meant_module(name: str) -> str:
    """The vfio module that was meant by a name that no module has; empty for modules and for all other names.

    >>> meant_module("vfio_virtqfd"), meant_module("vfio-pci"), meant_module("nouveau")
    ('vfio_virqfd', '', '')
    """
    return nearest(fold(name), MODULES, 2) if len(name) < 40 and MARK.search(name) else ""


def meant_verb(verb: str) -> str:
    """The verb of kmod that was meant by a word that is almost one; empty for its verbs, and for all other words.

    >>> meant_verb("option"), meant_verb("Options"), meant_verb("options"), meant_verb("vfio-pci")
    ('options', 'options', '', '')
    """
    if verb in VERBS or verb.startswith("#"):
        return ""
    return verb.lower() if verb.lower() in VERBS else nearest(verb.lower(), VERBS, 2)


def _verbs(text: str) -> list[Fault]:
    found, place, number = [], 0, 1
    while place < len(text):
        match = LOGICAL.match(text, place)
        assert match
        whole, place = match[0], match.end()
        words = whole.split(None, 1)
        verb = words[0] if words else ""
        meant = meant_verb(verb)
        if meant and len(words) > 1:
            shown = whole.rstrip("\r\n")
            right = shown.replace(verb, meant, 1)
            sentence = f"kmod does not know {verb!r} and ignores the line; the word is {meant!r}."
            found.append(Fault("verb", number, shown, sentence, right))
        number += whole.count("\n")
    return found


def _joined(text: str) -> list[Fault]:
    """Statements that the backslash at the end of the line above makes a part of that line."""
    found, place, number = [], 0, 1
    while place < len(text):
        match = LOGICAL.match(text, place)
        assert match
        whole, place = match[0], match.end()
        first, *below = whole.rstrip("\r\n").split("\n")
        parts, lost = [first], []
        for line in below:
            words = line.rstrip("\\").split()
            if len(words) > 1 and words[0] in VERBS:
                parts[-1] = parts[-1].removesuffix("\\").rstrip(" \t")
                lost.append(" ".join(words))
            parts.append(line)
        if lost:
            what = "the comment" if first.lstrip().startswith("#") else f"'{first.rstrip(chr(92)).strip()}'"
            sentence = f"The backslash joins the next line to {what}: kmod does not see '{lost[0]}'."
            found.append(Fault("verb", number, "\n".join((first, *below)), sentence, "\n".join(parts)))
        number += whole.count("\n")
    return found


def _shown(text: str, one: Statement) -> str:
    return text[one.start : one.end].rstrip("\r\n")


def _softdep(text: str, one: Statement) -> list[Fault]:
    """Words that stand behind neither "pre:" nor "post:", and vfio modules behind the wrong one."""
    sides: dict[str, list[str]] = {"": [], "pre:": [], "post:": []}
    side = ""
    for word in (w.value for w in one.words):
        if word in ("pre:", "post:"):
            side = word
        else:
            sides[side].append(word)
    module, shown = one.name.value, _shown(text, one)
    lost = list(sides[""])
    late = [w for w in sides["post:"] if fold(w).startswith("vfio") and not fold(module).startswith("vfio")]
    if not lost and not late:
        return []
    before = [w.removeprefix("pre:") for w in lost if w.lower() not in ("pre", ":pre", "pre :", ":")]
    before = list(dict.fromkeys(w for w in (*before, *sides["pre:"], *late) if w))
    after = [w for w in sides["post:"] if w not in late]
    if any(":" in w for w in before):
        right = ""
    else:
        right = " ".join(
            ("softdep", module, *(("pre:", *before) if before else ()), *(("post:", *after) if after else ()))
        )
    if lost:
        sentence = f"kmod counts only what stands behind 'pre:' or 'post:': {' '.join(lost)} is not loaded by it."
    else:
        sentence = (
            f"'post:' loads {' '.join(late)} after {module}, which has taken the device by then; 'pre:' is meant."
        )
    return [Fault("softdep", one.line, shown, sentence, right)]


def meant_options(module: str, rest: str) -> str:
    """The options of a vfio module as they were meant: one word for each, lists without blanks.

    >>> meant_options("vfio-pci", "ids = 10de:13c2; 10de:0fbb disable_vga=1")
    'ids=10de:13c2,10de:0fbb disable_vga=1'
    >>> meant_options("vfio-pci", "vfio-pci.id=10de:13c2,")
    'ids=10de:13c2'
    """
    known = OPTIONS.get(fold(module), ())
    text = re.sub(rf"[{QUOTES}]", "", rest)
    text = re.sub(r"\s*=\s*", "=", text)
    text = re.sub(r"\s*[,;]+\s*", ",", text)
    words: list[str] = []
    for word in text.split():
        bare = word.strip(",")
        key, equals, value = bare.partition("=")
        if not equals and all(ID.fullmatch(part) for part in bare.strip('"').split(",")) and known[:1] == ("ids",):
            if words and words[-1].startswith("ids="):
                words[-1] += f",{bare}"
                continue
            key, equals, value = "ids", "=", bare
        for head in (module, fold(module)):
            key = key.removeprefix(f"{head}.").removeprefix(f"{head}:")
        key = SHORT.get(key.lower(), key) if known[:1] == ("ids",) else key
        words.append((nearest(key, known, 2) or key) + equals + value)
    return " ".join(words)


def _options(text: str, one: Statement) -> list[Fault]:
    module = fold(one.name.value)
    if module not in OPTIONS:
        return []
    rest = " ".join(w.value for w in one.words)
    right = meant_options(one.name.value, rest)
    if right == rest:
        return []
    shown = _shown(text, one)
    return [Fault("options", one.line, shown, _why(rest, right), f"options {one.name.value} {right}")]


def _why(rest: str, right: str) -> str:
    """What the kernel makes of options that are written so."""
    if re.search(rf"[{QUOTES}]", rest):
        return "Typographic quotation marks are letters to the kernel, and part of the value."
    if re.search(r"(^|\s)\w+(\s+=|=\s)", rest):
        return "A blank beside '=' parts the option from its value: the kernel refuses the option or takes it as empty."
    if ";" in rest:
        return "The ids are separated by commas: vfio-pci takes what stands before the ';' only."
    if re.search(r",\s", rest) or re.search(r"\s,", rest):
        return "A blank ends the list: vfio-pci takes the ids before it only."
    words, meant = rest.split(), right.split()
    if any(ID.fullmatch(w.split(",")[0]) for w in words):
        return "An id that stands alone is no option: 'ids=' is missing, or a blank ends its list."
    odd = next((w for w in words if w not in meant), rest)
    return f"The module has no option {odd.partition('=')[0]!r}: the kernel ignores it."
