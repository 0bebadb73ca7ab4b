#!/bin/sh
# Takes back one change of vfiotui. It needs a shell and the small programs of a rescue system only.
#   sh undo.sh       takes it back
#   sh undo.sh -n    tells what it would do, and does nothing
#   sh undo.sh -f    also overwrites what was changed since
#   ROOT=/mnt sh undo.sh    when this folder does not lie inside the system that it belongs to
# What looks like code in the names below is none.
# shellcheck disable=SC2016
set -u
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd) || exit 4
case ${ROOT-}:$here in
:*/var/lib/vfiotui/changes/*) ROOT=${here%/var/lib/vfiotui/changes/*} ;;
:*)
    printf '%s\n' "$here does not lie in the system that it belongs to: ROOT=/mnt sh undo.sh names it (ROOT=/ the running one)"
    exit 2
    ;;
esac
not_followed() { # PLACE: it must not be a link
    [ ! -L "$1" ] || {
        printf '%s\n' "$1 is a symbolic link, which is not followed: nothing was done"
        exit 4
    }
}

not_followed "$here/before"
case $here in
*/vfiotui/changes/*)
    not_followed "$here"
    not_followed "${here%/*}"
    not_followed "${here%/*/*}"
    ;;
esac
here=$(cd -P "$here" && pwd -P) || exit 4
# Where it lies in the running system, ROOT is empty, and an empty cd would stay where the caller stands.
ROOT=$(cd -P "${ROOT:-/}" && pwd -P) || exit 2
ROOT=${ROOT%/}
only_tell='' force='' conflicts=0 failed=0
for option in "$@"; do
    case $option in
    -n) only_tell=1 ;;
    -f) force=1 ;;
    *)
        sed -n '2,6s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
    esac
done

say() { printf '%s\n' "$*"; }

does() { # WORDS…: tells what is done; false where it only tells
    say "${only_tell:+not done: }$*"
    [ -z "$only_tell" ]
}

trouble() { # SENTENCE
    say "$1"
    failed=1
}

