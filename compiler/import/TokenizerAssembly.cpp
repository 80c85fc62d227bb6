//===- TokenizerAssembly.cpp ----------------------------------------------===//

#include "import/TokenizerAssembly.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

namespace {

/// A text of the post-processor, or a token beside it.
struct Item {
  std::string token; ///< Empty for the text.
  int64_t type = 0;
};

class Assembly {
public:
  Assembly(const TokenizerClass &tokenizer, const VocabularyFiles &files, const TokenSettings &settings,
           Config &options, llvm::json::OStream &json)
      : tokenizer(tokenizer), files(files), settings(settings), options(options), json(json) {}
  void write();

private:
  void placeTokens();
  std::vector<AddedToken> usualExtra();
  void addToken(const AddedToken &token);
  int64_t idOf(StringRef token) const { return ids.lookup(token); }
  void writeAddedTokens();
  void writePostProcessor();
  void writeRoberta();
  void writeTemplate(llvm::ArrayRef<Item> single, llvm::ArrayRef<Item> pair);
  std::vector<Item> around(llvm::ArrayRef<StringRef> before, llvm::ArrayRef<StringRef> behind) const;
  void writeModel();
  int64_t unknownId() const;
  std::string filled(StringRef text);
  std::string prefixScheme();
  llvm::json::Value cleaning(llvm::json::Value decoder);
  std::string quoted(StringRef text) const;

  const TokenizerClass &tokenizer;
  const VocabularyFiles &files;
  const TokenSettings &settings;
  Config &options;
  llvm::json::OStream &json;
  llvm::StringMap<int64_t> ids; ///< Of the vocabulary's tokens and the added ones.
  int64_t next = 0;             ///< The id of a token that is new.
  std::vector<AddedToken> added;
};

} // namespace

std::vector<AddedToken> Assembly::usualExtra() {
  std::vector<AddedToken> tokens;
  auto add = [&](StringRef content) {
    if (llvm::none_of(tokens, [&](const AddedToken &token) { return token.content == content; }))
      tokens.push_back(AddedToken{content.str()});
  };
  if (tokenizer.layout == PieceLayout::MBart)
    for (StringRef language : mbartLanguages())
      add(language);
  for (const AddedToken &control : files.controls)
    if (tokenizer.layout != PieceLayout::MBart || !llvm::is_contained(mbartLanguages(), control.content))
      tokens.push_back(control);
  if (tokenizer.layout == PieceLayout::Camembert && files.controls.empty())
    for (StringRef token : {"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"})
      add(token);
  if (tokenizer.layout == PieceLayout::WithExtraIds)
    for (int64_t i = 0, count = options.integerOr("extra_ids", 100); i < count; ++i)
      add("<extra_id_" + std::to_string(i) + ">");
  return tokens;
}

/// One that is in the vocabulary has its id, others follow.
void Assembly::addToken(const AddedToken &token) {
  auto [entry, isNew] = ids.try_emplace(token.content, next);
  if (isNew)
    ++next;
  auto before = llvm::find_if(added, [&](const AddedToken &other) { return other.content == token.content; });
  if (before == added.end())
    added.push_back(token);
  else
    *before = token;
}

void Assembly::placeTokens() {
  for (const auto &[token, id] : files.tokens) {
    ids[token] = id;
    next = std::max(next, id + 1);
  }
  for (const AddedToken &token : settings.inOrder(usualExtra()))
    addToken(token);
  llvm::sort(added, [&](const AddedToken &a, const AddedToken &b) { return idOf(a.content) < idOf(b.content); });
}

void Assembly::writeAddedTokens() {
  json.attributeArray("added_tokens", [&] {
    for (const AddedToken &token : added)
      json.object([&] {
        json.attribute("id", idOf(token.content));
        json.attribute("content", token.content);
        json.attribute("single_word", token.singleWord);
        json.attribute("lstrip", token.stripsLeft);
        json.attribute("rstrip", token.stripsRight);
        json.attribute("normalized", token.normalized);
        json.attribute("special", token.special);
      });
  });
}

std::string Assembly::quoted(StringRef text) const {
  std::string result;
  llvm::raw_string_ostream(result) << llvm::json::Value(text);
  return result;
}

/// Where the first blank of a text goes.
std::string Assembly::prefixScheme() {
  bool isFixed = tokenizer.layout == PieceLayout::WithExtraIds;
  if (!isFixed && !options.booleanOr("add_prefix_space", true))
    return "never";
  bool onlyFirst = tokenizer.kind == VocabularyKind::PieceMerges && !options.booleanOr("legacy", false);
  return onlyFirst ? "first" : "always";
}

