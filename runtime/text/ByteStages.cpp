//===- ByteStages.cpp - Tokens that are bytes, to text --------------------===//

#include "text/ByteAlphabet.h"
#include "text/Decoder.h"
#include "text/Unicode.h"

using namespace tenon::text;

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// All tokens' bytes in a row become one token. What is not UTF-8 becomes U+FFFD, one for each start of a character
/// that is cut short and for each byte that nothing begins with.
class ByteLevel : public DecoderStage {
public:
  void push(const Fragment &fragment) override {
    if (!fragment.begins || !fragment.ends) {
      part += fragment.text;
      if (!fragment.ends)
        return;
      appendBytes(part);
      part.clear();
    } else {
      appendBytes(fragment.text);
    }
    passWhole(/*isLast=*/false);
  }

  void finish() override {
    passWhole(/*isLast=*/true);
    passFinish();
  }

private:
  /// A token with a character that is no byte is taken as it is.
  void appendBytes(std::string_view token) {
    std::u32string characters;
    size_t ignored; // Tokens are UTF-8.
    decodeUtf8(token, characters, ignored);
    size_t before = bytes.size();
    for (char32_t c : characters) {
      std::optional<uint8_t> byte = byteOfCharacter(c);
      if (!byte) {
        bytes.resize(before);
        bytes += token;
        return;
      }
      bytes.push_back(static_cast<char>(*byte));
    }
  }

  /// Hands on all but a character whose end may still come.
  void passWhole(bool isLast) {
    std::string text;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      Utf8Prefix prefix = utf8Prefix(rest);
      if (prefix.kind == Utf8Prefix::Cut && !isLast && prefix.length == rest.size())
        break;
      text += prefix.kind == Utf8Prefix::Character ? rest.substr(0, prefix.length) : kReplacement;
      rest.remove_prefix(prefix.length);
    }
    bytes.erase(0, bytes.size() - rest.size());
    if (text.empty() && !isLast)
      return;
    pass(Fragment{text, !hasBegun, isLast});
    hasBegun = true;
  }

  std::string bytes, part;
  bool hasBegun = false;
};

/// Tokens such as <0x0A> in a row become one token: their bytes where those are UTF-8, else a U+FFFD for each of them.
class ByteFallback : public DecoderStage {
public:
  void push(const Fragment &fragment) override {
    part += fragment.text;
    if (!fragment.ends)
      return;
    if (std::optional<uint8_t> byte = byteOfToken(part)) {
      bytes.push_back(static_cast<char>(*byte));
    } else {
      passBytes();
      pass(part);
    }
    part.clear();
  }

  void finish() override {
    passBytes();
    passFinish();
  }

private:
  void passBytes() {
    std::u32string ignoredText;
    size_t ignored;
    if (decodeUtf8(bytes, ignoredText, ignored)) {
      if (!bytes.empty())
        pass(bytes);
    } else {
      for (size_t i = 0; i < bytes.size(); ++i)
        pass(kReplacement);
    }
    bytes.clear();
  }

  std::string bytes, part;
};

} // namespace

std::unique_ptr<DecoderStage> tenon::text::makeByteLevelStage() { return std::make_unique<ByteLevel>(); }
std::unique_ptr<DecoderStage> tenon::text::makeByteFallbackStage() { return std::make_unique<ByteFallback>(); }