find_folder() { # PATH: the folder that it lies in, in $folder, and its last name, in $name; both inside the system
    # Links in the folders are followed as if the system ran: an absolute one begins at ROOT, and .. ends there.
    rest=$1/ folder='' name='' hops=0
    while [ -n "$rest" ]; do
        next=${rest%%/*} rest=${rest#*/}
        case $next in '' | .) continue ;; esac
        if [ -n "$name" ]; then
            # What stands at $name is a folder on the way.
            if [ -L "$ROOT$folder/$name" ]; then
                hops=$((hops + 1))
                [ $hops -le 40 ] || return 2
                target=$(readlink "$ROOT$folder/$name" && printf .)
                target=${target%??}
                case $target in /*) folder='' ;; esac
                rest=$target/$next/$rest name=''
                continue
            elif [ -d "$ROOT$folder/$name" ]; then
                folder=$folder/$name
            elif [ -e "$ROOT$folder/$name" ]; then
                return 2
            else
                return 1
            fi
        fi
        case $next in
        ..) folder=${folder%/*} name='' ;;
        *) name=$next ;;
        esac
    done
}

enter() { # PATH: its folder becomes the current one, and ./$name is what is meant; 1: no folder, 2: it cannot be reached
    find_folder "$1" || return
    cd -P "$ROOT$folder/" 2>/dev/null || return 2
    # Whatever was changed meanwhile: what counts is where this shell stands now.
    stands=$(pwd -P && printf .)
    [ "${stands%??}" = "$ROOT$folder" ] || [ "${stands%??}$ROOT$folder" = / ] || return 2
}

look_at() { # PATH: what lies there inside the system, as one word in $now; the current folder is its own
    enter "$1"
    # A link that came into the way hides what was there: that is not the same as absent.
    case $? in
    0)
        look "./$name"
        [ "$now" != absent ] || [ "$folder/$name" = "$1" ] || now='behind a link'
        ;;
    1) case $1 in "$folder/$name/"*) now=absent ;; *) now='behind a link' ;; esac ;;
    *)
        now='out of reach'
        return 1
        ;;
    esac
}

look() { # PLACE: what lies there, as one word in $now
    if [ -L "$1" ]; then
        # A shell drops the line ends of what it reads: a dot behind them keeps a target's own.
        now=$(readlink "$1" && printf .)
        now=link:${now%??}
    elif [ -f "$1" ]; then
        now=$(sha256sum <"$1")
        now=${now%% *}
    elif [ -e "$1" ]; then
        now='something that is no file'
    else
        now=absent
    fi
}

is_step() { # WORD: a number of a step of this change
    case $1 in
    '' | 0* | *[!0-9]* | ???????*) return 1 ;;
    esac
    [ "$1" -le "$STEPS" ]
}

is_worker() { # LINE: it names a process
    case $1 in *'"pid": '*'"start": '*'"boot": "'*'"'*) ;; *) return 1 ;; esac
    word=${1#*'"pid": '}
    word=${word%%,*}
    case $word in '' | 0* | *[!0-9]* | ????????*) return 1 ;; esac
    word=${1#*'"start": '}
    word=${word%%,*}
    case $word in '' | *[!0-9]* | 0?*) return 1 ;; esac
}

is_pairs() { # TEXT: "KEY": VALUE, … up to the closing brace; a value is digits, a text, or a list of texts
    rest=$(printf '%s\n' "$1" | sed -e 's/\\["\\/bfnrt]//g' -e 's/\\u[0-9a-fA-F]\{4\}//g')
    case $rest in *\\*) return 1 ;; esac
    while :; do
        key=${rest#'"'}
        key=${key%%'"'*}
        case $key in '' | *[!a-z]*) return 1 ;; esac
        value=${rest#'"'"$key"'": '}
        [ "$value" != "$rest" ] || return 1
        in_list=''
        case $value in '['*) in_list=1 value=${value#'['} ;; esac
        while :; do
            case $value in
            '"'*'"'*)
                value=${value#'"'}
                value=${value#*'"'}
                ;;
            [0-9]*) value=${value#"${value%%[!0-9]*}"} ;;
            *) return 1 ;;
            esac
            case $in_list$value in
            '1, '*) value=${value#', '} ;;
            1']'*)
                value=${value#']'}
                break
                ;;
            1*) return 1 ;;
            *) break ;;
            esac
        done
        case $value in
        '}') return 0 ;;
        ', '*) rest=${value#', '} ;;
        *) return 1 ;;
        esac
    done
}

event_of() { # LINE: what it says, in $event; false where it is no event
    case $1 in
    '{"event": "apply", '*'}' | '{"event": "undo", '*'}')
        event=${1#'{"event": "'}
        event=${event%%'"'*}
        is_worker "$1"
        ;;
    '{"event": "command", "step": '*'}')
        event='command'
        word=${1#*'"step": '}
        is_step "${word%%,*}" && is_worker "$1"
        ;;
    '{"event": "begin", "step": '*'}' | '{"event": "end", "step": '*'}' | '{"event": "back", "step": '*'}')
        event=${1#'{"event": "'}
        event=${event%%'"'*}
        word=${1#*'"step": '}
        is_step "${word%'}'}"
        ;;
    '{"event": "done"'*'}' | '{"event": "undone"'*'}' | '{"event": "rolled back"'*'}' | '{"event": "stuck"'*'}')
        event=${1#'{"event": "'}
        event=${event%%'"'*}
        ;;
    *) return 1 ;;
    esac && is_pairs "${1#?}"
}

read_journal() { # sets $state to the last of apply, undo and the ends; $fault to what is wrong with the journal
    state='' applied='' fault='' line_number=0
    if [ ! -f "$here/journal" ] || [ -L "$here/journal" ]; then
        fault='it is not there'
        return
    fi
    # A rescue system may lack wc and tr: the lines themselves are looked at in any case.
    size=$(wc -c <"$here/journal" 2>/dev/null) || size=0
    if [ "$size" -gt 1048576 ]; then
        fault='it is longer than 1048576 bytes'
        return
    fi
    if [ "$(printf 'a\tb' | tr -d '\011' 2>/dev/null)" = ab ]; then
        clean=$(LC_ALL=C tr -d '\000-\011\013-\037\177-\377' <"$here/journal" | sha256sum)
        [ "$clean" = "$(sha256sum <"$here/journal")" ] || {
            fault='it holds bytes that no line of it has'
            return
        }
    fi
    while IFS= read -r line || [ -n "$line" ]; do
        line_number=$((line_number + 1))
        if event_of "$line"; then
            case $state:$event in
            :apply | ?*:apply) state=$event applied=$line ;;
            ?*:undo | ?*:done | ?*:undone | ?*:'rolled back' | ?*:stuck) state=$event ;;
            :*)
                fault='it has lost its beginning'
                return
                ;;
            esac
            continue
        fi
        case $line in
        *'}')
            fault="line $line_number of it is no event that this script knows"
            return
            ;;
        '{"event": "'*) continue ;;
        esac
        # What a power cut tore is the beginning of a line.
        beginning='{"event": "'
        case $beginning in
        "$line"*) ;;
        *)
            fault="line $line_number of it is no event"
            return
            ;;
        esac
    done <"$here/journal"
    [ -n "$state" ] || fault='it is empty'
}

begun() { # STEP: was it begun, and not taken back since?
    found=1
    while IFS= read -r line; do
        case $line in
        '{"event": "begin", "step": '"$1"'}') found=0 ;;
        '{"event": "back", "step": '"$1"'}') found=1 ;;
        esac
    done <"$here/journal"
    return $found
}

concerned() { # STEP: it was begun, or what it makes is there although no line says so
    case $unrecorded in *" $1 "*) return 0 ;; esac
    begun "$1"
}

whole() { # STEP NAME DIGEST: what was kept is as it was kept
    begun "$1" || return 0
    look "$here/before/$2"
    [ "$now" != "$3" ] || return 0
    case $now in absent) now='is missing' ;; *) now='is damaged' ;; esac
    say "what was kept for the undo $now: $here/before/$2"
    damaged=1
}

back() { # STEP: it is taken back
    [ -n "$only_tell" ] || [ "$failed" = 1 ] || printf '\n{"event": "back", "step": %s}\n' "$1" >>"$here/journal"
}

at_work() { # prints each process of this very boot that began something here, has not told its end, and still runs
    boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null) || return 0
    found='' other=''
    while IFS= read -r line; do
        case $line in
        '{"event": "done"'* | '{"event": "undone"'* | '{"event": "rolled back"'* | '{"event": "stuck"'*) found='' other='' ;;
        '{"event": "apply", '*'"boot": ""'* | '{"event": "undo", '*'"boot": ""'*) other='' ;;
        *'"pid": '*'"boot": "'"$boot"'"'*)
            other=''
            line=${line#*'"pid": '}
            start=${line#*'"start": '}
            found="$found ${line%%,*}:${start%%,*}"
            ;;
        '{"event": "apply", '* | '{"event": "undo", '*) other=1 ;;
        esac
    done <"$here/journal"
    # What runs on another system cannot be seen: whoever works there touches the journal several times a minute.
    [ -z "$other" ] || [ -z "$(find "$here/journal" -mmin -1 2>/dev/null)" ] || printf ' %s' 'of another system'
    for process in $found; do
        stat=$(cat "/proc/${process%:*}/stat" 2>/dev/null) || continue
        # Behind the name stand the state and, 19 fields later, when it began (proc(5)).
        # shellcheck disable=SC2086
        set -- ${stat##*)}
        case $1 in Z | X) continue ;; esac
        [ "${20}" != "${process#*:}" ] || printf ' %s' "${process%:*}"
    done
}

mounted() { # POINT: the change was made while a file system was mounted there
    command -v mountpoint >/dev/null 2>&1 || return 0
    find_folder "$1" && mountpoint -q "$ROOT$folder/$name" && return
    say "nothing is mounted at $ROOT$1, as it was when the change was made: mount it first"
    conflicts=1
}

same_folder() { # FOLDER: no link came into its way
    set -- "${1%/}"
    find_folder "$1/x" || return 0
    [ "$folder" = "$1" ]
}

stays() { # STEP FOLDER: the products of a command lie where they lay
    concerned "$1" || return 0
    same_folder "$2" && return
    say "$2 is another folder than before: what the change made there is left alone"
    conflicts=1
}

by_command() { # FILE: may it be the work of the last command of the change, which was killed on its way?
    if [ -f "$here/ended" ] && [ ! -L "$here/ended" ] && [ -s "$here/ended" ]; then
        # Beyond POSIX, and known to dash, busybox, bash and ksh.
        # shellcheck disable=SC3013
        [ ! "$1" -nt "$here/ended" ]
        return
    fi
    boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
    case $applied in *'"boot": "'"$boot"'"'*) return 0 ;; esac
    # A power cut ended it: what is younger than this start of the system was made by somebody else.
    read -r up _ 2>/dev/null </proc/uptime || return 1
    younger=$(find "$1" -mmin "-$((${up%%.*} / 60 + 1))" 2>/dev/null) || return 1
    [ -z "$younger" ]
}

of_new_kernel() { # NAME: it bears the release of a kernel that came since
    for release in "$ROOT"/lib/modules/*; do
        release=${release##*/}
        case " $kernels " in *" $release "*) continue ;; esac
        case $1 in *"$release"*) return 0 ;; esac
    done
    return 1
}