/// `text` with what options say in place of the words in @.
std::string Assembly::filled(StringRef text) {
  auto flag = [&](StringRef key, bool usual) { return options.booleanOr(key, usual) ? "true" : "false"; };
  std::string charsmap =
      "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"" + llvm::encodeBase64(files.characters) + "\"}";
  StringRef strip = R"(, {"type": "Strip", "content": " ", "start": 1, "stop": 0})";
  const std::pair<StringRef, std::string> words[] = {
      {"@do_lower_case@", flag("do_lower_case", true)},
      {"@tokenize_chinese_chars@", flag("tokenize_chinese_chars", true)},
      {"@strip_accents@", options.has("strip_accents") ? flag("strip_accents", false) : "null"},
      {"@add_prefix_space@", flag("add_prefix_space", false)},
      {"@prefix_scheme@", prefixScheme()},
      {"@strip_prefix@", options.booleanOr("add_prefix_space", true) ? strip.str() : ""},
      {"@normalizer@", files.characters.empty() ? "null" : charsmap},
      {"@unk_token@", quoted(settings.text("unk_token"))}};
  std::string result = text.str();
  for (const auto &[word, value] : words)
    for (size_t at = 0; (at = result.find(word, at)) != std::string::npos; at += value.size())
      result.replace(at, word.size(), value);
  return result;
}

std::vector<Item> Assembly::around(llvm::ArrayRef<StringRef> before, llvm::ArrayRef<StringRef> behind) const {
  std::vector<Item> items;
  for (StringRef token : before)
    items.push_back({token.str()});
  items.push_back({});
  for (StringRef token : behind)
    items.push_back({token.str()});
  return items;
}

/// Of `pair`, the second text comes where the empty item stands for the second time.
void Assembly::writeTemplate(llvm::ArrayRef<Item> single, llvm::ArrayRef<Item> pair) {
  auto sequence = [&](StringRef key, llvm::ArrayRef<Item> items) {
    StringRef text = "A";
    json.attributeArray(key, [&] {
      for (const Item &item : items)
        json.object([&] {
          json.attributeObject(item.token.empty() ? "Sequence" : "SpecialToken", [&] {
            json.attribute("id", item.token.empty() ? text : StringRef(item.token));
            json.attribute("type_id", item.type);
          });
          if (item.token.empty())
            text = "B";
        });
    });
  };
  json.attributeObject("post_processor", [&] {
    json.attribute("type", "TemplateProcessing");
    sequence("single", single);
    sequence("pair", pair);
    json.attributeObject("special_tokens", [&] {
      llvm::StringMap<bool> written;
      for (const Item &item : pair)
        if (!item.token.empty() && written.try_emplace(item.token).second)
          json.attributeObject(item.token, [&] {
            json.attribute("id", item.token);
            json.attributeArray("ids", [&] { json.value(idOf(item.token)); });
            json.attributeArray("tokens", [&] { json.value(item.token); });
          });
    });
  });
}

void Assembly::writeRoberta() {
  json.attributeObject("post_processor", [&] {
    json.attribute("type", "RobertaProcessing");
    for (auto [key, name] : {std::pair("sep", "sep_token"), std::pair("cls", "cls_token")})
      json.attributeArray(key, [&, name = name] {
        json.value(settings.text(name));
        json.value(idOf(settings.text(name)));
      });
    json.attribute("trim_offsets", true);
    json.attribute("add_prefix_space", options.booleanOr("add_prefix_space", false));
  });
}

void Assembly::writePostProcessor() {
  std::string bos = settings.text("bos_token"), eos = settings.text("eos_token");
  std::string cls = settings.text("cls_token"), sep = settings.text("sep_token");
  auto need = [&](StringRef name) {
    if (settings.text(name).empty())
      options.fail(name, "null is not supported; supported: a token");
  };
  switch (tokenizer.surroundings) {
  case Surroundings::ByOptions: {
    if (files.processor)
      return json.attribute("post_processor", *files.processor);
    std::vector<StringRef> before, behind;
    if (options.booleanOr("add_bos_token", false) && !bos.empty())
      before.push_back(bos);
    if (options.booleanOr("add_eos_token", false) && !eos.empty())
      behind.push_back(eos);
    if (before.empty() && behind.empty())
      return json.attribute("post_processor", nullptr);
    std::vector<Item> single = around(before, behind), pair = single;
    for (Item item : single) {
      item.type = 1;
      pair.push_back(item);
    }
    return writeTemplate(single, pair);
  }
  case Surroundings::ClsAndSep:
    need("cls_token"), need("sep_token");
    return writeTemplate({{cls}, {}, {sep}}, {{cls}, {}, {sep}, {"", 1}, {sep, 1}});
  case Surroundings::RobertaProcessing:
    need("cls_token"), need("sep_token");
    return writeRoberta();
  case Surroundings::BosAndEos:
    need("bos_token"), need("eos_token");
    return writeTemplate({{bos}, {}, {eos}}, {{bos}, {}, {eos}, {eos}, {}, {eos}});
  case Surroundings::Eos:
    need("eos_token");
    return writeTemplate({{}, {eos}}, {{}, {eos}, {}, {eos}});
  case Surroundings::EosAndLanguage: {
    need("eos_token");
    std::string language = options.has("src_lang") ? options.string("src_lang") : "en_XX";
    if (!ids.contains(language))
      options.fail("src_lang", "token '" + language + "' is not in the vocabulary");
    return writeTemplate({{}, {eos}, {language}}, {{}, {}, {eos}, {language}});
  }
  }
}

