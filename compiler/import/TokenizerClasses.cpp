//===- TokenizerClasses.cpp -----------------------------------------------===//
//
// From transformers' models/*/tokenization_*.py and `convert_from_spm` of convert_slow_tokenizer.py.
//
//===----------------------------------------------------------------------===//

#include "import/TokenizerClasses.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace tenon::import;
using llvm::StringRef;

static constexpr StringRef bertParts = R"("normalizer": {"type": "BertNormalizer", "clean_text": true,
    "handle_chinese_chars": @tokenize_chinese_chars@, "strip_accents": @strip_accents@, "lowercase": @do_lower_case@},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true})";

static constexpr StringRef byteParts = R"("normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": @add_prefix_space@, "trim_offsets": true, "use_regex": true},
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})";

static constexpr StringRef composedByteParts = R"("normalizer": {"type": "NFC"},
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": @add_prefix_space@, "trim_offsets": true, "use_regex": true},
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})";

static constexpr StringRef qwenParts = R"("normalizer": {"type": "NFC"},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
     "behavior": "Isolated", "invert": false},
    {"type": "ByteLevel", "add_prefix_space": @add_prefix_space@, "trim_offsets": true, "use_regex": false}]},
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true})";

static constexpr StringRef pieceParts = R"("normalizer": @normalizer@,
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
    {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "@prefix_scheme@", "split": true}]},
  "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "@prefix_scheme@", "split": true})";

static constexpr StringRef uncomposedPieceParts = R"("normalizer": null,
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
    {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}]},
  "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true})";

static constexpr StringRef llamaParts = R"("normalizer": null,
  "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "@prefix_scheme@", "split": false},
  "decoder": {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
    {"type": "Fuse"}@strip_prefix@]})";

static constexpr StringRef gemmaParts =
    R"("normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
  "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false},
  "decoder": {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]})";

static constexpr StringRef bytePairModel =
    R"("type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false, "byte_fallback": false, )"
    R"("ignore_merges": false)";
static constexpr StringRef llamaModel =
    R"("type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": true, "byte_fallback": true, )"
    R"("ignore_merges": false)";
static constexpr StringRef gemmaModel =
    R"("type": "BPE", "dropout": null, "unk_token": @unk_token@, "fuse_unk": true, "byte_fallback": true, )"
    R"("ignore_merges": false)";
static constexpr StringRef wordPieceModel = R"("type": "WordPiece", "unk_token": @unk_token@, )"
                                            R"("continuing_subword_prefix": "##", "max_input_chars_per_word": 100)";
static constexpr StringRef unigramModel = R"("type": "Unigram", "byte_fallback": false)";

static constexpr std::array<StringRef, 2> byteFiles = {"vocab.json", "merges.txt"};
static constexpr std::array<StringRef, 2> fairseqFiles = {"sentencepiece.bpe.model", ""};
static constexpr std::array<StringRef, 2> llamaFiles = {"tokenizer.model", ""};
static constexpr std::array<StringRef, 7> gpt2Tokens = {
    "<|endoftext|>", "<|endoftext|>", "<|endoftext|>", "", "", "", ""};