made_anew() { # KEPT PATH: somebody made a product of a command anew since
    if [ -z "$sources" ]; then
        say "$2 was changed by something else since: it is left alone (-f overwrites it)"
        conflicts=1
        return
    fi
    say "$2 was made anew since: what made it runs again when all else is as before"
    stale="$stale${1%%.*} " alone="$alone$1 "
}

each_new() { # FUNCTION FOLDER PATTERN KNOWN…: calls it with each file of the pattern, but the known, as $name below $top
    each=$1 top=$2 pattern=$3
    shift 3
    same_folder "$top" && enter "$top/x" || return 0
    # One pattern, whatever blanks are in it.
    old_ifs=$IFS
    IFS=
    for name in $pattern; do
        IFS=$old_ifs
        [ -f "./$name" ] || [ -L "./$name" ] || continue
        for known in "$@"; do
            [ "$top/$name" != "$known" ] || continue 2
        done
        "$each"
    done
    IFS=$old_ifs
    cd "$here" || exit 4
}

came_since() {
    ! of_new_kernel "$name" || made_anew "$step.came" "$top/$name"
}

came() { # STEP PROGRAM FOLDER PATTERN KNOWN…: a product of a kernel that came since was made from the change's files
    begun "$1" && [ -n "$sources" ] && has_program "$2" || return 0
    step=$1
    shift 2
    each_new came_since "$@"
}

