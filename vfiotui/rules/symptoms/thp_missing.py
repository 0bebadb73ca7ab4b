"""The guest gets few or no huge pages."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="thp-missing",
    title="The guest gets few or no huge pages",
    words=(
        "thp",
        "huge pages",
        "hugepages",
        "transparent",
        "anonhugepages",
        "small pages",
    ),
    causes=(
        Cause(
            "MEM-THP-NEVER",
            92,
            "They are switched off for everybody.",
            "Read /sys/kernel/mm/transparent_hugepage/enabled.",
        ),
        Cause(
            "MEM-THP-OFF",
            90,
            "The guest asks for none, and gets none by itself.",
            "Look at the share of huge pages on the Memory screen while it runs.",
        ),
        Cause(
            "MEM-THP-SHARED",
            88,
            "Shared memory follows a setting of its own, which is never by default.",
            "Read /sys/kernel/mm/transparent_hugepage/shmem_enabled.",
        ),
        Cause(
            "MEM-POOL-SHORT",
            80,
            "The pool is smaller than the guest.",
            "Compare the pool with the guest's memory on the Memory screen.",
        ),
        Cause(
            "MEM-PAGE-SIZE",
            78,
            "The host has no pages of that size.",
            "Look at the pools on the Memory screen.",
        ),
        Cause(
            "MEM-HUGETLBFS",
            75,
            "libvirt finds no place for the pages.",
            "Run findmnt -t hugetlbfs.",
        ),
        Cause(
            "MEM-PAGE-MULTIPLE",
            70,
            "Memory that is no whole number of pages cannot be made of them.",
            "Divide one by the other.",
        ),
        Cause(
            "MEM-CMDLINE-ORDER",
            65,
            "The command line reserves pages of another size than was meant.",
            "Look at the pools on the Memory screen.",
        ),
        Cause(
            "MEM-DEFRAG",
            60,
            "The kernel does not gather small pages when the guest starts.",
            "Write 1 to /proc/sys/vm/compact_memory before it starts, and compare.",
        ),
        Cause(
            "CMDLINE-PENDING",
            45,
            "The reservation takes effect with the next boot.",
            "Compare both command lines on the Host screen.",
        ),
    ),
    by_hand=("How long has the host been up? Memory falls into pieces: start the guest right after boot and compare.",),
    sources="admin-guide/mm/transhuge.rst; admin-guide/mm/hugetlbpage.rst; libvirt kbase, virtiofs.",
)
