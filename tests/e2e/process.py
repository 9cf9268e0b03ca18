"""process.py - what a process holds: memory, descriptors, threads, from /proc.

Units   bytes
Errors  FileNotFoundError where it has ended
"""

import pathlib
import resource

PAGE = resource.getpagesize()


def rss(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def fds(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))
