//===- Generate.cpp - tenon run of models that generate -------------------===//

#include "Generate.h"
#include "Command.h"
#include "Manifest.h"
#include "Progress.h"
#include "Sources.h"

#include <algorithm>
#include <atomic>
#include <chrono>
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

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// One prompt, or one source and what the answer about it begins with, and what the model makes of them.
struct Row {
  std::vector<int32_t> prompt;
  bool asText = false;
  Generation written{{{{}, "", 0, TENON_FINISH_LENGTH}}, 0, 0};
  std::vector<float> logits, hidden; ///< where they are wanted
};

class Answers {
public:
  Answers(const RunArguments &arguments, const Model &model)
      : arguments(arguments), model(model), info(model.info()), options(resolvedOptions(arguments)) {}

  void run() {
    info.has_source ? collectSources() : collectPrompts();
    checkOutputs();
    setOptions();
    Progress progress;
    size_t done = 0;
    Clock::time_point start = Clock::now();
    for (const std::vector<size_t> &batch : batches) {
      writeBatch(batch);
      done += batch.size();
      char rate[32];
      std::snprintf(rate, sizeof rate, "%.1f/s", static_cast<double>(done) / secondsSince(start));
      progress.update(rate, done, rows.size());
      bool cancelled = std::any_of(batch.begin(), batch.end(), [&](size_t row) {
        return rows[row].written.sequences[0].finish == TENON_FINISH_CANCELLED;
      });
      if (cancelled && &batch != &batches.back())
        throw Failure("interrupted after " + std::to_string(done) + " of " + std::to_string(rows.size()) + " inputs");
    }
    writeOutputs();
    if (arguments.json)
      printJson();
    else if (options.maxTokens != 0)
      printRows();
  }

private:
  void collectSources() {
    if (arguments.chat)
      throw Failure("--chat is for models that write without a source, and " + arguments.library + " attends to one");
    sources = readSources(arguments, model);
    if (sources.empty())
      throw Failure("there is nothing to run on: give --text, --tokens, --audio or --input");
    std::vector<int32_t> prompt = answerStart();
    for (const SourceRow &source : sources)
      rows.push_back({prompt, source.asText, {{{{}, "", 0, TENON_FINISH_STOP_TOKEN}}, 0, 0}, {}, {}});
    batches = batchesOf(sources, info);
  }

  std::vector<int32_t> answerStart() const {
    if (!arguments.prefix.empty() && !arguments.prefixTokens.empty())
      throw Failure("--prefix does not go with --prefix-tokens, which are all that an answer begins with");
    if (!arguments.prefixTokens.empty())
      return parseTokens(arguments.prefixTokens, "--prefix-tokens");
    std::vector<int32_t> prompt = model.startTokens();
    if (!arguments.prefix.empty()) {
      std::vector<int32_t> more = model.tokenizeAnswer(arguments.prefix);
      prompt.insert(prompt.end(), more.begin(), more.end());
    }
    if (prompt.empty())
      throw Failure(arguments.library + ": the model has no tokens that answers start with: give --prefix-tokens");
    return prompt;
  }

  void collectPrompts() {
    if (!arguments.prefix.empty() || !arguments.prefixTokens.empty())
      throw Failure("--prefix and --prefix-tokens are for models that write about a source; what " + arguments.library +
                    " is to continue is its --text or --tokens");
    std::vector<std::string> texts = readTexts(arguments.texts);
    if (!texts.empty() && !info.has_tokenizer)
      throw Failure(arguments.library + ": the model has no tokenizer: give --tokens instead of --text");
    if (arguments.chat && !arguments.tokens.empty())
      throw Failure("--chat does not go with --tokens, which are taken as they are");
    for (const std::string &text : texts) {
      Row &row = rows.emplace_back();
      row.prompt = arguments.chat ? model.tokenizeChat(conversation(text)) : model.tokenize(text, INT32_MAX);
      row.asText = true;
    }
    for (const std::string &text : arguments.tokens)
      rows.emplace_back().prompt = parseTokens(text);
    if (rows.empty())
      throw Failure("there is nothing to run on: give --text or --tokens, or --chat alone for a conversation");
    // All in one, since the place in the batch decides on what is drawn.
    batches.emplace_back();
    for (size_t row = 0; row < rows.size(); ++row)
      batches[0].push_back(row);
  }

