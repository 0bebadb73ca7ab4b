"""`vfiotui groups --acs-override`: what pcie_acs_override= would change; its JSON is described in `groups`."""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui.cli.exit import Exit
from vfiotui.cli.out import print_answer, printable
from vfiotui.host.gather import gather
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.pci.acs_answer import AcsAnswer, acs_answer, answer_lines
from vfiotui.model.pci.acs_override import GIVES_UP


def print_override(args: argparse.Namespace, root: Root) -> Exit:
    """Prints the answer for the host of this root."""
    facts = gather(root, only=("pci", "iommu", "boot", "kernel_log"))
    answer = acs_answer(facts, facts.kernel_log)
    return print_answer(
        args,
        lambda: {"acs_override": override_json(answer)},
        lambda: [printable(f"{'    ' * depth}{text}") for depth, text in answer_lines(answer, facts.pci)],
    )


def override_json(answer: AcsAnswer) -> dict[str, Any]:
    """The answer as JSON."""
    found = answer.outcomes
    return {
        "patch": {
            "present": answer.patch.present,
            "sure": answer.patch.sure,
            "active": answer.patch.active,
            "why": answer.patch.why,
        },
        "running": list(answer.running),
        "next_boot": list(answer.next),
        "unread": str(found) if isinstance(found, Unread) else None,
        "options": {
            outcome.option: {
                "changes": [{"group": c.number, "into": [list(p) for p in c.into]} for c in outcome.changed],
                "freed": list(outcome.freed),
                "stays": [{"group": number, "why": why} for number, why in outcome.stays],
                "unknown": [{"group": number, "why": why} for number, why in outcome.unknown],
            }
            for outcome in or_else(found, ())
        },
        "gives_up": list(GIVES_UP),
    }
