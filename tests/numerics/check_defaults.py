#!/usr/bin/env python3
"""Every supported model type with each key of its config.json left out in turn, and with all at once: what Tenon reads must be what
it reads where the key is written as transformers completes it. Run with the interpreter of build/oracles.

check_defaults.py TENON [TYPE...] [--runtime LIBTENON_RT.so]

--runtime also compiles decoders whose configuration means something else without a key, and compares logits with those of
transformers. What is wrong is printed, and which refusals there were, with the key."""

import argparse
import contextlib
import difflib
import json
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
import decoder_models  # noqa: E402
import seq2seq_models  # noqa: E402
from tenon_runtime import Runtime  # noqa: E402

logging.disable(logging.ERROR)
transformers.utils.logging.disable_progress_bar()
TOLERANCE = 1e-4  # Of the largest logit: float32 throughout.
BERT = {"vocab_size": 61, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 20,
        "max_position_embeddings": 40}
DISTILBERT = {"vocab_size": 61, "dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 20, "max_position_embeddings": 40}
ENCODERS = ["bert", "roberta", "xlm-roberta", "camembert", "roberta-prelayernorm", "distilbert"]
IMAGES = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "image_size": 28, "patch_size": 14}
# Of every class; nothing of what a model computes depends on them.
IDLE = {"_name_or_path", "transformers_version", "dtype", "output_hidden_states", "output_attentions", "return_dict",
        "chunk_size_feed_forward", "id2label", "label2id", "problem_type", "use_cache"}
SECTIONS = {"text_config", "encoder", "decoder", "attn_config"}
# Says which class it is, not what it computes.
ALWAYS = {"model_type"}


def gemma3():
    text = decoder_models.FAMILIES["gemma3"][1][1] | {"vocab_size": decoder_models.VOCAB}
    config = transformers.Gemma3Config(text_config=text, vision_config=IMAGES)
    torch.manual_seed(1)
    return transformers.Gemma3ForConditionalGeneration(config)


def encoder(name):
    torch.manual_seed(1)
    return transformers.AutoModel.from_config(transformers.AutoConfig.for_model(name, **(
        DISTILBERT if name == "distilbert" else BERT)))


def models():
    """Model type: what makes a small one."""
    table = {name: (lambda name=name: encoder(name)) for name in ENCODERS}
    for name, (_, options) in decoder_models.FAMILIES.items():
        # The one with the most keys.
        index = max(range(len(options)), key=lambda i: (len(options[i]), i))
        table["gemma3_text" if name == "gemma3" else name] = (
            lambda name=name, index=index: decoder_models.build(name, decoder_models.FAMILIES[name][1][index], seed=1))
    table["gemma3"] = gemma3
    for name in seq2seq_models.FAMILIES:
        table[name] = lambda name=name: seq2seq_models.build(name, seq2seq_models.FAMILIES[name][2][:2][-1], seed=1)
    return table


def completed(config):
    """What transformers makes of a configuration, all of it written out."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        read = transformers.AutoConfig.from_pretrained(folder)
    # What the class does not write is still there: keys that it has not declared.
    explicit = config | json.loads(json.dumps(read.to_dict(), default=str)) | {"architectures": config.get("architectures")}
    return written(explicit, config)


def written(explicit, config):
    """Without what nothing depends on, and without the ids of tokens that the file does not have: transformers generates without
    its classes' defaults."""
    counted = explicit.get("model_type") in ENCODERS
    result = {}
    for key, value in explicit.items():
        is_id = key.endswith(("_token_id", "suppress_tokens")) and not (counted and key == "pad_token_id")
        if key not in IDLE and not (is_id and key not in config):
            result[key] = written(value, config.get(key) or {}) if isinstance(value, dict) and key in SECTIONS else value
    return result


