//===- Tokenizer.cpp - Text to token ids and back -------------------------===//

#include "text/Tokenizer.h"

#include "text/AddedTokens.h"
#include "text/Decoder.h"
#include "text/Json.h"
#include "text/Model.h"
#include "text/Normalizer.h"
#include "text/PostProcessor.h"
#include "text/PreTokenizer.h"
#include "text/TextError.h"
#include "text/Unicode.h"

#include <algorithm>
#include <limits>
#include <new>

using namespace tenon::text;

Tokenizer::~Tokenizer() = default;
TextStream::~TextStream() = default;

namespace {

struct Truncation {
  size_t maxLength = std::numeric_limits<size_t>::max();
  bool fromLeft = false;
};

/// What a text may begin with that is one token, whatever stands between its ends: Marian's ">>por<<". Of Tenon's own
/// files.
struct LeadingCode {
  std::u32string open, close; ///< Empty where there is none.
  int32_t unknown = 0;        ///< The id of a code that is no token.

  /// Takes the code off the front of `text`; empty for none.
  std::u32string_view takeFrom(std::u32string_view &text) const {
    if (open.empty() || !text.starts_with(open))
      return {};
    size_t end = text.find(close);
    if (end == std::u32string_view::npos)
      return {};
    std::u32string_view code = text.substr(0, end + close.size());
    text.remove_prefix(code.size());
    return code;
  }
};

struct Pipeline {
  Truncation truncation;
  LeadingCode leadingCode;
  std::unique_ptr<Normalizer> normalizer;
  std::unique_ptr<PreTokenizer> preTokenizer;
  std::unique_ptr<Model> model;
  Template surround;
  DecoderRecipe decoder;
  AddedTokens added;

  /// What `id` is decoded from; null for nothing.
  const std::string *decodedFrom(int32_t id, bool skipSpecial) const {
    if (skipSpecial && added.isSpecial(id))
      return nullptr;
    const std::string *token = added.textOf(id);
    return token ? token : model->vocabulary().tokenOf(id);
  }
};

class PipelineStream : public TextStream {
public:
  PipelineStream(const Pipeline &parts, bool skipSpecial)
      : parts(parts), skipSpecial(skipSpecial), decoding(parts.decoder) {}

  std::string push(int32_t id) override {
    if (const std::string *token = parts.decodedFrom(id, skipSpecial))
      decoding.push(*token);
    return decoding.take();
  }

  std::string finish() override {
    decoding.finish();
    std::string rest = decoding.take();
    decoding = Decoding(parts.decoder);
    return rest;
  }

private:
  const Pipeline &parts;
  bool skipSpecial;
  Decoding decoding;
};

class PipelineTokenizer : public Tokenizer {
public:
  explicit PipelineTokenizer(Pipeline pipeline) : parts(std::move(pipeline)) {}

  using Tokenizer::encode;
  bool encode(std::string_view utf8, const EncodeOptions &options, Encoding &out, std::string &error) const override {
    try {
      return encodeOrThrow(utf8, options, out, error);
    } catch (const TextError &problem) {
      error = problem.what();
    }
    out = {};
    return false;
  }

  std::string decode(const std::vector<int32_t> &ids, bool skipSpecial) const override {
    Decoding decoding(parts.decoder);
    for (int32_t id : ids)
      if (const std::string *token = parts.decodedFrom(id, skipSpecial))
        decoding.push(*token);
    decoding.finish();
    return decoding.take();
  }

  std::unique_ptr<TextStream> stream(bool skipSpecial) const override {
    return std::make_unique<PipelineStream>(parts, skipSpecial);
  }

  std::optional<int32_t> idOf(std::string_view token) const override {
    std::optional<int32_t> id = parts.added.idOf(token);
    return id ? id : parts.model->vocabulary().idOf(token);
  }

  const std::string *tokenOf(int32_t id) const override {
    const std::string *token = parts.added.contentOf(id);
    return token ? token : parts.model->vocabulary().tokenOf(id);
  }

  bool isSpecial(int32_t id) const override { return parts.added.isSpecial(id); }

