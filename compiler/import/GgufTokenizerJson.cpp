//===- GgufTokenizerJson.cpp ----------------------------------------------===//

#include "import/GgufTokenizerJson.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon::import;
using llvm::StringRef;

namespace {

class TokenizerWriter {
public:
  TokenizerWriter(const BytePairTokenizer &tokenizer, llvm::json::OStream &json) : tokenizer(tokenizer), json(json) {}
  void write();

private:
  void writeAddedTokens();
  void writeSequence(StringRef key, StringRef items, llvm::function_ref<void()> body);
  void writeReplace(StringRef pattern, StringRef content);
  void writeNormalizer();
  void writePreTokenizer();
  void writeSplit(StringRef pattern);
  void writeByteLevel(bool words);
  void writeDigits(bool individual);
  void writePostProcessor();
  void writeDecoder();
  void writeModel();

  const BytePairTokenizer &tokenizer;
  llvm::json::OStream &json;
};

} // namespace

void TokenizerWriter::writeAddedTokens() {
  json.attributeArray("added_tokens", [&] {
    for (auto [id, token] : llvm::enumerate(tokenizer.tokens)) {
      TokenKind kind = tokenizer.kinds[id];
      if (kind != TokenKind::Control && kind != TokenKind::UserDefined && kind != TokenKind::Unknown)
        continue;
      // Those that Phi-3 has from Llama do not.
      bool fromLlama = llvm::is_contained({"<unk>", "<s>", "<|endoftext|>"}, token);
      json.object([&] {
        json.attribute("id", int64_t(id));
        json.attribute("content", token);
        json.attribute("single_word", false);
        json.attribute("lstrip", false);
        json.attribute("rstrip", tokenizer.stripsRight && kind == TokenKind::Control && !fromLlama);
        json.attribute("normalized", false);
        json.attribute("special", kind != TokenKind::UserDefined);
      });
    }
  });
}

void TokenizerWriter::writeSequence(StringRef key, StringRef items, llvm::function_ref<void()> body) {
  json.attributeObject(key, [&] {
    json.attribute("type", "Sequence");
    json.attributeArray(items, body);
  });
}

void TokenizerWriter::writeReplace(StringRef pattern, StringRef content) {
  json.object([&] {
    json.attribute("type", "Replace");
    json.attributeObject("pattern", [&] { json.attribute("String", pattern); });
    json.attribute("content", content);
  });
}

void TokenizerWriter::writeNormalizer() {
  if (tokenizer.pre)
    return json.attribute("normalizer", nullptr);
  writeSequence("normalizer", "normalizers", [&] {
    if (tokenizer.addSpace)
      json.object([&] {
        json.attribute("type", "Prepend");
        json.attribute("prepend", spaceLetter);
      });
    writeReplace(" ", spaceLetter);
  });
}

void TokenizerWriter::writeSplit(StringRef pattern) {
  json.object([&] {
    json.attribute("type", "Split");
    json.attributeObject("pattern", [&] { json.attribute("Regex", pattern); });
    json.attribute("behavior", "Isolated");
    json.attribute("invert", false);
  });
}

void TokenizerWriter::writeByteLevel(bool words) {
  json.object([&] {
    json.attribute("type", "ByteLevel");
    json.attribute("add_prefix_space", false);
    json.attribute("trim_offsets", true);
    json.attribute("use_regex", words);
  });
}

void TokenizerWriter::writeDigits(bool individual) {
  json.object([&] {
    json.attribute("type", "Digits");
    json.attribute("individual_digits", individual);
  });
}

void TokenizerWriter::writePreTokenizer() {
  if (!tokenizer.pre)
    return json.attribute("pre_tokenizer", nullptr);
  writeSequence("pre_tokenizer", "pretokenizers", [&] {
    switch (tokenizer.pre->split) {
    case WordSplit::Words:
      return writeByteLevel(true);
    case WordSplit::DigitsWords:
      writeDigits(true);
      return writeByteLevel(true);
    case WordSplit::Patterns:
      for (StringRef pattern : tokenizer.pre->patterns)
        writeSplit(pattern);
      return writeByteLevel(false);
    case WordSplit::Falcon:
      json.object([&] {
        json.attribute("type", "Punctuation");
        json.attribute("behavior", "Contiguous");
      });
      writeByteLevel(true);
      writeDigits(false);
      return writeSplit("[0-9][0-9][0-9]");
    }
  });
}

