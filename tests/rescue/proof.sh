#!/bin/sh
# Proves the rescue of a real Debian: a command line and a module option are changed from outside, with the system's
# own update-grub and update-initramfs, and taken back; nothing outside of the system changes.
#   sh tests/rescue/proof.sh [FOLDER]    a folder for the cached system (about 700 MB); needs root, a loop device
set -eu
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/vfiotui-rescue}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
cd "$(dirname "$0")/../.."
packages=linux-image-cloud-amd64,initramfs-tools,grub-pc-bin,grub2-common,grub-common,kmod,zstd

if [ -z "${PRIVATE-}" ]; then
    [ -e "$cache/system.tar" ] || {
        rm -rf "$cache/new"
        debootstrap --variant=minbase --include=$packages bookworm "$cache/new" >"$cache/debootstrap.log"
        cp "$cache/new/usr/share/grub/default/grub" "$cache/new/etc/default/grub"
        tar -C "$cache/new" -cf "$cache/system.tmp" . && mv "$cache/system.tmp" "$cache/system.tar"
        rm -rf "$cache/new"
    }
    # Every mount below belongs to this namespace and ends with it.
    PRIVATE=1 exec unshare --mount --propagation private sh tests/rescue/proof.sh "$cache"
fi

work=$(mktemp -d)
mnt=$work/mnt
# grub-probe looks for the file behind a loop device, inside of the system too: below /dev it finds it.
seen=$(mktemp -d -p /dev/shm)
mount --bind "$work" "$seen"
image=$seen/disk.img
trap 'umount -R "$mnt" 2>/dev/null; umount -l "$seen"; rmdir "$seen"; rm -rf "$work"' EXIT
say() { printf '== %s\n' "$*"; }
vfiotui() { .venv/bin/python -m vfiotui --root "$mnt" "$@"; }

# What lies in a tree: kind, mode, owner, size, link, content; the journal is the only thing that may stay. The access
# and the change of a folder's times are no content.
inside() {
    (
        cd "$mnt"
        find . -xdev -path ./var/lib/vfiotui -prune -o -printf '%y %m %U:%G %l %p\n' | sort
        find . -xdev -path ./var/lib/vfiotui -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
    )
}
outside() {
    find /boot /etc /lib/modules /usr/sbin /var/lib /root /home /srv /opt /dev/disk -xdev \
        -printf '%y %m %U:%G %s %T@ %l %p\n' 2>/dev/null | grep -v -e ' /root/.cache' -e ' /var/lib/apt' | sort
}

truncate -s 2G "$image"
mkfs.ext4 -q -L rescued "$image"
mkdir "$mnt"
mount -o loop "$image" "$mnt"
tar -C "$mnt" -xf "$cache/system.tar"
printf 'LABEL=rescued / ext4 defaults 0 1\n' >"$mnt/etc/fstab"
say "the system makes its first menu and image"
for top in dev proc sys; do mount --rbind /$top "$mnt/$top"; done
mkdir -p "$mnt/boot/grub"
chroot "$mnt" sh -c 'update-grub && update-initramfs -u -k all' >"$work/first.log" 2>&1 || { cat "$work/first.log"; exit 1; }
for top in dev proc sys; do umount -R -l "$mnt/$top"; done

inside >"$work/inside.before"
outside >"$work/outside.before"
cp /proc/self/mountinfo "$work/mounts.before"

say "apply: the words through update-grub, the option through update-initramfs"
vfiotui apply cmdline.add=iommu=pt 'modprobe.option=vfio-pci ids=10de:2206,10de:1aef' --yes --run-its-programs
grep -m1 'iommu=pt' "$mnt/boot/grub/grub.cfg"
for built in "$mnt"/boot/initrd.img-*; do
    chroot "$mnt" lsinitramfs "/boot/${built##*/}" | grep 'etc/modprobe.d/vfiotui.conf'
done
say "nothing outside has changed"
outside | diff "$work/outside.before" -
diff "$work/mounts.before" /proc/self/mountinfo

say "a second plan has nothing to do"
vfiotui plan cmdline.add=iommu=pt 'modprobe.option=vfio-pci ids=10de:2206,10de:1aef' | grep 'nothing to do'

say "undo"
vfiotui undo --yes --run-its-programs
inside | diff "$work/inside.before" -
outside | diff "$work/outside.before" -
diff "$work/mounts.before" /proc/self/mountinfo

say "once more, taken back by undo.sh inside the system"
vfiotui apply cmdline.add=iommu=pt 'modprobe.option=vfio-pci ids=10de:2206,10de:1aef' --yes --run-its-programs 2>/dev/null
chroot "$mnt" sh -c 'sh /var/lib/vfiotui/changes/0002-*/undo.sh'
inside | diff "$work/inside.before" -
say "proved: $(wc -l <"$work/inside.before") lines inside and $(wc -l <"$work/outside.before") outside are as before"