  std::vector<int32_t> specialIds() const override {
    std::vector<int32_t> ids(parts.added.specialIds().begin(), parts.added.specialIds().end());
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  size_t vocabularySize() const override {
    int64_t largest =
        std::max({parts.model->vocabulary().largestId(), parts.added.largestId(), parts.surround.largestId()});
    return static_cast<size_t>(largest + 1);
  }

private:
  bool encodeOrThrow(std::string_view utf8, const EncodeOptions &options, Encoding &out, std::string &error) const;
  /// The ids of the text alone.
  std::vector<int32_t> textIds(std::u32string_view text, bool findSpecial) const;
  /// `startLength` is how many of the characters come from the first one of the text to encode.
  void appendWords(std::u32string_view normalized, size_t startLength, const IdSet &barred,
                   std::vector<int32_t> &ids) const;

  Pipeline parts;
};

bool PipelineTokenizer::encodeOrThrow(std::string_view utf8, const EncodeOptions &options, Encoding &out,
                                      std::string &error) const {
  out = {};
  std::u32string text;
  size_t bad;
  // ICU counts UTF-16 units in 32 bits, and a character may become 18 of them.
  constexpr size_t kLargestText = size_t(1) << 26;
  if (utf8.size() > kLargestText) {
    error = "text of " + std::to_string(utf8.size()) + " bytes is longer than the " + std::to_string(kLargestText) +
            " that can be tokenized at once";
    return false;
  }
  if (!decodeUtf8(utf8, text, bad)) {
    static constexpr char kDigits[] = "0123456789abcdef";
    auto byte = static_cast<uint8_t>(utf8[bad]);
    error = std::string("text is not UTF-8: byte 0x") + kDigits[byte >> 4] + kDigits[byte & 15] + " at offset " +
            std::to_string(bad);
    return false;
  }
  size_t limit = options.maxTokens != 0 ? options.maxTokens : parts.truncation.maxLength;
  size_t special = options.addSpecial ? parts.surround.specialCount() : 0;
  if (limit < special) {
    error = "a limit of " + std::to_string(limit) + " tokens leaves no room for the " + std::to_string(special) +
            " special tokens";
    return false;
  }
  std::vector<int32_t> ids = textIds(text, options.findSpecial);
  if (size_t kept = limit - special; ids.size() > kept) {
    if (parts.truncation.fromLeft)
      ids.erase(ids.begin(), ids.end() - static_cast<ptrdiff_t>(kept));
    else
      ids.resize(kept);
  }
  parts.surround.apply(ids, options.addSpecial, out);
  return true;
}

std::vector<int32_t> PipelineTokenizer::textIds(std::u32string_view text, bool findSpecial) const {
  const IdSet &barred = parts.added.barredIds(findSpecial);
  std::vector<int32_t> ids;
  for (const AddedTokens::Piece &piece : parts.added.splitRaw(text, findSpecial)) {
    if (piece.id >= 0) {
      ids.push_back(piece.id);
      continue;
    }
    std::u32string_view rest = piece.text;
    if (std::u32string_view code = parts.leadingCode.takeFrom(rest); !code.empty())
      ids.push_back(parts.model->vocabulary().idOf(encodeUtf8(code)).value_or(parts.leadingCode.unknown));
    std::u32string normalized(rest);
    size_t startLength = rest.data() == text.data() ? 1 : 0;
    parts.normalizer->apply(normalized, startLength);
    const char32_t *start = normalized.data() + startLength;
    for (const AddedTokens::Piece &inner : parts.added.splitNormalized(normalized, findSpecial)) {
      if (inner.id >= 0)
        ids.push_back(inner.id);
      else
        appendWords(inner.text, inner.text.data() < start ? static_cast<size_t>(start - inner.text.data()) : 0, barred,
                    ids);
    }
  }
  return ids;
}

void PipelineTokenizer::appendWords(std::u32string_view normalized, size_t startLength, const IdSet &barred,
                                    std::vector<int32_t> &ids) const {
  if (normalized.empty())
    return;
  Words words{std::u32string(normalized), {{0, normalized.size()}}, startLength};
  parts.preTokenizer->split(words);
  parts.model->tokenize(words, barred, ids);
}

Truncation readTruncation(const JsonValue &description) {
  Truncation truncation;
  if (description.isNull())
    return truncation;
  description.expectOnlyKeys({"direction", "max_length", "strategy", "stride"});
  truncation.maxLength =
      static_cast<size_t>(description.member("max_length").asCount(std::numeric_limits<int64_t>::max()));
  // For one text, the longest is the first. The stride overlaps the parts that are cut off, which nobody gets to see.
  std::string strategy = description.member("strategy").asString();
  if (strategy != "LongestFirst" && strategy != "OnlyFirst")
    description.fail("strategy " + inQuotes(strategy) + " is not supported; supported are: LongestFirst, OnlyFirst");
  if (auto direction = description.optionalMember("direction")) {
    std::string name = direction->asString();
    truncation.fromLeft = name == "Left";
    if (name != "Left" && name != "Right")
      direction->fail("direction " + inQuotes(name) + " is not supported; supported are: Left, Right");
  }
  return truncation;
}

LeadingCode readLeadingCode(const JsonValue &description) {
  LeadingCode code;
  if (description.isNull())
    return code;
  description.expectOnlyKeys({"open", "close", "unk_id"});
  size_t ignored; // A JSON string is UTF-8: the parser saw to that.
  decodeUtf8(description.member("open").asString(), code.open, ignored);
  decodeUtf8(description.member("close").asString(), code.close, ignored);
  code.unknown = static_cast<int32_t>(description.member("unk_id").asCount(std::numeric_limits<int32_t>::max()));
  if (code.open.empty() || code.close.empty())
    description.fail("open and close are not both given");
  return code;
}

std::unique_ptr<Tokenizer> build(const JsonValue &file) {
  // `padding` is for batches of equal length, which whoever runs a model makes as the model wants them.
  file.expectOnlyKeys({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
                       "post_processor", "decoder", "model", "leading_code"});
  if (auto version = file.optionalMember("version"))
    if (std::string name = version->asString(); name != "1.0")
      version->fail("version " + inQuotes(name) + " is not supported; supported is: 1.0");
  if (file.failed())
    return nullptr;
  static const nlohmann::json kNull, kNoTokens = nlohmann::json::array();
  auto part = [&](std::string_view key, const nlohmann::json &absent) {
    std::optional<JsonValue> member = file.optionalMember(key);
    return member ? *member : file.elsewhere(absent, key);
  };
  std::unique_ptr<Model> model = makeModel(file.member("model"));
  if (!model)
    return nullptr;
  std::unique_ptr<Normalizer> normalizer = makeNormalizer(part("normalizer", kNull));
  AddedTokens added(part("added_tokens", kNoTokens), model->vocabulary(), *normalizer);
  Pipeline parts{readTruncation(part("truncation", kNull)),
                 readLeadingCode(part("leading_code", kNull)),
                 std::move(normalizer),
                 makePreTokenizer(part("pre_tokenizer", kNull)),
                 std::move(model),
                 makeTemplate(part("post_processor", kNull)),
                 readDecoder(part("decoder", kNull)),
                 std::move(added)};
  if (file.failed())
    return nullptr;
  return std::make_unique<PipelineTokenizer>(std::move(parts));
}

/// Puts a Lowercase before the normalizer, unless that is one or a sequence with one, as sentence-transformers does.
void readInLowerCase(nlohmann::json &file) {
  if (!file.is_object())
    return;
  nlohmann::json steps = nlohmann::json::array(), &normalizer = file["normalizer"];
  if (normalizer.is_object() && normalizer.value("type", "") == "Sequence" && normalizer.contains("normalizers"))
    steps = normalizer["normalizers"];
  else if (!normalizer.is_null())
    steps.push_back(normalizer);
  for (const nlohmann::json &step : steps)
    if (step.is_object() && step.value("type", "") == "Lowercase")
      return;
  nlohmann::json all = nlohmann::json::array({{{"type", "Lowercase"}}});
  all.insert(all.end(), steps.begin(), steps.end());
  normalizer = {{"type", "Sequence"}, {"normalizers", std::move(all)}};
}

} // namespace

std::unique_ptr<Tokenizer> Tokenizer::fromJson(std::string_view json, std::string &error, const ReadOptions &options) {
  try {
    error.clear();
    JsonDocument document;
    if (!parseJson(json, document, error))
      return nullptr;
    if (options.lowerCase)
      readInLowerCase(document.root);
    return build(JsonValue(document.root, "", error));
  } catch (const TextError &problem) {
    error = problem.what(); // Added tokens are normalised as texts are.
  }
  return nullptr;
}
