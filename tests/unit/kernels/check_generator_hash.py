"""Every object of the archives that make kernels is part of the hash in the cache's key.

    check_generator_hash.py GeneratorHash.h AR ARCHIVE...
"""
import os
import re
import subprocess
import sys

header, ar, *archives = sys.argv[1:]
with open(header) as file:
    hashed = re.findall(r"^// (.*)$", file.read(), re.MULTILINE)
missing = []
for archive in archives:
    library = os.path.basename(archive).removeprefix("lib").removesuffix(".a")
    members = subprocess.run([ar, "t", archive], check=True, capture_output=True, text=True).stdout.split()
    assert members, f"{archive} is empty"
    for member in members:
        if not any(f"/{library}.dir/" in path and os.path.basename(path) == member for path in hashed):
            missing.append(f"{library}: {member}")
if missing:
    sys.exit("not part of the hash: " + ", ".join(missing))
print(f"{len(hashed)} objects of {len(archives)} archives")
