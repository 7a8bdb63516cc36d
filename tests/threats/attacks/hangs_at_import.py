"""Waits for ever before it listens, and ignores what it can of signals."""

import signal
import threading

for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
threading.Event().wait()
