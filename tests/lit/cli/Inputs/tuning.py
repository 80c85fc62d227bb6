"""What tests do to databases of tenon tune.

tuning.py check DB       what a run has kept: a winner for each kernel, and measurements of more than one schedule
tuning.py crown DB       makes another schedule that was measured the winner; all are legal and give the same bits
tuning.py set DB COLUMN VALUE    changes winners
tuning.py version DB N   makes it one of another version"""

import sqlite3
import sys

command, path, *rest = sys.argv[1:]
database = sqlite3.connect(path)
if command == "check":
    ratios = [row[0] for row in database.execute("SELECT ratio FROM winners")]
    assert ratios and all(0 < ratio <= 1 for ratio in ratios), ratios
    (schedules, least), = database.execute("SELECT count(DISTINCT schedule), min(seconds) FROM samples")
    assert schedules > 1 and least > 0, (schedules, least)
elif command == "crown":
    for kernel, schedule in database.execute("SELECT kernel, schedule FROM winners").fetchall():
        others = database.execute("SELECT DISTINCT schedule FROM samples WHERE kernel = ? AND schedule <> ?", (kernel, schedule))
        other, = others.fetchone()
        database.execute("UPDATE winners SET schedule = ?, ratio = 0.5 WHERE kernel = ?", (other, kernel))
        print(other)
elif command == "set":
    database.execute(f"UPDATE winners SET {rest[0]} = ?", (rest[1],))
elif command == "version":
    database.execute(f"PRAGMA user_version = {int(rest[0])}")
database.commit()
