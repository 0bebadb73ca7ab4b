"""A hugetlbfs for a page size, and counts of pages behind their sizes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.plan.guest.definitions import planned
from tests.requirements import need
from vfiotui.demo.description import Host
from vfiotui.plan.draft import PlanError
from vfiotui.plan.judged import judged
from vfiotui.plan.memory.mount import unit_of

CLEAN = HOSTS["clean"]


def with_words(words: str) -> Host:
    return replace(CLEAN, cmdline=f"{CLEAN.cmdline} {words}", default_cmdline=f"quiet {words}")


def test_a_unit_mounts_the_pages_and_a_link_starts_it() -> None:
    plan = planned(CLEAN, ("memory.mount", "1048576"))
    assert judged(plan).strange == () and judged(plan).raised == ()
    unit, link = plan.steps
    assert (unit.subject, link.kind) == ("/etc/systemd/system/dev-hugepages1G.mount", "link")
    assert link.after == unit.subject.encode() and b"Options=pagesize=1G" in (unit.after or b"")
    assert planned(CLEAN, ("memory.mount", "2048")).steps == (), "this host has that mount"


def test_a_unit_of_other_words_is_strange() -> None:
    plan = planned(CLEAN, ("memory.mount", "1048576"))
    unit, link = plan.steps
    assert judged(replace(plan, steps=(replace(unit, after=b"[Mount]\nWhat=/dev/sda1\n"), link))).strange
    assert judged(replace(plan, steps=(unit, replace(link, after=b"/tmp/x.mount")))).strange


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    path, text = unit_of(2048)
    place = tmp_path / path.rpartition("/")[2]
    place.write_text(text)
    argv = [need("systemd-analyze", "systemd"), "verify", str(place)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if place.name in line] == []


@pytest.mark.parametrize("argument", ["", "2M", "-1", "0", "٣", "99999999999"])
def test_what_is_no_size_is_refused(argument: str) -> None:
    with pytest.raises(PlanError, match="no size in KiB"):
        planned(CLEAN, ("memory.mount", argument))


def test_counts_stand_behind_their_sizes() -> None:
    plan = planned(with_words("hugepages=2 hugepagesz=1G x=1"), ("memory.order", "cmdline"))
    (step,) = (s for s in plan.steps if s.subject == "/etc/default/grub")
    assert b"hugepagesz=1G hugepages=2" in (step.after or b"") and b"x=1" in (step.after or b"")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("hugepagesz=1G hugepages=2", "no count before its size"),
        ("hugepages=2", "no count before its size"),
        ("hugepages=200 hugepagesz=1G", "leave the host too little"),
        ("hugepages=0:2 hugepagesz=1G", "not understood"),
        ("hugepages=2 hugepagesz=lots", "not understood"),
    ],
)
def test_what_is_in_order_or_does_not_fit_is_refused(words: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(with_words(words), ("memory.order", "cmdline"))
