"""Checks of CPUs, memory, logs and settings: what makes them pass, and what leaves them unchecked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS
from tests.machines import facts_of
from tests.rules.damaged_inputs import FaultyTree
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host
from vfiotui.host.boot import services
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.services import Services
from vfiotui.model.facts import Mode
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import rule_of

FAILS, HOLDS, UNKNOWN, NOT_APPLICABLE = Verdict.FAILED, Verdict.PASSED, Verdict.NOT_CHECKED, Verdict.NOT_APPLICABLE
CONF = "/etc/libvirt/qemu.conf"


def ask(code: str, host: Host) -> tuple[Finding, ...]:
    rule = rule_of(code)
    assert rule is not None
    return rule.ask(facts_of(host))


def verdicts(code: str, host: Host) -> set[Verdict]:
    return {f.verdict for f in ask(code, host)}


def with_files(host: Host, **files: str) -> Host:
    return replace(host, files={**host.files, **files})


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ('security_driver = "none"\n', FAILS),
        ("security_driver = [\n  'none' ,\n]\n", FAILS),
        ('security_driver = [ "selinux",\n "none" ]\n', HOLDS),
        ('security_driver = "apparmor"\nsecurity_driver = "none"\n', HOLDS),
        ('#security_driver = "none"\n', HOLDS),
        ('  security_driver="none" # mine\n', FAILS),
        ("security_driver = [ 'none'\n", UNKNOWN),
        ('security_driver = "none" nonsense\n', UNKNOWN),
    ],
)
def test_qemu_conf_is_read_as_libvirt_reads_it(text: str, verdict: Verdict) -> None:
    assert verdicts("SECURITY-OFF", with_files(CLEAN, **{CONF: text})) == {verdict}


def test_a_damaged_qemu_conf_leaves_all_its_checks_open() -> None:
    host = with_files(CLEAN, **{CONF: 'user = "root"\nnvram = [\n'})
    for code in ("ACCESS-QEMU-USER", "SECURITY-OFF", "CPU-SCHED-CORE", "QEMU-CONF-NVRAM"):
        (found,) = ask(code, host)
        assert found.verdict is UNKNOWN and "line 2" in found.sentence


@pytest.mark.parametrize(
    ("config", "verdict"),
    [("CONFIG_SCHED_CORE=y\n", HOLDS), ("# CONFIG_SCHED_CORE is not set\n", FAILS), ("", UNKNOWN)],
)
def test_core_scheduling_is_looked_for_in_the_kernel(config: str, verdict: Verdict) -> None:
    host = with_files(replace(CLEAN, config=CLEAN.config + config), **{CONF: 'sched_core = "vcpus"\n'})
    assert verdicts("CPU-SCHED-CORE", host) == {verdict}


@pytest.mark.parametrize("word", ["", "systemd.unified_cgroup_hierarchy=0", "systemd.unified_cgroup_hierarchy=no"])
def test_the_fix_of_old_control_groups_names_only_words_that_are_there(word: str) -> None:
    old = HOSTS["old-groups"]
    (found,) = ask("CPU-CGROUP-V1", replace(old, cmdline=f"{old.cmdline} {word}".strip()))
    assert found.verdict is FAILS and found.fix is not None
    assert word in found.fix.text
    assert found.fix.goal == (
        ("cmdline.remove", word) if word else ("cmdline.set", "systemd.unified_cgroup_hierarchy=1"),
    )
    assert word or "without" not in found.fix.text


@pytest.mark.parametrize(
    ("code", "option", "verdict"),
    [
        ("KVM-NPT-OFF", "options kvm-amd nested=1 \\\n npt=0", FAILS),
        ("KVM-NPT-OFF", "options kvm_amd npt=0\noptions kvm_amd npt=1", HOLDS),
        ("KVM-NPT-OFF", "# options kvm_amd npt=0", HOLDS),
        ("KVM-AVIC-OFF", "options kvm_amd nested=1 \\\n avic=0", FAILS),
        ("KVM-AVIC-OFF", "options other avic=0", HOLDS),
        ("MODPROBE-INSTALL-LINE", "install vfio_pci \\\n /sbin/bind.sh", FAILS),
        ("MODPROBE-INSTALL-LINE", "install other /sbin/vfio-pci", HOLDS),
    ],
)
def test_options_of_modules_are_read_as_kmod_reads_them(code: str, option: str, verdict: Verdict) -> None:
    host = with_files(CLEAN, **{"/etc/modprobe.d/zz.conf": f"{option}\n"})
    assert verdicts(code, host) == {verdict}


@pytest.mark.parametrize(
    "log", ["", "(Nothing has been logged yet.)\n", "\n\n", "\0\0\0", "[    1.0] usb\0 x\n"], ids=range(5)
)
def test_a_log_without_messages_is_no_clean_log(log: str) -> None:
    host = with_files(CLEAN, **{"/var/log/dmesg": log, "/var/log/dmesg.0": log})
    codes = ("LOG-DMAR", "LOG-AMD-VI", "LOG-AER", "LOG-BAR", "LOG-RESET", "LOG-REFUSED", "LOG-GPU-LOST", "LOG-DENIED")
    for code in (*codes, "CPU-SPLIT-LOCK", "BOOT-PREVIOUS"):
        assert verdicts(code, host) == {UNKNOWN}, code


def test_a_long_log_is_read_to_its_beginning() -> None:
    early = "[    0.100000] DMAR: [Firmware Bug]: No RMRR\n"
    many = "".join(f"[{n:5}.000000] vfio-pci 0000:01:00.0: reset done\n" for n in range(1, 2500))
    host = replace(CLEAN, log=early + many)
    assert verdicts("LOG-DMAR", host) == {FAILS}


def test_hidden_errors_of_links_need_the_command_line() -> None:
    assert verdicts("LOG-AER", replace(CLEAN, remove=(*CLEAN.remove, "/proc/cmdline"))) == {UNKNOWN}


LOCKED = "[    9.0] x86/split lock detection: #AC: CPU 1/KVM/77 took a split_lock trap at address: 0x1\n"


@pytest.mark.parametrize(
    ("release", "remove", "verdict"),
    [
        ("6.12.9-amd64", (), FAILS),
        ("6.12.9-amd64", ("/proc/sys/kernel/split_lock_mitigate",), UNKNOWN),
        ("5.15.0-1-amd64", ("/proc/sys/kernel/split_lock_mitigate",), HOLDS),
    ],
)
def test_split_locks_are_judged_by_the_kernels_version(release: str, remove: tuple[str, ...], verdict: Verdict) -> None:
    host = replace(CLEAN, log=LOCKED, release=release, remove=(*CLEAN.remove, *remove))
    assert verdicts("CPU-SPLIT-LOCK", host) == {verdict}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "-3\n"),
        ("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", f"{'9' * 30}\n"),
        ("/sys/kernel/mm/hugepages/hugepages-0kB/nr_hugepages", "1\n"),
        ("/proc/meminfo", "MemTotal: many kB\n"),
        ("/proc/meminfo", f"MemTotal: {'9' * 30} kB\n"),
        ("/proc/meminfo", "MemTotal: 33554432 kB\nHugetlb: 999999999 kB\n"),
    ],
)
def test_absurd_figures_of_memory_are_no_figures(path: str, text: str) -> None:
    assert verdicts("MEM-RESERVE-HUGE", with_files(CLEAN, **{path: text})) == {UNKNOWN}


@pytest.mark.parametrize("text", ["banana\n", "always madvise never\n", "[] never\n", "[always\n"])
def test_a_setting_without_a_choice_is_unknown(text: str) -> None:
    lazy = with_files(HOSTS["lazy"], **{"/sys/kernel/mm/transparent_hugepage/defrag": text})
    assert verdicts("MEM-DEFRAG", lazy) == {UNKNOWN}


def test_defer_and_madvise_is_a_choice() -> None:
    word = "always defer [defer+madvise] madvise never\n"
    host = with_files(HOSTS["lazy"], **{"/sys/kernel/mm/transparent_hugepage/defrag": word})
    assert verdicts("MEM-DEFRAG", host) == {HOLDS}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("IRQBALANCE_BANNED_CPULIST=0-63\n", HOLDS),
        ("export IRQBALANCE_BANNED_CPULIST='0-63'\n", HOLDS),
        ("IRQBALANCE_BANNED_CPULIST=0-63\nunset IRQBALANCE_BANNED_CPULIST\n", FAILS),
        ("IRQBALANCE_BANNED_CPULIST=$(cat /x)\n", UNKNOWN),
        ("IRQBALANCE_BANNED_CPULIST=a-b\n", UNKNOWN),
    ],
)
def test_what_irqbalance_leaves_alone_is_read_as_a_shell_reads_it(text: str, verdict: Verdict) -> None:
    host = with_files(HOSTS["tower"], **{"/etc/default/irqbalance": text})
    assert verdicts("IRQ-BALANCE", host) == {verdict}


def test_units_that_may_not_be_listed_are_not_absent() -> None:
    nodes = build(HOSTS["lazy"])
    closed = FaultyTree(nodes, ["/etc/systemd/system/multi-user.target.wants"])
    units = services.read(Root(closed, Mode.CAPTURE, "/m"))
    assert isinstance(units, Services) and isinstance(units.every, Unread)
    whole = services.read(Root(FaultyTree(nodes), Mode.CAPTURE, "/m"))
    assert isinstance(whole, Services) and isinstance(whole.every, frozenset)


def test_no_guests_file_is_left_out_of_the_ways() -> None:
    """One of a thousand images is blocked, and it is the last."""
    home = HOSTS["home-images"]
    (guest,) = home.guests
    disks = "".join(
        f"<disk type='file'><source file='/var/lib/libvirt/images/{n}.img'/><target dev='sd{n}'/></disk>"
        for n in range(1000)
    )
    many = replace(guest, xml=guest.xml.replace("<devices>", f"<devices>{disks}"))
    found = ask("ACCESS-PATH", replace(home, guests=(many,)))
    assert FAILS in {f.verdict for f in found}
