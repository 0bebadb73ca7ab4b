"""What `?` tells of the Live screen."""

from __future__ import annotations

LIVE_HELP = (
    "The two lines on top tell the longest wait that the graphs show, and what is known of the reason: threads of "
    "guests that shared the CPU, how much of it others used, and names, where somebody was looking then.\n\n"
    "Each row is a thread of the guest: where it may run and where it ran last, the frequency of that CPU, and how "
    "many milliseconds of each second it was ready but had to wait (run_delay of schedstat). busy is the time on a "
    "CPU; forced counts the times it was pushed off, switch the time slices, both per second.\n\n"
    "The kernel books a wait when it ends: a long one can make more than 1000 ms of one second.\n\n"
    "A ? is a moment without a value: the first sample has no rate, a nohz_full CPU shows no frequency. Pins and "
    "forced switches are read every 5 s.\n\n"
    "enter  the graphs of the row, large; esc goes back\nt  the next guest\nc  host CPUs below the guest\n"
    "p  the picture stands; until it goes on a sample is taken every 5 s\n"
    "left right  back and forth in time, < and > in larger steps, esc back to now\n"
    "z Z  more or less time in a cell: of the samples in a cell the longest delay and the lowest frequency show\n"
    "w  who else runs on the CPUs of the vCPUs; while one waits long it is looked for unasked, seldom\n"
    "W  precise, for root: every switch and interrupt on these CPUs is traced for a minute, which costs them some "
    "0.3 µs each; nobody else's tracing is touched, and nothing of it stays\n"
    "e  exits and halt polling of the vCPUs, asked of libvirt and QEMU every 5 s: it costs both some milliseconds\n"
    "m  marks the moment\nn N  to the next mark or alarm, or back to the last one\n"
    "+ -  seconds between samples, 0.1 to 10"
)
