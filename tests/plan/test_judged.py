"""A plan from a file is believed in nothing: risk, paths and commands are judged by what its steps do."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from vfiotui.cli.main import main
from vfiotui.model.base.value import replace
from vfiotui.model.change.change import Change
from vfiotui.model.change.plan import BadPlan, Plan, from_json
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.fallback import GRUB_SCRIPT, GRUB_TEXT
from vfiotui.plan.judged import judged
from vfiotui.plan.own_steps import strange


def step(kind: str, subject: str, after: bytes | None = b"x\n", **more: object) -> Change:
    return Change(kind, subject, "w", None, after, Risk.R0, **more)  # type: ignore[arg-type]


def command(*argv: str, **more: object) -> Change:
    return step("command", "harmless", None, argv=argv, **more)


STRANGE = {
    "a key": step("file", "/root/.ssh/authorized_keys"),
    "a job": step("file", "/etc/cron.d/x"),
    "around a corner": step("file", "/etc/modprobe.d/../cron.d/x"),
    "two slashes": step("file", "//etc/cron.d/x"),
    "a unit": step("file", "/etc/systemd/system/x.service"),
    "a hidden file of a known folder": step("file", "/etc/modprobe.d/sub/x.conf"),
    "another name": step("file", "/etc/modprobe.d/x.sh"),
    "another name with a line break": step("file", "/etc/modprobe.d/a\nb", None),
    "a copy that goes away": step("file", "/etc/modprobe.d/x.conf.bak", None),
    "a line break": step("file", "/etc/modprobe.d/a\nb.conf"),
    "a line break in a guest's name": step("file", "/etc/libvirt/qemu/a\nb.xml"),
    "a folder above": step("file", "/etc/kernel/../x.conf"),
    "the folder above": step("file", "/etc/kernel/.."),
    "code in the menu's script": step("file", GRUB_SCRIPT, GRUB_TEXT.encode() + b"touch /ran\n"),
    "code in a hook": step("file", "/etc/libvirt/hooks/qemu.d/40-vfiotui-pages", b"#!/bin/sh\ntouch /ran\n"),
    "code in the runner": step("file", "/etc/libvirt/hooks/qemu", b"#!/bin/sh\n"),
    "code behind a device": step(
        "file", "/etc/initramfs-tools/scripts/init-top/bind-vfio", b"take 0000:01:00.0; touch /ran\n"
    ),
    "a command of modprobe": step("file", "/etc/modprobe.d/x.conf", b"install vfio-pci touch /ran\n"),
    "bytes": step("file", "/etc/modprobe.d/x.conf", b"\0"),
    "a mode for everybody": step("file", "/etc/modprobe.d/x.conf", mode=0o666),
    "a mode of root's": step("file", "/etc/modprobe.d/x.conf", mode=0o4755),
    "a link": step("link", "/etc/systemd/system/multi-user.target.wants/x.service"),
    "a shell": command("sh", "-c", "touch /ran"),
    "a shell's path": command("/usr/sbin/update-grub"),
    "more words": command("update-grub", "--help"),
    "a word of the menu": command("grub-mkconfig", "-o", "/etc/shadow"),
    "a new line": command("update-grub\n"),
    "a line of its own in an entry": command("grubby", "--update-kernel=ALL", "--args=a\ninitrd /x"),
    "a kernel around a corner": command("kernel-install", "add", "6.1", "/boot/../tmp/x"),
    "an option as a module": command("modprobe", "-C", "/tmp/x"),
    "a shell on the way back": command("update-grub", back=("sh", "-c", "x")),
    "products elsewhere": command("update-grub", products=("/etc/*",)),
    "products around a corner": command("update-grub", products=("/boot/../etc/*",)),
    "products with a return": command("update-grub", products=("/efi/a\rb",)),
    "the kernel's reset": step("value", "/proc/sysrq-trigger", b"b"),
    "the kernel's helper": step("value", "/proc/sys/kernel/core_pattern", b"|/x"),
    "a value around a corner": step("value", "/sys/../proc/sysrq-trigger", b"b"),
    "a nudge": step("nudge", "/proc/sysrq-trigger", b"b"),
    "another hook": step("release", "/tmp/hook"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_no_planner_plans_is_high_and_named(name: str) -> None:
    found = judged(Plan("t", (STRANGE[name],)))
    assert found.plan.risk >= Risk.R3 and len(found.strange) == 1 and found.strange[0].startswith("step 1 ")
    assert found.raised == (f"step 1: the file says {Risk.R0.words}, it is {found.plan.risk.words}",)


@pytest.mark.parametrize(
    ("given", "risk"),
    [
        (step("file", "/etc/default/grub"), Risk.R2),
        (step("file", "/etc/vfiotui/selection.json"), Risk.R0),
        (step("file", GRUB_SCRIPT, GRUB_TEXT.encode()), Risk.R2),
        (step("file", GRUB_SCRIPT, None), Risk.R2),
        (step("file", "/etc/modprobe.d/vfio.txt", None), Risk.R2),
        (step("file", "/etc/default/grub.d/vfio", None), Risk.R2),
        (command("update-grub", products=("/boot/grub/grub.cfg*",)), Risk.R2),
        (command("update-initramfs", "-u", "-k", "all"), Risk.R3),
        (command("mkinitcpio", "-P"), Risk.R3),
        (step("domain", "win10"), Risk.R2),
        (step("value", "/sys/kernel/mm/transparent_hugepage/enabled"), Risk.R1),
        (step("look", "/boot/grub/grub.cfg", None), Risk.R0),
    ],
)
def test_the_risk_is_that_of_the_kind_and_the_subject(given: Change, risk: Risk) -> None:
    found = judged(Plan("t", (given,)))
    assert (found.strange, found.plan.risk) == ((), risk)
    high = Plan("t", (Change(**{n: getattr(given, n) for n in Change.__match_args__} | {"risk": Risk.R4}),))
    assert judged(high).plan.risk is Risk.R4, "a risk that is said higher stays"


def test_paths_are_shown_as_they_are() -> None:
    plan = Plan("t", (step("file", "/etc/../etc/default//grub"), step("file", "/etc/modprobe.d/x.conf")))
    found = judged(plan, lambda path: {"/etc/modprobe.d/x.conf": "/root/.bashrc"}.get(path, path))
    assert [s.subject for s in found.plan.steps] == ["/etc/default/grub", "/etc/modprobe.d/x.conf"]
    assert found.leads[0] == "step 1: /etc/../etc/default//grub is /etc/default/grub"
    assert found.strange == ("step 2 leads to /root/.bashrc",) and found.plan.risk is Risk.R3


@pytest.mark.parametrize("subject", ["", "etc/x", "./x", "/etc/\0x"])
def test_a_path_that_is_none_is_refused(subject: str) -> None:
    with pytest.raises(BadPlan, match="the subject of step 1 is no absolute path"):
        judged(Plan("t", (step("file", subject),)))


def told(folder: Path, capsys: pytest.CaptureFixture[str], document: object, *words: str) -> tuple[int, str, str]:
    (folder / "plan.json").write_text(json.dumps(document))
    code = main(["--root", str(folder / "root"), *words, str(folder / "plan.json")])
    out, err = capsys.readouterr()
    return code, out, err


def lying() -> dict[str, object]:
    packed = {"base64": base64.b64encode(b"* * * * * root id\0").decode()}
    lines = [{"kind": "file", "subject": "/etc/modprobe.d/../../root/.ssh/authorized_keys", "risk": "R0",
              "before": None, "after": ["ssh-ed25519 AAAA\n"]},
             {"kind": "file", "subject": "/etc/modprobe.d/x.conf", "risk": "R0", "before": None, "after": packed},
             {"kind": "device", "subject": "g\n9. harmless  (R0)", "risk": "R0", "before": None,
              "after": ["<x/>\n", "2. look around  (R0, felt now)\n"]}]  # fmt: skip
    return {"plan": 1, "title": "harmless\n\n(risk R0)\x1b[2K\u202e", "risk": "R0", "steps": lines}


def test_a_plan_that_lies_is_shown_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "root/etc/modprobe.d").mkdir(parents=True)
    (tmp_path / "root/usr/bin").mkdir(parents=True)
    (tmp_path / "root/etc/os-release").write_text("ID=x\n")
    code, out, err = told(tmp_path, capsys, lying(), "plan")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == f"harmless\\n\\n(risk R0)\\x1b[2K\\u202e  (risk {Risk.R3.words})"
    assert "risk High: not made by this program's planners:" in lines
    assert "   step 1 writes /root/.ssh/authorized_keys" in lines and "   +++ /root/.ssh/authorized_keys" in lines
    assert "step 1: /etc/modprobe.d/../../root/.ssh/authorized_keys is /root/.ssh/authorized_keys" in out
    assert "nothing becomes 18 bytes (SHA-256 b121694cc62570353c69" in out
    assert "   +2. look around  (R0, felt now)" in lines and not any(
        line.startswith(("2. look", "9.")) for line in lines
    )
    code, out, err = told(tmp_path, capsys, lying(), "apply", "--yes")
    assert code == 4 and "not made by this program's planners" in err and "authorized_keys" in err
    assert not (tmp_path / "root/root").exists()


def test_a_plan_without_end_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert main(["plan", str(tmp_path / "deep.json")]) == 2
    assert "is no JSON" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["x", "", "-1", "9" * 40, "\u0663"])
def test_a_condition_without_a_number_is_refused(value: str) -> None:
    condition = {"name": "space", "subject": "/boot", "value": value}
    with pytest.raises(BadPlan, match="has no number as its value"):
        from_json(json.dumps({"plan": 1, "title": "t", "conditions": [condition], "steps": []}))


def test_steps_that_cannot_be_shown_say_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [{"kind": "pages", "subject": "/sys/x", "before": ["a"], "after": ["b"]},
             {"kind": "nosuch", "subject": "x"},
             {"kind": "pins", "subject": "g", "before": ["zz"], "after": ["v0 99999999999"]},
             {"kind": "command", "subject": "x"}, {"kind": "device", "subject": "g"},
             {"kind": "driver", "subject": "x;y", "after": ["vfio-pci"]}]  # fmt: skip
    (tmp_path / "root").mkdir()
    for words in (("plan",), ("plan", "--diff"), ("plan", "--script"), ("apply", "--yes")):
        code, out, err = told(tmp_path, capsys, {"plan": 1, "title": "t", "steps": steps}, *words)
        assert code in (0, 2, 4) and "a fault of its own" not in err, (words, out, err)


def test_own_scripts_are_known_with_their_devices() -> None:
    from vfiotui.model.pci.selection import Chosen
    from vfiotui.plan.boot import trial
    from vfiotui.plan.isolate import early_script, override_rule

    one = Chosen("0000:01:00.0", "10de", "2206", "1043", "87d1", "override")
    own = {
        early_script.SCRIPT: early_script.script_text((one,)),
        early_script.DRACUT_HOOK: early_script.dracut_hook_text((one,)),
        early_script.MKINITCPIO_HOOK: early_script.mkinitcpio_hook_text((one,)),
        override_rule.RULE: override_rule.rule_text((one,)),
        trial.SCRIPT: trial.script_text(trial.grub_counter("grub-editenv"), (one.bdf,), (("0000:00:02.0", "i915"),)),
    }
    for path, text in own.items():
        assert strange(step("file", path, text.encode())) == "", path
        assert strange(step("file", path, text.encode() + b"touch /ran\n")) != "", path


PLANNED = (
    step("file", "/etc/libvirt/qemu/Windows 11 (ü).xml"),
    step("file", "/etc/kernel/uki.conf"),
    step("file", "/etc/modprobe.d/vfio.conf"),
    step("file", "/etc/default/grub.d/vfio.cfg"),
    step("file", "/boot/loader/entries/a-1.conf"),
    step("value", "/sys/kernel/mm/transparent_hugepage/enabled"),
    step("value", "/proc/irq/9/smp_affinity_list"),
)
COMMANDS = (
    command("grubby", "--update-kernel=ALL", "--args=iommu=pt quiet"),
    command("kernelstub", "-a", "iommu=pt"),
    command("rpm-ostree", "kargs", "--append-if-missing=iommu=pt"),
    command("bootctl", "set-default", "a-1.conf"),
    command("kernel-install", "add", "6.1", "/boot/vmlinuz-6.1"),
    command("modprobe", "vfio-pci"),
    command("update-grub", products=("/boot/grub/grub.cfg*", "/efi/EFI/Linux/arch.efi")),
)


def _broken(text: str) -> list[str]:
    """The text with each character that breaks a line or a terminal at each place."""
    return [text[:n] + c + text[n:] for n in range(len(text) + 1) for c in "\n\r\x1b\x7f\x85\u2028"]


def test_no_name_holds_what_breaks_a_line() -> None:
    assert [s.subject for s in PLANNED if strange(s)] == []
    assert [b for s in PLANNED for b in _broken(s.subject) if not strange(replace(s, subject=b))] == []


def test_no_word_of_a_command_holds_what_breaks_a_line() -> None:
    assert [s.argv for s in COMMANDS if strange(s)] == []
    for s in COMMANDS:
        for n, word in enumerate(s.argv):
            others = [(*s.argv[:n], b, *s.argv[n + 1 :]) for b in _broken(word)]
            assert [o for o in others if not strange(replace(s, argv=o))] == []
        assert [b for p in s.products for b in _broken(p) if not strange(replace(s, products=(b,)))] == []
