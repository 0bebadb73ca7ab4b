"""The images that the commands before it wrote are opened: what the plan needs must be inside.

An exit code of the builder proves nothing: it may have left a file out, or a module that it did not find. Where
something is missing the change fails, and the images from before are put back. What nobody wrote, such as a rescue
image or a copy that somebody made, is named and not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs.process import error_lines
from vfiotui.apply.record.products import products
from vfiotui.apply.scripts.shell_words import comment, word
from vfiotui.apply.steps.step import LookingKind, StepContext, SubjectState
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.formats.initramfs.boot_image import early_boot, missing
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.host.boot.image import read
from vfiotui.host.boot.kernel_modules import is_builtin, lacks, with_modules
from vfiotui.host.boot.makers.presets import preset_builds
from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.image import Image
from vfiotui.model.change.change import Change

VFIO = "vfio_pci"
COPY = re.compile(r"(\.(bak|old|orig|save|old-dkms|dpkg-bak|backup|pacsave)|~)$|-(backup|bak|old)\.img$|-rescue-")
"""Names that no builder gives to an image that starts by default."""
LEAST = 512
"""Bytes: what is smaller is no image."""


class ImageKind(LookingKind):
    """Looks into images; changes nothing."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"then every image that was built ({', '.join(change.products)}) must hold: {', '.join(change.wants)}"

    def standing(self, work: StepContext) -> SubjectState:
        if work.step and work.keep.noted(work.step).get("done"):
            return SubjectState.AFTER
        return SubjectState.BEFORE if work.step or self.wrong(work) else SubjectState.AFTER

    def do(self, work: StepContext) -> None:
        wrong, notes = self._look(work)
        if wrong:
            raise ApplyError(wrong)
        work.keep.note_done(work.step, done=True, **({"said": "; ".join(notes)} if notes else {}))

    def wrong(self, work: StepContext) -> str | None:
        """What is not as it should be, as a sentence."""
        return self._look(work)[0]

    def _look(self, work: StepContext) -> tuple[str | None, list[str]]:
        """What is wrong, and what was not judged, each as sentences."""
        target, change = work.target, work.change
        named = products(target, change.products)
        wrote = _wrote(work)
        mine = [p for p in named if not COPY.search(p)] if wrote is None else [p for p in named if p in wrote]
        more = sorted(wrote - named.keys()) if wrote is not None else []
        still = [p for p in named if p not in mine]
        notes = [f"not built by this change, and not judged: {', '.join(still)}"] if still else []
        judged = 0
        elsewhere = {p for b in preset_builds(target.root, ConfigFiles(target.root)) for p in (b.image, b.unified) if p}
        for path in (*mine, *more):
            if path in elsewhere and path not in named:
                notes.append(f"{path} is not judged: its preset has a configuration that this change does not edit")
                continue
            image = _image(work, path, path in named)
            if isinstance(image, str):
                return image, []
            if image is None:
                continue
            aside = self._aside(work, image)
            if aside:
                notes.append(f"{path} is not judged: {aside}")
                continue
            judged += 1
            found = missing(image, self._demanded(work, image), lambda p: self._content(work, p))
            if found:
                said = error_lines(work.log) if work.step else ""
                builder = f"; its builder said: {said}" if said else ""
                return f"{path} was built, but {' and '.join(found)}{builder}", []
        if judged:
            return None, notes
        what = f"no image of an installed kernel was built ({', '.join(change.products)}): nothing could be judged"
        return "; ".join((what, *notes)), []

    def _aside(self, work: StepContext, image: Image) -> str:
        """Why an image is not judged, as a half sentence; empty where it is."""
        root = work.target.root
        release, kernels = early_boot(image).release, with_modules(root)
        if release and kernels and release not in kernels:
            return f"its kernel {release} is not installed"
        if release and f"module {VFIO}" in work.change.wants and lacks(root, release, VFIO):
            return f"its kernel {release} has no vfio-pci"
        return ""

    def _demanded(self, work: StepContext, image: Image) -> tuple[str, ...]:
        """The wants without modules that are part of the image's kernel, or that this kernel has not at all."""
        root, release = work.target.root, early_boot(image).release
        found = []
        for want in work.change.wants:
            verb, _, name = want.partition(" ")
            of_kernel = verb in ("module", "early") and bool(release)
            if of_kernel and (is_builtin(root, release, fold(name)) or lacks(root, release, fold(name))):
                continue
            found.append(want)
        return tuple(found)

    def _content(self, work: StepContext, path: str) -> bytes | None:
        place = work.target.real_place(path)
        return disk.read(place) if disk.kind(place) == "file" else None

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        names = " ".join(w.partition(" ")[2].rpartition("/")[2] for w in change.wants)
        what = f"this script cannot look into images: look into {' '.join(change.products)} for {names}"
        return [], [f"printf '%s\\n' {word(comment(what))}"]


def _wrote(work: StepContext) -> set[str] | None:
    """What the commands of the change before this step wrote; None where that was not recorded."""
    notes = [work.keep.noted(step) for step in range(1, work.step)]
    written = [set(noted["wrote"]) for noted in notes if "wrote" in noted]
    return set().union(*written) if written else None


def _image(work: StepContext, path: str, named: bool) -> Image | str | None:
    """The image at a path; a sentence where one of the products is none; None for what is nobody's image."""
    place = Place(work.target.top, path)
    if not named and (disk.kind(place) != "file" or disk.stat_of(place).st_size < LEAST):
        return None
    image = read(work.target.root, path)
    if isinstance(image, Unread):
        if not named or path.endswith(".efi") or image.why is Why.ABSENT:
            return None
        return f"{path} was built, but cannot be looked into: {image.reason}"
    if image.fault:
        return f"{path} was built, but cannot be read to its end: {image.fault}"
    return image


KIND = ImageKind()
