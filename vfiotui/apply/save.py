"""Plans as files of the person who made them."""

from __future__ import annotations

import os

from vfiotui.apply.trouble import Trouble, os_sentence


def save_new(name: str, text: str, mode: int) -> str:
    """Writes a new file, "~" understood, and returns its path; Trouble where the name is taken or cannot be written.

    A plan may hold the secrets of a guest's definition: the mode should be for its owner only.
    """
    path = os.path.abspath(os.path.expanduser(name))
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError as error:
        raise Trouble(f"{path} exists already: choose another name") from error
    except (OSError, ValueError) as error:
        raise Trouble(_sentence(error, path)) from error
    try:
        with open(fd, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
    except OSError as error:
        os.unlink(path)
        raise Trouble(_sentence(error, path)) from error
    return path


def _sentence(error: OSError | ValueError, path: str) -> str:
    doing = f"{path} cannot be written"
    return os_sentence(error, doing) if isinstance(error, OSError) else f"{doing}: {error}"
