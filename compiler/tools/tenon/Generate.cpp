//===- Generate.cpp - tenon run of models that generate -------------------===//

#include "Generate.h"
#include "Command.h"
#include "Manifest.h"
#include "Output.h"
#include "Progress.h"
#include "PromptReader.h"

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

namespace {

std::string joined(const std::vector<int32_t> &tokens) {
  std::string text;
  for (int32_t token : tokens)
    text += (text.empty() ? "" : ",") + std::to_string(token);
  return text;
}

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// What the model makes of a prompt.
struct Row {
  Prompt prompt;
  Generation written;
  std::vector<float> logits, hidden; ///< where they are wanted
};

/// Enough for batches of sentences of like length, few enough to begin at once.
constexpr size_t kWindow = 1024;

class Answers {
public:
  Answers(const RunArguments &arguments, const Model &model)
      : arguments(arguments), model(model), info(model.info()), sources(model.sources()), reader(arguments, model),
        options(arguments.generation.resolve(model)) {
    checkOutputs();
    setOptions();
  }

  void run() {
    for (std::vector<Prompt> prompts; !(prompts = reader.next(kWindow)).empty();)
      writeWindow(std::move(prompts));
    progress.clear();
    writeOutputs();
    if (arguments.json)
      printJson();
    else if (options.maxTokens != 0)
      printTimes();
    lost.report(finished);
  }

private:
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
                   (name == "hidden" && sources.size() < 2 && entryGives(model, hiddenFrom, name));
      if (!known)
        throw Failure("--output '" + name + "': the model has logits" + (sources.size() < 2 ? ", hidden" : "") +
                      " and tokens");
    }
  }

  void setOptions() {
    if (options.beams == 0 && options.sequences > 1 && options.temperature == 0)
      throw Failure("--n-best " + std::to_string(options.sequences) + " wants --beam or a --temperature");
    options.scores = arguments.json || options.sequences > 1;
  }

  /// Answers prompts, and prints each answer as soon as those before it are there.
  void writeWindow(std::vector<Prompt> prompts) {
    std::vector<Row> window;
    std::vector<const Prompt *> pointers;
    for (Prompt &prompt : prompts)
      window.push_back({std::move(prompt), unwritten(), {}, {}});
    for (const Row &row : window)
      pointers.push_back(&row.prompt);
    std::vector<bool> isDone(window.size());
    for (size_t row = 0; row < window.size(); ++row)
      isDone[row] = window[row].prompt.isBlank || !window[row].prompt.lost.empty();
    size_t printed = 0;
    auto printReady = [&] {
      for (; printed < window.size() && isDone[printed]; ++printed)
        finish(window[printed]);
    };
    for (const std::vector<size_t> &batch : batchesOf(pointers, sources)) {
      writeOrLose(batch, window);
      for (size_t row : batch)
        isDone[row] = true;
      bool interrupted = isInterrupted(batch, window); // What is printed may be moved away.
      printReady();
      if (interrupted)
        throw Failure("interrupted after " + std::to_string(finished) + " answers");
      showProgress(std::count(isDone.begin(), isDone.end(), true) - printed);
    }
    printReady();
  }

  /// As many empty answers as are wanted.
  Generation unwritten() const {
    GeneratedText nothing{{}, "", 0, options.maxTokens == 0 ? TENON_FINISH_LENGTH : TENON_FINISH_STOP_TOKEN};
    return {std::vector<GeneratedText>(options.sequences, nothing), 0, 0};
  }

  /// Ctrl-C ends the answers that are being written and begins no more.
  bool isInterrupted(const std::vector<size_t> &batch, const std::vector<Row> &window) const {
    return !reader.isOne() && std::any_of(batch.begin(), batch.end(), [&](size_t row) {
      return window[row].written.sequences[0].finish == TENON_FINISH_CANCELLED;
    });
  }

  void showProgress(size_t waiting) {
    size_t done = finished + waiting;
    char text[64];
    std::snprintf(text, sizeof text, "%zu done, %.1f/s", done, static_cast<double>(done) / secondsSince(start));
    progress.update(text, done, reader.expected());
  }

  /// A job of lines goes on past those that the model refuses: it is known which they are when their batch is halved
  /// until they are alone.
  void writeOrLose(const std::vector<size_t> &batch, std::vector<Row> &window) {
    try {
      writeBatch(batch, window);
    } catch (const Error &error) {
      Prompt &first = window[batch[0]].prompt;
      if (batch.size() == 1) {
        if (!first.isLine)
          throw;
        first.lost = first.place + ": " + error.what();
        return;
      }
      auto middle = batch.begin() + static_cast<ptrdiff_t>(batch.size() / 2);
      writeOrLose({batch.begin(), middle}, window);
      writeOrLose({middle, batch.end()}, window);
    }
  }

  void writeBatch(const std::vector<size_t> &batch, std::vector<Row> &window) {
    while (sessions.size() < batch.size())
      sessions.emplace_back(model, arguments.threads);
    std::vector<Session *> pointers;
    for (size_t index = 0; index < batch.size(); ++index)
      pointers.push_back(&sessions[index]);
    CancelOnInterrupt cancel(pointers);
    begin(batch, window, pointers);
    if (options.maxTokens != 0)
      generate(batch, window, pointers);
    for (size_t index = 0; index < batch.size(); ++index)
      score(window[batch[index]], sessions[index]);
    ++batches;
  }

  /// Makes sessions that have no tokens and are about their prompts' sources.
  void begin(const std::vector<size_t> &batch, std::vector<Row> &window, const std::vector<Session *> &pointers) {
    if (!info.has_source) {
      for (Session *session : pointers)
        session->rewind(0);
      return;
    }
    std::vector<Source> given;
    for (size_t row : batch)
      given.insert(given.end(), window[row].prompt.sources.begin(), window[row].prompt.sources.end());
    Clock::time_point begin = Clock::now();
    Session::setSources(pointers, given);
    encodeSeconds += secondsSince(begin);
  }

  void generate(const std::vector<size_t> &batch, std::vector<Row> &window, const std::vector<Session *> &pointers) {
    std::vector<std::vector<int32_t>> prompts;
    for (size_t row : batch)
      prompts.push_back(window[row].prompt.tokens);
    GenerateOptions now = options;
    // What is drawn for a row depends on the seed and its place in the batch.
    now.seed += batches;
    if (streams(window[batch[0]].prompt))
      now.onToken = [](const tenon_generation_event &event) {
        std::fwrite(event.text, 1, event.text_bytes, stdout);
        flushOutput();
        return true;
      };
    std::vector<Generation> written = Session::generate(pointers, prompts, now);
    prefillSeconds += written[0].prefillSeconds;
    decodeSeconds += written[0].decodeSeconds;
    for (size_t index = 0; index < batch.size(); ++index)
      window[batch[index]].written = std::move(written[index]);
  }

  /// Whether the only answer is printed as it is written.
  bool streams(const Prompt &prompt) const {
    return !arguments.json && reader.isOne() && prompt.asText && options.beams == 0 && options.sequences == 1;
  }

  /// The prompt and what was written but its last token.
  static std::vector<int32_t> scoredTokens(const Row &row) {
    std::vector<int32_t> tokens = row.prompt.tokens;
    const std::vector<int32_t> &more = row.written.sequences[0].tokens;
    tokens.insert(tokens.end(), more.begin(), more.empty() ? more.end() : more.end() - 1);
    return tokens;
  }

  /// Logits and hidden states where they are wanted: one pass over all tokens gives them.
  void score(Row &row, Session &session) {
    std::vector<int32_t> tokens = scoredTokens(row);
    if (wants("logits"))
      row.logits.resize(tokens.size() * static_cast<size_t>(logitsWidth(model)));
    bool ofSource = info.has_source && wants("hidden"), ofTokens = !info.has_source && wants("hidden");
    if (ofTokens)
      row.hidden.resize(tokens.size() * static_cast<size_t>(info.width));
    if (ofSource)
      row.hidden = hiddenStates(session, row.prompt, sources[0]);
    if (row.logits.empty() && !ofTokens)
      return;
    session.rewind(0);
    check(tenon_session_score(session.get(), tokens.data(), tokens.size(),
                              row.logits.empty() ? nullptr : row.logits.data(),
                              ofTokens ? row.hidden.data() : nullptr));
  }

  /// Prints a row whose turn it is, or keeps it for the end.
  void finish(Row &row) {
    ++finished;
    if (!row.prompt.lost.empty()) {
      progress.clear();
      lost.add(row.prompt.lost);
    }
    readTokens += row.prompt.isBlank || !row.prompt.lost.empty() ? 0 : static_cast<size_t>(lengthOf(row.prompt, sources));
    for (const GeneratedText &one : row.written.sequences)
      writtenTokens += one.tokens.size();
    if (!arguments.json && options.maxTokens != 0) {
      progress.clear();
      printRow(row);
    }
    row.prompt.sources.clear();
    if (arguments.json || !arguments.outputs.empty())
      kept.push_back(std::move(row));
  }

  void printRow(const Row &row) const {
    for (const GeneratedText &one : row.written.sequences) {
      if (options.sequences > 1)
        std::printf("%.4f\t", one.score);
      std::string text = streams(row.prompt) ? "" : row.prompt.asText ? one.text : joined(one.tokens);
      std::fwrite(text.data(), 1, text.size(), stdout);
      std::fputc('\n', stdout);
    }
    flushOutput();
  }

  /// [rows, longest, columns], zeros behind the end of a row.
  NpyArray padded(std::vector<float> Row::*values, int64_t columns) const {
    size_t longest = 0;
    for (const Row &row : kept)
      longest = std::max(longest, (row.*values).size());
    std::vector<float> all(kept.size() * longest);
    for (size_t row = 0; row < kept.size(); ++row)
      std::copy((kept[row].*values).begin(), (kept[row].*values).end(),
                all.begin() + static_cast<ptrdiff_t>(row * longest));
    return floatArray({static_cast<int64_t>(kept.size()), static_cast<int64_t>(longest) / columns, columns},
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
      for (const Row &row : kept)
        tokens.push_back(row.written.sequences[0].tokens);
      writeNpy(path, tokenArray(tokens));
    }
  }

  static nlohmann::json jsonOf(const GeneratedText &text) {
    return {{"tokens", text.tokens},
            {"text", text.text},
            {"score", text.score},
            {"finish", tenon_finish_name(text.finish)}};
  }

  void printJson() const {
    nlohmann::json timing{{"prompt_tokens", readTokens},
                          {"written_tokens", writtenTokens},
                          {"prefill_seconds", prefillSeconds},
                          {"decode_seconds", decodeSeconds}};
    if (info.has_source)
      timing["encode_seconds"] = encodeSeconds;
    nlohmann::json object{{"rows", nlohmann::json::array()}, {"timing", std::move(timing)}};
    for (const Row &row : kept) {
      if (!row.prompt.lost.empty()) {
        object["rows"].push_back({{"error", row.prompt.lost}});
        continue;
      }
      nlohmann::json made = jsonOf(row.written.sequences[0]);
      if (options.sequences > 1)
        for (const GeneratedText &one : row.written.sequences)
          made["sequences"].push_back(jsonOf(one));
      object["rows"].push_back(std::move(made));
    }
    std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

  void printTimes() const {
    double reading = encodeSeconds + prefillSeconds, all = reading + decodeSeconds;
    if (all == 0)
      return;
    std::fprintf(stderr, "%zu tokens read in %.3f s (%.0f/s), %zu written in %.3f s (%.1f/s)", readTokens, reading,
                 static_cast<double>(readTokens) / reading, writtenTokens, decodeSeconds,
                 static_cast<double>(writtenTokens) / decodeSeconds);
    if (finished > 1)
      std::fprintf(stderr, ", %zu %s in %.3f s (%.1f/s)", finished, reader.readsLines() ? "lines" : "rows", all,
                   static_cast<double>(finished) / all);
    std::fputc('\n', stderr);
  }

  const RunArguments &arguments;
  const Model &model;
  tenon_model_info info;
  std::vector<tenon_source_info> sources; ///< of the model
  PromptReader reader;
  GenerateOptions options;
  std::vector<Session> sessions;
  std::vector<Row> kept; ///< for what is written at the end
  size_t batches = 0, finished = 0, readTokens = 0, writtenTokens = 0;
  double encodeSeconds = 0, prefillSeconds = 0, decodeSeconds = 0;
  LostLines lost;
  Progress progress;
  Clock::time_point start = Clock::now();
};

} // namespace

void tools::generate(const RunArguments &arguments, const Model &model) { Answers(arguments, model).run(); }
