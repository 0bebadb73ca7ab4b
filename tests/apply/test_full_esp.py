"""An ESP without a free block: a change is refused whole, and every way back gives the old bytes the new ones' room."""

from __future__ import annotations

from pathlib import Path

from tests.apply.fat_machine import on_fat
from tests.requirements import need

PREPARE = r"""
mkdir -p /run/small/boot/loader/entries
printf 'timeout 3\r\n' >/run/small/boot/loader/loader.conf
printf 'title Small\r\nlinux /vmlinuz\r\noptions\troot=UUID=1 rw' >/run/small/boot/loader/entries/small.conf
look >/run/before
"""
REFUSED = """
fill
look >/run/full
code=0
vfiotui apply cmdline.add=iommu=pt || code=$?
[ $code = 4 ]
look | diff /run/full -
rm /run/small/boot/fill
"""
DONE = """
vfiotui apply cmdline.add=iommu=pt
grep -q iommu=pt /run/small/boot/loader/entries/small.conf
fill
cp -a /run/small/var /run/var
umount /run/small/boot
cat /dev/ubda >/run/full.img
"""
BACK = """
rm -rf /run/small/var
cp -a /run/var /run/small/var
cat /run/full.img >/dev/ubda
mount_boot
{way}
rm /run/small/boot/fill
look | diff /run/before -
umount /run/small/boot
echo "as before"
"""
WAYS = (
    "vfiotui undo",
    "dash /run/small/var/lib/vfiotui/changes/0002-*/undo.sh",
    "busybox sh /run/small/var/lib/vfiotui/changes/0002-*/undo.sh",
)


def test_a_loader_entry_on_a_full_esp(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/machine-id").write_text(f"{1:032d}\n")
    need("busybox", "busybox-static")
    need("dash", "dash")
    script = "\n".join((PREPARE, REFUSED, DONE, *(BACK.format(way=way) for way in WAYS)))
    ended = on_fat(script, tree, tmp_path / "work", 8 << 20)
    assert ended.code == 0, ended.out + ended.err
    assert ended.out.count("as before") == len(WAYS), ended.out
    assert "free some space" in ended.err
