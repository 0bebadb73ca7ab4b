"""The way back from a black screen: a boot entry without passthrough that every kernel update keeps."""

from __future__ import annotations

from vfiotui.model.change import Effect
from vfiotui.model.finding import Risk
from vfiotui.plan.command_line import loader_of
from vfiotui.plan.draft import Draft, Phase, Planner
from vfiotui.plan.escape_entry import add_entry
from vfiotui.plan.loader_commands import refresh

WORDS = ("module_blacklist=vfio_pci", "vfiotui=off")
"""What switches passthrough off at the boot menu: the module is not loaded, the rule of override does nothing."""
TITLE = "without passthrough"
GRUB_SCRIPT = "/etc/grub.d/42_vfiotui"
GRUB_TEXT = f"""#!/bin/sh
# Made by vfiotui: the entries of this system once more, {TITLE}.
# grub-mkconfig runs it whenever a kernel comes or goes.
set -e
[ -x /etc/grub.d/10_linux ] || exit 0
words=
for word in $GRUB_CMDLINE_LINUX_DEFAULT; do
    case $word in vfio-pci.ids=* | vfio_pci.ids=*) ;; *) words="$words $word" ;; esac
done
GRUB_CMDLINE_LINUX_DEFAULT="${{words# }} {" ".join(WORDS)}"
GRUB_DISABLE_RECOVERY=true
GRUB_DISABLE_SUBMENU=y
export GRUB_CMDLINE_LINUX_DEFAULT GRUB_DISABLE_RECOVERY GRUB_DISABLE_SUBMENU
entries=$(/etc/grub.d/10_linux | sed -e "s/'gnulinux-/'vfiotui-/" -e "/^menuentry /s/' --class/ ({TITLE})' --class/")
printf '%s\\n' "$entries"
first=$(printf '%s\\n' "$entries" | sed -n "s/^menuentry .*'\\(vfiotui-[^']*\\)'.*/\\1/p" | head -n 1)
[ -n "$first" ] || exit 0
# A trial boot: armed, it is tried once; running, it did not report; failed, it reported bad health.
cat <<END
if [ "\\${{boot_once}}" != true ]; then
    if [ "\\${{vfiotui_trial}}" = armed ]; then
        set vfiotui_trial=running
        set vfiotui_noted=
        if save_env vfiotui_trial; then set vfiotui_noted=y; fi
        if [ -z "\\${{vfiotui_noted}}" ]; then set default='$first'; fi
    elif [ -n "\\${{vfiotui_trial}}" ]; then
        set default='$first'
    fi
fi
END
"""
"""A fixed text, run by grub-mkconfig with the variables of /etc/default/grub in its environment."""


def add_escape(draft: Draft) -> None:
    """An entry without passthrough, where the loader's menu is made by scripts; the words in any case."""
    loader = loader_of(draft.facts)
    maker = refresh(loader, draft.ground)
    if loader == "grub" and maker is not None:
        why = f"keep a boot entry {TITLE}"
        if draft.write(GRUB_SCRIPT, GRUB_TEXT, why, Phase.COMMAND_LINE, risk=Risk.R2, effect=Effect.BOOT, mode=0o755):
            draft.run(
                maker.argv, "bring the entry into the boot menu", Phase.LOADER,
                products=maker.products, risk=Risk.R2, effect=Effect.BOOT,
            )  # fmt: skip
            draft.look(maker.menu, WORDS, f"look whether the menu has the entry {TITLE}", Phase.LOOK_INTO_ENTRY)
        draft.escape(f"at the boot menu choose the entry ({TITLE})")
    elif loader in ("systemd-boot", "grub-bls") and add_entry(draft, TITLE, WORDS):
        draft.escape(f"at the boot menu choose the entry ({TITLE})")
    draft.escape(f"or press e there, add {' '.join(WORDS)} to the kernel's line, and boot")


def _draw(draft: Draft, argument: str) -> None:
    add_escape(draft)


PLANNERS = (Planner("boot.escape", "yes", f"a boot entry {TITLE}", "Keep a way back", _draw),)