/// Camembert looks for its token, the others know where it is.
int64_t Assembly::unknownId() const {
  switch (tokenizer.layout) {
  case PieceLayout::WithExtraIds:
    return 2;
  case PieceLayout::Camembert:
    for (const auto &[token, id] : files.tokens)
      if (token == settings.text("unk_token"))
        return id;
    return 0;
  case PieceLayout::AsStored:
  case PieceLayout::Fairseq:
  case PieceLayout::MBart:
    break;
  }
  return 3;
}

void Assembly::writeModel() {
  json.attributeBegin("model");
  std::string members = filled(tokenizer.model);
  json.rawValue([&](llvm::raw_ostream &stream) {
    stream << "{" << members << ",";
    llvm::json::OStream inner(stream);
    if (tokenizer.kind == VocabularyKind::Pieces) {
      stream << "\"unk_id\":" << unknownId() << ",\"vocab\":";
      inner.array([&] {
        for (auto [token, score] : llvm::zip(files.tokens, files.scores))
          inner.array([&, &token = token, score = score] {
            inner.value(token.first);
            inner.value(score);
          });
      });
    } else {
      stream << "\"vocab\":";
      inner.object([&] {
        for (const auto &[token, id] : files.tokens)
          inner.attribute(token, id);
      });
    }
    if (tokenizer.kind == VocabularyKind::BytePairs || tokenizer.kind == VocabularyKind::PieceMerges) {
      stream << ",\"merges\":";
      llvm::json::OStream list(stream);
      list.array([&] {
        for (const auto &[left, right] : files.merges)
          list.array([&, &left = left, &right = right] {
            list.value(left);
            list.value(right);
          });
      });
    }
    stream << "}";
  });
  json.attributeEnd();
}

/// What transformers takes out of a text behind the decoder, but where tokens are byte pairs.
llvm::json::Value Assembly::cleaning(llvm::json::Value decoder) {
  static constexpr std::pair<StringRef, StringRef> spaces[] = {
      {" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
      {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  bool isBytePairs = tokenizer.kind == VocabularyKind::BytePairs || tokenizer.kind == VocabularyKind::PieceMerges;
  if (isBytePairs || !options.booleanOr("clean_up_tokenization_spaces", false))
    return decoder;
  llvm::json::Array steps{std::move(decoder), llvm::json::Object{{"type", "Fuse"}}};
  for (auto [from, to] : spaces)
    steps.push_back(llvm::json::Object{
        {"type", "Replace"}, {"pattern", llvm::json::Object{{"String", from}}}, {"content", to}});
  return llvm::json::Object{{"type", "Sequence"}, {"decoders", std::move(steps)}};
}

void Assembly::write() {
  placeTokens();
  if (options.booleanOr("split_special_tokens", false))
    options.fail("split_special_tokens", "true is not supported; supported: false");
  std::string parts = filled(tokenizer.parts);
  json.object([&] {
    json.attribute("version", "1.0");
    json.attribute("truncation", files.truncation);
    json.attribute("padding", nullptr);
    writeAddedTokens();
    // The members of an object, as they stand.
    llvm::Expected<llvm::json::Value> object = llvm::json::parse("{" + parts + "}");
    if (!object)
      llvm::report_fatal_error(object.takeError());
    for (StringRef key : {"normalizer", "pre_tokenizer"})
      json.attribute(key, *object->getAsObject()->get(key));
    json.attribute("decoder", cleaning(*object->getAsObject()->get("decoder")));
    writePostProcessor();
    writeModel();
  });
}

std::string tenon::import::assembleTokenizer(const TokenizerClass &tokenizer, const VocabularyFiles &files,
                                             const TokenSettings &settings, Config &options) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream);
  Assembly(tokenizer, files, settings, options, json).write();
  return text;
}
