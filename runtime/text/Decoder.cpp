//===- Decoder.cpp - Tokens to text ---------------------------------------===//

#include "text/Decoder.h"

#include <string_view>
#include <utility>

using namespace tenon::text;

Decoder::~Decoder() = default;

namespace {

class JoinWithSpaces : public Decoder {
public:
  std::string decode(const std::vector<std::string> &tokens) const override {
    std::string text;
    for (size_t i = 0; i < tokens.size(); ++i)
      text += (i == 0 ? "" : " ") + tokens[i];
    return text;
  }
};

void replaceAll(std::string &text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// Joins continuations to what they continue, and with `cleanup` punctuation and English contractions too.
class WordPieceDecoder : public Decoder {
public:
  explicit WordPieceDecoder(const JsonValue &description)
      : prefix(description.member("prefix").asString()), cleanup(description.member("cleanup").asBool()) {
    description.expectOnlyKeys({"type", "prefix", "cleanup"});
  }

  std::string decode(const std::vector<std::string> &tokens) const override {
    std::string text;
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string piece = i == 0                          ? tokens[i]
                          : tokens[i].starts_with(prefix) ? tokens[i].substr(prefix.size())
                                                          : " " + tokens[i];
      if (cleanup)
        clean(piece);
      text += piece;
    }
    return text;
  }

private:
  static void clean(std::string &piece) {
    static constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
        {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
        {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
    for (const auto &[from, to] : kReplacements)
      replaceAll(piece, from, to);
  }

  std::string prefix;
  bool cleanup;
};

} // namespace

std::unique_ptr<Decoder> tenon::text::makeDecoder(const JsonValue &description) {
  if (description.isNull())
    return std::make_unique<JoinWithSpaces>();
  std::string type = description.member("type").asString();
  if (type == "WordPiece")
    return std::make_unique<WordPieceDecoder>(description);
  description.fail("decoder type " + inQuotes(type) + " is not supported; supported is: WordPiece");
  return std::make_unique<JoinWithSpaces>();
}
