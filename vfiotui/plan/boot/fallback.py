"""The way back from a black screen: a boot entry without passthrough that every kernel update keeps."""

from __future__ import annotations

from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.boot_menu import adding, choosing
from vfiotui.plan.boot.command_line import loader_of
from vfiotui.plan.boot.fallback_entry import add_entry
from vfiotui.plan.boot.loader_commands import MENUS, refresh
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

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


def add_escape(draft: Draft) -> str:
    """An entry without passthrough, where the loader's menu can hold one; the words in any case.

    Returns why there is no such entry, as a sentence; empty where there is one or this plan makes it.
    """
    loader = loader_of(draft.facts)
    why_not = _keep_entry(draft, loader)
    if not why_not:
        draft.escape(choosing(TITLE))
    draft.escape(adding(loader, " ".join(WORDS)))
    return f"no boot entry {TITLE} is made: {why_not}" if why_not else ""


def _keep_entry(draft: Draft, loader: str) -> str:
    """Adds the steps that make the entry; returns why there will be none."""
    if loader == "grub":
        return _keep_in_menu(draft)
    if loader in ("systemd-boot", "grub-bls"):
        return add_entry(draft, TITLE, WORDS)
    starts = "an unknown loader" if loader == "unknown" else loader
    return f"it is known how for GRUB and the entries of systemd-boot only, and {starts} starts this host"


def _keep_in_menu(draft: Draft) -> str:
    """GRUB's menu: it is made anew where it does not hold the entry, whoever wrote the script."""
    maker = refresh("grub", draft.snapshot)
    if maker is None:
        menus = (draft.snapshot.text(menu) for menu, _ in MENUS)
        if any(f"({TITLE})" in menu for menu in menus) and draft.text(GRUB_SCRIPT) == GRUB_TEXT:
            return ""
        return "neither update-grub nor grub-mkconfig, which make GRUB's menu, was found in this system"
    why = f"keep a boot entry {TITLE}"
    wrote = draft.write(
        GRUB_SCRIPT, GRUB_TEXT, why, Phase.COMMAND_LINE, risk=Risk.R2, effect=Effect.BOOT, mode=0o755
    )  # fmt: skip
    if wrote or f"({TITLE})" not in draft.snapshot.text(maker.menu):
        draft.run(
            maker.argv, "bring the entry into the boot menu", Phase.LOADER,
            products=maker.products, risk=Risk.R2, effect=Effect.BOOT,
        )  # fmt: skip
        draft.look(maker.menu, WORDS, f"look whether the menu has the entry {TITLE}", Phase.LOOK_INTO_ENTRY)
    return ""


def _draw(draft: Draft, argument: str) -> None:
    why_not = add_escape(draft)
    if why_not:
        raise PlanError(f"{why_not}; without it: {adding(loader_of(draft.facts), ' '.join(WORDS))}")


PLANNERS = (Planner("boot.escape", "yes", f"a boot entry {TITLE}", "Keep a way back", _draw),)
