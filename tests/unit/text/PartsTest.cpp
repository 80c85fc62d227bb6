//===- PartsTest.cpp - Normalisers, splits, expressions and models alone ---===//

#include "text/Model.h"
#include "text/Normalizer.h"
#include "text/PreTokenizer.h"
#include "text/TextError.h"
#include "text/Tokenizer.h"
#include "text/Unicode.h"

#include <gtest/gtest.h>

using namespace tenon::text;
using nlohmann::json;

namespace {

std::u32string characters(std::string_view utf8) {
  std::u32string text;
  size_t bad;
  EXPECT_TRUE(decodeUtf8(utf8, text, bad));
  return text;
}

std::string normalized(const json &description, std::string_view text) {
  std::string error;
  auto normalizer = makeNormalizer(JsonValue(description, "normalizer", error));
  EXPECT_EQ(error, "");
  std::u32string out = characters(text);
  normalizer->apply(out);
  return encodeUtf8(out);
}

std::vector<std::string> split(const json &description, std::string_view text) {
  std::string error;
  auto preTokenizer = makePreTokenizer(JsonValue(description, "pre_tokenizer", error));
  EXPECT_EQ(error, "");
  if (!error.empty())
    return {};
  std::u32string whole = characters(text);
  Words words{whole, {{0, whole.size()}}, 1};
  preTokenizer->split(words);
  std::vector<std::string> out;
  for (size_t i = 0; i < words.spans.size(); ++i)
    out.push_back(encodeUtf8(words[i]));
  return out;
}

std::string preTokenizerError(const json &description) {
  std::string error;
  makePreTokenizer(JsonValue(description, "pre_tokenizer", error));
  return error;
}

json regexSplit(std::string_view expression, std::string_view behavior = "Isolated", bool invert = false) {
  return {{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", behavior}, {"invert", invert}};
}

using Texts = std::vector<std::string>;

TEST(Normalizers, OfSentencePiece) {
  EXPECT_EQ(normalized({{"type", "Prepend"}, {"prepend", "▁"}}, "a"), "▁a");
  EXPECT_EQ(normalized({{"type", "Prepend"}, {"prepend", "▁"}}, ""), "");
  EXPECT_EQ(normalized({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", "▁"}}, "a   b c  "),
            "a▁b c▁");
  EXPECT_EQ(normalized({{"type", "Nmt"}}, "a\x01\tb\u200bc\ufeff\u2581d\x7f"), "a b c  d");
  EXPECT_EQ(normalized({{"type", "ByteLevel"}}, " é"), "ĠÃ©");
}

TEST(Normalizers, FormsLookAtTheCharacterBefore) {
  EXPECT_EQ(normalized({{"type", "NFC"}}, "e\u0301xe\u0301"), "éxé");
  EXPECT_EQ(normalized({{"type", "NFC"}}, "\u0301e"), "\u0301e");
  EXPECT_EQ(normalized({{"type", "NFD"}}, "aéb ü"), "ae\u0301b u\u0308");
  EXPECT_EQ(normalized({{"type", "NFKC"}}, "ﬁn\u00a0①"), "fin 1");
}

TEST(Splits, KeepOrDropWhatIsBetween) {
  EXPECT_EQ(split(regexSplit("-", "Removed"), "The-final--countdown"), (Texts{"The", "final", "countdown"}));
  EXPECT_EQ(split(regexSplit("-", "Isolated"), "The-final--countdown"),
            (Texts{"The", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(split(regexSplit("-", "MergedWithPrevious"), "The-final--countdown"),
            (Texts{"The-", "final-", "-", "countdown"}));
  EXPECT_EQ(split(regexSplit("-", "MergedWithNext"), "The-final--countdown"),
            (Texts{"The", "-final", "-", "-countdown"}));
  EXPECT_EQ(split(regexSplit("-", "Contiguous"), "The-final--countdown"),
            (Texts{"The", "-", "final", "--", "countdown"}));
  EXPECT_EQ(split(regexSplit("[a-z]+", "Removed", true), "ab12cd"), (Texts{"ab", "cd"}));
}

TEST(Splits, ExpressionsMatchAsInRuby) {
  // A white space character is any of Unicode's, a word character no joiner; ^ and $ are a line's.
  EXPECT_EQ(split(regexSplit(R"(\s+)", "Removed"), "a\u3000\u0085b"), (Texts{"a", "b"}));
  EXPECT_EQ(split(regexSplit(R"(\w+)", "Isolated"), "a\u200db²"), (Texts{"a", "\u200d", "b²"}));
  EXPECT_EQ(split(regexSplit(R"([^\w\s]+)", "Isolated"), "a\u200d!b"), (Texts{"a", "\u200d!", "b"}));
  EXPECT_EQ(split(regexSplit(R"(^x|y$)", "Isolated"), "xx\nxy\ny"), (Texts{"x", "x\n", "x", "y", "\n", "y"}));
  EXPECT_EQ(split(regexSplit(R"([{}$&]+)", "Removed"), "a{b}c$d"), (Texts{"a", "b", "c", "d"}));
  // Offsets are characters', whatever the text is searched as.
  EXPECT_EQ(split(regexSplit("b", "Isolated"), "😀b😀"), (Texts{"😀", "b", "😀"}));
  // Characters that the library at hand may be too old for have their category: U+1C89 is a letter, U+16130 a digit.
  EXPECT_EQ(split(regexSplit(R"(\p{Lu})", "Isolated"), "a\u1c89b"), (Texts{"a", "\u1c89", "b"}));
  EXPECT_EQ(split(regexSplit(R"(\d)", "Isolated"), "a\U00016130b"), (Texts{"a", "\U00016130", "b"}));
}

TEST(Splits, RefuseWhatTheExpressionsOfOneLibraryDoNotMeanInTheOther) {
  auto error = [](std::string_view expression) { return preTokenizerError(regexSplit(expression)); };
  EXPECT_EQ(error("a\\b"),
            "pre_tokenizer.pattern.Regex: regular expression \"a\\b\": \\b is not supported; supported are: "
            "\\p \\P \\s \\S \\d \\D \\w \\W \\r \\n \\t \\f \\a \\e \\A \\z \\x \\u and \\ before punctuation");
  EXPECT_NE(error("(?<name>a)").find("group \"(?<n\" is not supported; supported are: (, (?:, (?=, "),
            std::string::npos);
  EXPECT_NE(error("(?m)a").find("group \"(?m)\""), std::string::npos);
  EXPECT_NE(error("[[:alpha:]]").find("[:name:] is not supported; supported is: \\p{name}"), std::string::npos);
  EXPECT_NE(error("a{2}+").find("a + behind {} is not supported"), std::string::npos);
  EXPECT_EQ(error("(a"),
            "pre_tokenizer.pattern.Regex: regular expression \"(a\": U_REGEX_MISMATCHED_PAREN at character 2 "
            "of \"(a\"");
  EXPECT_NE(error("[a").find("U_REGEX_MISSING_CLOSE_BRACKET"), std::string::npos);
  EXPECT_NE(error("a\\").find("is not supported"), std::string::npos);
}

TEST(Splits, GiveUpOnAnExpressionThatDoesNotEnd) {
  std::string error;
  json description = regexSplit("(?:a|aa)+$x");
  auto preTokenizer = makePreTokenizer(JsonValue(description, "", error));
  ASSERT_EQ(error, "");
  std::u32string text(1000, U'a');
  Words words{text, {{0, text.size()}}, 1};
  try {
    preTokenizer->split(words);
    FAIL();
  } catch (const TextError &problem) {
    EXPECT_STREQ(problem.what(),
                 "regular expression \"(?:a|aa)+$x\" takes too many steps on a text of 1000 characters");
  }
}

TEST(Splits, LimitTheMemoryOfAnExpression) {
  std::string error;
  json description = regexSplit("(?:(a)|(b))+");
  auto preTokenizer = makePreTokenizer(JsonValue(description, "", error));
  ASSERT_EQ(error, "");
  std::u32string text(4000000, U'a');
  Words words{text, {{0, text.size()}}, 1};
  EXPECT_THROW(preTokenizer->split(words), TextError);
}

TEST(Splits, ByKindOfCharacter) {
  EXPECT_EQ(split({{"type", "Digits"}, {"individual_digits", true}}, "a12½b"), (Texts{"a", "1", "2", "½", "b"}));
  EXPECT_EQ(split({{"type", "Digits"}, {"individual_digits", false}}, "a12½b"), (Texts{"a", "12½", "b"}));
  EXPECT_EQ(split({{"type", "Punctuation"}, {"behavior", "MergedWithPrevious"}}, "a,b!?"), (Texts{"a,", "b!", "?"}));
  EXPECT_EQ(split({{"type", "CharDelimiterSplit"}, {"delimiter", "|"}}, "a||b"), (Texts{"a", "b"}));
}

TEST(Splits, MetaspaceMarksWords) {
  auto metaspace = [](std::string_view scheme, bool split) {
    return json{{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", scheme}, {"split", split}};
  };
  EXPECT_EQ(split(metaspace("always", true), "a  b"), (Texts{"▁a", "▁", "▁b"}));
  EXPECT_EQ(split(metaspace("never", true), "a b"), (Texts{"a", "▁b"}));
  EXPECT_EQ(split(metaspace("first", false), " a b"), (Texts{"▁a▁b"}));
  json old = {{"type", "Metaspace"}, {"replacement", "▁"}, {"add_prefix_space", false}};
  EXPECT_EQ(split(old, "a"), (Texts{"a"}));
  EXPECT_EQ(preTokenizerError({{"type", "Metaspace"}, {"replacement", "ab"}}),
            "pre_tokenizer.replacement: expected a string of one character, found the string \"ab\"");
  EXPECT_EQ(preTokenizerError({{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "last"}}),
            "pre_tokenizer.prepend_scheme: scheme \"last\" is not supported; supported are: always, first, never");
  EXPECT_EQ(
      preTokenizerError(
          {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "first"}, {"add_prefix_space", false}}),
      "pre_tokenizer.add_prefix_space: false contradicts the prepend_scheme, expected true");
}

json file(const json &model, const json &parts = json::object()) {
  json whole = {{"added_tokens", json::array()}, {"model", model}};
  whole.update(parts);
  return whole;
}

std::string fileError(const json &whole) {
  std::string error;
  EXPECT_FALSE(Tokenizer::fromJson(whole.dump(), error)) << whole;
  return error;
}

std::vector<int32_t> ids(const json &whole, std::string_view text) {
  std::string error;
  auto tokenizer = Tokenizer::fromJson(whole.dump(), error);
  EXPECT_TRUE(tokenizer) << error;
  Encoding encoding;
  EXPECT_TRUE(tokenizer && tokenizer->encode(text, 0, encoding, error)) << error;
  return encoding.ids;
}

json smallBpe() {
  return {{"type", "BPE"},
          {"vocab", {{"a", 0}, {"b", 1}, {"c", 2}, {"ab", 3}, {"abc", 4}, {"bc", 5}, {"<unk>", 6}}},
          {"merges", {"a b", "ab c", "b c"}}};
}

using Ids = std::vector<int32_t>;

TEST(BytePairs, MergeInTheOrderOfTheFile) {
  EXPECT_EQ(ids(file(smallBpe()), "abcbc"), (Ids{4, 5}));
  json pairs = smallBpe();
  pairs["merges"] = json::parse(R"([["b", "c"], ["a", "b"]])");
  EXPECT_EQ(ids(file(pairs), "abcab"), (Ids{0, 5, 3}));
  // Files of the oldest kind have no type.
  pairs.erase("type");
  EXPECT_EQ(ids(file(pairs), "bc"), (Ids{5}));
}

TEST(BytePairs, UnknownCharactersAreDroppedOrOneTokenOrMany) {
  json model = smallBpe();
  EXPECT_EQ(ids(file(model), "axxb"), (Ids{3}));
  model["unk_token"] = "<unk>";
  EXPECT_EQ(ids(file(model), "axxb"), (Ids{0, 6, 6, 1}));
  model["fuse_unk"] = true;
  EXPECT_EQ(ids(file(model), "axxb"), (Ids{0, 6, 1}));
}

TEST(BytePairs, AnUnknownTokenThatIsMissingMattersWhenItIsNeeded) {
  json model = smallBpe();
  model["unk_token"] = "[X]";
  EXPECT_EQ(ids(file(model), "ab"), (Ids{3}));
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file(model).dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  Encoding encoding;
  EXPECT_FALSE(tokenizer->encode("abé", 0, encoding, error));
  EXPECT_EQ(error, "\"é\" is not in the vocabulary, and neither is the unk_token \"[X]\"");
  EXPECT_TRUE(encoding.ids.empty());
}

TEST(BytePairs, SayWhatIsWrongWithTheFile) {
  json model = smallBpe();
  auto errorWith = [&](const char *key, const json &value) {
    json changed = model;
    changed[key] = value;
    return fileError(file(changed));
  };
  EXPECT_EQ(errorWith("dropout", 0.5),
            "model.dropout: merges left out at random are not supported; supported are: null, 0");
  EXPECT_EQ(
      errorWith("merges", {"a b", "a  b"}),
      "model.merges: merge 1: expected two tokens in an array, or in a string with one space between, found \"a  b\"");
  EXPECT_EQ(
      errorWith("merges", json::parse(R"([["a", 1]])")),
      "model.merges: merge 0: expected two tokens in an array, or in a string with one space between, found \"array\"");
  EXPECT_EQ(errorWith("merges", {"a z"}), "model.merges: merge 0: token \"z\" is not in the vocabulary of 7 tokens");
  EXPECT_EQ(errorWith("merges", {"a c"}), "model.merges: merge 0: token \"ac\" is not in the vocabulary of 7 tokens");
  EXPECT_EQ(errorWith("merges", "a b"), "model.merges: expected an array, found the string \"a b\"");
  EXPECT_EQ(errorWith("fuse_unk", 1), "model.fuse_unk: expected true or false, found 1");
  EXPECT_EQ(
      errorWith("extra", 1),
      "model: key \"extra\" is not supported; supported are: type, dropout, unk_token, continuing_subword_prefix, "
      "end_of_word_suffix, fuse_unk, byte_fallback, ignore_merges, vocab, merges");
  json prefixed = model;
  prefixed["continuing_subword_prefix"] = "##";
  EXPECT_EQ(fileError(file(prefixed)),
            "model.merges: merge 0: token \"b\" is shorter than the continuing_subword_prefix");
}

/// A long word is cut where no token reaches across; the ids must be those of the uncut word.
TEST(BytePairs, LongWordsAreMergedAsAWhole) {
  json model = smallBpe();
  std::string text;
  Ids expected;
  for (int i = 0; i < 500; ++i) {
    text += "abcabb";
    expected.insert(expected.end(), {4, 3, 1});
  }
  EXPECT_EQ(ids(file(model), text), expected);
}

json smallUnigram() {
  return json::parse(R"({"type": "Unigram", "unk_id": 0, "vocab": [
      ["<unk>", 0.0], ["a", -1.0], ["b", -1.0], ["ab", -2.0], ["abc", -1.5], ["éé", -3.0]]})");
}

TEST(Unigram, TakesTheLargestSum) {
  EXPECT_EQ(ids(file(smallUnigram()), "abc"), (Ids{4}));
  // Of equal sums the one that was reached first stays: "ab" from the word's start before "b" from its second place.
  EXPECT_EQ(ids(file(smallUnigram()), "ab"), (Ids{3}));
  EXPECT_EQ(ids(file(smallUnigram()), "xxa"), (Ids{0, 1}));
  EXPECT_EQ(ids(file(smallUnigram()), "xéé"), (Ids{0, 5}));
}

TEST(Unigram, ATokenListedAgainHasItsLastId) {
  json model = smallUnigram();
  model["vocab"].push_back(json::parse(R"(["a", -9.0])"));
  EXPECT_EQ(ids(file(model), "a"), (Ids{6}));
}

TEST(Unigram, AnAddedTokenThatIsListedTwiceHasTheIdOfItsContent) {
  json tokenizer = file(smallUnigram());
  tokenizer["model"]["vocab"].push_back(json::parse(R"(["a", -9.0])"));
  tokenizer["added_tokens"] = json::parse(R"([{"id": 1, "content": "a", "single_word": false, "lstrip": false,
                                               "rstrip": false, "normalized": false, "special": true}])");
  EXPECT_EQ(ids(tokenizer, "xa"), (Ids{0, 6}));
}

TEST(Unigram, PiecesWithoutAnIdAreUnknownEachByItself) {
  json model = smallUnigram();
  model["unknown_vocab"] = json::parse(R"([["q", -1.0], ["qa", -1.5]])");
  EXPECT_EQ(ids(file(model), "qq"), (Ids{0, 0}));
  EXPECT_EQ(ids(file(model), "qa"), (Ids{0})) << "they take part in the largest sum";
  EXPECT_EQ(ids(file(model), "xx"), (Ids{0})) << "unknown characters are one";
}

TEST(Unigram, ATokenWithoutAScoreIsWhatUnknownCharactersSpell) {
  json model = smallUnigram();
  model["vocab"].push_back(json::parse(R"(["xy", null])"));
  EXPECT_EQ(ids(file(model), "axya"), (Ids{1, 6, 1}));
  EXPECT_EQ(ids(file(model), "xyx"), (Ids{0}));
}

TEST(LeadingCode, IsOneTokenAtTheBeginningOfATextAlone) {
  json tokenizer = file(smallUnigram());
  tokenizer["leading_code"] = json::parse(R"({"open": ">", "close": "<", "unk_id": 0})");
  tokenizer["model"]["vocab"].push_back(json::parse(R"([">ab<", null])"));
  EXPECT_EQ(ids(tokenizer, ">ab<a"), (Ids{6, 1}));
  EXPECT_EQ(ids(tokenizer, ">ba<a"), (Ids{0, 1}));
  EXPECT_EQ(ids(tokenizer, "a>ab<"), (Ids{1, 0, 3, 0}));
  EXPECT_EQ(ids(tokenizer, ">ab<"), (Ids{6}));
  tokenizer["leading_code"]["close"] = "";
  EXPECT_EQ(fileError(tokenizer), "leading_code: open and close are not both given");
}

TEST(Unigram, SaysWhatIsWrong) {
  json model = smallUnigram();
  model["unk_id"] = 6;
  EXPECT_EQ(fileError(file(model)), "model.unk_id: id 6 is not in the vocabulary of 6 tokens");
  model["unk_id"] = -1;
  EXPECT_EQ(fileError(file(model)), "model.unk_id: expected an integer from 0 to 2147483647, found -1");
  model = smallUnigram();
  model["vocab"][3] = json::parse(R"(["ab"])");
  EXPECT_EQ(fileError(file(model)), "model.vocab: entry 3: expected a token and its score");
  model = smallUnigram();
  model["unk_id"] = nullptr;
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file(model).dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  Encoding encoding;
  EXPECT_FALSE(tokenizer->encode("x", 0, encoding, error));
  EXPECT_EQ(error, "\"x\" is not in the vocabulary, and there is no unk_id");
}

std::string charsmapError(std::string_view base64) {
  return fileError(file(smallUnigram(), {{"normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", base64}}}}));
}

TEST(Precompiled, RefusesTablesThatReachOutOfThemselves) {
  EXPECT_EQ(charsmapError("A"), "normalizer.precompiled_charsmap: expected base64");
  EXPECT_EQ(charsmapError("A*AA"), "normalizer.precompiled_charsmap: expected base64");
  EXPECT_EQ(charsmapError("AAA="),
            "normalizer.precompiled_charsmap: expected a trie of a multiple of 4 bytes within the "
            "table's 2, found 0");
  EXPECT_EQ(charsmapError("CAAAAAAAAAA="), "normalizer.precompiled_charsmap: expected a trie of a multiple of 4 bytes "
                                           "within the table's 8, found 8");
  EXPECT_EQ(charsmapError("BAAAAAAAAAD//w=="),
            "normalizer.precompiled_charsmap: the replacements are not UTF-8 at byte 0 of 2");
}

/// A trie whose only unit points far away: nothing is found, nothing is read.
TEST(Precompiled, FindsNothingInATrieThatLeadsOutside) {
  for (const char *table : {"BAAAAP////8=", "BAAAAAH///9hAA==", ""}) {
    json whole = file(smallUnigram(), {{"normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", table}}}});
    EXPECT_EQ(ids(whole, "ab"), (Ids{3})) << table;
  }
}

json addedToken(int id, const char *content, bool special) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", special}};
}

