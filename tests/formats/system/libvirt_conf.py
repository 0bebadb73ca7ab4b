"""libvirt's own reader of its configuration files, for one text in a process of its own.

libvirt ends the process over a text that it cannot read, because nobody has set up its error reports here.
"""

from __future__ import annotations

import ctypes
import json
import sys

VALUE = ctypes.POINTER(ctypes.c_char_p)


def main() -> None:
    """Prints what libvirt holds of the text in stdin: the texts and lists of the names in argv."""
    library = ctypes.CDLL("libvirt.so.0")
    library.virConfReadString.restype = ctypes.c_void_p
    library.virConfReadString.argtypes = [ctypes.c_char_p, ctypes.c_uint]
    library.virConfGetValueString.argtypes = [ctypes.c_void_p, ctypes.c_char_p, VALUE]
    library.virConfGetValueStringList.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_bool, ctypes.c_void_p]
    conf = library.virConfReadString(sys.stdin.buffer.read(), 0)
    held: dict[str, object] = {}
    for argument in sys.argv[1:]:
        kind, _, name = argument.partition(":")
        if kind == "text":
            text = ctypes.c_char_p()
            library.virConfGetValueString(conf, name.encode(), ctypes.byref(text))
            held[name] = None if text.value is None else text.value.decode("utf-8", "surrogateescape")
            continue
        listed = VALUE()
        library.virConfGetValueStringList(conf, name.encode(), False, ctypes.byref(listed))
        items: list[str] = []
        while listed and (item := listed[len(items)]) is not None:
            items.append(item.decode("utf-8", "surrogateescape"))
        held[name] = items if listed else None
    print(json.dumps(held))


if __name__ == "__main__":
    main()
