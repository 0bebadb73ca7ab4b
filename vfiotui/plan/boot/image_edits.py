"""Edits of a builder's configuration that count: each is made in the file that has the last word, and looked at again.

A word in a file that a later one replaces, or that the preset does not read, would be a step without effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vfiotui.formats.initramfs import dracut, mkinitcpio
from vfiotui.formats.initramfs.mkinitcpio import CONFIG, DROP_INS
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.source import scan
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.makers import Build
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.image_sources import dracut_files, list_words, mkinitcpio_build, mkinitcpio_files
from vfiotui.plan.draft import Draft, Phase, PlanError
from vfiotui.plan.planned_files import PlannedFiles

OWN_DROP_IN = f"{DROP_INS}/zz-vfiotui.conf"
"""It is read behind the other drop-ins."""
DRACUT = "/etc/dracut.conf.d/vfiotui.conf"
DRACUT_LAST = "/etc/dracut.conf.d/zz-vfiotui.conf"
GLUED = ("force_drivers", "add_drivers", "install_items")
"""Lists of dracut that are texts, which += joins without a blank."""

Edit = Callable[[str, str], str]
"""Path and text → the text with the word."""
Has = Callable[[tuple[str, ...]], bool]


def planned(draft: Draft) -> PlannedFiles:
    """The configuration as the plan leaves it so far."""
    boot = draft.facts.boot
    assert not isinstance(boot, Unread)
    return PlannedFiles(boot, draft.snapshot, draft.plan("", ()))


def edited_builds(files: PlannedFiles) -> tuple[Build, ...]:
    """The builds of mkinitcpio that a plan is about: the first of each preset, and those of the same configuration.

    A further image of a configuration of its own, such as one to fall back on, stays as it is.
    """
    builds = [b for b in files.makers.builds if b.tool == "mkinitcpio"] or [mkinitcpio_build(files, None)]
    firsts = {b.source: b for b in reversed(builds)}
    configs = {b.config for b in firsts.values()}
    return tuple(b for b in builds if b.config in configs)


def _deciding(files: PlannedFiles, paths: Sequence[str], name: str) -> str | None:
    """The last file that sets the list anew."""
    sets = [p for p in paths if any(a.name == name and not a.append for a in scan(files.text(p) or ""))]
    return sets[-1] if sets else None


def _put(
    draft: Draft,
    candidates: Iterable[str],
    edit: Edit,
    words: Callable[[PlannedFiles], tuple[str, ...]],
    has: Has,
    why: str,
) -> bool:
    """The word is written into the first of the files in which it counts; false where it counts already."""
    files = planned(draft)
    refused: EditRefused | None = None
    try:
        if has(words(files)):
            return False
    except EditRefused as error:
        refused = error
    tried = list(dict.fromkeys(candidates))
    for path in tried:
        try:
            after = edit(path, draft.text(path) or "")
            if not has(words(files.with_text(path, after))):
                continue
        except EditRefused as error:
            refused = error
            continue
        return draft.write(path, after, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)
    if refused is not None:
        raise refused
    raise PlanError(f"{why}: no place was found in which that counts; edit {tried[-1]} by hand")


def add_to_mkinitcpio(draft: Draft, name: str, word: str, why: str, *, before: str = "") -> bool:
    """A word into MODULES, FILES or HOOKS of every build that the plan is about; false where all have it."""
    same = fold if name == "MODULES" else str
    changed = False

    def has(words: tuple[str, ...]) -> bool:
        spelled = [same(w.removesuffix("?")) for w in words]
        if same(word) not in spelled:
            return False
        return not before or before not in spelled or spelled.index(same(word)) < spelled.index(before)

    for build in edited_builds(planned(draft)):
        config = mkinitcpio_files(planned(draft), build)
        decides = _deciding(planned(draft), config, name)
        own = () if build.own_config else (OWN_DROP_IN,)
        candidates: tuple[str, ...]
        if before:
            candidates = (*reversed(config), *own)
        elif decides in (None, CONFIG, config[0]):
            candidates = (config[0], *own)
        else:
            candidates = (*own, decides or config[0])

        def edit(path: str, text: str, config: tuple[str, ...] = config) -> str:
            return mkinitcpio.add(text, name, word, before=before or None, drop_in=path != config[0])

        def words(files: PlannedFiles, build: Build = build) -> tuple[str, ...]:
            return list_words(files, mkinitcpio_files(files, build), name)

        changed |= _put(draft, candidates, edit, words, has, why)
    return changed


def add_to_dracut(draft: Draft, name: str, word: str, why: str) -> bool:
    """A word into a list of dracut's; false where it is there."""
    files = planned(draft)
    same = fold if name in dracut.DRIVERS else str
    decides = _deciding(files, dracut_files(files), name)
    later = (decides,) if decides and decides.startswith("/etc/") else ()

    def has(words: tuple[str, ...]) -> bool:
        return same(word) in map(same, words)

    return _put(
        draft,
        (DRACUT, DRACUT_LAST, *later),
        lambda path, text: dracut.add(text, name, word),
        lambda files: list_words(files, dracut_files(files), name),
        has,
        why,
    )


def part_glued_words(draft: Draft) -> None:
    """Words that dracut joins with those of the next file get blanks around them."""
    files = planned(draft)
    config = dracut_files(files)
    for name in GLUED:
        try:
            single = {w for p in config for w in dracut.words(files.text(p) or "", name)}
            if set(list_words(files, config, name)) <= single:
                continue
            for path in config:
                text = draft.text(path) if path.startswith("/etc/") else None
                if text is not None:
                    why = f"put blanks around the words of {name}, which dracut joins to those of the next file"
                    after = dracut.spaced(text, name)
                    draft.write(path, after, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)
        except EditRefused as error:
            draft.note(f"{name} of dracut.conf: {error}")
