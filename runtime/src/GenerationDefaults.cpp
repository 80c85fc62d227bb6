//===- GenerationDefaults.cpp - How a model wants to be asked -------------===//

#include "GenerationDefaults.h"

#include "Failure.h"

#include <charconv>
#include <iterator>
#include <limits>
#include <variant>

namespace tenon::runtime {
namespace {

using Options = tenon_generate_options;
using Kind = JsonValue::Kind;

/// The members of the manifest's object are those of the options. What their values may be is checked where they are
/// used, with what else the caller gives.
struct Member {
  const char *name;
  std::variant<int64_t Options::*, int32_t Options::*, uint32_t Options::*, double Options::*> where;
};

const Member members[] = {{"max_tokens", &Options::max_tokens},
                          {"max_length", &Options::max_length},
                          {"min_tokens", &Options::min_tokens},
                          {"min_length", &Options::min_length},
                          {"temperature", &Options::temperature},
                          {"top_k", &Options::top_k},
                          {"top_p", &Options::top_p},
                          {"min_p", &Options::min_p},
                          {"repetition_penalty", &Options::repetition_penalty},
                          {"source_repetition_penalty", &Options::source_repetition_penalty},
                          {"no_repeat_ngram", &Options::no_repeat_ngram},
                          {"source_no_repeat_ngram", &Options::source_no_repeat_ngram},
                          {"sequences", &Options::sequences},
                          {"beams", &Options::beams},
                          {"length_penalty", &Options::length_penalty},
                          {"early_stopping", &Options::early_stopping},
                          {"renormalize", &Options::renormalize}};

template <typename... Parts> [[noreturn]] void wrong(const std::string &key, const Parts &...parts) {
  fail(TENON_ERROR_LIBRARY, "manifest: \"", key, "\" of \"generation\" ", parts...);
}

double realNumber(const std::string &key, const JsonValue &value) {
  double number = double(value.integer);
  if (value.is(Kind::Integer))
    return number;
  if (!value.is(Kind::OtherNumber))
    wrong(key, "is ", value.kindName(), ", expected a number");
  auto [end, error] = std::from_chars(value.text.data(), value.text.data() + value.text.size(), number);
  if (error != std::errc())
    wrong(key, "is ", value.show(), ", expected a number that float64 holds");
  return number;
}

template <typename Number> void assign(Number &to, const std::string &key, const JsonValue &value) {
  if (!value.is(Kind::Integer) || value.integer < 0 || value.integer > std::numeric_limits<Number>::max())
    wrong(key, "is ", value.show(), ", expected a whole number of 0 to ", std::numeric_limits<Number>::max());
  to = Number(value.integer);
}

void assign(double &to, const std::string &key, const JsonValue &value) { to = realNumber(key, value); }

const std::vector<JsonValue> &items(const std::string &key, const JsonValue &value) {
  if (!value.is(Kind::Array))
    wrong(key, "is ", value.kindName(), ", expected an array");
  return value.items;
}

} // namespace

void GenerationDefaults::readBadWords(const JsonValue &words) {
  for (const JsonValue &word : items("bad_words", words))
    for (std::vector<int32_t> &tokens = badWords.emplace_back(); const JsonValue &id : items("bad_words", word))
      assign(tokens.emplace_back(), "bad_words", id);
  for (const std::vector<int32_t> &word : badWords)
    badWordLists.push_back({word.data(), word.size()});
  given.bad_words = badWordLists.data();
  given.bad_word_count = badWordLists.size();
}

void GenerationDefaults::readStopStrings(const JsonValue &strings) {
  for (const JsonValue &string : items("stop", strings)) {
    if (!string.is(Kind::String))
      wrong("stop", "has ", string.kindName(), ", expected strings");
    stopStrings.push_back(string.text);
  }
  for (const std::string &string : stopStrings)
    stopPointers.push_back(string.c_str());
  given.stop_strings = stopPointers.data();
  given.stop_string_count = stopPointers.size();
}

GenerationDefaults::GenerationDefaults(const JsonValue &generation) {
  if (!generation.is(Kind::Object))
    fail(TENON_ERROR_LIBRARY, "manifest: \"generation\" is ", generation.kindName(), ", expected an object");
  for (const Member &member : members)
    if (const JsonValue *value = generation.find(member.name))
      std::visit([&](auto where) { assign(given.*where, member.name, *value); }, member.where);
  // Who counts with the prompt does not count without it.
  if (given.max_length != 0 && !generation.find("max_tokens"))
    given.max_tokens = INT32_MAX;
  if (const JsonValue *words = generation.find("bad_words"))
    readBadWords(*words);
  if (const JsonValue *strings = generation.find("stop"))
    readStopStrings(*strings);
}

} // namespace tenon::runtime
