"""The forecast of a plan that corrects GRUB's settings goes by the words that the correction brings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import facts_of, root_of
from tests.plan.isolate.boots import CARD, SOUND
from tests.plan.isolate.test_off import host, told
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.plan import Plan
from vfiotui.plan.goals import make_plan
from vfiotui.plan.isolate.predicted import predicted

GRUB, DROP_IN = "/etc/default/grub", "/etc/default/grub.d/vfio.cfg"
IDS = "vfio-pci.ids=10de:13c2,10de:0fbb"
SERVED = {
    "/etc/initramfs-tools/modules": "vfio_pci\n",
    "/etc/modprobe.d/vfio.conf": "softdep nouveau pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n",
}


def plan_of(files: dict[str, str], goal: str, argument: str, **more: object) -> Plan:
    """A plan for a Debian whose menu is as it was before these settings."""
    given = host({**SERVED, **files}, **more)
    root, facts = root_of(given), facts_of(given)
    programs = {p: f"/usr/sbin/{p}" for p in ("update-initramfs", "update-grub")}
    snapshot = replace(read_config_snapshot(root, files), programs=programs, not_executable=frozenset())
    plan = make_plan(facts, snapshot, [(goal, argument)])
    return predicted(plan, facts, snapshot, (NextBoot(None, Unread("was not read")),))


@pytest.mark.parametrize(
    ("files", "argument", "words"),
    [
        ({GRUB: f'GRUB_CMDLINE_LINUX_DEAFULT="quiet {IDS}"\n'}, f"name:{GRUB}", f"quiet {IDS}"),
        ({GRUB: f'GRUB_CMDLINE_LINUX="quiet"\nGRUB_CMDLINE_LINUX_DEFALUT="{IDS}"\n'}, f"name:{GRUB}", f"quiet {IDS}"),
        ({GRUB: f"GRUB_CMDLINE_LINUX_DEFAULT=quiet {IDS}\n"}, f"quotes:{GRUB}", f"quiet {IDS}"),
        (
            {
                GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
                DROP_IN: f'GRUB_CMDLINE_LINUX_DEFUALT="$GRUB_CMDLINE_LINUX_DEFAULT {IDS}"\n',
            },
            f"name:{DROP_IN}", f"quiet {IDS}",
        ),
    ],
    ids=["misspelt", "beside another", "unquoted", "drop-in"],
)  # fmt: skip
def test_words_that_were_dead_are_predicted(files: dict[str, str], argument: str, words: str) -> None:
    plan = plan_of(files, "config.repair", argument)
    assert plan.cmdline == words
    assert told(plan)[CARD] == ("vfio-pci",) and told(plan)[SOUND] == ("vfio-pci",)
    assert plan.steps[-1].kind == "path" and f"word {IDS}" in plan.steps[-1].wants


def test_a_drop_in_without_its_suffix() -> None:
    path = DROP_IN.removesuffix(".cfg")
    files = {GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n', path: f'GRUB_CMDLINE_LINUX="{IDS}"\n'}
    plan = plan_of(files, "config.rename", path)
    assert plan.cmdline == f"{IDS} quiet" and told(plan)[CARD] == ("vfio-pci",)


def test_words_that_leave_the_line() -> None:
    """The misspelt line comes last, and its words take the place of those that counted."""
    text = f'GRUB_CMDLINE_LINUX_DEFAULT="quiet {IDS}"\nGRUB_CMDLINE_LINUX_DEFAUT="quiet splash"\n'
    plan = plan_of({GRUB: text}, "config.repair", f"name:{GRUB}", menu_cmdline=f"quiet {IDS}")
    assert plan.cmdline is not None and "splash" in plan.cmdline
    bound = IDS in plan.cmdline
    assert (told(plan)[CARD] == ("vfio-pci",)) is bound
    assert (IDS in plan.steps[-1].bans) is not bound


def test_a_line_that_the_shell_computes_is_not_predicted() -> None:
    text = f'GRUB_CMDLINE_LINUX_DEAFULT="quiet {IDS}"\nGRUB_CMDLINE_LINUX="$(cat /x)"\n'
    assert plan_of({GRUB: text}, "config.repair", f"name:{GRUB}").cmdline is None
