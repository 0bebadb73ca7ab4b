"""A plan writes where it counts, and resolves what would keep its words out of the image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import facts_of, root_of
from tests.plan.isolate.boots import PRESET, TOOL_FILES
from tests.plan.isolate.test_isolate import CARD, HOST_CARD
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.plan.boot.image_edits import DRACUT, OWN_DROP_IN
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.plan.isolate.modprobe import OWN
from vfiotui.plan.isolate.predicted import predicted

MAIN = "/etc/mkinitcpio.conf"
CLASSIC = "MODULES=()\nFILES=()\nHOOKS=(base udev autodetect modconf kms block)\n"
IDS: Goal = ("isolate.ids", CARD)
NONE = Unread("was not read")


def planned(
    tool: str,
    files: dict[str, str],
    *goals: Goal,
    modules: frozenset[str] | None = None,
    mode: Mode = Mode.CAPTURE,
    without: tuple[str, ...] = (),
) -> Plan:
    remove = () if tool == "initramfs-tools" else ("/etc/initramfs-tools", "/usr/sbin/update-initramfs")
    tools = {path: text for path, text in TOOL_FILES[tool].items() if path not in without}
    host = replace(HOST_CARD, files={**HOST_CARD.files, **tools, **files}, remove=(*remove, *without))
    facts, snapshot = replace(facts_of(host), mode=mode), read_config_snapshot(root_of(host))
    assert isinstance(facts.boot, Boot)
    if modules is not None:
        snapshot = replace(snapshot, modules={facts.boot.installed[-1]: modules})
    plan = make_plan(facts, snapshot, goals or (IDS,))
    return predicted(plan, facts, snapshot, (NextBoot(None, NONE),))


def written(plan: Plan) -> dict[str, str]:
    return {s.subject: (s.after or b"").decode() for s in plan.steps if s.kind == "file"}


def whys(plan: Plan) -> str:
    return "\n".join(s.why for s in plan.steps)


def sure(plan: Plan) -> bool:
    return dict(plan.forecast)[CARD] == ("vfio-pci",)


def test_the_main_file_where_nothing_replaces_its_list() -> None:
    plan = planned("mkinitcpio", {MAIN: CLASSIC, "/etc/mkinitcpio.conf.d/a.conf": "MODULES+=(btrfs)\n"})
    assert "MODULES=(vfio_pci vfio_iommu_type1)" in written(plan)[MAIN] and sure(plan)
    assert OWN_DROP_IN not in written(plan)


@pytest.mark.parametrize("name", ["btrfs.conf", "99-gpu.conf", "vfiotui.conf"])
def test_an_own_drop_in_where_another_replaces_the_list(name: str) -> None:
    plan = planned("mkinitcpio", {MAIN: CLASSIC, f"/etc/mkinitcpio.conf.d/{name}": "MODULES=(btrfs)\n"})
    assert written(plan)[OWN_DROP_IN] == "MODULES+=(vfio_pci vfio_iommu_type1)\n" and sure(plan)
    assert MAIN not in written(plan)


def test_the_file_that_is_read_even_later_is_edited_itself() -> None:
    last = "/etc/mkinitcpio.conf.d/zz_last.conf"
    plan = planned("mkinitcpio", {MAIN: CLASSIC, last: "MODULES=(amdgpu)\n"})
    assert written(plan)[last] == "MODULES=(amdgpu vfio_pci vfio_iommu_type1)\n" and sure(plan)


def test_a_list_that_shell_code_makes_is_joined_by_an_own_drop_in_or_refused() -> None:
    computed = CLASSIC.replace("MODULES=()", "MODULES=($(list))")
    with pytest.raises((PlanError, ValueError)):
        planned("mkinitcpio", {MAIN: computed})


def test_the_configuration_that_the_preset_names() -> None:
    preset = PRESET.replace("PRESETS", 'ALL_config="/etc/mkinitcpio-vfio.conf"\nPRESETS')
    files = {
        MAIN: CLASSIC,
        "/etc/mkinitcpio-vfio.conf": "MODULES=()\nHOOKS=(base udev modconf block)\n",
        "/etc/mkinitcpio.d/linux.preset": preset,
        "/etc/mkinitcpio.conf.d/a.conf": "MODULES=(btrfs)\n",
    }
    plan = planned("mkinitcpio", files)
    assert "MODULES=(vfio_pci vfio_iommu_type1)" in written(plan)["/etc/mkinitcpio-vfio.conf"] and sure(plan)
    assert MAIN not in written(plan) and OWN_DROP_IN not in written(plan)


def test_an_image_of_another_configuration_stays_as_it_is_and_is_not_judged() -> None:
    preset = (
        "ALL_kver=/boot/vmlinuz-linux\nPRESETS=(default rescue)\ndefault_image=/efi/EFI/arch/initramfs-linux.img\n"
        "rescue_image=/boot/rescue.img\nrescue_config=/etc/mkinitcpio-rescue.conf\n"
    )
    files = {
        MAIN: CLASSIC,
        "/etc/mkinitcpio-rescue.conf": "HOOKS=(base udev block)\n",
        "/etc/mkinitcpio.d/linux.preset": preset,
    }
    plan = planned("mkinitcpio", files)
    (look,) = (s for s in plan.steps if s.kind == "image")
    (build,) = (s for s in plan.steps if s.kind == "command" and s.argv == ("mkinitcpio", "-P"))
    assert look.products == ("/efi/EFI/arch/initramfs-linux.img",) and "/boot/rescue.img" in build.products
    assert "/etc/mkinitcpio-rescue.conf" not in written(plan)


@pytest.mark.parametrize(
    "files",
    [
        {MAIN: CLASSIC.replace("modconf ", "")},
        {MAIN: CLASSIC, "/etc/mkinitcpio.d/linux.preset": PRESET + 'default_options="-S modconf"\n'},
        {MAIN: CLASSIC, "/etc/mkinitcpio.conf.d/hooks.conf": "HOOKS=(base udev kms block)\n"},
    ],
)
def test_modprobe_d_comes_along_where_the_hook_is_not_used(files: dict[str, str]) -> None:
    plan = planned("mkinitcpio", files)
    assert f"FILES=({OWN})" in written(plan)[MAIN] and "the hook modconf" in whys(plan) and sure(plan)
    assert any(f"same {OWN}" in s.wants for s in plan.steps)


@pytest.mark.parametrize("said", ["", 'hostonly="no"\n', "hostonly=yes\nhostonly=no\n"])
def test_dracut_takes_modprobe_d_by_name_where_it_builds_for_any_host(said: str) -> None:
    vendor = {"/usr/lib/dracut/dracut.conf.d/01-dist.conf": said}
    plan = planned("dracut", vendor)
    assert f'install_items+=" {OWN} "' in written(plan)[DRACUT] and sure(plan)
    hostonly = planned("dracut", {**vendor, "/etc/dracut.conf.d/50-own.conf": "hostonly=yes\n"})
    assert OWN not in written(hostonly)[DRACUT] and sure(hostonly)


def test_a_file_that_dracut_does_not_read_says_nothing() -> None:
    """Only names that end with .conf count, and a file in /etc hides its namesake of the vendor."""
    plan = planned(
        "dracut",
        {
            "/etc/dracut.conf.d/hostonly": "hostonly=yes\n",
            "/usr/lib/dracut/dracut.conf.d/x.conf": "hostonly=yes\n",
            "/etc/dracut.conf.d/x.conf": "\n",
            "/usr/lib/dracut/dracut.conf.d/01-dist.conf": "\n",
        },
    )
    assert "install_items" in written(plan)[DRACUT]


def test_dracut_words_that_a_later_file_replaces_go_behind_it() -> None:
    later = "/etc/dracut.conf.d/x.conf"
    plan = planned("dracut", {later: 'hostonly=yes\nforce_drivers="i915"\n'})
    assert written(plan)["/etc/dracut.conf.d/zz-vfiotui.conf"].startswith('force_drivers+=" vfio_pci') and sure(plan)


def test_words_that_dracut_joins_are_parted() -> None:
    one, other = "/etc/dracut.conf.d/05-a.conf", "/etc/dracut.conf.d/10-b.conf"
    files = {one: 'hostonly=yes\nforce_drivers+="vfio vfio_iommu_type1"\n', other: 'force_drivers+="vfio_pci"\n'}
    plan = planned("dracut", files)
    assert 'force_drivers+=" vfio vfio_iommu_type1 "' in written(plan)[one]
    assert written(plan)[other] == 'force_drivers+=" vfio_pci "\n' and "blanks" in whys(plan)
    single = planned("dracut", {one: files[one]})
    assert one not in written(single), "nothing is joined"


HAS = frozenset({"vfio", "vfio_pci", "vfio_iommu_type1", "btrfs", "amdgpu"})


@pytest.mark.parametrize(
    ("tool", "files", "holder"),
    [
        ("mkinitcpio", {MAIN: CLASSIC.replace("()", "(btrfs vfio_nosuch amdgpu)", 1)}, MAIN),
        ("dracut", {DRACUT: 'hostonly=yes\nforce_drivers+=" vfio_nosuch vfio_pci "\n'}, DRACUT),
        ("booster", {"/etc/booster.yaml": "modules_force_load: vfio-pci,vfio_nosuch\n"}, "/etc/booster.yaml"),
    ],
)
def test_names_that_no_kernel_has_go_out_first(tool: str, files: dict[str, str], holder: str) -> None:
    plan = planned(tool, files, modules=HAS)
    assert "nosuch" not in written(plan)[holder] and "which no installed kernel has" in whys(plan)
    assert "vfio_pci" in written(plan)[holder]
    unknown = planned(tool, files)
    assert "nosuch" in written(unknown).get(holder, "nosuch"), "what the kernels have was not seen"


def test_a_module_that_may_be_missing_stays() -> None:
    plan = planned("mkinitcpio", {MAIN: CLASSIC.replace("()", "('vfio_nosuch?')", 1)}, modules=HAS)
    assert "vfio_nosuch?" in written(plan)[MAIN]


def test_what_stands_behind_a_missing_name_is_not_expected_of_dracut() -> None:
    """Read as it is, without a plan: dracut leaves out what follows, and ends with 0."""
    goal: Goal = ("modprobe.option", "vfio-pci disable_idle_d3=1")
    files = {DRACUT: 'hostonly=yes\nforce_drivers+=" vfio_nosuch vfio_pci "\n', OWN: "options vfio-pci ids=10de:13c2\n"}
    plan = planned("dracut", files, goal, modules=HAS)
    assert "vfio_nosuch" not in written(plan)[DRACUT]


def test_thousands_of_names_that_no_kernel_has_are_told_and_left() -> None:
    names = " ".join(f"x{number}" for number in range(3000))
    files = {DRACUT: f'hostonly=yes\nforce_drivers+=" vfio_pci {names} vfio_virqfd "\n'}
    plan = planned("dracut", files, modules=HAS)
    assert any("3000 names in the lists of modules are of no installed kernel" in note for note in plan.notes)
    assert "x2999" in written(plan)[DRACUT] and "vfio_virqfd" not in written(plan)[DRACUT]


def test_booster_gets_no_dashes() -> None:
    plan = planned("booster", {"/etc/booster.yaml": "modules_force_load: vfio-pci,btrfs\n"})
    assert written(plan)["/etc/booster.yaml"] == "modules_force_load: vfio_pci,btrfs,vfio_iommu_type1\n"


def test_a_module_that_no_kernel_has_is_not_listed() -> None:
    with pytest.raises(PlanError, match="no installed kernel has"):
        planned("mkinitcpio", {MAIN: CLASSIC}, ("initramfs.module", "vfio_nosuch"), modules=HAS)


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.ROOT])
@pytest.mark.parametrize("tool", TOOL_FILES)
def test_without_a_builder_there_is_no_plan(tool: str, mode: Mode) -> None:
    program = next(path for path in TOOL_FILES[tool] if "/bin/" in path or "/sbin/" in path)
    with pytest.raises(PlanError, match="nothing builds one here"):
        planned(tool, {MAIN: CLASSIC}, mode=mode, without=(program, "/usr/sbin/update-initramfs"))


DONE = {
    "/etc/modprobe.d/vfio.conf": "options vfio-pci ids=10de:13c2,10de:0fbb\nsoftdep nouveau pre: vfio-pci\n"
    "softdep snd_hda_intel pre: vfio-pci\n"
}


@pytest.mark.parametrize(
    ("tool", "path", "text", "after"),
    [
        ("dracut", "/etc/dracut.conf.d/v.conf", 'force_drivers+=" vfio_pci vfio_iommu_type1 vfio_virtqfd "\n',
         'force_drivers+=" vfio_pci vfio_iommu_type1 "\n'),
        ("mkinitcpio", MAIN, "MODULES=(vfio_pci vfio_iommu_type1 vfio_iomu_type1)\nHOOKS=(base udev modconf)\n",
         "MODULES=(vfio_pci vfio_iommu_type1)\nHOOKS=(base udev modconf)\n"),
    ],
)  # fmt: skip
def test_a_dead_name_beside_what_is_configured_already_goes_out(tool: str, path: str, text: str, after: str) -> None:
    more = {"/etc/dracut.conf.d/host.conf": 'hostonly="yes"\n'} if tool == "dracut" else {}
    plan = planned(tool, {**DONE, **more, path: text})
    assert written(plan)[path] == after and "rebuild the initramfs" in whys(plan)
    again = planned(tool, {**DONE, **more, path: after})
    assert not any(step.kind == "command" for step in again.steps)


def test_presets_that_build_nothing_are_no_builder() -> None:
    with pytest.raises(PlanError, match="no preset"):
        planned("mkinitcpio", {MAIN: CLASSIC}, mode=Mode.LIVE, without=("/etc/mkinitcpio.d/linux.preset",))