check() { # KEPT PATH BEFORE AFTER [made|beside]: is it as before the change, or as the change left it?
    # made: a product of a command; beside: what lies beside its products, and is nobody's to make again.
    [ ! -e "$here/writing-$1" ] || return 0
    if [ "$4" = any ]; then
        begun "${1%%.*}" && look_at "$2" && [ "$now" != absent ] && [ "$now" != "$3" ] || return 0
        [ -z "${5-}" ] || ! enter "$2" || by_command "./$name" || {
            if [ "$5" = made ]; then made_anew "$1" "$2"; else alone="$alone$1 "; fi
        }
        return 0
    fi
    look_at "$2" || {
        say "$2 cannot be reached inside the system: a link or a file stands on the way"
        conflicts=1
        return
    }
    [ "$now" != "$3" ] || return 0
    if ! begun "${1%%.*}"; then
        [ "$now" = "$4" ] || return 0
        say "$2 is as the change would leave it, and the journal does not say that the change began it (-f undoes it too)"
        unrecorded="$unrecorded${1%%.*} "
        conflicts=1
        return
    fi
    [ "$now" != "$4" ] || return 0
    if [ "${5-}" = beside ]; then
        say "$2 was written since: it is left as it is"
        alone="$alone$1 "
        return
    fi
    if [ -n "${5-}" ] && [ -n "$sources" ]; then
        made_anew "$1" "$2"
        return
    fi
    say "$2 was changed by something else since: it is left alone (-f overwrites it)"
    overwritten="$overwritten$1 "
    conflicts=1
}

