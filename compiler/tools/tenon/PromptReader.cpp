//===- PromptReader.cpp - What a model is asked to write about ------------===//

#include "PromptReader.h"
#include "Command.h"
#include "Manifest.h"
#include "NamedSources.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::tools;

PromptReader::PromptReader(const RunArguments &arguments, const Model &model)
    : arguments(arguments), model(model), info(model.info()), sources(model.sources()),
      lineInput(std::find(arguments.texts.begin(), arguments.texts.end(), "-") != arguments.texts.end()) {
  checkArguments();
  if (info.has_source)
    beginning = answerBeginning();
  readSources();
}

void PromptReader::checkArguments() const {
  bool isNamed = !(arguments.sourceTexts.empty() && arguments.sourceTokens.empty());
  if (isNamed && sources.empty())
    throw Failure("--source is for models whose answers are about one, and " + arguments.library + " has none");
  bool isUnnamed = !(arguments.texts.empty() && arguments.tokens.empty());
  if (sources.size() > 1 && (isUnnamed || !(isNamed || !arguments.inputs.empty())))
    throw Failure(arguments.library + ": the model writes about " + namesOf(sources) +
                  ": give each with --source NAME=TEXT, --source-tokens NAME=1,2,3 or --input NAME.hidden=FILE.npy");
  if (!isUnnamed && !isNamed && arguments.inputs.empty())
    throw Failure(
        info.source_features != 0 ? "there is nothing to run on: give --audio, or --input features= or hidden="
        : info.has_source         ? "there is nothing to run on: give --text or --tokens, or --input hidden="
                          : "there is nothing to run on: give --text or --tokens, or --chat alone for a conversation");
  if (!arguments.prefix.empty() && !arguments.prefixTokens.empty())
    throw Failure("--prefix does not go with --prefix-tokens, which are all that an answer begins with");
  if (!info.has_tokenizer && !arguments.texts.empty())
    throw Failure(arguments.library + ": the model has no tokenizer: give --tokens instead of --text");
  if (!info.has_tokenizer && !arguments.sourceTexts.empty())
    throw Failure(arguments.library + ": the model has no tokenizer: give --source-tokens instead of --source");
  if (arguments.chat && !arguments.tokens.empty())
    throw Failure("--chat does not go with --tokens, which are taken as they are");
  if (!info.has_source && !(arguments.prefix.empty() && arguments.prefixTokens.empty()))
    throw Failure(std::string(arguments.prefix.empty() ? "--prefix-tokens" : "--prefix") +
                  " is for models whose answers are about a source; " + arguments.library +
                  " continues its prompt: put what the answer begins with at the end of --text or --tokens");
  if (info.has_source && info.source_features != 0 && !(arguments.texts.empty() && arguments.tokens.empty()))
    throw Failure(arguments.library + ": the encoder reads rows of " + std::to_string(info.source_features) +
                  " features: give --input features=FILE.npy" +
                  (readManifest(model).contains("audio") ? " or --audio" : "") + " instead of --text or --tokens");
}

/// The start tokens, or what the caller gives in their place, and the prefix. A prefix follows what the model itself
/// would be made to begin with.
std::vector<int32_t> PromptReader::answerBeginning() const {
  if (!arguments.prefixTokens.empty())
    return parseTokens(arguments.prefixTokens, "--prefix-tokens");
  std::vector<int32_t> tokens = model.startTokens();
  if (tokens.empty())
    throw Failure(arguments.library + ": the model has no tokens that answers start with: give --prefix-tokens");
  if (arguments.prefix.empty())
    return tokens;
  std::vector<int32_t> forced = forcedTokens(model);
  tokens.insert(tokens.end(), forced.begin(), forced.end());
  std::vector<int32_t> prefix = model.tokenizeAnswer(arguments.prefix);
  tokens.insert(tokens.end(), prefix.begin(), prefix.end());
  return tokens;
}

bool PromptReader::isOne() const { return !lineInput && expected() == 1; }

