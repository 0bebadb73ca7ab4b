"""The guard's script: what each hook calls after kernels, boot images or boot menus were changed.

It asks the installed program whether the next boot still has what was isolated. It writes to standard error only, waits
for a limited time, and ends with 0 whatever happens: no package operation fails because of it.
"""

from __future__ import annotations

import os
import re
import shlex
import sys

from vfiotui.model.boot.guard import GuardProgram

PATH = "/etc/vfiotui/guard.sh"
INSTALLED = ("/usr/bin/vfiotui", "/usr/local/bin/vfiotui", "/opt/vfiotui/bin/vfiotui", "/usr/sbin/vfiotui")
"""Where a system that does not run may have this program."""
SECONDS = 30
"""How long a package operation waits for the answer."""
STATE = "/var/lib/vfiotui/guard.json"
"""What the last check found. Its time of change is a little before the check began."""
SOURCES = (
    "/boot /efi /etc/default /etc/grub.d /etc/kernel /etc/initramfs-tools /etc/dracut.conf /etc/dracut.conf.d"
    " /etc/mkinitcpio.conf /etc/mkinitcpio.conf.d /etc/mkinitcpio.d /etc/booster.yaml /etc/cmdline.d /etc/modules"
    " /etc/modules-load.d /usr/lib/modules-load.d /etc/modprobe.d /usr/lib/modprobe.d /etc/udev/rules.d"
    " /usr/lib/udev/rules.d /etc/driverctl.d /etc/systemd/system /etc/supergfxd.conf /etc/vfiotui"
    " /etc/libvirt/qemu /var/lib/vfiotui/changes"
)
"""What a boot is made of: where none of it is newer than the last check that passed, there is nothing to ask."""
MODULES = "/lib/modules"
"""Only its indexes, two levels deep."""
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from vfiotui.cli.main import main; sys.exit(main())"
"""Starts the program from the folder that it was installed in, whatever folders this interpreter knows."""
TEXT = r"""#!/bin/sh
# Made by vfiotui (guard.on): hooks call it after kernels, boot images or boot menus were changed.
# It warns on standard error and in the journal when the next boot loses what was isolated, and always ends with 0.
python=@PYTHON@
code=@CODE@
by=${1:-guard.sh}
root=${VFIOTUI_GUARD_ROOT:-}

exec </dev/null >&2

# A system that is only mounted is not the one that runs.
[ -n "$root" ] || [ "$(stat -Lc %d:%i / 2>&1)" = "$(stat -Lc %d:%i /proc/1/root/. 2>/dev/null)" ] || exit 0

# Whether something that a boot is made of is newer than a check that passed.
changed() {
    state=$root@STATE@
    grep -q '"lost": \[\]' "$state" || return 0
    find "$state" -cnewer "$state" || return 0
    [ -n "$(
        {
            for place in @SOURCES@; do
                find "$root$place" -cnewer "$state"
            done
            find "$root@MODULES@/" -maxdepth 2 -cnewer "$state"
        } | head -n 1
    )" ]
}

check() {
    [ -x "$python" ] || return 0
    [ -z "$code" ] || [ -d "$code/vfiotui" ] || return 0
    changed >/dev/null 2>&1 || return 0
    if [ -n "$code" ]; then
        set -- "$python" -I -c '@START@' "$code"
    else
        set -- "$python"
    fi
    limit=
    if command -v timeout >/dev/null; then limit='timeout -k 2 @SECONDS@'; fi
    $limit "$@" ${root:+--root "$root"} guard check --quiet --by "$by"
}

folder=$(mktemp -d -p /run 2>/dev/null || mktemp -d 2>/dev/null) || exit 0
# A disk that hangs keeps a process for ever: nothing here waits for this one, and it holds no descriptor of the caller.
(
    cd /
    check >"$folder/said" 2>/dev/null
    echo $? >"$folder/code"
    mv "$folder/code" "$folder/done"
) >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &

tenths=0
while [ ! -e "$folder/done" ] && [ "$tenths" -lt @SECONDS@0 ]; do
    sleep 0.1 2>/dev/null || { sleep 1; tenths=$((tenths + 9)); }
    tenths=$((tenths + 1))
done
# 124 is timeout's own code, of busybox's it is the signal's.
result=124
[ ! -e "$folder/done" ] || read -r result <"$folder/done"
cat "$folder/said" 2>/dev/null
why=
case $result in
0) ;;
1) [ -s "$folder/said" ] || why='it failed' ;;
124 | 137 | 143) why='no answer in @SECONDS@ s' ;;
*) why="it ended with $result" ;;
esac
rm -rf "$folder"
if [ -n "$why" ]; then
    lost="the next boot was not checked after $by: $why; run 'vfiotui guard check' before a reboot"
    echo "vfiotui: warning: $lost"
    [ -n "$root" ] || logger -t vfiotui-guard -p daemon.warning "$lost" >/dev/null 2>&1 &
fi
exit 0
"""
PROGRAM = re.compile(r"^python=(.*)\ncode=(.*)$", re.MULTILINE)


def running() -> GuardProgram:
    """The program that runs now; its folders without links, so that none of them can be led elsewhere later."""
    folder, name = os.path.split(os.path.abspath(sys.executable))
    code = os.path.realpath(__file__).rsplit("/", 4)[0]
    return GuardProgram(os.path.join(os.path.realpath(folder), name), code)


def runner(program: GuardProgram) -> str:
    """The script for a program; what it prints on standard error is a warning, and nothing where all is well."""
    words = {
        "PYTHON": shlex.quote(program.path),
        "CODE": shlex.quote(program.code),
        "STATE": STATE,
        "SOURCES": SOURCES,
        "MODULES": MODULES,
        "START": START,
        "SECONDS": str(SECONDS),
    }
    return re.sub(r"@([A-Z]+)@", lambda mark: words[mark[1]], TEXT)


def program_of(text: str) -> GuardProgram | None:
    """The program that a script of this version starts; None for any other text.

    >>> program_of(runner(GuardProgram("/opt/v/bin/python", "/opt/my v"))).code, program_of("#!/bin/sh\\nexit 0\\n")
    ('/opt/my v', None)
    """
    match = PROGRAM.search(text)
    try:
        words = [shlex.split(match[n]) for n in (1, 2)] if match else []
    except ValueError:
        return None
    if len(words) != 2 or len(words[0]) != 1 or len(words[1]) > 1:
        return None
    found = GuardProgram(words[0][0], words[1][0] if words[1] else "")
    return found if runner(found) == text else None
