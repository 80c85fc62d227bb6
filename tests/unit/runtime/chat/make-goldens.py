"""Writes goldens.json: what transformers' apply_chat_template makes of conversations, by the templates beside this file.

Run with a Python that has transformers: python make-goldens.py
"""
import json
import pathlib

from transformers.utils.chat_template_utils import render_jinja_template

HERE = pathlib.Path(__file__).parent
TOKENS = {
    "llama-2": ("<s>", "</s>"), "llama-3": ("<|begin_of_text|>", "<|eot_id|>"), "llama-3.1": ("<|begin_of_text|>", "<|eot_id|>"),
    "gemma-2": ("<bos>", "<eos>"), "gemma-3": ("<bos>", "<eos>"), "mistral-1": ("<s>", "</s>"), "mistral-3": ("<s>", "</s>"),
    "phi-3": ("<s>", "<|endoftext|>"), "zephyr": ("<s>", "</s>"),
}
SYSTEM = {"role": "system", "content": "  Be brief.\n"}
USER = {"role": "user", "content": "What is the capital of France?"}
ASSISTANT = {"role": "assistant", "content": "<think>\nhm\n</think>\n\nParis. "}
AGAIN = {"role": "user", "content": "\u00a0\u3000\u00e9t\u00e9 \"quoted\" {{ braces }}\n\nline\u2003\x1f\u200b\u2028"}
CONVERSATIONS = [[USER], [SYSTEM, USER], [USER, ASSISTANT, AGAIN], [SYSTEM, USER, ASSISTANT, AGAIN], [USER, ASSISTANT],
                 [USER, USER], [ASSISTANT, USER], [{"role": "tool", "content": "x"}, USER]]


def apply(template, messages, prompt, tokens):
    variables = dict(zip(("bos_token", "eos_token"), tokens))
    try:
        rendered, _ = render_jinja_template([messages], chat_template=template, add_generation_prompt=prompt, **variables)
        return {"text": rendered[0]}
    except Exception as error:
        return {"error": str(error)}


def main():
    goldens = []
    for path in sorted(HERE.glob("*.jinja")):
        template = path.read_text()
        tokens = TOKENS.get(path.stem, ("", "<|im_end|>"))
        cases = [{"messages": messages, "prompt": prompt, **apply(template, messages, prompt, [t for t in tokens])}
                 for messages in CONVERSATIONS for prompt in (True, False)]
        goldens.append({"name": path.stem, "bos": tokens[0], "eos": tokens[1], "cases": cases})
    (HERE / "goldens.json").write_text(json.dumps(goldens, indent=1, ensure_ascii=False) + "\n")


main()
