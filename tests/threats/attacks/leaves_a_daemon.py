"""Leaves a process that nobody is the parent of, and that acts when the check is long over."""

import json
import os
import select
import signal
import socket
from pathlib import Path

aim = json.loads(Path("aim.json").read_text())
server = socket.create_server(("127.0.0.1", 5005))
ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        server.close()
        try:
            gate = os.open(aim["gate"], os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            gate = ready
        os.write(tell, b"%d " % os.getpid())
        for fd in (0, 1, 2, tell):
            os.close(fd)
        select.select([gate], [], [])  # until somebody opens the other end and writes
        os.read(gate, 1)
        Path(aim["witness"]).write_text("acted")
    os._exit(0)
os.wait()
print("DAEMON", os.read(ready, 16).decode())
while True:
    client, _address = server.accept()
