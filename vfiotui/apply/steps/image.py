"""The built images are opened: what the plan needs must be inside, in every image of an installed kernel.

An exit code of the builder proves nothing: it may have left a file out, or a module that it did not find. Where
something is missing the change fails, and the images from before are put back.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply import disk
from vfiotui.apply.shell_words import comment, word
from vfiotui.apply.steps.command import products
from vfiotui.apply.steps.step import LookingKind, StepContext
from vfiotui.formats.initramfs.boot_image import early_boot, missing
from vfiotui.host.boot.image import read
from vfiotui.host.boot.kernel import installed
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.change.change import Change


class ImageKind(LookingKind):
    """Looks into images; changes nothing."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"then every image ({', '.join(change.products)}) must hold: {', '.join(change.wants)}"

    def wrong(self, work: StepContext) -> str | None:
        """What is not as it should be, as a sentence."""
        kernels, judged = installed(work.target.root), 0
        for path in products(work.target, work.change.products):
            image = read(work.target.root, path)
            if isinstance(image, Unread):
                if path.endswith(".efi") or image.why is Why.ABSENT:
                    continue
                return f"{path} was built, but cannot be looked into: {image.reason}"
            if image.fault:
                return f"{path} was built, but cannot be read to its end: {image.fault}"
            release = early_boot(image).release
            if release and kernels and release not in kernels:
                continue
            judged += 1
            lacks = missing(image, work.change.wants, lambda p: self._content(work, p))
            if lacks:
                return f"{path} was built, but {' and '.join(lacks)}"
        return None if judged else f"no image of an installed kernel was built ({', '.join(work.change.products)})"

    def _content(self, work: StepContext, path: str) -> bytes | None:
        place = work.target.real_place(path)
        return disk.read(place) if disk.kind(place) == "file" else None

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        names = " ".join(w.partition(" ")[2].rpartition("/")[2] for w in change.wants)
        what = f"this script cannot look into images: look into {' '.join(change.products)} for {names}"
        return [], [f"printf '%s\\n' {word(comment(what))}"]


KIND = ImageKind()