  std::vector<ChatMessage> conversation(const std::string &text) const {
    std::vector<ChatMessage> messages;
    if (!arguments.system.empty())
      messages.push_back({"system", arguments.system});
    messages.push_back({"user", text});
    return messages;
  }

  bool wants(const char *output) const {
    return std::any_of(arguments.outputs.begin(), arguments.outputs.end(),
                       [&](const std::string &given) { return splitAssignment("--output", given).first == output; });
  }

  /// The encoder's where there is one.
  int64_t hiddenWidth() const { return info.has_source ? info.source_width : info.width; }

  void checkOutputs() const {
    const char *hiddenFrom = info.has_source ? "encode" : "prefill";
    for (const std::string &output : arguments.outputs) {
      std::string name = splitAssignment("--output", output).first;
      bool known = name == "tokens" || (name == "logits" && entryGives(model, "prefill", name)) ||
                   (name == "hidden" && entryGives(model, hiddenFrom, name));
      if (!known)
        throw Failure("--output '" + name + "': the model has logits, hidden and tokens");
    }
  }

  void setOptions() {
    if (options.beams == 0 && options.sequences > 1 && options.temperature == 0)
      throw Failure("--n-best " + std::to_string(options.sequences) + " wants --beam or a --temperature");
    streams = !arguments.json && rows.size() == 1 && rows[0].asText && options.beams == 0 && options.sequences == 1;
    if (streams)
      options.onToken = [](const tenon_generation_event &event) {
        std::fwrite(event.text, 1, event.text_bytes, stdout);
        std::fflush(stdout);
        return true;
      };
    options.scores = arguments.json || options.sequences > 1;
  }

  void writeBatch(const std::vector<size_t> &batch) {
    while (sessions.size() < batch.size())
      sessions.emplace_back(model, arguments.threads);
    std::vector<Session *> pointers;
    std::vector<std::vector<int32_t>> prompts;
    for (size_t index = 0; index < batch.size(); ++index) {
      pointers.push_back(&sessions[index]);
      prompts.push_back(rows[batch[index]].prompt);
    }
    CancelOnInterrupt cancel(pointers);
    if (info.has_source)
      encode(batch, pointers);
    if (options.maxTokens != 0) {
      std::vector<Generation> written = Session::generate(pointers, prompts, options);
      prefillSeconds += written[0].prefillSeconds;
      decodeSeconds += written[0].decodeSeconds;
      for (size_t index = 0; index < batch.size(); ++index)
        rows[batch[index]].written = std::move(written[index]);
    }
    for (size_t index = 0; index < batch.size(); ++index)
      score(batch[index], sessions[index]);
  }

  void encode(const std::vector<size_t> &batch, const std::vector<Session *> &pointers) {
    std::vector<Source> given;
    for (size_t row : batch)
      given.push_back(sources[row].source);
    Clock::time_point start = Clock::now();
    Session::setSources(pointers, given);
    encodeSeconds += secondsSince(start);
  }

  /// The prompt and what was written but its last token.
  static std::vector<int32_t> scoredTokens(const Row &row) {
    std::vector<int32_t> tokens = row.prompt;
    const std::vector<int32_t> &more = row.written.sequences[0].tokens;
    tokens.insert(tokens.end(), more.begin(), more.empty() ? more.end() : more.end() - 1);
    return tokens;
  }

  /// Logits and hidden states where they are wanted: one pass over all tokens gives them.
  void score(size_t number, Session &session) {
    Row &row = rows[number];
    std::vector<int32_t> tokens = scoredTokens(row);
    if (wants("logits"))
      row.logits.resize(tokens.size() * static_cast<size_t>(logitsWidth(model)));
    bool ofSource = info.has_source && wants("hidden"), ofTokens = !info.has_source && wants("hidden");
    if (ofTokens)
      row.hidden.resize(tokens.size() * static_cast<size_t>(info.width));
    if (ofSource)
      row.hidden = hiddenStates(model, session, sources[number]);
    if (row.logits.empty() && !ofTokens)
      return;
    session.rewind(0);
    check(tenon_session_score(session.get(), tokens.data(), tokens.size(),
                              row.logits.empty() ? nullptr : row.logits.data(),
                              ofTokens ? row.hidden.data() : nullptr));
  }

