"""What to do if the screen stays black: whole sentences for every loader, with an entry and without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import facts_of, root_of
from tests.plan.boot.test_fallback_entry import ENTRY, FOLDER
from tests.plan.isolate.test_isolate import HOST_CARD
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.boot import Loader
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.plan.boot.boot_menu import MENUS, NO_MENU
from vfiotui.plan.boot.fallback import GRUB_SCRIPT, GRUB_TEXT, add_escape
from vfiotui.plan.draft import Draft, PlanError
from vfiotui.plan.goals import make_plan

CHOOSE = "at the boot menu choose the entry whose name ends with (without passthrough)"
WORDS = "module_blacklist=vfio_pci vfiotui=off"
GRUB = f"at GRUB's boot menu press e, add {WORDS} to the line that begins with linux, and press Ctrl+X"
SDBOOT = f"at the boot menu of systemd-boot press e, add {WORDS} to the line below, and press Enter"
EITHER = (
    f"at the boot menu press e, add {WORDS} to the kernel's line, and start it with Ctrl+X (GRUB) or Enter "
    "(systemd-boot)"
)
ENTRY_FILE = {f"{FOLDER}/a.conf": ENTRY.format(n=9)}
MENU = {"/boot/grub/grub.cfg": b"menuentry 'Debian (without passthrough)' {\n}\n", GRUB_SCRIPT: GRUB_TEXT.encode()}
GOLDEN = {
    ("grub", "script"): (CHOOSE, GRUB),
    ("grub", "in the menu"): (CHOOSE, GRUB),
    ("grub", ""): (GRUB,),
    ("grub-bls", "file"): (CHOOSE, GRUB),
    ("grub-bls", ""): (GRUB,),
    ("rpm-ostree", ""): (GRUB,),
    ("systemd-boot", "file"): (CHOOSE, SDBOOT),
    ("systemd-boot", ""): (SDBOOT,),
    ("kernelstub", "file"): (SDBOOT,),
    ("uki", ""): (
        f"{SDBOOT}; where Secure Boot is on, a unified image keeps its own words: undo the change from a rescue system "
        "then",
    ),
    ("efistub", ""): (NO_MENU,),
    ("limine", ""): (
        f"at Limine's boot menu press e, add {WORDS} to the line that begins with cmdline, and press F10",
    ),
    ("refind", ""): (f"at rEFInd's menu press F2, F2 again, add {WORDS} to the options, and press Enter",),
    ("proxmox", ""): (EITHER,),
    ("nixos", ""): (EITHER,),
    ("guix", ""): (GRUB,),
    ("unknown", ""): (
        "at the boot menu open the entry's editor (e in GRUB, systemd-boot and Limine, F2 twice in rEFInd), add "
        f"{WORDS} to the kernel's words, and start it",
    ),
}  # fmt: skip


def drawn(loader: str, entry: str) -> Draft:
    """A draft on a host of this loader, where an entry can be made or is there."""
    facts = facts_of(HOST_CARD)
    assert not isinstance(facts.boot, Unread)
    files: dict[str, bytes | str] = {"file": ENTRY_FILE, "in the menu": MENU}.get(entry, {})  # type: ignore[assignment]
    host = replace(HOST_CARD, files={"/boot/loader/loader.conf": "timeout 3\n", **files})
    snapshot: ConfigSnapshot = replace(
        read_config_snapshot(root_of(host)),
        programs={"update-grub": "/usr/sbin/update-grub"} if entry == "script" else {},
    )
    # The path of the root is GRUB's: it says nothing of the other loaders.
    boot = replace(facts.boot, loader=Loader(loader, True, ()), path=Unread("is another loader's", Why.NOT_HERE))
    return Draft(replace(facts, boot=boot), snapshot)


@pytest.mark.parametrize(("loader", "entry"), GOLDEN)
def test_every_loader_has_whole_sentences(loader: str, entry: str) -> None:
    draft = drawn(loader, entry)
    why_not = add_escape(draft)
    plan = draft.plan("test", ())
    assert plan.escape == GOLDEN[loader, entry]
    assert bool(why_not) is (CHOOSE not in plan.escape)
    assert all(line.startswith(("at ", "the firmware ")) for line in plan.escape)


@pytest.mark.parametrize("loader", sorted({loader for loader, _ in GOLDEN} - {"efistub"}))
def test_every_plan_that_adds_words_says_how_they_go_away(loader: str) -> None:
    from vfiotui.plan.boot.boot_menu import deleting

    sentence = deleting(loader, "iommu=pt")
    assert "delete iommu=pt from" in sentence and sentence.startswith("at ") and "{" not in sentence
    assert loader in MENUS or loader == "unknown"


@pytest.mark.parametrize(("loader", "entry"), [key for key, said in GOLDEN.items() if CHOOSE not in said])
def test_where_no_entry_can_be_made_the_wish_is_refused_with_the_reason(loader: str, entry: str) -> None:
    draft = drawn(loader, entry)
    with pytest.raises(PlanError, match="no boot entry without passthrough is made: "):
        make_plan(draft.facts, draft.snapshot, [("boot.escape", "yes")])


def test_an_entry_that_the_menu_lacks_is_brought_there_although_its_script_is_in_place() -> None:
    draft = drawn("grub", "in the menu")
    snapshot = replace(draft.snapshot, programs={"update-grub": "/usr/sbin/update-grub"})
    assert make_plan(draft.facts, snapshot, [("boot.escape", "yes")]).steps == ()
    old = replace(snapshot, files={**snapshot.files, "/boot/grub/grub.cfg": b"menuentry 'Debian' {\n}\n"})
    assert [s.subject for s in make_plan(draft.facts, old, [("boot.escape", "yes")]).steps] == [
        "update-grub",
        "/boot/grub/grub.cfg",
    ]
