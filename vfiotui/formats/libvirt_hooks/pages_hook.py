"""The hook that sets huge pages aside before a guest starts and gives them back when it has ended.

What a guest needs stands in its own XML, which libvirt hands to every hook: sizes, cells and nodes follow every later
edit. The kernel gives a part without an error (Documentation/admin-guide/mm/hugetlbpage.rst), so the number is read
back, memory is compacted, and it is tried again. A guest that needs no pool gets compacted memory: what VFIO pins at
the start in small pages stays small.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.libvirt_hooks import guest_hook

NAME = "pages"
PATH = f"{guest_hook.FOLDER}/40-vfiotui-pages"
PROMISE = "Sets huge pages aside before a guest starts, and gives them back when it has ended."
OPERATIONS = ("prepare", "started", "reconnect", "release")
WANTED = (
    "memory unit .",
    "memoryBacking/hugepages",
    "memoryBacking/hugepages/page size unit nodeset",
    "numatune/memory nodeset",
    "numatune/memnode cellid nodeset",
    "cpu/numa/cell id memory unit",
)
BODY = r"""tries=5
room_kib=2097152

# From the facts to lines of NODE SIZE_KIB PAGES; the node is - where the guest's memory may lie anywhere.
needs() {
  awk -F '|' -v usual="$1" '
    function kib(number, unit,   factor) {
      factor = unit ~ /^[Gg]/ ? 1048576 : unit ~ /^[Mm]/ ? 1024 : unit ~ /^[Bb]/ ? 1 / 1024 : 1
      return number * factor }
    function holds(list, n,   parts, i, ends, found) {
      found = 0; split(list, parts, ",")
      for (i in parts) {
        if (parts[i] ~ /^\^/) { if (substr(parts[i], 2) + 0 == n) return 0; continue }
        if (split(parts[i], ends, "-") < 2) ends[2] = ends[1]
        if (n >= ends[1] + 0 && n <= ends[2] + 0) found = 1 }
      return found }
    function need(nodes, size, pages,   count, n, each) {
      count = 0
      if (nodes != "") for (n = 0; n < 1024; n++) if (holds(nodes, n)) count++
      if (!count) { asked["- " size] += pages; return }
      for (n = 0; n < 1024; n++) if (holds(nodes, n)) {
        each = int((pages + count - 1) / count); asked[n " " size] += each; pages -= each; count-- } }
    $1 == "memory" && !total { total = kib($3 + 0, $2) }
    $1 == "numatune/memory" { everywhere = $2 }
    $1 == "numatune/memnode" { at[$2 + 0] = $3 }
    $1 == "memoryBacking/hugepages" { huge = 1 }
    $1 == "memoryBacking/hugepages/page" {
      if ($4 == "") whole = kib($2 + 0, $3); else { of[++sizes] = $4; size_of[sizes] = kib($2 + 0, $3) } }
    $1 == "cpu/numa/cell" && $3 != "" { c = $2 + 0; cell[cells++] = c; kib_of[c] = kib($3 + 0, $4) }
    END {
      if (!huge) exit
      if (!cells) { cells = 1; cell[0] = 0; kib_of[0] = total }
      if (!whole && !sizes) whole = usual
      for (i = 0; i < cells; i++) {
        c = cell[i]; size = whole
        for (s = 1; s <= sizes; s++) if (holds(of[s], c)) size = size_of[s]
        if (size > 0) need((c in at) ? at[c] : everywhere, size, int((kib_of[c] + size - 1) / size)) }
      for (line in asked) if (asked[line] > 0) printf "%s %d\n", line, asked[line] }'
}

pool() {
  case $1 in
    -) printf %s "$root/sys/kernel/mm/hugepages/hugepages-${2}kB" ;;
    *) printf %s "$root/sys/devices/system/node/node$1/hugepages/hugepages-${2}kB" ;;
  esac
}

# A whole number from a file; 0 where it holds none.
number() {
  read -r found <"$1" || found=
  case $found in '' | *[!0-9]*) found=0 ;; esac
  printf %s "$found"
}

kib() {
  awk -v name="$1:" '$1 == name { print $2 + 0; exit }' "$root/proc/meminfo"
}

# The kernel ends the wait when asked to: a start that hangs helps no guest.
put() {
  timeout 30 sh -c 'printf "%s\n" "$1" >"$2"' put "$1" "$2" 2>/dev/null
}

compact() {
  put 1 "$root/proc/sys/vm/compact_memory"
}