TEST(SpecialTokens, AreNotSpelledByTextThatMayNot) {
  // Unigram finds "</s>" in its vocabulary, byte pairs merge to it, a whole word is looked up.
  json unigram = smallUnigram();
  for (const char *entry : {R"(["</s>", 0.0])", R"(["<", -5.0])", R"(["/", -5.0])", R"(["s", -5.0])", R"([">", -5.0])"})
    unigram["vocab"].push_back(json::parse(entry));
  json bpe = {{"type", "BPE"},
              {"vocab", {{"<", 0}, {"/", 1}, {"s", 2}, {">", 3}, {"</", 4}, {"s>", 5}, {"</s>", 6}}},
              {"merges", {"< /", "s >", "</ s>"}}};
  json whole = bpe;
  whole["merges"] = json::array();
  whole["ignore_merges"] = true;
  struct Case {
    json model;
    Ids found, plain;
  };
  for (const Case &c : {Case{unigram, {6}, {7, 8, 9, 10}}, Case{bpe, {6}, {4, 5}}, Case{whole, {6}, {0, 1, 2, 3}}}) {
    std::string error;
    auto tokenizer = Tokenizer::fromJson(
        file(c.model, {{"added_tokens", json::array({addedToken(6, "</s>", true)})}}).dump(), error);
    ASSERT_TRUE(tokenizer) << error;
    Encoding encoding;
    EncodeOptions options;
    ASSERT_TRUE(tokenizer->encode("</s>", options, encoding, error));
    EXPECT_EQ(encoding.ids, c.found);
    options.findSpecial = false;
    ASSERT_TRUE(tokenizer->encode("</s>", options, encoding, error));
    EXPECT_EQ(encoding.ids, c.plain);
    EXPECT_EQ(tokenizer->specialIds(), (Ids{6}));
  }
}