  /// [rows, longest, columns], zeros behind the end of a row.
  NpyArray padded(std::vector<float> Row::*values, int64_t columns) const {
    size_t longest = 0;
    for (const Row &row : rows)
      longest = std::max(longest, (row.*values).size());
    std::vector<float> all(rows.size() * longest);
    for (size_t row = 0; row < rows.size(); ++row)
      std::copy((rows[row].*values).begin(), (rows[row].*values).end(),
                all.begin() + static_cast<ptrdiff_t>(row * longest));
    return floatArray({static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest) / columns, columns},
                      std::move(all));
  }

  void writeOutputs() {
    for (const std::string &output : arguments.outputs) {
      auto [name, path] = splitAssignment("--output", output);
      if (name == "logits")
        writeNpy(path, padded(&Row::logits, logitsWidth(model)));
      else if (name == "hidden")
        writeNpy(path, padded(&Row::hidden, hiddenWidth()));
      if (name != "tokens")
        continue;
      std::vector<std::vector<int32_t>> tokens;
      for (const Row &row : rows)
        tokens.push_back(row.written.sequences[0].tokens);
      writeNpy(path, tokenArray(tokens));
    }
  }

  size_t readTokens() const {
    size_t count = 0;
    for (size_t row = 0; row < rows.size(); ++row)
      count += info.has_source ? static_cast<size_t>(lengthOf(sources[row], info)) : rows[row].prompt.size();
    return count;
  }
  size_t writtenTokens() const {
    size_t count = 0;
    for (const Row &row : rows)
      count += row.written.sequences[0].tokens.size();
    return count;
  }

  static nlohmann::json jsonOf(const GeneratedText &text) {
    return {{"tokens", text.tokens},
            {"text", text.text},
            {"score", text.score},
            {"finish", tenon_finish_name(text.finish)}};
  }

  void printJson() const {
    nlohmann::json timing{{"prompt_tokens", readTokens()},
                          {"written_tokens", writtenTokens()},
                          {"prefill_seconds", prefillSeconds},
                          {"decode_seconds", decodeSeconds}};
    if (info.has_source)
      timing["encode_seconds"] = encodeSeconds;
    nlohmann::json object{{"rows", nlohmann::json::array()}, {"timing", std::move(timing)}};
    for (const Row &row : rows) {
      nlohmann::json made = jsonOf(row.written.sequences[0]);
      for (size_t other = 1; other < row.written.sequences.size(); ++other)
        made["others"].push_back(jsonOf(row.written.sequences[other]));
      object["rows"].push_back(std::move(made));
    }
    std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

  void printRow(const Row &row) const {
    for (const GeneratedText &one : row.written.sequences) {
      if (options.sequences > 1)
        std::printf("%.4f\t", one.score);
      std::string text = streams ? "" : row.asText ? one.text : joined(one.tokens);
      std::fwrite(text.data(), 1, text.size(), stdout);
      std::fputc('\n', stdout);
    }
  }

  void printRows() const {
    for (const Row &row : rows)
      printRow(row);
    std::fflush(stdout);
    double reading = encodeSeconds + prefillSeconds, all = reading + decodeSeconds;
    if (all == 0)
      return;
    std::fprintf(stderr, "%zu tokens read in %.3f s (%.0f/s), %zu written in %.3f s (%.1f/s)", readTokens(), reading,
                 static_cast<double>(readTokens()) / reading, writtenTokens(), decodeSeconds,
                 static_cast<double>(writtenTokens()) / decodeSeconds);
    if (rows.size() > 1)
      std::fprintf(stderr, ", %.1f rows/s", static_cast<double>(rows.size()) / all);
    std::fputc('\n', stderr);
  }

  const RunArguments &arguments;
  const Model &model;
  tenon_model_info info;
  GenerateOptions options;
  std::vector<SourceRow> sources; ///< of `rows`; none where the model attends to none
  std::vector<Row> rows;
  std::vector<std::vector<size_t>> batches;
  std::vector<Session> sessions;
  double encodeSeconds = 0, prefillSeconds = 0, decodeSeconds = 0;
  bool streams = false;
};

} // namespace

void tools::generate(const RunArguments &arguments, const Model &model) { Answers(arguments, model).run(); }
