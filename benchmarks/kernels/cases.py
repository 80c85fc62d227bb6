"""What is measured: kernels at the shapes of real models, the work of each, and how Tenon is given them."""

import dataclasses
import functools

HEAD_SIZE = 64
PAGE = 16  # Keys in a page of Tenon's cache.
GROUP = 16  # Calls that are timed together, so that what surrounds a call is little of it.

# Products of a token's width (of weights that stand together) in each model: (from, to).
MODELS = {
    "MiniLM": [(384, 1152), (384, 384), (384, 1536), (1536, 384)],
    "GPT-2 small": [(768, 2304), (768, 768), (768, 3072), (3072, 768), (768, 50257)],
    "Whisper tiny.en": [(384, 1152), (384, 384), (384, 1536), (1536, 384), (384, 51864)],
    "Transformer base": [(512, 1536), (512, 512), (512, 2048), (2048, 512), (512, 37000)],
    "SmolLM2": [(576, 960), (576, 576), (576, 3072), (1536, 576), (576, 49152)],
}
ROWS = (1, 4, 8, 32, 128, 512)
# Up to here Tenon decodes: the kernel for rows that come one by one.
MOST_DECODED_ROWS = 8
LENGTHS = (128, 512, 1024, 4096)
KEYS = (1024, 4096)
# Query and key heads: GPT-2 small's, SmolLM2's, and those of models with eight queries for each key head.
HEADS = ((12, 12), (9, 3), (32, 4))
ROWWISE = ((128, 384), (1024, 384), (128, 768), (512, 3072))


@dataclasses.dataclass(frozen=True)
class Buffer:
    """An array that a call reads, or writes where it is the last one."""
    shape: tuple
    copies: int = 1  # Calls take them in turn.
    integers: bool = False


@dataclasses.dataclass(frozen=True)
class Case:
    family: str  # "product", "attention", "decode" or "rowwise"
    task: str
    kernel: str  # Kernel IR.
    buffers: tuple  # What Tenon's kernel takes, and its result.
    calls: int  # That are timed together.
    kind: str  # What the work counts: "flops" or "bytes".
    work: float
    numbers: tuple = ()  # What else the peers need to know, by family.
    cold: bool = False  # What it reads is in no cache.


def module(arguments, result, body, row_tile):
    """A function of one kernel. `arguments` are types, `body` makes %r of %a0, %a1, …"""
    names = ", ".join(f"%x{i}: {kind}" for i, kind in enumerate(arguments))
    inner = ", ".join(f"%a{i}: {kind}" for i, kind in enumerate(arguments))
    values = ", ".join(f"%x{i}" for i in range(len(arguments)))
    return f"""func.func @entry({names}) -> {result} {{
  %0 = tenon.kernel "kernel"({values}) : ({", ".join(arguments)}) -> {result} row_tile {row_tile} {{
  ^bb0({inner}):
    {body}
    tenon.yield %r : {result}
  }}
  return %0 : {result}
}}
"""


