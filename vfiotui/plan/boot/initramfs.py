"""The initramfs: built anew after its configuration changed, and its module lists."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.initramfs import booster, dracut, initramfs_tools, mkinitcpio
from vfiotui.formats.modprobe.modprobe import is_module_name
from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.formats.refused import EditRefused
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.early_boot import EarlyBoot
from vfiotui.model.boot.gone_modules import GONE, is_gone
from vfiotui.model.change.change import Change, Effect, look_into_images
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.expected_image import VFIO, expected
from vfiotui.plan.boot.managed import image_text
from vfiotui.plan.draft import FILE_NAME, Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.softdep import builtin_modules
from vfiotui.plan.planned_files import PlannedFiles

BUILDERS = {
    "initramfs-tools": (("update-initramfs", "-u", "-k", "all"), ("/boot/initrd.img-*", "/var/lib/initramfs-tools/*")),
    "mkinitcpio": (("mkinitcpio", "-P"), ("/boot/initramfs-*.img", "/boot/EFI/Linux/*.efi", "/efi/EFI/Linux/*.efi")),
    "dracut": (("dracut", "-f", "--regenerate-all"), ("/boot/initramfs-*.img", "/boot/initrd-*", "/boot/initrd.img-*")),
}
"""Tool → its command for all images, and the images."""


BOOSTER_IMAGES = ("/boot/booster-*.img",)
WRITES = (
    rf"/etc/(modules-load|dracut\.conf|mkinitcpio\.conf)\.d/{FILE_NAME}\.conf",
    r"/etc/(modules|mkinitcpio\.conf|dracut\.conf|booster\.yaml|initramfs-tools/modules)",
)
NO_TOOL = "rebuild the initramfs inside the system: no tool that does it was found here"


def tool_of(draft: Draft) -> str:
    """The tool that builds this system's images, or "none"."""
    boot = draft.facts.boot
    if isinstance(boot, Unread) or isinstance(boot.initramfs, Unread):
        return "none"
    return boot.initramfs


def rebuild(draft: Draft) -> None:
    """The images are built anew, the old ones kept; a note where the tool is not here.

    PlanError where a tool of the whole system makes them, with what to do there.
    """
    if not isinstance(draft.facts.boot, Unread) and draft.facts.boot.managed.name:
        raise PlanError(image_text(draft.facts.boot.managed))
    tool = tool_of(draft)
    if tool == "booster" and draft.snapshot.programs.get("booster"):
        argv: tuple[str, ...] = ("/usr/lib/booster/regenerate_images",)
        products: tuple[str, ...] = BOOSTER_IMAGES
    elif tool in BUILDERS and BUILDERS[tool][0][0] in draft.snapshot.programs:
        argv, products = BUILDERS[tool]
    else:
        images = BUILDERS[tool][1] if tool in BUILDERS else BOOSTER_IMAGES if tool == "booster" else ()
        draft.leave(NO_TOOL, _look(draft, tool, images) if images else None)
        return
    draft.require("room", products[0])
    draft.run(argv, "rebuild the initramfs", Phase.REBUILD, products=products, risk=Risk.R3, effect=Effect.BOOT)
    look = _look(draft, tool, products)
    if look is not None:
        draft.replace_step(look, Phase.LOOK_INTO_IMAGE)


def _look(draft: Draft, tool: str, products: tuple[str, ...]) -> Change | None:
    """What this plan puts into the images must be found in them; None where it puts nothing there."""
    boot = draft.facts.boot
    assert not isinstance(boot, Unread)
    so_far = draft.plan("", ())
    possible = expected(tool, PlannedFiles(boot, draft.snapshot, so_far), None)
    # What the configuration leaves open, as dracut's hostonly, is not demanded.
    today = expected(tool, PlannedFiles(boot, draft.snapshot), None)
    listed = frozenset(n for early in today for n, _ in early.early)
    sets = [_wants(early, so_far, listed, builtin_modules(boot)) for early in possible]
    wants = [w for w in sets[0] if all(w in others for others in sets)] if sets else []
    images = tuple(p for p in products if not p.startswith("/var/"))
    why = "open the built images: they must hold what this plan needs"
    return look_into_images(images, tuple(wants), why) if wants else None


def _wants(early: EarlyBoot, plan: Plan, before: frozenset[str], builtin: frozenset[str]) -> tuple[str, ...]:
    """What a plan needs inside of an image that is built so; see formats/boot_image.missing.

    A module that a person listed `before` is no effect of the plan: it may be built in, or gone from this kernel, as
    vfio_virqfd is since 6.2. vfio_pci is one wherever the plan writes about it.
    """
    about = any("vfio-pci" in line or "vfio_pci" in line for line in _added_lines(plan))
    effect = {n for n, _ in early.early if n.startswith("vfio") and n not in before} | ({VFIO} if about else set())
    listed = [n for n, _ in early.early if n in effect and n not in builtin]
    wants = [f"{verb} {name}" for name in listed for verb in ("module", "early")]
    if early.options_only:
        ids = gathered(early.modprobe).option("vfio_pci", "ids") if "vfio_pci" in listed else None
        return (*wants, f"option vfio_pci ids={ids.words[0]}") if ids else tuple(wants)
    files = [s for s in plan.steps if s.kind == "file"]
    inside = {f.path for f in (*early.modprobe, *early.rules)} | {script.path for script in early.scripts}
    wants += [f"same {s.subject}" for s in files if s.subject in inside]
    removed = (s.subject for s in files if s.after is None)
    wants += [f"gone {path}" for path in removed if "/modprobe.d/" in path or "/rules.d/" in path]
    return tuple(wants)


