"""The journal as rows: the list of changes, and everything about one."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.change.journal import BUSY, JOURNAL, ChangeRecord, State, unread_words
from vfiotui.model.change.plan import Plan
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.host.finding_view import labelled
from vfiotui.tui.screens.plan.view import step_list, step_rows
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, pieces, wrap

STYLES = {
    State.DONE: "holds",
    State.UNDONE: "dim",
    State.ROLLED_BACK: "dim",
    State.WAITING: "warn",
    State.OUTSTANDING: "warn",
    State.INTERRUPTED: "fail",
    State.STUCK: "fail",
    State.DAMAGED: "fail",
}
NONE_YET = (
    (f"No change has been made to this machine: its journal, {JOURNAL}, is empty or not there.", ""),
    ("", ""),
    ("A change begins as a plan, and a plan begins where you see what is wrong:", ""),
    ("1 Host     f  on a finding that has a fix", "accent"),
    ("2 Isolate  space  on the devices to pass through, then p", "accent"),
    ("3 Pin      g or space  to place the threads, then a", "accent"),
    ("4 Memory   + - b h  for huge pages, c  for larger free blocks", "accent"),
    ("6 Guests   enter on a guest, then on a finding of it, then f", "accent"),
    ("", ""),
    ("The plan shows every file and command first; nothing is done before you apply it. Done changes stand here and "
     "can be undone; a step without a way back says so in the plan.", "dim"),
)  # fmt: skip
"""What an empty journal says."""
TAIL, SHORT_TAIL = 40, 8
"""Lines of a log that are shown at its rest, and below the steps while it grows."""
TO_DO = {
    State.APPLYING: "it goes on by itself, also when this console or the connection ends",
    State.UNDOING: "it goes on by itself, also when this console or the connection ends",
    State.ROLLED_BACK: "all is as it was before: fix what stands above, then plan it again",
    State.INTERRUPTED: "R goes on where it stopped, u undoes it",
    State.STUCK: "a step failed, and so did the way back: fix what the sentence names, then u undoes it",
    State.DAMAGED: "nothing is undone by it: compare the kept copies with what is there, then move its folder away",
    State.OUTSTANDING: "do what is left, then R looks whether it is true; u takes the change back",
    State.WAITING: "a part of it takes effect at reboot",
}


def change_rows(records: Reading[tuple[ChangeRecord, ...]] | None, width: int, option: str = "") -> list[Row]:
    """Newest first; an empty journal says where it would lie, one that cannot be read what to do (see Root.option)."""
    if records is None:
        return [row(("reading the journal …", "accent"))]
    if isinstance(records, Unread):
        return [row((line, "unknown")) for line in wrap(unread_words(records, option), width)]
    if not records:
        return [row((line, style)) for text, style in NONE_YET for line in wrap(text, width)]
    rows = [row((fit(f"{'number':8}{'state':20}{'started':21}change", width), "head"))]
    for record in records:
        state = (fit(record.state, 20), style_of(record))
        text = fit(f"{fit(record.progress.at, 19)}  {clean(record.title)}", max(width - 28, 10))
        rows.append(row(f"{record.number:04d}    ", state, text, key=record.path))
    return rows


def style_of(record: ChangeRecord) -> str:
    """The style's name for a change's state."""
    return STYLES.get(record.state, "accent")


def step_word(record: ChangeRecord, step: int) -> str:
    """How far a step of a change came."""
    come = record.progress
    if record.state in (State.UNDONE, State.ROLLED_BACK):
        return "undone"
    if record.state is State.DAMAGED:
        return "not known"
    if step in come.finished:
        return "done"
    if step in come.begun:
        return "at work" if record.state in BUSY else "not ended"
    return "to do" if record.state in (State.APPLYING, State.INTERRUPTED) else "not done"


def record_rows(record: ChangeRecord, log: Reading[str], glyphs: Glyphs, width: int) -> list[Row]:
    """State, steps, log, the way back, and what each step changed."""
    rows = [row((line, "head")) for line in wrap(record.title, width)]
    rows += labelled("state", record.words, width, style_of(record))
    rows += labelled("started", record.progress.at or "never", width)
    if record.progress.word:
        rows += labelled("why", record.progress.word, width, "warn")
    if record.state in TO_DO:
        rows += labelled("next", TO_DO[record.state], width)
    plan = record.plan
    if isinstance(plan, Plan):
        words = [step_word(record, number) for number in range(1, len(plan.steps) + 1)]
        rows += [BLANK, *step_list(plan.steps, words, width)]
    else:
        rows += [BLANK, *labelled("plan", f"cannot be read: {plan}", width, "unknown")]
    rows += [BLANK, *log_rows(record, log, width)]
    rows += [BLANK, *rescue_rows(record, width)]
    if isinstance(plan, Plan):
        for number, step in enumerate(plan.steps, 1):
            rows += [BLANK, *step_rows(number, step, glyphs, width)]
    return rows


def log_rows(record: ChangeRecord, log: Reading[str], width: int) -> list[Row]:
    """The last lines of what its commands said."""
    if isinstance(log, Unread):
        return labelled("log", f"cannot be shown: {log}", width, "unknown")
    if not log:
        return labelled("log", "no command has said anything", width, "dim")
    lines = log.split("\n")
    tail = lines[-(SHORT_TAIL if record.state in BUSY else TAIL) :]
    count = f"its last {len(tail)} of {len(lines)} lines; l shows all" if len(lines) > len(tail) else "all of it"
    return [row(("log", "head"), (f"  {count}", "dim")), *(r for line in tail for r in log_line(line, width))]


def log_line(line: str, width: int) -> list[Row]:
    """One line of a log; what a command started stands out."""
    return [row("  ", (part, "accent" if line.startswith("$ ") else "")) for part in pieces(line, width - 2)]


def rescue_rows(record: ChangeRecord, width: int) -> list[Row]:
    """How it is taken back where this program does not run."""
    if record.state in (State.UNDONE, State.ROLLED_BACK):
        return labelled("rescue", "nothing of it is in force", width, "dim")
    if record.state is State.DAMAGED:
        return labelled("rescue", f"what was there before lies in {record.path}/before: copy it by hand", width)
    sentence = f"sh {record.path}/undo.sh takes it back without this program, also where the system is only mounted"
    return labelled("rescue", sentence, width)


def record_text(record: ChangeRecord, log: Reading[str]) -> str:
    """A change in plain lines, for the clipboard."""
    lines = [
        f"change {record.name}: {clean(record.title)}",
        f"state: {clean(record.words)}",
        f"started: {record.progress.at}",
    ]
    lines += [f"why: {clean(record.progress.word)}"] if record.progress.word else []
    if isinstance(record.plan, Plan):
        for number, step in enumerate(record.plan.steps, 1):
            word = step_word(record, number)
            lines.append(f"{number}. {word}: {step.kind} {clean(step.subject)}: {clean(step.why)}")
    if record.state is State.DAMAGED:
        lines.append(f"what was there before: {record.path}/before")
    else:
        lines.append(f"undo on a rescue system: sh {record.path}/undo.sh")
    if isinstance(log, str) and log:
        lines += ["log:", *(f"  {clean(line)}" for line in log.split("\n")[-TAIL:])]
    return "\n".join(lines) + "\n"
