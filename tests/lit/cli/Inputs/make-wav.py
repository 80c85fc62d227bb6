"""make-wav.py FILE RATE SECONDS [CHANNELS]: a hum of 16-bit samples; silence with 0 CHANNELS, which is then one."""

import math
import struct
import sys
import wave

path, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
channels = int(sys.argv[4]) if len(sys.argv) > 4 else 1
with wave.open(path, "wb") as file:
    file.setnchannels(max(channels, 1))
    file.setsampwidth(2)
    file.setframerate(rate)
    for i in range(round(rate * seconds)):
        value = round(9000 * math.sin(2 * math.pi * 300 * i / rate) * math.sin(3 * i / rate)) if channels else 0
        file.writeframes(struct.pack("<h", value) * max(channels, 1))