on_the_way() { # KEPT: what is neither as before nor as after from here on is our own work, after a power cut too
    rm -f "$here/writing-$1" && (set -C && : >"$here/writing-$1") && sync
}

instead() { # KEPT NAME: there is no room for a kept file beside what is there: that goes first, where it is enough
    [ -f "$2" ] && [ ! -L "$2" ] || return
    free=$(df -Pk . | sed -n '$s/^.* \([0-9]*\)  *[0-9]*%.*/\1/p')
    there=$(wc -c <"$2") || return
    kept=$(wc -c <"$here/before/$1") || return
    if [ "$kept" -gt $((${free:-0} * 1024 + there)) ]; then
        say "$(((kept - there) / 1024 - ${free:-0} + 1)) KiB are missing for it"
        return 1
    fi
    on_the_way "$1" && rm -f "$2" && cp -a "$here/before/$1" "$2"
}

copy() { # KEPT NAME PARTIAL XATTRS PATH: a kept file takes its place in the current folder
    # A cp that knows no attributes refuses the word xattr; a second name for the kept file has all of them too.
    if cp --preserve=all --preserve=xattr "$here/before/$1" "$3" 2>/dev/null || {
        rm -f "$3"
        ln "$here/before/$1" "$3" 2>/dev/null
    }; then
        mv -f "$3" "$2"
        return
    fi
    if [ -z "$4" ] || [ ! -f "$2" ] || [ -L "$2" ]; then
        if cp -a "$here/before/$1" "$3" 2>/dev/null; then
            mv -f "$3" "$2" || return
        else
            rm -f "$3"
            instead "$1" "$2" || return
        fi
        [ -z "$4" ] || say "this cp knows no extended attributes: $5 has lost $4 (SELinux: restorecon)"
        return
    fi
    # The file itself has its attributes, owner and mode still: it is written over; torn by a power cut, once more.
    on_the_way "$1" && cat "$here/before/$1" >"$2"
}

put_back() { # KEPT PATH BEFORE [MODE [XATTRS]]: the path holds again what was kept
    concerned "${1%%.*}" || return 0
    case $alone in *" $1 "*) return 0 ;; esac
    partial=./.vfiotui-$NUMBER-${1%%.*}
    look_at "$2" || {
        trouble "$2 could NOT be put back: it cannot be reached inside the system"
        return
    }
    [ "$now" != 'behind a link' ] || {
        trouble "$2 could NOT be put back: a link came into its way; take it away"
        return
    }
    if [ "$now" = "$3" ]; then
        # The current folder is not its own where there is none.
        [ -n "$only_tell" ] || ! enter "$2" || rm -f "$partial" 2>/dev/null
        return 0
    fi
    does puts back "$2" || return 0
    enter "$2" || {
        trouble "$2 could NOT be put back: its folder is gone"
        return
    }
    rm -f "$partial" 2>/dev/null
    case $overwritten in *" $1 "*)
        if [ "$now" != absent ]; then
            rm -f "$here/replaced-$1"
            cp -a "./$name" "$here/replaced-$1" || {
                trouble "$2 could NOT be kept before it is overwritten: it is left alone"
                return
            }
            say "what $2 held is kept as $here/replaced-$1"
        fi
        ;;
    esac
    # mv would move into the folder to which a link points, so the link goes first.
    [ ! -L "./$name" ] || { on_the_way "$1" && rm -f "./$name"; }
    case $3 in
    absent) rm -f "./$name" ;;
    link:*) ln -s "${3#link:}" "$partial" && mv -f "$partial" "./$name" ;;
    *)
        # The kept copy is compared at the last moment: a file that is there is worth more than none.
        look "$here/before/$1"
        if [ "$now" = "$3" ]; then
            copy "$1" "./$name" "$partial" "${5-}" "$2"
            [ -z "${4-}" ] || chmod "$4" "./$name" 2>/dev/null
        fi
        ;;
    esac
    look "./$name"
    [ "$now" = "$3" ] || trouble "$2 could NOT be put back"
}

