"""What two processes must not do at once: the second waits a while, and is then told who is at it."""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import os
import platform
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from placeprior.errors import BusyError, StoreError

#: File systems without locks: there, one does without.
UNKNOWN = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextlib.contextmanager
def hold(path: Path, doing: str, wait: float = 0) -> Iterator[None]:
    """Hold a lock while the block runs. It is the system's: a process that is killed holds it no longer.

    Parameters
    ----------
    path : Path
        The lock's file, in a folder that exists; who holds it stands in ``<path>.holder``.
    doing : str
        What for, as the others are told: "building the book".
    wait : float
        Seconds to wait for another process.

    Raises
    ------
    BusyError
        Another process holds it.
    StoreError
        The folder cannot be written.
    """
    lock, holder = FileLock(str(path)), path.with_name(f"{path.name}.holder")
    try:
        lock.acquire(timeout=wait, poll_interval=0.05)
    except Timeout:
        raise BusyError(f"{_told(holder)}; only one may at a time in {path.parent}: wait for it, or stop it") from None
    except (OSError, NotImplementedError) as error:
        if isinstance(error, NotImplementedError) or error.errno in UNKNOWN:
            yield
            return
        raise StoreError(f"cannot write {path} ({error.strerror}); make its folder writable") from error
    try:
        _tell(holder, doing)
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _tell(holder: Path, doing: str) -> None:
    who = {
        "process": os.getpid(),
        "machine": platform.node(),
        "user": _user(),
        "doing": doing,
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
    }
    part = holder.with_name(f"{holder.name}.{os.getpid()}.part")
    with contextlib.suppress(OSError):  # only for the message: a full disk must not end the work
        part.write_text(json.dumps(who), encoding="utf-8")
        os.replace(part, holder)


def _told(holder: Path) -> str:
    try:
        who = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {who['process']} of {who['user']} on {who['machine']} is {who['doing']} since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):  # taken this moment, or its note could not be written
        return "another process is at it"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid())
