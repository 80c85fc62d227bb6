"""Folders with the files of a vocabulary, or a tokenizer.json that its class makes anew, one for each class of transformers that Tenon
reads them for: used by tests/unit/import/check_tokenizer_files.py."""

import io
import json
import pathlib
import tempfile

import sentencepiece
import transformers

import tokenizer_kinds


def write_settings(folder, name, settings):
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name, **settings}))


def word_piece(folder, texts, size, _):
    vocabulary = json.loads(tokenizer_kinds.make("wordpiece", texts, size))["model"]["vocab"]
    (folder / "vocab.txt").write_text("".join(word + "\n" for word in sorted(vocabulary, key=vocabulary.get)), encoding="utf-8")


def byte_pairs(folder, texts, size, _):
    model = json.loads(tokenizer_kinds.make("gpt2", texts, size))["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(merge + "\n" for merge in merges), encoding="utf-8")


def pieces(name, **options):
    def write(folder, texts, size, rules):
        own = {"normalization_rule_tsv": str(rules)} if rules and "normalization_rule_name" not in options else {}
        lines = [line for text in texts for line in text.splitlines() if line.strip() and len(line) < 2000 and "\0" not in line]
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, vocab_size=size, hard_vocab_limit=False,
                                                 character_coverage=0.98, minloglevel=2, num_threads=1,
                                                 **{"model_type": "unigram", **options, **own})
        (folder / name).write_bytes(model.getvalue())
    return write


