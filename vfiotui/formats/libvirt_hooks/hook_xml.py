"""How a hook reads the guest's XML: with a real parser, in lines of PATH|VALUE|VALUE for the elements it asks for.

libvirt hands a guest's XML to its hooks with everything in it that a person put there: <metadata> may hold any element,
comments and CDATA any text. Only a parser tells the guest's own elements from those. A hook runs where this program
does not: it takes python3 (xml.etree in the standard library) or xmllint (libxml2), whichever is there.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

READER = """import sys
from xml.etree import ElementTree
top = ElementTree.fromstring(sys.stdin.buffer.read())
for wanted in sys.argv[1:]:
    path, *names = wanted.split()
    for found in top.findall(path) if top.tag == "domain" else ():
        values = ("".join(found.itertext()) if name == "." else found.get(name, "") for name in names)
        print("|".join((path, *("".join(value.replace("|", "!").split()) for value in values))))
"""
"""For python3 -c; it holds no single quote. White space in a value means nothing to any reader of the lines."""
FUNCTIONS = """# Prints the guest's own elements as PATH|VALUE|VALUE, from $xml; fails where no parser reads it.
read_xml() {
  set -- @WANTED@
  if command -v python3 >/dev/null 2>&1; then
    printf '%s\\n' "$xml" | timeout 20 python3 -I -S -c '@READER@' "$@" 2>/dev/null && return 0
  fi
  command -v xmllint >/dev/null 2>&1 || return 1
  for wanted in "$@"; do
    path=${wanted%% *}
    count=$(ask "count(/domain/$path)")
    case $count in '' | *[!0-9]*) return 1 ;; esac
    while [ "$count" -gt 0 ]; do
      line="concat('$path'"
      for name in ${wanted#"$path"}; do
        case $name in
          .) value="string((/domain/$path)[last() + 1 - $count])" ;;
          *) value="string((/domain/$path)[last() + 1 - $count]/@$name)" ;;
        esac
        line="$line,'|',translate($value,'|','!')"
      done
      printf '%s\\n' "$(ask "$line,'')")"
      count=$((count - 1))
    done
  done
}

# The answer of xmllint to an XPath, without white space.
ask() {
  printf '%s\\n' "$xml" | timeout 20 xmllint --nonet --xpath "$1" - 2>/dev/null | tr -d ' \\t\\r\\n'
}

# Sets $facts and $uuid for the guest $1; fails, and says so, where its XML cannot be read.
take_xml() {
  xml=$(cat)
  facts=$(read_xml) || facts=''
  uuid=$(printf '%s\\n' "$facts" | sed -n 's/^uuid|\\([0-9a-fA-F-]\\{1,36\\}\\)$/\\1/p' | sed -n 1p)
  if [ -n "$uuid" ] && ! printf '%s\\n' "$facts" | grep -q '[^]0-9A-Za-z,^.:/|[-]'; then
    return 0
  fi
  if command -v python3 >/dev/null 2>&1 || command -v xmllint >/dev/null 2>&1; then
    say "the XML of $1 cannot be read: nothing is done for it"
  else
    say "neither python3 nor xmllint is here to read the XML of $1: nothing is done for it; install one of them"
  fi
  return 1
}
"""


def functions(wanted: Iterable[str]) -> str:
    """Shell functions that read these elements, each "PATH ATTRIBUTE …" below <domain>, with . for the text.

    PATHs and attributes are names of libvirt's schema: letters and slashes.
    """
    words = " ".join(shlex.quote(w) for w in ("uuid .", *wanted))
    return FUNCTIONS.replace("@WANTED@", words).replace("@READER@", READER)