TEST(SpecialTokens, AddedOnesThatAreNotSpecialAreFoundAllTheSame) {
  std::string error;
  auto tokenizer = Tokenizer::fromJson(
      file(smallBpe(), {{"added_tokens", json::array({addedToken(7, "<t>", false)})}}).dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  Encoding encoding;
  EncodeOptions options;
  options.findSpecial = false;
  ASSERT_TRUE(tokenizer->encode("a<t>b", options, encoding, error));
  EXPECT_EQ(encoding.ids, (Ids{0, 7, 1}));
  EXPECT_TRUE(tokenizer->specialIds().empty());
}

TEST(SpecialTokens, AreLeftOutAroundTheTextOnDemand) {
  json post = json::parse(R"({"type": "Sequence", "processors": [
      {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
      {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<s>", "type_id": 1}}, {"Sequence": {"id": "A", "type_id": 2}}],
       "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [6], "tokens": ["<s>"]}}},
      {"type": "BertProcessing", "sep": ["c", 2], "cls": ["b", 1]}]})");
  std::string error;
  auto tokenizer = Tokenizer::fromJson(file(smallBpe(), {{"post_processor", post}}).dump(), error);
  ASSERT_TRUE(tokenizer) << error;
  Encoding encoding;
  EncodeOptions options;
  ASSERT_TRUE(tokenizer->encode("ab", options, encoding, error));
  EXPECT_EQ(encoding.ids, (Ids{1, 6, 3, 2}));
  options.addSpecial = false;
  options.maxTokens = 1;
  ASSERT_TRUE(tokenizer->encode("abc", options, encoding, error));
  EXPECT_EQ(encoding.ids, (Ids{4}));
}

TEST(SpecialTokens, TemplatesThatRepeatTheTextAreBounded) {
  json twice = json::parse(R"({"type": "TemplateProcessing", "pair": [], "special_tokens": {},
      "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]})");
  json post = {{"type", "Sequence"}, {"processors", std::vector<json>(40, twice)}};
  EXPECT_EQ(fileError(file(smallBpe(), {{"post_processor", post}})),
            "post_processor.processors[10]: the processors together have 2048 pieces, expected at most 1024");
}

} // namespace
