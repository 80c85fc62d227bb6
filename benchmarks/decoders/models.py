"""What is run: models by their sizes, and the work that a call takes at least."""

import dataclasses

PROMPT = 128   # Tokens of a timed prefill.
DECODED = 16   # Tokens of a timed piece of decoding: the last ones of its context.
CONTEXTS = (128, 1024)


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    file: str  # What llama.cpp reads, in the folder that prepare.py has written to.
    layers: int
    width: int
    key_width: int  # Of all key heads together, and of the values.
    hidden: int
    mlp_matrices: int
    vocab: int

    def stack_parameters(self):
        """Of the matrices that every token passes."""
        attention = 2 * self.width * self.width + 2 * self.width * self.key_width
        return self.layers * (attention + self.mlp_matrices * self.width * self.hidden)

    def head_parameters(self):
        return self.vocab * self.width

    def prefill_flops(self, tokens):
        """With one row of logits, after the last token, and no work for what the causal mask hides."""
        scores_and_sums = 4 * self.layers * self.width * (tokens * (tokens + 1) // 2)
        return 2 * self.stack_parameters() * tokens + 2 * self.head_parameters() + scores_and_sums

    def decode_bytes(self, context):
        """Of weights, keys and values that are read for one of the last DECODED tokens of the context, on average."""
        keys = context - (DECODED - 1) / 2
        return 4 * (self.stack_parameters() + self.head_parameters() + 2 * self.layers * self.key_width * keys)


MODELS = {
    "gpt2": Model("GPT-2 small", "gpt2.gguf", layers=12, width=768, key_width=768, hidden=3072, mlp_matrices=2, vocab=50257),
    "smollm2": Model("SmolLM2-135M", "smollm2-f32.gguf", layers=30, width=576, key_width=192, hidden=1536, mlp_matrices=3,
                     vocab=49152),
}


@dataclasses.dataclass(frozen=True)
class Task:
    kind: str  # "prefill" or "decode".
    context: int  # Tokens that the sequence has at the end.

    def __str__(self):
        return f"prefill {self.context}" if self.kind == "prefill" else f"decode at {self.context}"

    def tokens(self):
        return self.context if self.kind == "prefill" else DECODED

    def work(self, model):
        """Arithmetic of a prefill, bytes of a piece of decoding."""
        return model.prefill_flops(self.context) if self.kind == "prefill" else DECODED * model.decode_bytes(self.context)


TASKS = [Task("prefill", PROMPT)] + [Task("decode", context) for context in CONTEXTS]