size_t PromptReader::expected() const {
  if (!lineInput)
    return arguments.texts.size() + arguments.tokens.size() + namedCount;
  double share = reader.share();
  return share == 0 ? 0 : static_cast<size_t>(static_cast<double>(count) / share);
}

/// They are all there before anything is written.
void PromptReader::readSources() {
  for (Prompt &prompt : readNamedSources(arguments, model, sources)) {
    if (sources.size() == 1 && !prompt.sources[0].hidden)
      checkSource(prompt, "source " + std::to_string(named.size()));
    prompt.tokens = beginning;
    named.push_back(std::move(prompt));
  }
  namedCount = named.size();
}

void PromptReader::checkSource(const Prompt &prompt, const std::string &place) const {
  const char *unit = info.source_features != 0 ? " rows" : " tokens";
  int64_t length = lengthOf(prompt, sources);
  if (info.source_positions != 0 && length > info.source_positions)
    throw Failure(place + ": " + std::to_string(length) + unit + ", the model reads at most " +
                  std::to_string(info.source_positions));
}

std::vector<ChatMessage> PromptReader::conversation(const std::string &text) const {
  std::vector<ChatMessage> messages;
  if (!arguments.system.empty())
    messages.push_back({"system", arguments.system});
  messages.push_back({"user", text});
  return messages;
}

Prompt PromptReader::fromText(const std::string &text, const std::string &place) const {
  try {
    std::vector<int32_t> given =
        arguments.chat ? model.tokenizeChat(conversation(text)) : model.tokenize(text, INT32_MAX);
    if (given.empty() && !info.has_source)
      throw Failure(place + " is empty: the tokenizer makes no token of it");
    Prompt prompt = fromTokens(std::move(given), place);
    prompt.asText = true;
    return prompt;
  } catch (const Error &error) {
    throw Failure(place + ": " + error.what());
  }
}

Prompt PromptReader::fromTokens(std::vector<int32_t> given, const std::string &place) const {
  Prompt prompt;
  if (!info.has_source) {
    prompt.tokens = std::move(given);
    return prompt;
  }
  prompt.sources.push_back({std::move(given), {}, {}});
  prompt.tokens = beginning;
  checkSource(prompt, place);
  return prompt;
}

/// What is wrong with a line is told in its place.
Prompt PromptReader::fromLine(const std::string &line, const std::string &place) const {
  Prompt prompt;
  try {
    prompt = fromText(line, place);
  } catch (const Failure &failure) {
    prompt.lost = failure.what();
  }
  prompt.asText = prompt.isLine = true;
  prompt.place = place;
  return prompt;
}

static bool isBlank(const std::string &text) { return text.find_first_not_of(" \t\r") == std::string::npos; }

std::optional<Prompt> PromptReader::one(bool waits) {
  while (texts < arguments.texts.size()) {
    const std::string &text = arguments.texts[texts];
    if (text != "-") {
      return fromText(text, "--text " + std::to_string(texts++));
    }
    if (std::optional<std::string> line = reader.next(waits)) {
      if (!isBlank(*line))
        return fromLine(*line, "line " + std::to_string(reader.lines()));
      Prompt blank;
      blank.asText = blank.isBlank = true;
      return blank;
    }
    if (!waits)
      return std::nullopt;
    ++texts;
  }
  if (tokens < arguments.tokens.size()) {
    std::string place = "--tokens " + std::to_string(tokens);
    return fromTokens(parseTokens(arguments.tokens[tokens++]), place);
  }
  if (named.empty())
    return std::nullopt;
  Prompt prompt = std::move(named.front());
  named.pop_front();
  return prompt;
}

std::vector<Prompt> PromptReader::next(size_t most) {
  if (failure)
    std::rethrow_exception(failure);
  std::vector<Prompt> prompts;
  try {
    while (prompts.size() < most) {
      std::optional<Prompt> prompt = one(prompts.empty());
      if (!prompt)
        break;
      prompts.push_back(std::move(*prompt));
    }
  } catch (const std::exception &) {
    if (prompts.empty() || !lineInput)
      throw;
    failure = std::current_exception();
  }
  count += prompts.size();
  return prompts;
}
