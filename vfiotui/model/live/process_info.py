"""Whose a process is, since when it runs, and how it was started."""

from __future__ import annotations

import time

from vfiotui.model.base.value import dataclass

LONGEST = 160
"""Characters of a command line that are shown."""


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process as it was when it was looked at."""

    owner: str
    """The user's name, or the number where it has none."""
    started: float
    """Seconds since 1970."""
    command: tuple[str, ...]
    """The words of its command line; none of a thread of the kernel."""

    @property
    def origin(self) -> str:
        """Owner, start and program: without the other words, which may hold what is secret.

        >>> ProcessInfo("root", 0.0, ("/usr/bin/x", "--key=1")).origin.partition(" since ")[0]
        'of root'
        """
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.started))
        program = f": {self.command[0]}" if self.command else ""
        return f"of {self.owner} since {begun}{program}"

    @property
    def whole(self) -> str:
        """The same with the whole command line, for whoever sits at this host.

        >>> ProcessInfo("root", 0.0, ("x", "-a")).whole.endswith(": x -a")
        True
        """
        words = " ".join(self.command[1:])
        return f"{self.origin} {words}"[: LONGEST + len(self.owner)] if words else self.origin
