"""What libvirt and QEMU say when a guest cannot be started, stopped or paused, with what to do next."""

from __future__ import annotations

NEXT: tuple[tuple[tuple[str, ...], str], ...] = (
    (("group", "is not viable"), "'vfiotui groups' shows which device of the group the host keeps"),
    (("is in use by driver",), "shut the other guest down first, or detach the device from it"),
    (("Hook script execution failed",), "run the hook by hand as root, it lies below /etc/libvirt/hooks"),
    (("cannot acquire state change lock",), "another operation on it goes on, or hangs in a hook: wait, or look at it"),
    (("backing store for guest RAM",), "'vfiotui memory' shows the huge pages that are free"),
    (("Cannot allocate memory",), "'vfiotui memory' shows what is free"),
    (('Failed to get "write" lock',), "another process uses this disk image: end it first"),
    (("network", "is not active"), "start the network: 'virsh net-start NAME'"),
    (("Network not found",), "'virsh net-list --all' shows the networks"),
    (("romfile",), "the ROM file of a hostdev is not there: take it out of the XML, or put it there"),
    (("KVM kernel module",), "load kvm_intel or kvm_amd, and look whether virtualisation is on in the firmware setup"),
    (("No such file or directory",), "a file that its XML names is not there"),
    (("Permission denied",), "QEMU's user may not open a file that its XML names: look at its mode and its folders"),
    (("does not exist",), "what it names is not on this host"),
    (("timed out",), "it is tried again where it is asked for again"),
)
"""Words that a message holds → what to do. The first entry whose words are all there is taken."""


def sentence(what: str, message: str, name: str) -> str:
    """What failed, libvirt's message on one line, and what to do next.

    >>> sentence("win10 cannot be started", "network 'default' is not active", "win10")
    "win10 cannot be started: network 'default' is not active; start the network: 'virsh net-start NAME'"
    """
    said = " ".join(message.split()).rstrip(".")
    todo = next((todo for words, todo in NEXT if all(word in said for word in words)), "")
    return f"{what}: {said}; {todo or f'/var/log/libvirt/qemu/{name}.log may say more'}"