drop() {
    if of_new_kernel "$name" || ! by_command "./$name"; then
        say "$top/$name was made since: it is left alone"
        return
    fi
    does removes "$top/$name" && rm -f "./$name"
}

drop_new() { # STEP FOLDER PATTERN KNOWN…: files of the pattern that were not there before
    concerned "$1" || return 0
    shift
    each_new drop "$@"
}

drop_below() { # STEP FOLDER: files below it that were not there before (known), and that a killed command made
    begun "$1" || return 0
    same_folder "$2" && enter "$2/x" || return 0
    command -v find >/dev/null 2>&1 || {
        say "this system has no find: what the change made below $2 beside its products is left"
        return 0
    }
    top=$2
    find . \( -type f -o -type l \) ! -name '.vfiotui-*' -print >"$here/found" 2>/dev/null
    while IFS= read -r line; do
        line=${line#./}
        if known "$top/$line" || ! enter "$top/$line"; then continue; fi
        [ -f "./$name" ] || [ -L "./$name" ] || continue
        if of_new_kernel "$top/$line" || ! by_command "./$name"; then
            say "$top/$line was made since: it is left alone"
            continue
        fi
        does removes "$top/$line" && rm -f "./$name"
    done <"$here/found"
    rm -f "$here/found"
    cd "$here" || exit 4
}

folder_back() { # STEP PATH MODE OWNER:GROUP: a folder that the command removed
    concerned "$1" && enter "$2" || return 0
    [ ! -e "./$name" ] && [ ! -L "./$name" ] || return 0
    does makes "the folder $2 again" || return 0
    mkdir -m "$3" "./$name" || {
        trouble "the folder $2 could NOT be made"
        return
    }
    # FAT has no owners.
    chown "$4" "./$name" 2>/dev/null || :
    cd "$here" || exit 4
}

drop_folders() { # STEP FOLDER: folders below it that were not there before (known), and that a killed command made
    begun "$1" && [ -z "$only_tell" ] || return 0
    same_folder "$2" && enter "$2/x" && command -v find >/dev/null 2>&1 || return 0
    top=$2
    find . -depth -type d ! -name . ! -name '.vfiotui-*' -print >"$here/found" 2>/dev/null
    while IFS= read -r line; do
        line=${line#./}
        if known "$top/$line" || ! enter "$top/$line"; then continue; fi
        if [ ! -d "./$name" ] || [ -L "./$name" ] || of_new_kernel "$top/$line"; then continue; fi
        rmdir "./$name" 2>/dev/null || :
    done <"$here/found"
    rm -f "$here/found"
    cd "$here" || exit 4
}

drop_empty() { # STEP FOLDER…: folders that the change made, where nothing is in them
    [ -z "$only_tell" ] && concerned "$1" || return 0
    shift
    for made in "$@"; do
        enter "$made" || continue
        [ -L "./$name" ] || [ ! -d "./$name" ] || rmdir "./$name" 2>/dev/null || return 0
    done
}

set_value() { # STEP PATH VALUE BOOT: a value of the running kernel, if it is still the same boot
    begun "$1" || return 0
    if [ -z "$ROOT" ] && [ "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" = "$4" ]; then
        does sets "$2 to $3" || return 0
        printf %s "$3" >"$2" || {
            trouble "$2 could NOT be set"
            return
        }
    fi
    back "$1"
}

set_driver() { # STEP BDF DRIVER OVERRIDE BOOT: a device of the running kernel goes back to its driver
    begun "$1" || return 0
    if [ -z "$ROOT" ] && [ "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" = "$5" ]; then
        device=/sys/bus/pci/devices/$2
        does gives "$2 back to ${3:-no driver}" || return 0
        printf '%s\n' "$3" >"$device/driver_override"
        [ ! -e "$device/driver" ] || printf %s "$2" >"$device/driver/unbind"
        [ -z "$3" ] || printf %s "$2" >/sys/bus/pci/drivers_probe
        printf '%s\n' "$4" >"$device/driver_override" || trouble "$2 could NOT be given back"
    fi
    back "$1"
}

made_again() { # STEP WORDS…: what somebody made anew is made again, from what is back
    case $stale in *" $1 "*) ;; *) return 0 ;; esac
    run_back "$@"
}