# Pages of a pool that are promised to guests which have not taken them yet.
promised() {
  for file in "$state"/guest/*; do [ ! -f "$file" ] || sed 1d "$file"; done | awk -v node="$1" -v size="$2" '
    $1 == "phase" { starting = $2 == "starting" }
    $1 == "need" && starting && $3 == size && ($2 == node || $2 == "-" || node == "-") { sum += $4 }
    END { print sum + 0 }'
}

# Free pages of a pool that belong to no guest.
unused() {
  where=$(pool "$1" "$2")
  reserved=0
  [ ! -f "$where/resv_hugepages" ] || reserved=$(number "$where/resv_hugepages")
  left=$(($(number "$where/free_hugepages") - reserved - $(promised "$1" "$2")))
  [ "$left" -gt 0 ] || left=0
  printf %s "$left"
}

set_aside() {
  name=$1 node=$2 size=$3 pages=$4
  where=$(pool "$node" "$size")
  [ -f "$where/nr_hugepages" ] || { say "$name wants pages of $size KiB: this host has no such pool ($where)"; return; }
  more=$((pages - $(unused "$node" "$size")))
  [ "$more" -gt 0 ] || return
  available=$(kib MemAvailable)
  room=$((available / 10))
  [ "$room" -gt "$room_kib" ] || room=$room_kib
  if [ $((more * size)) -gt $((available - room)) ]; then
    say "$name wants $more more pages of $size KiB: of $available KiB available $room KiB stay with the host"
    return
  fi
  before=$(number "$where/nr_hugepages")
  now=$before turn=0
  while [ "$now" -lt $((before + more)) ] && [ "$turn" -lt "$tries" ]; do
    [ "$turn" -eq 0 ] || compact
    last=$now
    put $((before + more)) "$where/nr_hugepages"
    now=$(number "$where/nr_hugepages")
    # Noted at once: a hook that is ended in the middle leaves nothing behind.
    [ "$now" -le "$last" ] || printf 'gave %s %s %s\n' "$node" "$size" $((now - last)) >>"$mine"
    turn=$((turn + 1))
  done
  got=$((now - before))
  [ "$got" -ge "$more" ] ||
    say "$name gets $got of $more huge pages of $size KiB in $where: memory is too full or too fragmented"
}

# Takes no page in use: such pages go one by one when they are free.
give_back() {
  [ -f "$1" ] || return 0
  sed -n '1d; /^gave /p' "$1" >"$state/.gave"
  rm -f "$1"
  while read -r _ node size pages; do
    where=$(pool "$node" "$size")
    left=$(unused "$node" "$size")
    if [ "$pages" -gt "$left" ]; then
      say "$((pages - left)) pages of $size KiB in $where are in use and stay"
      pages=$left
    fi
    [ "$pages" -le 0 ] || put $(($(number "$where/nr_hugepages") - pages)) "$where/nr_hugepages"
  done <"$state/.gave"
  rm -f "$state/.gave"
}

prepare() {
  needed=$(printf '%s\n' "$facts" | needs "$(kib Hugepagesize)")
  [ -n "$needed" ] || { compact; return; }
  printf '%s\nphase starting\n' "$1" >"$mine"
  printf '%s\n' "$needed" | sort >"$state/.needed"
  while read -r node size pages; do
    set_aside "$1" "$node" "$size" "$pages"
  done <"$state/.needed"
  sed 's/^/need /' "$state/.needed" >>"$mine"
  rm -f "$state/.needed"
}

work() {
  take_guest "$@" || return 0
  umask 077
  mkdir -p "$state/guest" || return 0
  for file in "$state"/guest/*; do
    [ -f "$file" ] && [ "$file" != "$state/guest/$uuid" ] && gone "$file" && give_back "$file"
  done
  mine=$state/guest/$uuid
  case $2 in
    prepare)
      give_back "$mine"
      prepare "$1"
      ;;
    started)
      [ -f "$mine" ] || return 0
      sed 's/^phase .*/phase started/' "$mine" >"$state/.next" && mv "$state/.next" "$mine"
      ;;
    release) give_back "$mine" ;;
  esac
}
"""


def pages_hook(guests: Iterable[str]) -> str:
    """The script for these guests."""
    return guest_hook.serving(NAME, PROMISE, BODY, OPERATIONS, WANTED, guests)


def guests_of(text: str) -> tuple[str, ...]:
    """The guests that a script of ours serves; none for somebody else's.

    >>> guests_of(pages_hook(["win10"]))
    ('win10',)
    """
    return guest_hook.guests_of(NAME, text)
