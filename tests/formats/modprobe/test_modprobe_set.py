"""What modprobe.d says together, against kmod itself: which line counts, and which does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.formats.modprobe.module_tree import shown, tree
from vfiotui.formats.modprobe.modprobe_set import ModprobeSet, gathered
from vfiotui.model.boot.boot import ConfigFile

CARD = "pci:v000010DEd000013C2sv00001458sd0000367Abc03sc00i00"
MODULES = {"nouveau": "pci:v000010DEd*sv*sd*bc03sc*i*", "vfio-pci": "", "snd-hda-intel": "", "i2c-core": "", "drm": ""}
TEXTS = [
    "softdep nouveau pre: vfio-pci\n",
    "softdep nouveau vfio-pci\n",
    "softdep nouveau post: vfio-pci\n",
    "softdep nouveau pre: i2c-core\nsoftdep nouveau pre: vfio-pci\n",
    "softdep nouv* pre: vfio-pci\nsoftdep nouveau pre: drm\n",
    "softdep vfio-pci pre: nouveau\n",
    "weakdep nouveau vfio-pci\n",
    "install nouveau /bin/false\n",
    "install nouveau /bin/false\nsoftdep nouveau pre: vfio-pci\n",
    "install nouveau /bin/false\nsoftdep nouveau vfio-pci\n",
    "install n* /usr/bin/true\ninstall nouveau modprobe -i nouveau\n",
    "alias nouveau off\n",
    "alias pci:v000010DEd000013C2sv*sd*bc03sc*i* vfio-pci\n",
    "blacklist nouveau\n",
    "options vfio-pci ids=1:2\noptions vfio_pci ids=3:4\n",
    "# my card \\\noptions vfio-pci ids=1:2\nsoftdep nouveau pre: vfio-pci\n",
    "options vfio-pci ids=1:2 \\\n disable_vga=1\n",
]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    tree(folder, MODULES)
    return folder


def would_load(lines: ModprobeSet, name: str) -> list[str]:
    """What modprobe would do, by our reading: the words that `shown` has."""
    found = [target.words[0] for target in lines.aliases(name) if target.words]
    module = found[0] if found else "nouveau" if name == CARD else name
    if module not in MODULES:
        return []
    said = lines.first("softdep", module)
    before, after = (said.side("pre:"), said.side("post:")) if said else ((), ())
    command = lines.install(module)
    ids = lines.option(module, "ids")
    own = f"install {command.text}" if command else f"insmod {module}" + (f" ids={ids.words[0]}" if ids else "")
    return [*(f"insmod {m.replace('_', '-')}" for m in before), own, *(f"insmod {m.replace('_', '-')}" for m in after)]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["nouveau", "vfio-pci", CARD])
def test_kmod_does_the_same(modules: Path, text: str, name: str) -> None:
    lines = gathered([ConfigFile("x.conf", text)])
    real = shown(modules, {"x.conf": text}, name)
    if name == CARD and lines.blacklist("nouveau") and not lines.aliases(name):
        assert not real
        return
    # Of two ids= kmod hands on both, and the kernel keeps the last.
    real = [line.replace("ids=1:2 ids=3:4", "ids=3:4").replace("disable_vga=1", "").strip() for line in real]
    # Options of what a softdep line loads are asked for by its own name.
    told = [line if line.startswith(f"insmod {name}") else line.partition(" ids=")[0] for line in real]
    ours = [
        line if line.startswith(f"insmod {name}") else line.partition(" ids=")[0] for line in would_load(lines, name)
    ]
    assert ours == told


FILES: Mapping[str, str] = {
    "nvidia.conf": "softdep nouveau post: i2c-core\n",
    "vfiotui.conf": "softdep nouveau pre: vfio-pci\noptions vfio-pci ids=1:2\n",
    "zz-old.conf": "options vfio-pci ids=3:4\n",
}


def test_files_count_in_the_order_of_their_names(modules: Path) -> None:
    lines = gathered(ConfigFile(name, text) for name, text in sorted(FILES.items()))
    assert (
        shown(modules, dict(FILES), "nouveau") == ["insmod nouveau", "insmod i2c-core"] == would_load(lines, "nouveau")
    )
    ids = lines.option("vfio_pci", "ids")
    assert ids is not None and (ids.words, ids.where) == (("3:4",), "zz-old.conf:1")
    assert shown(modules, dict(FILES), "vfio-pci") == ["insmod vfio-pci ids=1:2 ids=3:4"]


def test_a_command_that_may_load_the_module_is_none_that_never_does() -> None:
    lines = gathered(
        [ConfigFile("x", "install a /bin/true\ninstall b /sbin/modprobe -i b; true\ninstall c : nothing\n")]
    )
    assert [lines.never(name) is not None for name in "abcd"] == [True, False, True, False]