static constexpr std::array<StringRef, 7> robertaTokens = {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"};

static constexpr TokenizerClass classes[] = {
    {"BertTokenizer",
     VocabularyKind::WordPiece,
     {"vocab.txt", ""},
     {"", "", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"},
     Surroundings::ClsAndSep,
     bertParts,
     wordPieceModel},
    {"GPT2Tokenizer", VocabularyKind::BytePairs, byteFiles, gpt2Tokens, Surroundings::ByOptions, byteParts,
     bytePairModel},
    {"RobertaTokenizer", VocabularyKind::BytePairs, byteFiles, robertaTokens, Surroundings::RobertaProcessing,
     byteParts, bytePairModel},
    {"GPTNeoXTokenizer",
     VocabularyKind::BytePairs,
     byteFiles,
     {"<|endoftext|>", "<|endoftext|>", "<|endoftext|>", "", "<|padding|>", "", ""},
     Surroundings::ByOptions,
     composedByteParts,
     bytePairModel,
     PieceLayout::AsStored,
     /*maskTakesBlanks=*/false,
     /*keepsProcessor=*/false},
    {"Qwen2Tokenizer",
     VocabularyKind::BytePairs,
     byteFiles,
     {"", "<|endoftext|>", "<|endoftext|>", "", "<|endoftext|>", "", ""},
     Surroundings::ByOptions,
     qwenParts,
     bytePairModel},
    {"XLMRobertaTokenizer", VocabularyKind::Pieces, fairseqFiles, robertaTokens, Surroundings::BosAndEos, pieceParts,
     unigramModel, PieceLayout::Fairseq},
    {"CamembertTokenizer", VocabularyKind::Pieces, fairseqFiles, robertaTokens, Surroundings::BosAndEos, pieceParts,
     unigramModel, PieceLayout::Camembert, /*maskTakesBlanks=*/true},
    {"MBartTokenizer", VocabularyKind::Pieces, fairseqFiles, robertaTokens, Surroundings::EosAndLanguage,
     uncomposedPieceParts, unigramModel, PieceLayout::MBart, /*maskTakesBlanks=*/true},
    {"T5Tokenizer",
     VocabularyKind::Pieces,
     {"spiece.model", ""},
     {"", "</s>", "<unk>", "", "<pad>", "", ""},
     Surroundings::Eos,
     pieceParts,
     unigramModel,
     PieceLayout::WithExtraIds},
    {"LlamaTokenizer",
     VocabularyKind::PieceMerges,
     llamaFiles,
     {"<s>", "</s>", "<unk>", "", "", "", ""},
     Surroundings::ByOptions,
     llamaParts,
     llamaModel},
    {"GemmaTokenizer",
     VocabularyKind::PieceMerges,
     llamaFiles,
     {"<bos>", "<eos>", "<unk>", "", "<pad>", "", "<mask>"},
     Surroundings::ByOptions,
     gemmaParts,
     gemmaModel},
};

llvm::ArrayRef<StringRef> tenon::import::mbartLanguages() {
  static constexpr StringRef codes[] = {"ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN",
                                        "hi_IN", "it_IT", "ja_XX", "kk_KZ", "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP",
                                        "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN"};
  return codes;
}

const TokenizerClass *tenon::import::findTokenizerClass(StringRef name) {
  // These are other names for the same in transformers.
  name = llvm::StringSwitch<StringRef>(name)
             .Cases({"DistilBertTokenizer", "ElectraTokenizer"}, "BertTokenizer")
             .Case("BartTokenizer", "RobertaTokenizer")
             .Default(name);
  for (const TokenizerClass &candidate : classes)
    if (candidate.name == name)
      return &candidate;
  return nullptr;
}

/// Of classes whose files no tokenizer is made of here.
static std::vector<NamedToken> tokensOfOthers(StringRef name) {
  if (name == "CohereTokenizer")
    return {{"bos_token", "<BOS_TOKEN>"}, {"eos_token", "<|END_OF_TURN_TOKEN|>"}, {"unk_token", "<UNK>"},
            {"sep_token", "<SEP>"},       {"pad_token", "<PAD>"},                 {"cls_token", "<CLS>"},
            {"mask_token", "<MASK_TOKEN>"}};
  if (name == "CodeLlamaTokenizer")
    return {{"bos_token", "<s>"},        {"eos_token", "</s>"},     {"unk_token", "<unk>"},
            {"prefix_token", "▁<PRE>"},  {"middle_token", "▁<MID>"}, {"suffix_token", "▁<SUF>"},
            {"eot_token", "▁<EOT>"},     {"fill_token", "<FILL_ME>"}};
  return {};
}

std::vector<NamedToken> tenon::import::usualTokens(StringRef name) {
  const TokenizerClass *tokenizer = findTokenizerClass(name);
  if (!tokenizer)
    return tokensOfOthers(name);
  std::vector<NamedToken> tokens;
  for (auto [token, usual] : llvm::zip_equal(namedTokens, tokenizer->usualTokens))
    if (!usual.empty())
      tokens.emplace_back(token, usual);
  return tokens;
}

std::string tenon::import::tokenizerClassNames() {
  std::string names;
  for (const TokenizerClass &candidate : classes)
    names += (names.empty() ? "" : ", ") + candidate.name.str();
  return names;
}

StringRef tenon::import::tokenizerClassOf(StringRef modelType) {
  return llvm::StringSwitch<StringRef>(modelType)
      .Cases({"bert", "distilbert"}, "BertTokenizer")
      .Cases({"roberta", "roberta-prelayernorm", "bart"}, "RobertaTokenizer")
      .Cases({"gpt2", "opt", "phi", "starcoder2"}, "GPT2Tokenizer")
      .Cases({"gpt_neox", "mpt"}, "GPTNeoXTokenizer")
      .Cases({"qwen2", "qwen3"}, "Qwen2Tokenizer")
      .Case("xlm-roberta", "XLMRobertaTokenizer")
      .Case("camembert", "CamembertTokenizer")
      .Case("mbart", "MBartTokenizer")
      .Cases({"t5", "mt5"}, "T5Tokenizer")
      .Cases({"gemma", "gemma2", "gemma3", "gemma3_text"}, "GemmaTokenizer")
      .Default("");
}

bool tenon::import::takesTokenizersAsStored(StringRef modelType) {
  return llvm::is_contained<StringRef>({"mistral", "phi3", "gpt_bigcode"}, modelType);
}
