"""Themes as data: TOML files of the program and of the user, one theme each."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

import vfiotui
from vfiotui.host.root.user_file import CannotRead, read_file

COLOURS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)
OWN = ("dark", "light", "contrast", "console")


LIMIT = 1 << 20
"""Bytes of a theme."""


class BadTheme(Exception):
    """A sentence: which file, and what is wrong with it."""


def parse_theme(text: str, where: str) -> Theme:
    """The theme of a TOML text; raises BadTheme."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadTheme(f"{where} is no TOML file: {error}") from error
    name = data.get("name")
    if not isinstance(name, str) or not name.isprintable() or not name:
        raise BadTheme(f'{where} has no name = "…"')
    colours = (
        {k: v for k, v in data.get("colours", {}).items() if k in COLOURS}
        if isinstance(data.get("colours"), dict)
        else {}
    )
    if "primary" not in colours:
        raise BadTheme(f"{where} has no primary colour below [colours]")
    for key, value in colours.items():
        try:
            Color.parse(value)
        except (ColorParseError, TypeError, AttributeError) as error:
            raise BadTheme(f"{where}: {key} = {value!r} is no colour") from error
    variables = data.get("variables", {})
    kept = {str(k): str(v) for k, v in variables.items()} if isinstance(variables, dict) else {}
    return Theme(
        name=name, dark=bool(data.get("dark", True)), ansi=bool(data.get("ansi", False)), variables=kept, **colours
    )


def own_files() -> list[tuple[str, str]]:
    """Name and text of the themes that come with the program: inside the wheel, else beside the package."""
    # The wheel is unpacked where it is installed: importlib.resources would load two packers to say the same.
    packed = Path(vfiotui.__file__).parent / "themes"
    folder = packed if packed.is_dir() else Path(__file__).parents[2] / "themes"
    return [
        (f.name, f.read_text(encoding="utf-8"))
        for f in sorted(folder.iterdir(), key=lambda f: f.name)
        if f.name.endswith(".toml")
    ]


def user_folder() -> Path:
    """Where a user's own themes lie (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "vfiotui" / "themes"


def user_files() -> tuple[list[tuple[str, str]], list[str]]:
    """Path and text of the user's themes, and a sentence for each file that cannot be read."""
    found: list[tuple[str, str]] = []
    bad: list[str] = []
    try:
        paths = sorted(user_folder().glob("*.toml"))
    except OSError:
        return found, bad
    for path in paths:
        try:
            found.append((str(path), read_file(str(path), LIMIT).decode("utf-8")))
        except CannotRead as error:
            bad.append(str(error))
        except UnicodeDecodeError:
            bad.append(f"{path} is no UTF-8 text")
    return found, bad


def load_themes() -> tuple[list[Theme], list[str]]:
    """All themes, and a sentence for each file that is none; a user's theme replaces ours of the same name."""
    themes: dict[str, Theme] = {}
    own, bad = user_files()
    for where, text in (*own_files(), *own):
        try:
            theme = parse_theme(text, where)
        except BadTheme as error:
            bad.append(str(error))
        else:
            themes[theme.name] = theme
    return list(themes.values()), bad
