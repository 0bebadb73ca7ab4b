"""A plan as a POSIX shell script, for a person who wants no program to do it.

No text of a plan is ever code: contents go through printf as quoted words or as base64, and a word with a character
that a terminal would hide or obey makes no script at all.
"""

from __future__ import annotations

import re
from importlib.resources import files

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.scripts.shell_words import comment, word
from vfiotui.apply.steps import kind_of
from vfiotui.model.change.plan import Plan


def shell_script(plan: Plan) -> list[str]:
    """Lines of a script with the same effect, which first compares everything with what the plan was made from.

    It keeps no way back, and says so. ApplyError names the step that cannot be written so.
    """
    checks = [f"this_machine {word(plan.machine)}"] if plan.machine else []
    lines: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        try:
            before, doing = kind_of(step.kind).script(step)
        except ApplyError as error:
            raise ApplyError(f"no script is made of this plan: step {number}: {error}") from error
        checks += before
        lines += ["", f"# {number}. {comment(step.why)}", *doing]
    parts = {"TITLE": comment(plan.title), "CHECKS": "\n".join(checks), "STEPS": "\n".join(lines).strip("\n")}
    template = (files("vfiotui.apply.scripts") / "plan.sh").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], template).rstrip("\n").split("\n")
