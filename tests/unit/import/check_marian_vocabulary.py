#!/usr/bin/env python3
"""Makes a Marian checkpoint of transformers with the pieces of two SentencePiece vocabularies and compares the tokenizers that are
imported with transformers' own, on many strings. Run with the interpreter of build/oracles.

check_marian_vocabulary.py TENON TENON_TOKENIZE SOURCE.spm TARGET.spm [--count N] [--seed S]"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import sentencepiece  # noqa: E402
import transformers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "scripts")]
from check_sentencepiece import lines  # noqa: E402
from tokenizer_strings import strings  # noqa: E402


def make_checkpoint(folder, source, target, rng):
    pieces = {"</s>", "<unk>", "<pad>", ">>por<<", ">>deu<<"}
    for path in (source, target):
        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        pieces |= {model.id_to_piece(i) for i in range(model.get_piece_size()) if not model.is_control(i)}
    # Some of the pieces have no id; some ids are of what no text is cut into.
    missing = set(rng.sample(sorted(pieces - {"</s>", "<unk>", "<pad>"}), len(pieces) // 10))
    pieces = sorted((pieces - missing) | {"Ж", "日本", "ĳ", "😀", "▁😀"})
    rng.shuffle(pieces)
    config = transformers.MarianConfig(
        vocab_size=len(pieces), d_model=4, encoder_layers=1, decoder_layers=1, encoder_attention_heads=1, decoder_attention_heads=1,
        encoder_ffn_dim=4, decoder_ffn_dim=4, pad_token_id=pieces.index("<pad>"), eos_token_id=pieces.index("</s>"),
        decoder_start_token_id=pieces.index("<pad>"), forced_eos_token_id=pieces.index("</s>"))
    transformers.MarianMTModel(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    shutil.copy(source, folder / "source.spm")
    shutil.copy(target, folder / "target.spm")
    return transformers.MarianTokenizer(source_spm=str(folder / "source.spm"), target_spm=str(folder / "target.spm"),
                                        vocab=str(folder / "vocab.json"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("tokenize")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    texts = [text.replace("\0", "") for text in strings(arguments.count, arguments.seed)]
    texts += [">>por<< A house.", ">>deu<<Good  day ", ">>xx<< A house.", "A >>por<< house.", ">>por<<", ">><<>>por<< A", ">>por A<< b",
              ">>por", " >>por<< A", "</s>>>por<< A house.", "A Ж ЖЖ 日本 日本日 😀 😀😀 house", "A</s> b <unk> <pad>c"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        theirs = make_checkpoint(folder, arguments.source, arguments.target, rng)
        theirs.punc_normalizer = lambda text: text
        subprocess.run([arguments.tenon, "import", folder, "-o", folder / "imported"], check=True, stdout=subprocess.DEVNULL)
        wrong = 0
        for name, key in (("tokenizer.json", "text"), ("target_tokenizer.json", "text_target")):
            found = lines(arguments.tokenize, folder / "imported" / name, [], [json.dumps(text) for text in texts])
            for text, answer in zip(texts, found):
                expected = theirs(**{key: text})["input_ids"]
                if answer != " ".join(map(str, expected)):
                    wrong += 1
                    if wrong <= 5:
                        print(f"{name}: {json.dumps(text)}\n  expected {expected}\n  found    {answer}")
    print(f"{len(texts)} strings twice, {wrong} encoded otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
