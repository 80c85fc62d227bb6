//===- Precompiled.cpp - SentencePiece's table of replacements ------------===//
//
// In the way that Hugging Face's library applies it. See SentencePiece.cpp for SentencePiece's own.
//
//===----------------------------------------------------------------------===//

#include "text/CharacterMap.h"
#include "text/Normalizer.h"
#include "text/Unicode.h"

#include <algorithm>
#include <optional>

using namespace tenon::text;

namespace {

class Precompiled : public Normalizer {
public:
  explicit Precompiled(const JsonValue &description) : map(description.member("precompiled_charsmap")) {
    description.expectOnlyKeys({"type", "precompiled_charsmap"});
  }

  void apply(std::u32string &text, size_t &startLength) const override {
    if (map.empty())
      return;
    std::u32string out;
    Origins origins;
    size_t begin = 0;
    for (size_t end : graphemeEnds(text)) {
      appendReplaced(std::u32string_view(text).substr(begin, end - begin), out, origins);
      begin = end;
    }
    if (origins.changes)
      startLength = origins.startLength(startLength);
    text = std::move(out);
  }

private:
  /// Where the first characters that come out are from, in the way that Hugging Face's library counts: it loses count
  /// where what is removed has nothing before it.
  struct Origins {
    /// For each character that comes out, 1 for one that is new, else minus the number of those removed behind it.
    std::vector<int64_t> steps;
    bool changes = false;

    void add(size_t before, size_t after) {
      constexpr size_t kEnough = 256; // More than one character becomes.
      if (steps.size() > kEnough)
        return;
      changes |= before != 1 || after != 1;
      steps.resize(steps.size() + after, 0);
      for (size_t extra = before; extra < after; ++extra)
        steps[steps.size() - 1 - (extra - before)] = 1;
      if (before > after && !steps.empty())
        steps.back() -= static_cast<int64_t>(before - after);
    }

    size_t startLength(size_t length) const {
      size_t count = 0;
      int64_t at = 0;
      for (int64_t step : steps) {
        int64_t origin = step > 0 ? std::max<int64_t>(at - 1, 0) : at;
        if (origin >= static_cast<int64_t>(length))
          break;
        ++count;
        at += step > 0 ? 0 : 1 - step;
      }
      return count;
    }
  };

  /// What the shortest entry that `key` begins with is replaced by.
  std::optional<std::u32string_view> find(std::string_view key) const {
    std::optional<CharacterMap::Match> match = map.shortest(key);
    return match ? std::optional(match->replacement) : std::nullopt;
  }

  /// A short grapheme is looked up as one, and where that finds nothing, each character on its own. As only a prefix
  /// need match, marks behind a character with an entry of its own are lost; the models have been trained so.
  void appendReplaced(std::u32string_view grapheme, std::u32string &out, Origins &origins) const {
    constexpr size_t kLongest = 5; // Bytes.
    if (grapheme.size() > 1) {
      std::string key = encodeUtf8(grapheme);
      auto replacement = key.size() <= kLongest ? find(key) : std::nullopt;
      if (replacement) {
        out += *replacement;
        origins.add(grapheme.size(), replacement->size());
        return;
      }
    }
    for (char32_t c : grapheme) {
      auto replacement = find(encodeUtf8({&c, 1}));
      out += replacement ? *replacement : std::u32string_view(&c, 1);
      origins.add(1, replacement ? replacement->size() : 1);
    }
  }

  CharacterMap map;
};

} // namespace

std::unique_ptr<Normalizer> tenon::text::makePrecompiled(const JsonValue &description) {
  return std::make_unique<Precompiled>(description);
}
