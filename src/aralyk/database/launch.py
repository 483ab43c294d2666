"""Ties a program's life to its parent's, and gives up root before the program starts.

Run as a script (`python -I -S launch.py …`) it becomes the program by `exec`, so nothing runs
between `fork` and `exec` in the parent (a `preexec_fn` may deadlock beside threads). Linux sends a
process the signal it asked for when its parent dies, kill -9 included; the request is lost when the
user changes, so it is made after. The parent may already be gone by then: its id is compared.
On other systems the request is skipped: a killed supervisor then leaves its children running.
This file imports nothing of ours: as a script it starts without the package.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_USAGE = "usage: launch.py PARENT_PID SIGNAL UID GID PROGRAM [ARGUMENT …]   (UID -1: stay)"


def follow_parent(parent_pid: int, death_signal: signal.Signals) -> None:
    """Ask the kernel to send this process `death_signal` when its parent dies.

    Raises:
        ProcessLookupError: The parent is already gone.
        OSError: The kernel refused the request.
    """
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) refused")
    if os.getppid() != parent_pid:
        raise ProcessLookupError(f"parent {parent_pid} is gone")


def _drop_to(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _main(arguments: list[str]) -> None:
    if len(arguments) < 5:
        sys.exit(_USAGE)
    parent_pid, signal_number, uid, gid = (int(value) for value in arguments[:4])
    if uid >= 0:
        _drop_to(uid, gid)
    os.umask(0o077)
    follow_parent(parent_pid, signal.Signals(signal_number))
    os.execv(arguments[4], arguments[4:])


if __name__ == "__main__":
    _main(sys.argv[1:])
