"""What vfiotui answers on a folder of boot chains, beside what is right: `make boot-cases BOOT_CASES=DIR`.

A case is a folder with `tree`, a root, and `expected.md` with a line "Right: ...". The folder may be a tar archive.
For each case the answers are printed: loader, entry, words, image, forecast of the cards, findings. `RIGHT` holds what
a machine can check of them; the last lines count right and wrong, and cases that only a person can judge.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.boot_cases_right import CARD, RIGHT, Answer
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, then
from vfiotui.model.finding.finding import Verdict
from vfiotui.plan.draft import PlanError
from vfiotui.plan.service import look_at_isolation, plan_goals
from vfiotui.rules import judge
from vfiotui.state.plan_inputs import RootInputs

DEFAULT = Path("../shared/cases/boot.tar.xz")


def answer(tree: Path) -> Answer:
    """The answers for one root; it is only read."""
    root = Root.mounted(str(tree))
    virt = domains.read(root)
    inputs = RootInputs(root, lambda: virt, daemon=False)
    facts = gather(root, virt)
    boot = facts.boot
    assert not isinstance(boot, Unread), boot
    view = look_at_isolation(inputs, facts)
    own = () if isinstance(boot.path, Unread) else boot.path.candidates
    next_boots = inputs.boots(facts)
    return Answer(
        loader=boot.loader.name,
        entry=" or ".join(e.name for e in own) or f"({boot.path if isinstance(boot.path, Unread) else boot.path.open})",
        configured=_text(boot.configured),
        on_disk=_text(boot.on_disk),
        kernel=" or ".join(dict.fromkeys(str(e.release) for e in own)),
        image=" or ".join(dict.fromkeys(str(then(b.image, lambda image: image.path or "none")) for b in next_boots)),
        columns={} if isinstance(view, Unread) else dict(view.columns),
        forecasts={} if isinstance(view, Unread) else dict(view.forecasts),
        findings=tuple(f for f in judge(facts) if f.verdict is Verdict.FAILED),
        plan=_plan(inputs),
    )


def _text(line: object) -> str:
    return f"({line})" if isinstance(line, Unread) else f"{line.text} [{line.source}]"  # type: ignore[attr-defined]


def _plan(inputs: RootInputs) -> str:
    try:
        plan = plan_goals(inputs, [("isolate.auto", CARD)])
    except PlanError as error:
        return f"refused: {error}"
    steps = ", ".join(f"{s.kind} {' '.join(s.argv) or s.subject}" for s in plan.steps)
    told = dict(plan.forecast).get(CARD, ())
    return f"next boot {' or '.join(o or 'no driver' for o in told) or 'as it is'}: {steps}"


def lines(name: str, found: Answer, right: str) -> Iterator[str]:
    """One case for a person."""
    yield f"== {name}"
    yield f"   right       {right}"
    yield f"   loader      {found.loader}: {found.entry}; kernel {found.kernel or '?'}; image {found.image}"
    yield f"   configured  {found.configured}"
    yield f"   on disk     {found.on_disk}"
    for bdf, told in found.forecasts.items():
        row = found.columns[bdf]
        if bdf.startswith("0000:01:") or told.outcomes[0] == "vfio-pci":
            yield f"   {bdf}  {row.configured or '-'} / {row.on_disk or '-'} / next {told.text}: {told.why}"
    for finding in found.findings:
        if re.match(r"CMDLINE|ISO|VFIO|BOOT|IOMMU|GRUB|MODPROBE|MODULES|INITRAMFS|PASSTHROUGH", finding.code):
            yield f"   {finding.code}  {finding.sentence}  fix: {finding.fix.text if finding.fix else '-'}"
    yield f"   isolate     {found.plan}"


def right_of(case: Path) -> str:
    """What expected.md says, as one line."""
    file = case / "expected.md"
    text = file.read_text() if file.exists() else ""
    told = re.search(r"^Right:(.*?)(?:\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return " ".join(told[1].split()) if told else "(not written)"


def run(folder: Path, only: tuple[str, ...]) -> int:
    """Every case; the number of wrong ones."""
    counts: dict[str, list[str]] = {"right": [], "wrong": [], "for a person": []}
    for case in sorted(p for p in folder.iterdir() if (p / "tree").is_dir()):
        if only and case.name not in only:
            continue
        try:
            found = answer(case / "tree")
        except Exception as error:  # One broken case must not hide the others.
            print(f"== {case.name}\n   BROKEN {type(error).__name__}: {error}")
            counts["wrong"].append(case.name)
            continue
        print("\n".join(lines(case.name, found, right_of(case))))
        holds = RIGHT.get(case.name)
        verdict = "for a person" if holds is None else "right" if holds(found) else "wrong"
        counts[verdict].append(case.name)
        print(f"   -> {verdict}", flush=True)
    print()
    for verdict, names in counts.items():
        print(f"{len(names):3} {verdict}: {' '.join(names)}")
    return len(counts["wrong"])


def main(words: list[str]) -> int:
    """`BOOT_CASES` names the folder or the archive; the words are names of cases."""
    given = Path(os.environ.get("BOOT_CASES") or DEFAULT)
    if given.is_dir():
        return run(given, tuple(words))
    if not given.exists():
        print(f"{given} is not there: BOOT_CASES names a folder of cases, or a tar archive of one", file=sys.stderr)
        return 2
    import tarfile

    with tempfile.TemporaryDirectory() as place, tarfile.open(given) as archive:
        archive.extractall(place, filter="tar")
        inside = next((p for pattern in ("*/tree", "*/*/tree") for p in Path(place).glob(pattern)), None)
        if inside is None:
            print(f"{given} holds no cases", file=sys.stderr)
            return 2
        return run(inside.parent.parent, tuple(words))


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
