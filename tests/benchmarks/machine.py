"""The machine on which a benchmark runs, in words for its report."""

import os
import platform


def machine() -> str:
    """Return its system, how many cores this program may use, and Python's version."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.platform()}, {cores} cores, Python {platform.python_version()}"


def load() -> str:
    """Return how many processes wanted a core in the last minute, on the average."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
