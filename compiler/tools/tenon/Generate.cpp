//===- Generate.cpp - tenon run of models that generate -------------------===//

#include "Generate.h"
#include "Command.h"
#include "Manifest.h"

#include <atomic>
#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

static std::atomic<const std::vector<tenon_session *> *> generatingSessions{nullptr};

static void onInterrupt(int signal) {
  if (const std::vector<tenon_session *> *sessions = generatingSessions.exchange(nullptr)) {
    for (tenon_session *session : *sessions)
      tenon_cancel(session);
    return;
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

CancelOnInterrupt::CancelOnInterrupt(std::span<Session *const> generating) {
  for (Session *session : generating)
    sessions.push_back(session->get());
  generatingSessions.store(&sessions);
  std::signal(SIGINT, onInterrupt);
}

CancelOnInterrupt::~CancelOnInterrupt() {
  std::signal(SIGINT, SIG_DFL);
  generatingSessions.store(nullptr);
}

GenerateOptions tools::resolvedOptions(const RunArguments &arguments) {
  GenerateOptions options = arguments.options;
  bool chooses = options.topK != 0 || options.topP != 1 || options.minP != 0;
  options.temperature = !std::isnan(arguments.temperature) ? arguments.temperature : chooses ? 1 : 0;
  return options;
}

namespace {

std::string joined(const std::vector<int32_t> &tokens) {
  std::string text;
  for (int32_t token : tokens)
    text += (text.empty() ? "" : ",") + std::to_string(token);
  return text;
}

/// Prompts, each in a session of its own, and what the model makes of them.
class Answers {
public:
  Answers(const RunArguments &arguments, const Model &model)
      : arguments(arguments), model(model), info(model.info()), options(resolvedOptions(arguments)) {}

  void run() {
    collectPrompts();
    checkOutputs();
    for (size_t row = 0; row < prompts.size(); ++row)
      sessions.emplace_back(model, arguments.threads);
    streams = !arguments.json && prompts.size() == 1 && fromText(0) && options.beams == 0;
    if (streams)
      options.onToken = [](const tenon_generation_event &event) {
        std::fwrite(event.text, 1, event.text_bytes, stdout);
        std::fflush(stdout);
        return true;
      };
    options.scores = arguments.json;
    if (options.maxTokens == 0)
      written.assign(prompts.size(), Generation{{{{}, "", 0, TENON_FINISH_LENGTH}}, 0, 0});
    else
      write();
    writeOutputs();
    if (arguments.json)
      printJson();
    else if (options.maxTokens != 0)
      printRows();
  }

private:
  bool fromText(size_t row) const { return row < texts.size(); }

  void collectPrompts() {
    texts = readTexts(arguments.texts);
    if (!texts.empty() && !info.has_tokenizer)
      throw Failure(arguments.library + ": the model has no tokenizer: give --tokens instead of --text");
    if (arguments.chat && !arguments.tokens.empty())
      throw Failure("--chat does not go with --tokens, which are taken as they are");
    for (const std::string &text : texts)
      prompts.push_back(arguments.chat ? model.tokenizeChat(conversation(text)) : model.tokenize(text, INT32_MAX));
    for (const std::string &text : arguments.tokens)
      prompts.push_back(parseTokens(text));
    if (prompts.empty())
      throw Failure("there is nothing to run on: give --text or --tokens, or --chat alone for a conversation");
  }

  std::vector<ChatMessage> conversation(const std::string &text) const {
    std::vector<ChatMessage> messages;
    if (!arguments.system.empty())
      messages.push_back({"system", arguments.system});
    messages.push_back({"user", text});
    return messages;
  }

  void checkOutputs() const {
    for (const std::string &output : arguments.outputs) {
      std::string name = splitAssignment("--output", output).first;
      bool known = name == "tokens" || ((name == "logits" || name == "hidden") && entryGives(model, "prefill", name));
      if (!known)
        throw Failure("--output '" + name + "': the model has logits, hidden and tokens");
    }
  }

  void write() {
    std::vector<Session *> pointers;
    for (Session &session : sessions)
      pointers.push_back(&session);
    CancelOnInterrupt cancel(pointers);
    written = Session::generate(pointers, prompts, options);
  }

  /// The prompt and what was written but its last token.
  std::vector<int32_t> scoredTokens(size_t row) const {
    std::vector<int32_t> tokens = prompts[row];
    const std::vector<int32_t> &more = written[row].sequences[0].tokens;
    tokens.insert(tokens.end(), more.begin(), more.empty() ? more.end() : more.end() - 1);
    return tokens;
  }

  /// [rows, longest, columns] of logits or hidden states, which one pass over all tokens gives.
  NpyArray scored(bool wantsLogits) {
    auto columns = static_cast<size_t>(wantsLogits ? logitsWidth(model) : info.width);
    size_t longest = 0;
    for (size_t row = 0; row < prompts.size(); ++row)
      longest = std::max(longest, scoredTokens(row).size());
    std::vector<float> values(prompts.size() * longest * columns);
    for (size_t row = 0; row < prompts.size(); ++row) {
      std::vector<int32_t> tokens = scoredTokens(row);
      float *place = values.data() + row * longest * columns;
      sessions[row].rewind(0);
      check(tenon_session_score(sessions[row].get(), tokens.data(), tokens.size(), wantsLogits ? place : nullptr,
                                wantsLogits ? nullptr : place));
    }
    return floatArray(
        {static_cast<int64_t>(prompts.size()), static_cast<int64_t>(longest), static_cast<int64_t>(columns)},
        std::move(values));
  }

  void writeOutputs() {
    for (const std::string &output : arguments.outputs) {
      auto [name, path] = splitAssignment("--output", output);
      if (name != "tokens") {
        writeNpy(path, scored(name == "logits"));
        continue;
      }
      std::vector<std::vector<int32_t>> rows;
      for (const Generation &row : written)
        rows.push_back(row.sequences[0].tokens);
      writeNpy(path, tokenArray(rows));
    }
  }

  size_t promptTokens() const {
    size_t count = 0;
    for (const auto &prompt : prompts)
      count += prompt.size();
    return count;
  }
  size_t writtenTokens() const {
    size_t count = 0;
    for (const Generation &row : written)
      count += row.sequences[0].tokens.size();
    return count;
  }

  void printJson() const {
    nlohmann::json object{{"rows", nlohmann::json::array()},
                          {"timing",
                           {{"prompt_tokens", promptTokens()},
                            {"written_tokens", writtenTokens()},
                            {"prefill_seconds", written[0].prefillSeconds},
                            {"decode_seconds", written[0].decodeSeconds}}}};
    for (const Generation &row : written) {
      const GeneratedText &best = row.sequences[0];
      object["rows"].push_back({{"tokens", best.tokens},
                                {"text", best.text},
                                {"score", best.score},
                                {"finish", tenon_finish_name(best.finish)}});
    }
    std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

  void printRows() const {
    for (size_t row = 0; row < written.size(); ++row) {
      const GeneratedText &best = written[row].sequences[0];
      std::string text = streams ? "" : fromText(row) ? best.text : joined(best.tokens);
      std::fwrite(text.data(), 1, text.size(), stdout);
      std::fputc('\n', stdout);
    }
    std::fflush(stdout);
    double prefill = written[0].prefillSeconds, decode = written[0].decodeSeconds;
    std::fprintf(stderr, "%zu tokens read in %.3f s (%.0f/s), %zu written in %.3f s (%.1f/s)\n", promptTokens(),
                 prefill, static_cast<double>(promptTokens()) / prefill, writtenTokens(), decode,
                 static_cast<double>(writtenTokens()) / decode);
  }

  const RunArguments &arguments;
  const Model &model;
  tenon_model_info info;
  GenerateOptions options;
  std::vector<std::string> texts;
  std::vector<std::vector<int32_t>> prompts;
  std::vector<Session> sessions;
  std::vector<Generation> written;
  bool streams = false;
};

} // namespace

void tools::generate(const RunArguments &arguments, const Model &model) { Answers(arguments, model).run(); }
