"""The initramfs: built anew after its configuration changed, and its module lists."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.initramfs import booster, initramfs_tools
from vfiotui.formats.modprobe.modprobe import is_module_name
from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.early_boot import EarlyBoot
from vfiotui.model.boot.makers import Makers
from vfiotui.model.change.change import Change, Effect, look_into_images
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.expected_image import VFIO, expected
from vfiotui.plan.boot.image_edits import add_to_dracut, add_to_mkinitcpio, edited_builds, planned
from vfiotui.plan.boot.image_obstacles import drop_dead, take_along, take_out
from vfiotui.plan.boot.managed import image_text
from vfiotui.plan.draft import FILE_NAME, Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.softdep import builtin_modules
from vfiotui.plan.planned_files import PlannedFiles

WRITES = (
    rf"/etc/(modules-load|dracut\.conf|mkinitcpio\.conf)\.d/{FILE_NAME}\.conf",
    r"/etc/(modules|mkinitcpio[\w.@+-]*\.conf|dracut\.conf|booster\.yaml|initramfs-tools/modules)",
)
NEEDED = frozenset(("vfio_pci", "vfio_iommu_type1", "vfio"))
"""Modules of which a plan may demand that they are in the image."""


def tool_of(draft: Draft) -> str:
    """The tool that builds this system's images, or "none"."""
    boot = draft.facts.boot
    if isinstance(boot, Unread) or isinstance(boot.initramfs, Unread):
        return "none"
    return boot.initramfs


def rebuild(draft: Draft) -> None:
    """The images are built anew, the old ones kept; what would keep the plan out of them is resolved first.

    PlanError where nothing builds an image, and where a tool of the whole system makes them, with what to do there.
    """
    if not isinstance(draft.facts.boot, Unread) and draft.facts.boot.managed.name:
        raise PlanError(image_text(draft.facts.boot.managed))
    tool, makers = tool_of(draft), makers_of(draft)
    resolve_obstacles(draft)
    if not makers.commands:
        raise PlanError(f"a new initramfs is needed, and nothing builds one here: {makers.why}")
    draft.require("room", makers.products[0])
    why = "rebuild the initramfs"
    for argv in makers.commands:
        draft.run(argv, why, Phase.REBUILD, products=makers.products, risk=Risk.R3, effect=Effect.BOOT)
    look = _look(draft, tool, makers.images)
    if look is not None:
        draft.replace_step(look, Phase.LOOK_INTO_IMAGE)


def resolve_obstacles(draft: Draft) -> None:
    """What would keep the plan out of the images that are built next, though its own files are right, is changed."""
    tool = tool_of(draft)
    take_along(draft, tool)
    drop_dead(draft, tool)


def makers_of(draft: Draft) -> Makers:
    """How this system's images are built."""
    boot = draft.facts.boot
    return Makers(why=str(boot)) if isinstance(boot, Unread) else boot.makers


def _judged_images(draft: Draft, tool: str, images: tuple[str, ...]) -> tuple[str, ...]:
    """The images in which the plan must be found: with presets, those of the configurations that it edits."""
    if tool != "mkinitcpio":
        return images
    builds = edited_builds(planned(draft))
    named = tuple(path for build in builds for path in (build.image, build.unified) if path)
    return tuple(dict.fromkeys(named)) or images


def _look(draft: Draft, tool: str, images: tuple[str, ...]) -> Change | None:
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
    why = "open the built images: they must hold what this plan needs"
    return look_into_images(_judged_images(draft, tool, images), tuple(wants), why) if wants else None


def _wants(early: EarlyBoot, plan: Plan, before: frozenset[str], builtin: frozenset[str]) -> tuple[str, ...]:
    """What a plan needs inside of an image that is built so; see formats/boot_image.missing.

    A module that a person listed `before` is no effect of the plan: it may be built in, or gone from this kernel, as
    vfio_virqfd is since 6.2. vfio_pci is one wherever the plan writes about it.
    """
    about = any("vfio-pci" in line or "vfio_pci" in line for line in _added_lines(plan))
    effect = {n for n, _ in early.early if n in NEEDED and n not in before} | ({VFIO} if about else set())
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


def add_early(draft: Draft, module: str) -> bool:
    """The image loads the module early; false where it does already. The image is not built anew by this.

    It is written where it counts: in the configuration that the preset names, or behind a drop-in that replaces.
    """
    tool = tool_of(draft)
    if tool == "none" and draft.text("/etc/mkinitcpio.conf") is not None:
        tool = "mkinitcpio"
    why = f"load {module} from the initramfs"
    if tool == "mkinitcpio":
        return add_to_mkinitcpio(draft, "MODULES", module, why)
    if tool == "dracut":
        return add_to_dracut(draft, "force_drivers", module, why)
    if tool == "initramfs-tools":
        path = "/etc/initramfs-tools/modules"
        after = initramfs_tools.add(draft.text(path) or "", module)
    elif tool == "booster":
        path = "/etc/booster.yaml"
        after = booster.add(draft.text(path) or "", module.replace("-", "_"))
    else:
        raise PlanError(
            "no initramfs tool was found on this system: mkinitcpio, dracut, initramfs-tools and booster are known"
        )
    return draft.write(path, after, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)


def _named(module: str) -> None:
    if not is_module_name(module):
        raise PlanError(f"{module!r} is no name of a module: letters, digits, - and _")


def _add(draft: Draft, module: str) -> None:
    _named(module)
    if draft.snapshot.without_module(module):
        raise PlanError(f"no installed kernel has a module {module}: {', '.join(draft.snapshot.modules)}")
    if add_early(draft, module):
        rebuild(draft)


def _remove(draft: Draft, module: str) -> None:
    """From every list of modules, the initramfs' and the running system's."""
    _named(module)
    if take_out(draft, module):
        rebuild(draft)


def _rebuild(draft: Draft, _tool: str) -> None:
    rebuild(draft)


PLANNERS = (
    Planner(
        "initramfs.rebuild", "TOOL", "build the initramfs of every kernel again", "Rebuild the initramfs", _rebuild
    ),
    Planner("initramfs.module", "MODULE", "load a module early, from the initramfs", "Load {} early", _add),
    Planner(
        "modules.remove", "MODULE", "take a module out of every list of modules to load", "Do not load {}", _remove
    ),
)
