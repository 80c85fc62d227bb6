"""status.py STATUS COMMAND...: runs the command, with its standard error on standard output, and succeeds where it ends
with exactly that status."""

import subprocess
import sys

ended = subprocess.run(sys.argv[2:], stderr=subprocess.STDOUT).returncode
if ended != int(sys.argv[1]):
    sys.exit(f"status {ended}, expected {sys.argv[1]}")