has_program() { # NAME: the system that is mended can run it
    if [ -z "$ROOT" ]; then
        command -v "$1" >/dev/null 2>&1
        return
    fi
    case $1 in /*)
        [ -x "$ROOT$1" ] || [ -L "$ROOT$1" ]
        return
        ;;
    esac
    for place in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
        [ ! -x "$ROOT$place/$1" ] && [ ! -L "$ROOT$place/$1" ] || return 0
    done
    return 1
}

run_inside() { # WORDS…: a command of the system that is mended; false where it did not run to a good end
    does runs "$*" || return 1
    if ! has_program "$1"; then
        left="$left$*
"
        trouble "$1 is not there: the files that it reads are as before, and what it makes of them is not"
        return 1
    fi
    cd /
    if [ -z "$ROOT" ]; then "$@"; else chroot "$ROOT" "$@"; fi || {
        trouble "$1 failed: run it again after the next start"
        return 1
    }
}

run_back() { # STEP WORDS…: the same, for a step that is taken back by it
    step=$1
    shift
    begun "$step" || return 0
    ! run_inside "$@" || back "$step"
}

kernel_again() { # STEP RELEASE IMAGE: kernel-install is asked for each kernel by name; one that went since is left out
    case $stale in *" $1 "*) ;; *) return 0 ;; esac
    if [ -e "$ROOT$3" ] || [ -L "$ROOT$3" ]; then
        run_back "$1" kernel-install add "$2" "$3"
    elif begun "$1" && [ -z "$only_tell" ]; then
        back "$1"
    fi
}

new_kernels() { # STEP RELEASE…: the same for the kernels that came since
    case $stale in *" $1 "*) ;; *) return 0 ;; esac
    begun "$1" || return 0
    shift
    for release in "$ROOT"/lib/modules/*; do
        release=${release##*/}
        case " $* " in *" $release "*) continue ;; esac
        for image in "/usr/lib/modules/$release/vmlinuz" "/boot/vmlinuz-$release"; do
            [ -f "$ROOT$image" ] || continue
            run_inside kernel-install add "$release" "$image"
            break
        done
    done
}

release_hook() { # STEP PATH GUEST: a hook lets go of what it holds for its running guest before it goes itself
    begun "$1" || return 0
    [ -z "$ROOT" ] && [ -f "$2" ] || return 0
    does releases "what $2 holds for $3" || return 0
    sh "$2" "$3" release end - </dev/null || trouble "$2 could NOT release what it holds for $3"
}

drop_image() { # STEP PATH: an image for a guest, where nothing was written to it since it was made
    begun "$1" || return 0
    enter "$2" || return 0
    [ -e "./$name" ] || [ -L "./$name" ] || return 0
    inode=$(stat -c '%i' "./$name" 2>/dev/null) || {
        say "$2 is kept: without stat it is not known whether it was written to since"
        return
    }
    if [ "$(stat -c '%i %s %Y' "./$name")" != "$(cat "$here/before/$1.image" 2>/dev/null)" ]; then
        say "$2 is kept: it was written to since; remove it by hand where nothing in it is needed"
        return
    fi
    # QEMU locks bytes of an image that it has open; the inode stands behind the device's numbers.
    if [ -n "$(sed -n "/:$inode /p" /proc/locks 2>/dev/null)" ]; then
        trouble "$2 could NOT be removed: a guest has it open; shut it down, then run this again"
        return
    fi
    does removes "$2" && rm -f "./$name"
}

