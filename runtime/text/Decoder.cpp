//===- Decoder.cpp - Tokens to text ---------------------------------------===//

#include "text/Decoder.h"

#include "text/Pattern.h"
#include "text/PreTokenizer.h"
#include "text/Unicode.h"

#include <limits>
#include <utility>

using namespace tenon::text;

DecoderStage::~DecoderStage() = default;

namespace {

std::u32string decoded(std::string_view utf8) {
  std::u32string characters;
  size_t ignored; // Tokens are UTF-8.
  decodeUtf8(utf8, characters, ignored);
  return characters;
}

void replaceAll(std::string &text, std::string_view from, std::string_view to) {
  size_t at = text.find(from);
  if (at == text.npos)
    return;
  std::string replaced;
  size_t done = 0;
  for (; at != text.npos; at = text.find(from, done)) {
    replaced.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  text = replaced.append(text, done);
}

/// A stage that needs to see whole tokens.
class TokenStage : public DecoderStage {
public:
  void push(const Fragment &fragment) final {
    if (fragment.begins && fragment.ends)
      return pushToken(std::string(fragment.text));
    part += fragment.text;
    if (fragment.ends)
      pushToken(std::exchange(part, {}));
  }

protected:
  virtual void pushToken(std::string token) = 0;

private:
  std::string part;
};

/// Where the file has no decoder.
class JoinWithSpaces : public DecoderStage {
public:
  void push(const Fragment &fragment) override {
    if (!isFirst && fragment.begins)
      pass(Fragment{" ", true, false});
    pass(fragment);
    isFirst = false;
  }

private:
  bool isFirst = true;
};

/// Joins continuations to what they continue, and with `cleanup` punctuation and English contractions too.
class WordPiece : public TokenStage {
public:
  WordPiece(std::string prefix, bool cleanup) : prefix(std::move(prefix)), cleanup(cleanup) {}

protected:
  void pushToken(std::string token) override {
    if (!isFirst)
      token = token.starts_with(prefix) ? token.substr(prefix.size()) : " " + token;
    isFirst = false;
    if (cleanup)
      clean(token);
    pass(token);
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
  bool cleanup, isFirst = true;
};

/// The mark of a space becomes one; before the first token it becomes nothing, if encoding puts it there.
class Metaspace : public DecoderStage {
public:
  Metaspace(char32_t mark, PrependScheme scheme) : mark(encodeUtf8({&mark, 1})), scheme(scheme) {}

  void push(const Fragment &fragment) override {
    std::string text(fragment.text);
    replaceAll(text, mark, isFirst && scheme != PrependScheme::Never ? "" : " ");
    isFirst = isFirst && !fragment.ends;
    pass(Fragment{text, fragment.begins, fragment.ends});
  }

private:
  std::string mark;
  PrependScheme scheme;
  bool isFirst = true;
};

class Replace : public TokenStage {
public:
  Replace(std::shared_ptr<const Pattern> pattern, std::u32string content)
      : pattern(std::move(pattern)), content(std::move(content)) {}

protected:
  void pushToken(std::string token) override { pass(encodeUtf8(pattern->replace(decoded(token), content))); }

private:
  std::shared_ptr<const Pattern> pattern;
  std::u32string content;
};

class Fuse : public DecoderStage {
public:
  void push(const Fragment &fragment) override {
    pass(Fragment{fragment.text, !hasBegun, false});
    hasBegun = true;
  }
  void finish() override {
    pass(Fragment{"", !hasBegun, true});
    passFinish();
  }

private:
  bool hasBegun = false;
};

/// Takes a character from a token's start and end, each up to so many times.
class Strip : public DecoderStage {
public:
  Strip(char32_t content, size_t start, size_t stop)
      : content(encodeUtf8({&content, 1})), startCount(start), stopCount(stop) {}

  void push(const Fragment &fragment) override {
    if (fragment.begins) {
      left = startCount;
      held.clear();
    }
    std::string_view text = fragment.text;
    for (; left > 0 && text.starts_with(content); --left)
      text.remove_prefix(content.size());
    if (!text.empty())
      left = 0;
    held += text;
    // What may be the token's end waits for more.
    size_t kept = held.size();
    for (size_t i = 0; i < stopCount && std::string_view(held).substr(0, kept).ends_with(content); ++i)
      kept -= content.size();
    pass(Fragment{std::string_view(held).substr(0, kept), fragment.begins, fragment.ends});
    held.erase(0, kept);
  }

private:
  std::string content, held;
  size_t startCount, stopCount, left = 0;
};

/// The mark of a word's end becomes a space, but for the last token's.
class BytePairDecoder : public TokenStage {
public:
  explicit BytePairDecoder(std::string suffix) : suffix(std::move(suffix)) {}

  void finish() override {
    passHeld("");
    passFinish();
  }

protected:
  void pushToken(std::string token) override {
    passHeld(" ");
    held = std::move(token);
    isHolding = true;
  }

private:
  void passHeld(std::string_view replacement) {
    if (!isHolding)
      return;
    if (!suffix.empty())
      replaceAll(held, suffix, replacement);
    pass(held);
    isHolding = false;
  }

  std::string suffix, held;
  bool isHolding = false;
};

class Collect : public DecoderStage {
public:
  void push(const Fragment &fragment) override { text += fragment.text; }
  std::string text;
};

template <typename Stage, typename... Arguments> void addStage(DecoderRecipe &recipe, const Arguments &...arguments) {
  recipe.push_back([=] { return std::make_unique<Stage>(arguments...); });
}

void readStage(const JsonValue &description, DecoderRecipe &recipe);

void readSequence(const JsonValue &description, DecoderRecipe &recipe) {
  description.expectOnlyKeys({"type", "decoders"});
  for (const JsonValue &step : description.member("decoders").elements())
    readStage(step, recipe);
}

void readMetaspace(const JsonValue &description, DecoderRecipe &recipe) {
  description.expectOnlyKeys({"type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
  addStage<Metaspace>(recipe, description.member("replacement").asCharacter(), readPrependScheme(description));
}

void readReplace(const JsonValue &description, DecoderRecipe &recipe) {
  description.expectOnlyKeys({"type", "pattern", "content"});
  addStage<Replace>(recipe, std::make_shared<const Pattern>(description.member("pattern")),
                    description.member("content").asCharacters());
}

void readStrip(const JsonValue &description, DecoderRecipe &recipe) {
  description.expectOnlyKeys({"type", "content", "start", "stop"});
  auto count = [&](std::string_view key) {
    return static_cast<size_t>(description.member(key).asCount(std::numeric_limits<int32_t>::max()));
  };
  addStage<Strip>(recipe, description.member("content").asCharacter(), count("start"), count("stop"));
}

void readStage(const JsonValue &description, DecoderRecipe &recipe) {
  std::string type = description.member("type").asString();
  if (type == "BPEDecoder") {
    description.expectOnlyKeys({"type", "suffix"});
    addStage<BytePairDecoder>(recipe, description.member("suffix").asString());
  } else if (type == "ByteFallback") {
    description.expectOnlyKeys({"type"});
    recipe.push_back(makeByteFallbackStage);
  } else if (type == "ByteLevel") {
    description.expectOnlyKeys({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    recipe.push_back(makeByteLevelStage);
  } else if (type == "Fuse") {
    description.expectOnlyKeys({"type"});
    addStage<Fuse>(recipe);
  } else if (type == "Metaspace") {
    readMetaspace(description, recipe);
  } else if (type == "Replace") {
    readReplace(description, recipe);
  } else if (type == "Sequence") {
    readSequence(description, recipe);
  } else if (type == "Strip") {
    readStrip(description, recipe);
  } else if (type == "WordPiece") {
    description.expectOnlyKeys({"type", "prefix", "cleanup"});
    addStage<WordPiece>(recipe, description.member("prefix").asString(), description.member("cleanup").asBool());
  } else {
    description.fail("decoder type " + inQuotes(type) +
                     " is not supported; supported are: BPEDecoder, ByteFallback, ByteLevel, Fuse, Metaspace, Replace, "
                     "Sequence, Strip, WordPiece");
  }
}

} // namespace

DecoderRecipe tenon::text::readDecoder(const JsonValue &description) {
  DecoderRecipe recipe;
  if (description.isNull())
    addStage<JoinWithSpaces>(recipe);
  else
    readStage(description, recipe);
  return recipe;
}

Decoding::Decoding(const DecoderRecipe &recipe) {
  for (const auto &makeStage : recipe)
    stages.push_back(makeStage());
  auto last = std::make_unique<Collect>();
  text = &last->text;
  stages.push_back(std::move(last));
  for (size_t i = 0; i + 1 < stages.size(); ++i)
    stages[i]->next = stages[i + 1].get();
}

std::string Decoding::take() { return std::exchange(*text, {}); }