FAIRSEQ = pieces("sentencepiece.bpe.model")
T5 = pieces("spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
LLAMA = pieces("tokenizer.model", model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False)
GEMMA = pieces("tokenizer.model", model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
               add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3, eos_piece="<eos>", bos_piece="<bos>",
               user_defined_symbols=["<mask>", "<2mass>", "<start_of_turn>", "\n\n"])


def token(content, **flags):
    return {"__type": "AddedToken", "content": content, "lstrip": False, "rstrip": False, "normalized": False, "single_word": False, **flags}


def stored(write, name, **made):
    """A tokenizer.json in place of the vocabulary's files, which the class made by other settings."""
    def write_stored(folder, texts, size, rules):
        with tempfile.TemporaryDirectory() as scratch:
            write(pathlib.Path(scratch), texts, size, rules)
            write_settings(pathlib.Path(scratch), name, made)
            getattr(transformers, name).from_pretrained(scratch).backend_tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    return write_stored


LISTED = {"0": {"content": "[PAD]", "lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True},
          "9000": {"content": "[EXTRA]", "lstrip": True, "rstrip": False, "normalized": True, "single_word": False, "special": False},
          "9001": {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False, "special": True}}
# Name, class, what writes the vocabulary, tokenizer_config.json, other files.
CASES = [
    ("bert", "BertTokenizer", word_piece, {}, {}),
    ("bert-cased", "BertTokenizer", word_piece, {"do_lower_case": False, "tokenize_chinese_chars": False, "mask_token": "[NEW]"}, {}),
    ("bert-accents", "BertTokenizer", word_piece, {"do_lower_case": True, "strip_accents": False, "mask_token": token("[MASK]", lstrip=True)}, {}),
    ("bert-listed", "DistilBertTokenizer", word_piece, {"added_tokens_decoder": LISTED, "strip_accents": True, "do_lower_case": False}, {}),
    ("bert-legacy", "BertTokenizerFast", word_piece, {"pad_token": None},
     {"special_tokens_map.json": {"mask_token": {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False,
                                                 "single_word": False}, "additional_special_tokens": ["[A]", "[B]"]},
      "added_tokens.json": {"Word": 9000, "[A]": 9001}}),
    ("gpt2", "GPT2Tokenizer", byte_pairs, {}, {}),
    ("gpt2-bos", "GPT2Tokenizer", byte_pairs, {"add_bos_token": True, "add_eos_token": True, "add_prefix_space": True, "bos_token": "<s>"}, {}),
    ("roberta", "RobertaTokenizer", byte_pairs, {"mask_token": token("<mask>", lstrip=True)}, {}),
    ("bart", "BartTokenizer", byte_pairs, {"add_prefix_space": True}, {}),
    ("gpt_neox", "GPTNeoXTokenizer", byte_pairs, {}, {}),
    ("qwen2", "Qwen2Tokenizer", byte_pairs, {"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]}, {}),
    ("xlm-roberta", "XLMRobertaTokenizer", FAIRSEQ, {"mask_token": token("<mask>", lstrip=True)}, {}),
    ("camembert", "CamembertTokenizer", FAIRSEQ, {}, {}),
    ("mbart", "MBartTokenizer", FAIRSEQ, {"src_lang": "fr_XX"}, {}),
    ("t5", "T5Tokenizer", T5, {}, {}),
    ("t5-ids", "T5Tokenizer", T5, {"extra_ids": 3, "additional_special_tokens": ["<extra_id_0>", "<extra_id_1>", "<extra_id_2>"]}, {}),
    ("llama", "LlamaTokenizer", LLAMA, {"add_bos_token": True, "legacy": True}, {}),
    ("llama-new", "LlamaTokenizer", LLAMA, {"add_bos_token": True, "add_eos_token": True, "bos_token": token("<s>", normalized=True)}, {}),
    ("llama-bare", "LlamaTokenizer", LLAMA, {"add_prefix_space": False, "pad_token": "<pad>"}, {}),
    ("gemma", "GemmaTokenizer", GEMMA, {"add_bos_token": True}, {}),
    ("bert-stored", "BertTokenizer", stored(word_piece, "BertTokenizer"),
     {"do_lower_case": False, "tokenize_chinese_chars": False, "cls_token": "[SEP]", "additional_special_tokens": ["[A]"]}, {}),
    ("bert-stored-listed", "DistilBertTokenizer", stored(word_piece, "BertTokenizer", do_lower_case=False, additional_special_tokens=["[A]"]),
     {"added_tokens_decoder": LISTED, "strip_accents": False}, {}),
    ("bert-stored-usual", "BertTokenizer", stored(word_piece, "BertTokenizer", do_lower_case=False, strip_accents=False), {}, {}),
    ("gpt2-stored", "GPT2Tokenizer", stored(byte_pairs, "GPT2Tokenizer", add_bos_token=True), {"add_bos_token": False, "add_prefix_space": True}, {}),
    ("roberta-stored", "RobertaTokenizer", stored(byte_pairs, "RobertaTokenizer"), {"add_prefix_space": True, "cls_token": "</s>"}, {}),
    ("gpt_neox-stored", "GPTNeoXTokenizer", stored(byte_pairs, "GPTNeoXTokenizer", add_bos_token=True), {"add_bos_token": True}, {}),
    ("qwen2-stored", "Qwen2Tokenizer", stored(byte_pairs, "Qwen2Tokenizer"), {"add_prefix_space": True, "eos_token": "<|im_end|>"}, {}),
    ("xlm-roberta-stored", "XLMRobertaTokenizer", stored(FAIRSEQ, "XLMRobertaTokenizer"), {"add_prefix_space": False, "bos_token": "</s>"}, {}),
    ("camembert-stored", "CamembertTokenizer", stored(FAIRSEQ, "CamembertTokenizer"), {"add_prefix_space": False}, {}),
    ("mbart-stored", "MBartTokenizer", stored(FAIRSEQ, "MBartTokenizer"), {"src_lang": "fr_XX"}, {}),
    ("t5-stored", "T5Tokenizer", stored(T5, "T5Tokenizer", extra_ids=3), {"extra_ids": 5}, {}),
    ("llama-stored", "LlamaTokenizer", stored(LLAMA, "LlamaTokenizer", add_bos_token=True, legacy=True),
     {"add_bos_token": False, "add_eos_token": True, "add_prefix_space": False}, {}),
    ("gemma-stored", "GemmaTokenizer", stored(GEMMA, "GemmaTokenizer"), {"add_bos_token": True, "additional_special_tokens": ["<a>"]}, {}),
]


def make(case, folder, texts, size, rules=None):
    """Writes the files of a case into a folder that exists; `rules` is a file of replacements in place of NFKC's."""
    _, name, write, settings, others = case
    write(folder, texts, size, rules)
    write_settings(folder, name, settings)
    for file, content in others.items():
        (folder / file).write_text(json.dumps(content))