class Checkpoint:
    """A directory with one set of weights and changing configurations."""

    def __init__(self, tenon, model, folder):
        self.tenon, self.folder = tenon, folder
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        self.full = completed(json.loads((folder / "config.json").read_text()))

    def spec(self, config):
        """The spec that Tenon reads, or what it says."""
        (self.folder / "config.json").write_text(json.dumps(config))
        done = subprocess.run([self.tenon, "inspect", self.folder], capture_output=True, encoding="utf-8")
        return (True, done.stdout) if done.returncode == 0 else (False, done.stderr.strip().replace(str(self.folder), "DIR"))

    def expected_logits(self, config, tokens):
        """Those of transformers; nothing where the weights do not fit or some are made up."""
        (self.folder / "config.json").write_text(json.dumps(config))
        with contextlib.suppress(Exception):
            # Falcon's eager attention scales ALiBi's bias otherwise than its usual one.
            implementation = "sdpa" if config["model_type"] == "falcon" else "eager"
            model, info = transformers.AutoModelForCausalLM.from_pretrained(
                self.folder, attn_implementation=implementation, output_loading_info=True)
            if not info["missing_keys"] and not info["mismatched_keys"]:
                return decoder_models.logits(model.eval(), tokens)
        return None

    def logits(self, runtime, config, tokens, vocab):
        (self.folder / "config.json").write_text(json.dumps(config))
        library = self.folder / "model.so"
        done = subprocess.run([self.tenon, "compile", self.folder, "-o", library, "--target", "x86-64-v3"], capture_output=True,
                              encoding="utf-8")
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        model = runtime.open(library, vocab)
        try:
            with model.session() as session:
                return session.score(tokens)
        finally:
            model.close()


def variants(full):
    """The configuration without each of its keys, also of the objects in it."""
    for key, value in full.items():
        if key in ALWAYS:
            continue
        yield key, {name: item for name, item in full.items() if name != key}
        if isinstance(value, dict) and key in SECTIONS:
            for inner in value:
                if inner not in ALWAYS:
                    yield f"{key}.{inner}", full | {key: {name: item for name, item in value.items() if name != inner}}


def check(checkpoint, runtime):
    """How many configurations there were, and what was wrong with them."""
    problems, count, optional = [], 0, set()
    known, whole = checkpoint.spec(checkpoint.full)
    if not known:
        return 0, [f"the whole configuration: {whole}"]
    rng = numpy.random.default_rng(3)
    tokens = [int(i) for i in rng.integers(3, decoder_models.VOCAB, 29)] if runtime else []
    cases = list(variants(checkpoint.full))
    while cases:
        key, config = cases.pop(0)
        count += 1
        try:
            explicit = completed(config)
        except Exception as error:  # noqa: BLE001
            found, text = checkpoint.spec(config)
            print(f"    {key}: transformers refuses ({str(error).splitlines()[0][:60]}), Tenon {'reads it' if found else 'too'}")
            continue
        expected, found = checkpoint.spec(explicit), checkpoint.spec(config)
        if found != expected and (found[0] or expected[0]):
            lines = difflib.unified_diff(expected[1].splitlines(), found[1].splitlines(), lineterm="", n=0)
            problems.append(f"{key}: " + " ".join(list(lines)[2:])[:600])
        elif not found[0]:
            print(f"    {key}: refused: {found[1]}")
        if found == (True, whole):
            optional.add(key)
        elif runtime and found[0]:
            logits = checkpoint.expected_logits(config, tokens)
            if logits is not None:
                try:
                    off = numpy.abs(checkpoint.logits(runtime, config, tokens, logits.shape[1]) - logits).max() / numpy.abs(logits).max()
                except RuntimeError as error:
                    print(f"    {key}: refused: {error}")
                else:
                    print(f"    {key}: {off:.1e} of the largest logit")
                    if not off <= TOLERANCE:
                        problems.append(f"{key}: logits differ by {off:.1e} of the largest")
        if not cases and key != "all of them":
            cases = [("all of them", {name: item for name, item in checkpoint.full.items() if name not in optional})]
    return count, problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("types", nargs="*")
    parser.add_argument("--runtime")
    arguments = parser.parse_args()
    runtime = Runtime(arguments.runtime) if arguments.runtime else None
    wrong = total = 0
    for name, make in models().items():
        if arguments.types and name not in arguments.types:
            continue
        with tempfile.TemporaryDirectory() as folder:
            decodes = name in decoder_models.FAMILIES or name == "gemma3_text"
            count, problems = check(Checkpoint(arguments.tenon, make(), pathlib.Path(folder)), runtime if decodes else None)
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder, exist_ok=True)
        print(f"{name}: {count} configurations, {len(problems)} with problems", *problems, sep="\n  ", flush=True)
        wrong, total = wrong + len(problems), total + count
    print(f"{total} configurations, {wrong} with problems")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())
