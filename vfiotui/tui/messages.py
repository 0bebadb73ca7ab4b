"""What a screen asks of the app: the app does it, so that the screens need not know each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from vfiotui.model.change.plan import Plan


class RunRequested(Message):
    """A person agreed: vfiotui is to be run to change the machine, and followed on the screen of the change."""

    def __init__(self, *words: str, plan: Plan | None = None, name: str = "", programs: bool = False) -> None:
        """`words` are those of the command line: "apply" with a plan, or "undo" or "apply --resume" with a number.

        `name` is the change's name in the journal, where it has one already. `programs` is a person's word that
        programs of a mounted system may run as root.
        """
        super().__init__()
        self.words = words
        self.plan = plan
        self.name = name
        self.programs = programs