def _added_lines(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        if step.kind == "file":
            before, after = ((content or b"").decode("utf-8", "replace") for content in (step.before, step.after))
            known = set(before.split("\n"))
            yield from (line for line in after.split("\n") if line not in known)


def module_file(tool: str) -> str:
    """The file in which a tool lists the modules to load early."""
    files = {
        "initramfs-tools": "/etc/initramfs-tools/modules",
        "mkinitcpio": "/etc/mkinitcpio.conf",
        "dracut": "/etc/dracut.conf.d/vfiotui.conf",
        "booster": "/etc/booster.yaml",
    }
    if tool not in files:
        raise PlanError(
            "no initramfs tool was found on this system: mkinitcpio, dracut, initramfs-tools and booster are known"
        )
    return files[tool]


def _with(tool: str, text: str, module: str) -> str:
    match tool:
        case "initramfs-tools":
            return initramfs_tools.add(text, module)
        case "mkinitcpio":
            return mkinitcpio.add(text, "MODULES", module)
        case "dracut":
            return dracut.add(text, "force_drivers", module)
    return booster.add(text, module)


def add_early(draft: Draft, module: str) -> bool:
    """The image loads the module early; false where it does already. The image is not built anew by this."""
    tool = tool_of(draft)
    if tool == "none" and draft.text("/etc/mkinitcpio.conf") is not None:
        tool = "mkinitcpio"
    path = module_file(tool)
    after = _with(tool, draft.text(path) or "", module)
    why = f"load {module} from the initramfs"
    return draft.write(path, after, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)


def _named(module: str) -> None:
    if not is_module_name(module):
        raise PlanError(f"{module!r} is no name of a module: letters, digits, - and _")


def _add(draft: Draft, module: str) -> None:
    _named(module)
    if add_early(draft, module):
        rebuild(draft)


def _holders(draft: Draft) -> list[str]:
    snapshot = draft.snapshot
    return [
        "/etc/initramfs-tools/modules", "/etc/mkinitcpio.conf", *snapshot.below("/etc/mkinitcpio.conf.d", ".conf"),
        "/etc/dracut.conf", *snapshot.below("/etc/dracut.conf.d", ".conf"), "/etc/booster.yaml",
        *snapshot.below("/etc/modules-load.d", ".conf"), "/etc/modules",
    ]  # fmt: skip


def _without(path: str, text: str, module: str) -> str:
    from vfiotui.formats.modprobe import modules_load

    if "mkinitcpio" in path:
        return mkinitcpio.remove(text, "MODULES", module)
    if "dracut" in path:
        for name in ("force_drivers", "add_drivers", "drivers"):
            text = dracut.remove(text, name, module)
        return text
    if "booster" in path:
        return booster.remove(text, module)
    if "initramfs-tools" in path:
        return initramfs_tools.remove(text, module)
    return modules_load.remove(text, module)


def drop_gone(draft: Draft) -> None:
    """Modules that none of the installed kernels has go out of the lists: some builders fail because of them."""
    boot = draft.facts.boot
    releases = () if isinstance(boot, Unread) else boot.installed
    for module in GONE if releases else ():
        if all(is_gone(module, release) for release in releases):
            try:
                _take_out(draft, module)
            except (EditRefused, PlanError) as error:
                draft.note(f"{module}, which these kernels do not have, stays in a list that cannot be edited: {error}")


def _remove(draft: Draft, module: str) -> None:
    """From every list of modules, the initramfs' and the running system's."""
    _named(module)
    if _take_out(draft, module):
        rebuild(draft)


def _take_out(draft: Draft, module: str) -> bool:
    """Takes a module out of the lists; whether the images must be built anew for it."""
    in_image = False
    for path in _holders(draft):
        text = draft.text(path)
        if text is None:
            continue
        after = _without(path, text, module)
        changed = draft.write(
            path, after, f"do not load {module}", Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT
        )
        in_image |= changed and "modules-load.d" not in path and path != "/etc/modules"
    return in_image


def _rebuild(draft: Draft, _tool: str) -> None:
    rebuild(draft)


PLANNERS = (
    Planner("initramfs.rebuild", "TOOL", "images of the configuration as it is", "Rebuild the initramfs", _rebuild),
    Planner("initramfs.module", "MODULE", "a module that the initramfs loads early", "Load {} early", _add),
    Planner("modules.remove", "MODULE", "a module in no list of modules to load", "Do not load {}", _remove),
)
