"""A fault of our own: a sentence for the user, the traceback in a file for the report."""

from __future__ import annotations

import os
import tempfile
import traceback

from vfiotui import __version__


def kept(error: BaseException) -> str:
    """Writes the details into a file of the user's own, and says where; where no file can be, says the essence."""
    name = type(error).__name__
    try:
        fd, path = tempfile.mkstemp(prefix="vfiotui-fault-", suffix=".txt")
        with open(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"vfiotui {__version__}, Linux {os.uname().release}\n")
            traceback.print_exception(error, file=file)
    except OSError as full:
        return f"ended because of a fault of its own ({name}: {error}); no file could hold the details: {full}"
    return f"ended because of a fault of its own ({name}); please report what {path} holds"
