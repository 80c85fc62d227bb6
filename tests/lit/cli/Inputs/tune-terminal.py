"""Runs a command of tenon tune on a terminal.

tune-terminal.py progress COMMAND...    what the terminal was told, each state of the line on one of its own
tune-terminal.py interrupt COMMAND...   presses Ctrl-C when schedules have been measured; what was written to standard output, and then
                                        the exit status"""

import os
import pty
import re
import signal
import subprocess
import sys

how, *command = sys.argv[1:]
controller, terminal = pty.openpty()
process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, text=True)
os.close(terminal)
seen = ""
pressed = False
while True:
    try:
        piece = os.read(controller, 4096)
    except OSError:  # nobody has the terminal any more
        break
    if not piece:
        break
    seen += piece.decode(errors="replace")
    if how == "interrupt" and not pressed and re.search(r" [1-9]\d* measured", seen):
        pressed = True
        process.send_signal(signal.SIGINT)
output = process.stdout.read()
status = process.wait()
if how == "progress":
    assert status == 0, (status, output, seen)
    print("\n".join(line for line in re.split(r"[\r\n]|\x1b\[K", seen) if line))
else:
    assert pressed, seen
    print(output, end="")
    print("status", status)
