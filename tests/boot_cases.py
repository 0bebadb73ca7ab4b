"""What vfiotui answers on a folder of boot chains, beside what is right: `make boot-cases BOOT_CASES=DIR`.

A case is a folder with `tree`, a root, and `expected.md` with a line "Right: ...". The folder may be a tar archive.
For each case the answers are printed: loader, entry, words, image, forecast of the cards, findings. `RIGHT` holds what
a machine can check of them; the last lines count right and wrong, and cases that only a person can judge. A case that
is named in `CHANGED` is changed in a copy, with its own programs, judged by what then lies on the disk, and undone.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.boot_cases_right import CARD, CHANGED, RIGHT, Answer, Changed
from vfiotui.cli.main import main as vfiotui
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else, then
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
    found = judge(facts)
    return Answer(
        loader=boot.loader.name,
        entry=" or ".join(e.name for e in own) or f"({boot.path if isinstance(boot.path, Unread) else boot.path.open})",
        configured=_text(boot.configured),
        on_disk=_text(boot.on_disk),
        kernel=" or ".join(dict.fromkeys(str(e.release) for e in own)),
        image=" or ".join(dict.fromkeys(str(then(b.image, lambda image: image.path or "none")) for b in next_boots)),
        columns={} if isinstance(view, Unread) else dict(view.columns),
        forecasts={} if isinstance(view, Unread) else dict(view.forecasts),
        findings=tuple(f for f in found if f.verdict is Verdict.FAILED),
        passed=frozenset(f.code for f in found if f.verdict is Verdict.PASSED),
        plan=_plan(inputs, "isolate.auto", CARD),
        goal=lambda name, argument: _plan(inputs, name, argument),
    )


def _text(line: object) -> str:
    return f"({line})" if isinstance(line, Unread) else f"{line.text} [{line.source}]"  # type: ignore[attr-defined]


def _plan(inputs: RootInputs, goal: str, argument: str) -> str:
    """What the plan predicts, its steps, and the lines that it adds to files."""
    try:
        plan = plan_goals(inputs, [(goal, argument)])
    except PlanError as error:
        return f"refused: {error}"
    told = dict(plan.forecast).get(argument, ())
    steps = ", ".join(" ".join((s.kind, " ".join(s.argv) or s.subject, *_added(s.before, s.after))) for s in plan.steps)
    return f"next boot {' or '.join(o or 'no driver' for o in told) or 'as it is'}: {steps}"


def _added(before: bytes | None, after: bytes | None) -> list[str]:
    known = set((before or b"").decode(errors="replace").split("\n"))
    return [f"[{line}]" for line in (after or b"").decode(errors="replace").split("\n") if line not in known]


def _words_next(tree: Path) -> str:
    """The words of the entry that boots next, its candidates joined with "or"."""
    facts = gather(Root.mounted(str(tree)), domains.read(Root.mounted(str(tree))))
    assert not isinstance(facts.boot, Unread)
    own = () if isinstance(facts.boot.path, Unread) else facts.boot.path.own
    return " or ".join(or_else(then(entry.words, lambda line: line.text), "?") for entry in own)


def snapshot(tree: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of everything below a folder; our own journal, and the folders that hold it, left out."""
    found = {}
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if name in ("var", "var/lib") or name.startswith("var/lib/vfiotui"):
            continue
        about = path.lstat()
        content = os.readlink(path).encode() if path.is_symlink() else b""
        if stat.S_ISREG(about.st_mode):
            content = path.read_bytes()
        found[name] = (about.st_mode, content)
    return found


def _run(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = vfiotui(list(words))
    return code, out.getvalue()


def _give_shell(tree: Path) -> None:
    """A shell, where the tree has scripts and none."""
    busybox = shutil.which("busybox")
    if busybox and not (tree / "bin/sh").exists() and not (tree / "usr/bin/sh").exists():
        (tree / "bin").mkdir(exist_ok=True)
        shutil.copy(busybox, tree / "bin/sh")


def changed(tree: Path, goal: str, place: Path) -> Changed:
    """What a change does to a copy of the tree, with the tree's own programs, and what its undo leaves."""
    copy = place / "tree"
    shutil.copytree(tree, copy, symlinks=True)
    _give_shell(copy)
    before = snapshot(copy)
    root = ("--root", str(copy))
    code, said = _run(*root, "apply", goal, "--yes", "--run-its-programs")
    after = snapshot(copy)
    words = _words_next(copy)
    undo, _ = _run(*root, "undo", "1", "--yes", "--run-its-programs") if code == 0 else (0, "")
    left = snapshot(copy)
    shutil.rmtree(copy)
    return Changed(
        done=code == 0,
        said=" ".join(said.split()),
        words=words,
        files=frozenset(f"/{n}" for n in before.keys() | after.keys() if before.get(n) != after.get(n)),
        undone=undo == 0 and before == left,
    )


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
        verdict = _verdict(case, found)
        counts[verdict].append(case.name)
        print(f"   -> {verdict}", flush=True)
    print()
    for verdict, names in counts.items():
        print(f"{len(names):3} {verdict}: {' '.join(names)}")
    return len(counts["wrong"])


def _verdict(case: Path, found: Answer) -> str:
    holds = RIGHT.get(case.name)
    if case.name in CHANGED:
        goal, right = CHANGED[case.name]
        with tempfile.TemporaryDirectory() as place:
            effect = changed(case / "tree", goal, Path(place))
        print(
            f"   {goal}  {effect.said}; changed {' '.join(sorted(effect.files)) or 'nothing'}; next boot {effect.words}"
        )
        return "right" if right(effect) and (holds is None or holds(found)) else "wrong"
    return "for a person" if holds is None else "right" if holds(found) else "wrong"


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