def panel_of(columns):
    """As Tenon packs them: 48 columns, or fewer where that computes less that nobody reads."""
    return min((48, 32, 16), key=lambda panel: (-(-columns // panel) * panel, -panel))


def rows_of(width):
    return f"tensor<?x{width}xf32>"


def product(rows, depth, columns, cold_bytes):
    panel = panel_of(columns)
    packed = (-(-columns // panel), depth, panel)
    weight = f"tensor<{packed[0]}x{depth}x{panel}xf32>"
    body = f"%r = tenon.linear %a0, %a1 : ({rows_of(depth)}, {weight}) -> {rows_of(columns)}"
    decoded = rows <= MOST_DECODED_ROWS
    size = 4 * depth * columns
    # Weights of a decoder come from memory; those of longer inputs from the last cache at most.
    copies = max(2, -(-cold_bytes // size)) if decoded else max(2, min(GROUP, cold_bytes // size))
    calls = min(GROUP, copies // 2)
    copies = -(-copies // calls) * calls
    kind, work = ("bytes", size) if decoded else ("flops", 2.0 * rows * depth * columns)
    return Case("product", f"{rows} x {depth} x {columns}",
                module([rows_of(depth), weight], rows_of(columns), body, 1 if decoded else 16),
                (Buffer((rows, depth)), Buffer(packed, copies), Buffer((rows, columns))), calls, kind, work,
                (rows, depth, columns, panel, copies), cold=decoded)


def attention(length, causal):
    heads, width = 12, 12 * HEAD_SIZE
    mask = ', mask = "k <= q"' if causal else ""
    one, all3 = rows_of(width), rows_of(3 * width)
    body = (f"%q:3 = tenon.split %a0 : {all3} to {one}, {one}, {one}\n"
            f"    %r = tenon.attention %q#0 starts(%a1) lengths(%a2) to rows(%q#1, %q#2) {{heads = {heads} : i64, key_value_heads = "
            f"{heads} : i64, head_size = {HEAD_SIZE} : i64, scale = 0.125 : f64{mask}}} : ({one}, tensor<?xi32>, tensor<?xi32>, {one}, "
            f"{one}) -> {one}")
    pairs = length * (length + 1) / 2 if causal else length * length
    return Case("attention", f"12 x {length} x 64{', causal' if causal else ''}",
                module([all3, "tensor<?xi32>", "tensor<?xi32>"], one, body, 16),
                (Buffer((length, 3 * width)), Buffer((2,), integers=True), Buffer((1,), integers=True), Buffer((length, width))),
                max(1, 2048 // length), "flops", 4.0 * width * pairs, (length, causal))


def decode(heads, key_heads, keys, cold_bytes):
    width, page_floats, pages = heads * HEAD_SIZE, 2 * key_heads * HEAD_SIZE * PAGE, keys // PAGE
    q, cache, ids, table = rows_of(width), rows_of(page_floats), "tensor<?xi32>", "tensor<?x?xi32>"
    body = (f"%r = tenon.attention %a0 cache(%a1) starts(%a2) lengths(%a3) past(%a4) to pages(%a5) {{heads = {heads} : i64, "
            f"key_value_heads = {key_heads} : i64, head_size = {HEAD_SIZE} : i64, scale = 0.125 : f64, mask = \"k <= q\"}} : "
            f"({q}, {cache}, {ids}, {ids}, {ids}, {table}) -> {q}")
    size = 8 * key_heads * HEAD_SIZE * keys
    calls = max(1, min(GROUP, (32 << 20) // size))
    copies = -(-cold_bytes // (size * calls)) * calls
    return Case("decode", f"{keys} keys, {heads} heads on {key_heads}", module([q, cache, ids, ids, ids, table], q, body, 1),
                (Buffer((1, width)), Buffer((pages, page_floats), copies), *(Buffer(shape, integers=True) for shape in ((2,), (1,), (1,), (1, pages))),
                 Buffer((1, width))), calls, "bytes", size, (heads, key_heads, keys, copies), cold=True)


# Row-wise operations: name, arguments of the row's shape, of its width alone, and how Tenon writes them.
ROWWISE_KINDS = {
    "layer norm": (1, 2, "%r = tenon.norm layernorm %a0 scale %a1 : {vector} bias %a2 : {vector} epsilon 1.0e-5 : {row}"),
    "RMS norm": (1, 1, "%r = tenon.norm rmsnorm %a0 scale %a1 : {vector} epsilon 1.0e-5 : {row}"),
    "GELU": (1, 0, "%r = tenon.activation gelu %a0 : {row}"),
    "SwiGLU": (2, 0, "%s = tenon.activation silu %a0 : {row}\n    %r = tenon.multiply %s, %a1 : {row}"),
    "add, layer norm": (2, 2, "%s = tenon.add %a0, %a1 : {row}\n"
                              "    %r = tenon.norm layernorm %s scale %a2 : {vector} bias %a3 : {vector} epsilon 1.0e-5 : {row}"),
}


def rowwise(name, rows, width):
    given, vectors, text = ROWWISE_KINDS[name]
    row, vector = rows_of(width), f"tensor<{width}xf32>"
    calls = 8
    buffers = tuple(Buffer((rows, width), calls) for _ in range(given)) + tuple(Buffer((width,)) for _ in range(vectors))
    return Case("rowwise", f"{name} {rows} x {width}",
                module([row] * given + [vector] * vectors, row, text.format(row=row, vector=vector), 16),
                buffers + (Buffer((rows, width), calls),), calls, "bytes", 4.0 * (given + 1) * rows * width,
                (name, rows, width, calls))


@functools.lru_cache
def cases(families, cold_bytes):
    """All of the families. Products that differ in their rows alone stand together, since they have weights in common."""
    shapes = sorted({shape for model in MODELS.values() for shape in model})
    made = {
        "product": lambda: [product(rows, *shape, cold_bytes) for shape in shapes for rows in ROWS],
        "attention": lambda: [attention(length, causal) for causal in (False, True) for length in LENGTHS],
        "decode": lambda: [decode(*heads, keys, cold_bytes) for heads in HEADS for keys in KEYS],
        "rowwise": lambda: [rowwise(name, *shape) for name in ROWWISE_KINDS for shape in ROWWISE],
    }
    return [case for family in families for case in made[family]()]