guest() { # STEP NAME URI WORDS…: a call of virsh, on the running system only
    step=$1 name=$2 uri=$3
    shift 3
    begun "$step" || return 0
    if [ -n "$ROOT" ] || ! command -v virsh >/dev/null 2>&1; then
        say "the guest $name is left as it is; after the next start: virsh -c $uri $*"
        return
    fi
    does runs "virsh -c $uri $*" || return 0
    # A guest that is gone already, after an undo that was cut short, is not removed twice.
    if [ "$1" != undefine ] || virsh -c "$uri" domid "$name" >/dev/null 2>&1 || ! virsh -c "$uri" uri >/dev/null 2>&1; then
        said=$(LC_ALL=C virsh -c "$uri" "$@" 2>&1) && return
        case $1:$said in
        # It was begun and not done, or the guest ended meanwhile: there is nothing to take out.
        detach-device:*'not found'* | *-device:*'not running'*) ;;
        *)
            say "$said"
            trouble "virsh failed for the guest $name: read its line above, fix it, and run this again"
            ;;
        esac
    fi
}

NUMBER=@NUMBER@ STEPS=@STEPS@ unrecorded=' ' overwritten=' ' stale=' ' alone=' ' left='' kernels='' sources=@SOURCES@ damaged=0
say "change $NUMBER: "@TITLE@
say "in ${ROOT:-/}"
read_journal
if [ -n "$fault" ]; then
    say "the journal of this change is damaged: $fault. Nothing was done: what was there before lies in $here/before;"
    say "compare it with what is there now, and copy it by hand"
    exit 4
fi
case $state in
undone | 'rolled back')
    say "it is $state already: nothing of it is in force"
    exit 0
    ;;
esac
running=$(at_work)
if [ -n "$running" ]; then
    say "another program is at work on this change (process$running): wait for its end, or a minute, then run this again"
    exit 1
fi
wholes() {
:
@WHOLE@
}
checks() {
:
@CHECKS@
}
backs() {
:
@BACKS@
}
wholes
if [ "$damaged" = 1 ]; then
    say "nothing was done: copy what is whole in $here/before by hand"
    exit 4
fi
checks
if [ "$conflicts" = 1 ] && [ -z "$force" ]; then
    say "nothing was done"
    exit 1
fi
# What happens to this system is written down first: a journal that takes no line would say something else of it.
if [ -z "$only_tell" ]; then
    stat=$(cat "/proc/$$/stat" 2>/dev/null)
    # shellcheck disable=SC2086
    set -- ${stat##*)}
    boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
    line='{"event": "undo", "pid": '$$', "start": '${20:-0}', "boot": "'$boot'"}'
    { printf '\n%s\n' "$line" >>"$here/journal"; } 2>/dev/null || {
        say "nothing was done: the journal $here/journal cannot be written; make it writable, or make room there"
        exit 4
    }
    sync
fi
backs
[ -z "$only_tell" ] || exit 0
sync
if [ "$failed" = 1 ]; then
    [ -z "$left" ] || printf 'left to do inside the system: %s' "$left"
    say "NOT everything was undone: read the lines above, fix it, run again"
    exit 4
fi
rm -f "$here"/writing-*
printf '\n{"event": "undone", "why": "by undo.sh"}\n' >>"$here/journal" || {
    say "everything was undone, and the journal $here/journal cannot be written: run this again"
    exit 4
}
case $stale in
' ') say "undone: what it kept is back byte for byte" ;;
*) say "undone: the sources are as before, and what was made anew since was made again from them" ;;
esac
