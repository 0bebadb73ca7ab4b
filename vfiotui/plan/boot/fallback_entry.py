"""The entry without passthrough where entries are files: a copy of the newest one, made again by kernel-install."""

from __future__ import annotations

import re

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.loaders.loader_entry import edit_words, parse, words
from vfiotui.formats.refused import EditRefused
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.loader_files import ENTRY_FOLDERS, WITHOUT_ENTRY
from vfiotui.plan.draft import Draft, Phase

PLUGIN = "/etc/kernel/install.d/95-vfiotui.install"
LEFT_OUT = ("sort-key", "version", "machine-id")
"""Without them, and with a name that begins with 0, the entry is sorted last (uapi-group.org, Boot Loader Spec)."""
IDS = ("vfio-pci.ids=", "vfio_pci.ids=")


def newest_entry(draft: Draft) -> str | None:
    """The entry of the newest kernel that is no rescue system, by the version in its name."""
    found = [
        path for folder in ENTRY_FOLDERS for path in draft.snapshot.below(folder, ".conf")
        if not path.endswith(WITHOUT_ENTRY) and not re.search(r"rescue|fallback", path)
    ]  # fmt: skip
    with_kernel = [p for p in found if "linux" in dict(parse(draft.text(p) or ""))]
    return max(with_kernel, key=lambda p: [int(n) for n in re.findall(r"\d+", p.rpartition("/")[2])], default=None)


def entry_text(text: str, title: str, off: tuple[str, ...]) -> str:
    """The entry without passthrough, from another entry; raises EditRefused for one whose words are elsewhere."""
    dropped = tuple(w for w in words(text) if w.startswith(IDS))
    after = edit_words(text, WordEdit(add=tuple(off), remove=dropped))
    lines = []
    for line in after.splitlines():
        key = line.split(None, 1)[0] if line.split() else ""
        if key == "title":
            line = f"{line.rstrip()} ({title})"
        if key not in LEFT_OUT:
            lines.append(line)
    return "\n".join((*lines, ""))


def plugin_text(title: str, off: tuple[str, ...]) -> str:
    """A plugin of kernel-install(8) that makes the entry anew from the newest one."""
    ids = "".join(f" -e '/^options/s/ {i}[^ ]*//g'" for i in IDS)
    drop = "".join(f" -e '/^{key}[[:space:]]/d'" for key in LEFT_OUT)
    return "\n".join(
        (
            "#!/bin/sh",
            f"# Made by vfiotui: keeps the boot entry {title} when kernels come and go.",
            "case $1 in add | remove) ;; *) exit 0 ;; esac",
            "for boot in ${KERNEL_INSTALL_BOOT_ROOT:-/boot /efi /boot/efi}; do",
            "    entries=$boot/loader/entries",
            f"    own=$entries/{WITHOUT_ENTRY}",
            "    [ -e $own ] || continue",
            "    newest=$(ls $entries/*.conf | grep -v -e $own -e rescue -e fallback | sort -V | tail -n 1)",
            '    [ -n "$newest" ] && grep -q "^linux" "$newest" || continue',
            f"    sed{ids}{drop} -e '/^title/s/$/ ({title})/' -e '/^options/s/$/ {' '.join(off)}/' \\",
            '        "$newest" >$own.new && mv $own.new $own',
            "done",
            "exit 0",
            "",
        )
    )


def add_entry(draft: Draft, title: str, off: tuple[str, ...]) -> str:
    """The entry and what keeps it; returns why there is none, as a half sentence, or nothing."""
    base = newest_entry(draft)
    if base is None:
        return f"no entry that starts a kernel was found in {', '.join(ENTRY_FOLDERS)}"
    try:
        text = entry_text(draft.text(base) or "", title, off)
    except EditRefused as refusal:
        return refusal.sentence
    path = f"{base.rpartition('/')[0]}/{WITHOUT_ENTRY}"
    draft.write(path, text, f"keep a boot entry {title}", Phase.LOADER, risk=Risk.R2, effect=Effect.BOOT)
    if "kernel-install" in draft.snapshot.programs:
        draft.write(
            PLUGIN, plugin_text(title, off), "make the entry again when a kernel comes or goes", Phase.LOADER,
            risk=Risk.R2, effect=Effect.BOOT, mode=0o755,
        )  # fmt: skip
    return ""
