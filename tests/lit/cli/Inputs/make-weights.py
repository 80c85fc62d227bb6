"""make-weights.py TENSOR.mlir FILE [POWER]: a safetensors file with every parameter that tensor IR names, the less regular the
higher the power."""

import json
import math
import re
import struct
import sys

power = int(sys.argv[3]) if len(sys.argv) > 3 else 1
header, body = {}, b""
for name, layers, shape in re.findall(r'tenon\.weight \["([^"]+)"\](?:\[%\w+\] of (\d+))? : tensor<([\dx]+)xf32>', open(sys.argv[1]).read()):
    sizes = [int(size) for size in shape.split("x")]
    for layer in range(int(layers or 1)):
        if name.replace("*", str(layer)) in header:  # of another entry point
            continue
        count = math.prod(sizes)
        values = [math.sin(3 * len(header) + i**power) / 2 for i in range(count)]
        begin, body = len(body), body + struct.pack(f"<{count}f", *values)
        header[name.replace("*", str(layer))] = {"dtype": "F32", "shape": sizes, "data_offsets": [begin, len(body)]}
text = json.dumps(header).encode()
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + body)
