"""`vfiotui memory` and the plans on machines whose pages have other sizes than those of x86."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS
from tests.machines import facts_of, root_of
from tests.plan.memory.test_memory_goals import plan_of
from vfiotui.cli.memory.memory import as_json, as_text
from vfiotui.demo.description import Host
from vfiotui.model.base.reading import Unread
from vfiotui.model.memory.host_memory import Memory
from vfiotui.plan.draft import PlanError

NOT_ASKED = Unread("not asked")


def told(host: Host) -> str:
    memory = facts_of(host).memory
    assert isinstance(memory, Memory)
    return "\n".join(as_text(root_of(host), memory, (), NOT_ASKED))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "arm-16k",
            [
                "node 0: 3280 blocks of 2 MiB are free now",
                "node 0: 200 blocks of 32 MiB are free now",
                "pages of 1 GiB: cannot be predicted",
            ],
        ),
        ("arm-64k", ["node 0: 20 blocks of 512 MiB are free now", "pages of 16 GiB: cannot be predicted"]),
        ("power-64k", ["node 0: 600 blocks of 16 MiB are free now", "pages of 16 GiB: cannot be predicted"]),
        ("clean", ["node 0: 1829 blocks of 2 MiB are free now", "pages of 1 GiB: cannot be predicted"]),
        ("thp-64k-only", ["transparent huge pages: never", "by size: 64 KiB always, 2 MiB never"]),
        ("thp-2m-over-never", ["transparent huge pages: never", "by size: 2 MiB always"]),
    ],
)
def test_blocks_and_words_are_those_of_the_sizes_that_there_are(name: str, lines: list[str]) -> None:
    text = told(HOSTS.get(name, CLEAN))
    assert [line for line in lines if line not in text] == []


def test_a_size_that_the_machine_has_not_is_not_named() -> None:
    assert " 2 MiB" not in told(HOSTS["power-64k"]) and " 1 GiB" not in told(HOSTS["arm-64k"])


def test_the_sizes_as_json() -> None:
    memory = facts_of(HOSTS["arm-16k"]).memory
    assert isinstance(memory, Memory)
    found = as_json(memory, (), NOT_ASKED)
    assert found["page_kib"] == 16 and found["blocks"] == {"0": {"2048": 3280, "32768": 200}}
    assert found["thp"]["table_kib"] == 32768
    assert found["thp"]["sizes"] == [{"size_kib": 32768, "enabled": "madvise", "shmem_enabled": "never"}]


@pytest.mark.parametrize(
    ("name", "goal", "word"),
    [
        ("arm-16k", ("memory.default-size", "32M"), "default_hugepagesz=32M"),
        ("arm-64k", ("memory.default-size", "512m"), "default_hugepagesz=512M"),
        ("power-64k", ("memory.default-size", "16384K"), "default_hugepagesz=16M"),
        ("arm-16k", ("memory.persist", "1048576=2"), "hugepagesz=1G hugepages=2"),
        ("arm-64k", ("memory.persist", "16777216=0"), None),
        ("arm-16k", ("memory.cma", "2"), "hugetlb_cma=2G"),
        ("clean", ("memory.default-size", "2M"), "default_hugepagesz=2M"),
    ],
)
def test_words_of_the_command_line_name_the_sizes_of_the_machine(
    name: str, goal: tuple[str, str], word: str | None
) -> None:
    files = [step.after for step in plan_of(HOSTS.get(name, CLEAN), goal).steps if step.subject == "/etc/default/grub"]
    assert files == [] if word is None else [word.encode() in (text or b"") for text in files] == [True]


@pytest.mark.parametrize(
    ("name", "goal", "match"),
    [
        ("power-64k", ("memory.default-size", "2M"), "none of 16M, 16G"),
        ("arm-64k", ("memory.cma", "4"), "no whole number of pages of 16 GiB"),
        ("arm-64k", ("memory.overcommit", "16777216=1"), "no surplus pages of 16 GiB"),
        ("power-64k", ("memory.reserve", "2048=1"), "this host has pages of 16384 and 16777216 KiB"),
        ("clean", ("memory.default-size", "64K"), "none of 2M, 1G"),
    ],
)
def test_sizes_that_there_are_not_are_refused(name: str, goal: tuple[str, str], match: str) -> None:
    with pytest.raises(PlanError, match=match):
        plan_of(HOSTS.get(name, CLEAN), goal)


def test_whole_blocks_are_counted_in_the_size_that_is_reserved() -> None:
    def kinds(name: str, pages: str) -> list[str]:
        return [step.kind for step in plan_of(HOSTS[name], ("memory.reserve", pages)).steps]

    assert kinds("arm-16k", "32768=200") == ["pages"] and kinds("arm-16k", "32768=201") == ["nudge", "pages"]
    assert kinds("power-64k", "16384=600") == ["pages"] and kinds("power-64k", "16384=601") == ["nudge", "pages"]
    assert kinds("arm-64k", "524288=20") == ["pages"], "512 MiB are no gigantic pages with small ones of 64 KiB"


def test_pages_of_another_size_than_the_default_are_set_aside_by_tmpfiles() -> None:
    (step,) = plan_of(HOSTS["arm-16k"], ("memory.persist", "2048=16")).steps
    assert step.subject == "/etc/tmpfiles.d/90-vfiotui.conf" and b"hugepages-2048kB" in (step.after or b"")
    (step,) = plan_of(HOSTS["arm-16k"], ("memory.persist", "32768=16")).steps
    assert step.subject.startswith("/etc/sysctl.d/") and b"vm.nr_hugepages = 16" in (step.after or b"").replace(
        b"=16", b"= 16"
    )


def test_gigantic_pages_below_a_gibibyte_are_set_aside_on_the_command_line() -> None:
    """ARM with small pages of 4 KiB has pages of 32 MiB, and no block beyond 4 MiB."""
    host = HOSTS["arm-16k"]
    files = dict(host.files)
    files |= {"/proc/buddyinfo": "Node 0, zone Normal 9 9 9 9 9 9 9 9 9 9 9 \n"}
    files |= {"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size": f"{2 << 20}\n"}
    plan = plan_of(replace(host, files=files), ("memory.persist", "32768=16"))
    assert any(b"hugepagesz=32M hugepages=16" in (step.after or b"") for step in plan.steps)