void TokenizerWriter::writePostProcessor() {
  if (!tokenizer.begin && !tokenizer.end)
    return json.attribute("post_processor", nullptr);
  auto piece = [&](StringRef kind, StringRef id, int64_t type) {
    json.object([&] {
      json.attributeObject(kind, [&] {
        json.attribute("id", id);
        json.attribute("type_id", type);
      });
    });
  };
  auto sequence = [&](StringRef id, int64_t type) {
    if (tokenizer.begin)
      piece("SpecialToken", tokenizer.tokens[*tokenizer.begin], type);
    piece("Sequence", id, type);
    if (tokenizer.end)
      piece("SpecialToken", tokenizer.tokens[*tokenizer.end], type);
  };
  auto special = [&](int64_t id) {
    json.attributeObject(tokenizer.tokens[id], [&] {
      json.attribute("id", tokenizer.tokens[id]);
      json.attributeArray("ids", [&] { json.value(id); });
      json.attributeArray("tokens", [&] { json.value(tokenizer.tokens[id]); });
    });
  };
  json.attributeObject("post_processor", [&] {
    json.attribute("type", "TemplateProcessing");
    json.attributeArray("single", [&] { sequence("A", 0); });
    json.attributeArray("pair", [&] {
      sequence("A", 0);
      sequence("B", 1);
    });
    json.attributeObject("special_tokens", [&] {
      if (tokenizer.begin)
        special(*tokenizer.begin);
      if (tokenizer.end && !(tokenizer.begin && tokenizer.begin == tokenizer.end))
        special(*tokenizer.end);
    });
  });
}

void TokenizerWriter::writeDecoder() {
  if (tokenizer.pre) {
    json.attributeBegin("decoder");
    writeByteLevel(true);
    return json.attributeEnd();
  }
  writeSequence("decoder", "decoders", [&] {
    writeReplace(spaceLetter, " ");
    for (StringRef type : {"ByteFallback", "Fuse"})
      json.object([&] { json.attribute("type", type); });
    if (tokenizer.addSpace)
      json.object([&] {
        json.attribute("type", "Strip");
        json.attribute("content", " ");
        json.attribute("start", 1);
        json.attribute("stop", 0);
      });
  });
}

void TokenizerWriter::writeModel() {
  json.attributeObject("model", [&] {
    json.attribute("type", "BPE");
    json.attribute("dropout", nullptr);
    if (tokenizer.unknown && !tokenizer.pre)
      json.attribute("unk_token", tokenizer.tokens[*tokenizer.unknown]);
    else
      json.attribute("unk_token", nullptr);
    json.attribute("continuing_subword_prefix", nullptr);
    json.attribute("end_of_word_suffix", nullptr);
    json.attribute("fuse_unk", !tokenizer.pre);
    json.attribute("byte_fallback", !tokenizer.pre);
    json.attribute("ignore_merges", tokenizer.pre && tokenizer.pre->wholeWords);
    json.attributeObject("vocab", [&] {
      for (auto [id, token] : llvm::enumerate(tokenizer.tokens))
        json.attribute(token, int64_t(id));
    });
    json.attributeArray("merges", [&] {
      for (const auto &[left, right] : tokenizer.merges)
        json.array([&, left = left, right = right] {
          json.value(left);
          json.value(right);
        });
    });
  });
}

void TokenizerWriter::write() {
  json.object([&] {
    json.attribute("version", "1.0");
    json.attribute("truncation", nullptr);
    json.attribute("padding", nullptr);
    writeAddedTokens();
    writeNormalizer();
    writePreTokenizer();
    writePostProcessor();
    writeDecoder();
    writeModel();
  });
}

std::string tenon::import::tokenizerJson(const BytePairTokenizer &tokenizer) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream);
  TokenizerWriter(tokenizer, json).write();
  return text;
}
