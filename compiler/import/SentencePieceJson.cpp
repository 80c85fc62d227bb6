//===- SentencePieceJson.cpp - Pieces as a tokenizer.json -----------------===//

#include "import/GgufTokenizerJson.h"
#include "import/SentencePiece.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon::import;
using llvm::StringRef;

namespace {

class PieceWriter {
public:
  PieceWriter(const SentencePieceModel &model, llvm::ArrayRef<int64_t> suffix, llvm::json::OStream &json)
      : model(model), suffix(suffix), json(json) {}
  void write();

private:
  void writeAddedTokens();
  void writeNormalizer();
  void writePostProcessor();
  void writeDecoder();
  void writeModel();

  const SentencePieceModel &model;
  llvm::ArrayRef<int64_t> suffix;
  llvm::json::OStream &json;
};

} // namespace

/// Only pieces that a user defined are found in a text, and control pieces where the model says so; the others that are
/// not normal never come out of one.
void PieceWriter::writeAddedTokens() {
  json.attributeArray("added_tokens", [&] {
    for (auto [id, piece] : llvm::enumerate(model.pieces)) {
      if (piece.kind == PieceKind::Normal || piece.kind == PieceKind::Absent)
        continue;
      json.object([&, id = id, &piece = piece] {
        json.attribute("id", int64_t(id));
        json.attribute("content", piece.text);
        json.attribute("single_word", false);
        json.attribute("lstrip", false);
        json.attribute("rstrip", false);
        json.attribute("normalized", false);
        bool isControl = piece.kind == PieceKind::Control || piece.kind == PieceKind::Unknown;
        json.attribute("special", isControl);
        if (piece.kind != PieceKind::UserDefined && !(isControl && model.findsControls))
          json.attribute("matched", false);
      });
    }
  });
}

void PieceWriter::writeNormalizer() {
  json.attributeObject("normalizer", [&] {
    json.attribute("type", "SentencePiece");
    json.attribute("precompiled_charsmap", llvm::encodeBase64(model.characters));
    json.attribute("add_dummy_prefix", model.addDummyPrefix);
    json.attribute("remove_extra_whitespaces", model.removeExtraWhitespaces);
    json.attribute("escape_whitespaces", model.escapeWhitespaces);
  });
}

void PieceWriter::writePostProcessor() {
  if (suffix.empty())
    return json.attribute("post_processor", nullptr);
  auto sequence = [&](StringRef id, int64_t type) {
    json.object([&] {
      json.attributeObject("Sequence", [&] {
        json.attribute("id", id);
        json.attribute("type_id", type);
      });
    });
    for (int64_t token : suffix)
      json.object([&] {
        json.attributeObject("SpecialToken", [&] {
          json.attribute("id", model.pieces[token].text);
          json.attribute("type_id", type);
        });
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
      for (int64_t token : suffix)
        json.attributeObject(model.pieces[token].text, [&] {
          json.attribute("id", model.pieces[token].text);
          json.attributeArray("ids", [&] { json.value(token); });
          json.attributeArray("tokens", [&] { json.value(model.pieces[token].text); });
        });
    });
  });
}

void PieceWriter::writeDecoder() {
  json.attributeObject("decoder", [&] {
    json.attribute("type", "Sequence");
    json.attributeArray("decoders", [&] {
      json.object([&] {
        json.attribute("type", "Replace");
        json.attributeObject("pattern", [&] { json.attribute("String", spaceLetter); });
        json.attribute("content", " ");
      });
      for (StringRef type : {"ByteFallback", "Fuse"})
        json.object([&] { json.attribute("type", type); });
      if (model.addDummyPrefix)
        json.object([&] {
          json.attribute("type", "Strip");
          json.attribute("content", " ");
          json.attribute("start", 1);
          json.attribute("stop", 0);
        });
    });
  });
}

void PieceWriter::writeModel() {
  json.attributeObject("model", [&] {
    json.attribute("type", "Unigram");
    json.attribute("unk_id", model.unknown);
    json.attribute("byte_fallback", model.byteFallback);
    json.attribute("single_precision", true);
    auto writePieces = [&](StringRef key, llvm::ArrayRef<SentencePiece> pieces) {
      json.attributeArray(key, [&] {
        for (const SentencePiece &piece : pieces)
          json.array([&] {
            json.value(piece.text);
            json.value(piece.kind == PieceKind::Absent ? llvm::json::Value(nullptr) : double(piece.score));
          });
      });
    };
    writePieces("vocab", model.pieces);
    if (!model.others.empty())
      writePieces("unknown_vocab", model.others);
  });
}

void PieceWriter::write() {
  json.object([&] {
    json.attribute("version", "1.0");
    json.attribute("truncation", nullptr);
    json.attribute("padding", nullptr);
    writeAddedTokens();
    writeNormalizer();
    json.attribute("pre_tokenizer", nullptr);
    writePostProcessor();
    writeDecoder();
    writeModel();
    if (model.leadingCode)
      json.attributeObject("leading_code", [&] {
        json.attribute("open", model.leadingCode->open);
        json.attribute("close", model.leadingCode->close);
        json.attribute("unk_id", model.unknown);
      });
  });
}

std::string tenon::import::tokenizerJson(const SentencePieceModel &model, llvm::ArrayRef<int64_t> suffix) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream);
  PieceWriter(model, suffix, json).write();
  return text;
}
