//===- BenchCommand.cpp - tenon bench -------------------------------------===//

#include "Bandwidth.h"
#include "Command.h"
#include "Manifest.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string library;
  int64_t batch = 1, prefill = 128, decode = 64;
  uint32_t threads = 0;
  int runs = 0;
  bool json = false, hugePages = false;
};

/// Any ids do: no kernel's work depends on them.
std::vector<int32_t> someTokens(int64_t count, int64_t vocab) {
  std::vector<int32_t> tokens(count);
  for (size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<int32_t>((i * 7919 + 1) % static_cast<size_t>(vocab));
  return tokens;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Milliseconds of each of enough runs for a median: `runs` of them, or a second's worth.
std::vector<double> measure(Session &session, const std::vector<const int32_t *> &rows,
                            const std::vector<int32_t> &lengths, std::vector<float> &output, bool pooled, int runs) {
  std::vector<double> times;
  double spent = 0;
  int warmups = 2;
  while (runs > 0 ? static_cast<int>(times.size()) < runs : spent < 1000 || times.size() < 5) {
    auto start = std::chrono::steady_clock::now();
    check(tenon_session_encode(session.get(), rows.data(), lengths.data(), rows.size(),
                               pooled ? nullptr : output.data(), pooled ? output.data() : nullptr));
    double time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (warmups-- > 0)
      continue;
    times.push_back(time);
    spent += time;
  }
  std::sort(times.begin(), times.end());
  return times;
}

void benchEncoder(const Arguments &arguments, const Model &model) {
  Session session(model, arguments.threads);
  tenon_model_info info = model.info();
  if (info.vocab <= 0)
    throw Failure(arguments.library + ": the library has no vocabulary to make inputs of; it was compiled from IR");
  std::vector<int32_t> row = someTokens(arguments.prefill, info.vocab);
  std::vector<const int32_t *> rows(arguments.batch, row.data());
  std::vector<int32_t> lengths(arguments.batch, static_cast<int32_t>(row.size()));
  bool pooled = entryGives(model, "encode", "embedding");
  std::vector<float> output(pooled ? arguments.batch * info.width : arguments.batch * arguments.prefill * info.width);
  std::vector<double> times = measure(session, rows, lengths, output, pooled, arguments.runs);
  double median = times[times.size() / 2];
  double tokens = static_cast<double>(arguments.batch * arguments.prefill);
  uint32_t threads = session.threads();
  if (arguments.json) {
    nlohmann::json object{{"batch", arguments.batch},
                          {"prefill", arguments.prefill},
                          {"threads", threads},
                          {"target", info.target},
                          {"runs", times.size()},
                          {"milliseconds", {{"min", times.front()}, {"median", median}}},
                          {"tokens_per_second", tokens / median * 1000}};
    std::printf("%s\n", object.dump().c_str());
    return;
  }
  std::printf("%s, %s, %u threads: %lld x %lld tokens in %.3f ms (median of %zu, best %.3f), %.0f tokens/s\n",
              info.name, info.target, threads, static_cast<long long>(arguments.batch),
              static_cast<long long>(arguments.prefill), median, times.size(), times.front(), tokens / median * 1000);
}

/// What one pass of a model that generates reads for each token in the cache, and besides.
struct Traffic {
  double weights = 0, cachedToken = 0;
};

Traffic trafficOf(const Model &model) {
  nlohmann::json manifest = readManifest(model);
  Traffic traffic;
  traffic.weights = static_cast<double>(model.info().weight_bytes);
  for (const auto &entry : manifest["entries"]) {
    if (entry["name"] != "decode")
      continue;
    traffic.weights = entry.value("weight_bytes", traffic.weights);
    for (const auto &state : entry["states"]) // pages of 16 tokens, in each layer
      traffic.cachedToken += state["shape"][0].get<double>() * state["shape"][2].get<double>() * sizeof(float) / 16;
  }
  return traffic;
}

class GenerationBench {
public:
  GenerationBench(const Arguments &arguments, const Model &model)
      : arguments(arguments), model(model), info(model.info()) {
    for (int64_t row = 0; row < arguments.batch; ++row)
      sessions.emplace_back(model, arguments.threads);
    for (Session &session : sessions)
      pointers.push_back(&session);
    prompts.assign(arguments.batch, someTokens(arguments.prefill, info.vocab));
    options.maxTokens = arguments.decode + 1; // the first comes out of the prompt
    options.ignoreEos = true;
  }

  void run() {
    double spent = 0;
    for (int warmups = 1;
         arguments.runs > 0 ? static_cast<int>(decode.size()) < arguments.runs : spent < 2 || decode.size() < 3;) {
      for (Session &session : sessions)
        session.rewind(0);
      Generation written = Session::generate(pointers, prompts, options)[0];
      if (warmups-- > 0)
        continue;
      prefill.push_back(written.prefillSeconds);
      decode.push_back(written.decodeSeconds);
      spent += written.prefillSeconds + written.decodeSeconds;
    }
    bandwidth = readBandwidth(sessions[0].threads());
    report();
  }

private:
  void report() const {
    auto batch = static_cast<double>(arguments.batch), steps = static_cast<double>(arguments.decode);
    double first = median(prefill), rest = median(decode);
    double prefillRate = batch * static_cast<double>(arguments.prefill) / first;
    double decodeRate = steps > 0 ? batch * steps / rest : 0;
    Traffic traffic = trafficOf(model);
    // The context grows by one with each step.
    double context = static_cast<double>(arguments.prefill) + (steps + 1) / 2;
    double bytes = traffic.weights / batch + context * traffic.cachedToken;
    double share = decodeRate * bytes / bandwidth;
    uint32_t threads = sessions[0].threads();
    if (arguments.json) {
      nlohmann::json object{{"batch", arguments.batch},
                            {"prefill", arguments.prefill},
                            {"decode", arguments.decode},
                            {"threads", threads},
                            {"target", info.target},
                            {"runs", decode.size()},
                            {"first_token_milliseconds", first * 1000},
                            {"prefill_tokens_per_second", prefillRate},
                            {"decode_tokens_per_second", decodeRate},
                            {"bytes_per_token", bytes},
                            {"read_bandwidth", bandwidth},
                            {"bandwidth_share", share}};
      std::printf("%s\n", object.dump().c_str());
      return;
    }
    std::printf("%s, %s, %u threads, %lld rows, median of %zu\n", info.name, info.target, threads,
                static_cast<long long>(arguments.batch), decode.size());
    std::printf("prefill  %5lld tokens  %9.1f tokens/s, first token after %.1f ms\n",
                static_cast<long long>(arguments.prefill), prefillRate, first * 1000);
    std::printf("decode   %5lld tokens  %9.1f tokens/s, %.1f MB read per token: %.1f of %.1f GB/s (%.0f %%)\n",
                static_cast<long long>(arguments.decode), decodeRate, bytes / 1e6, decodeRate * bytes / 1e9,
                bandwidth / 1e9, share * 100);
  }

  const Arguments &arguments;
  const Model &model;
  tenon_model_info info;
  std::vector<Session> sessions;
  std::vector<Session *> pointers;
  std::vector<std::vector<int32_t>> prompts;
  GenerateOptions options;
  std::vector<double> prefill, decode; ///< seconds
  double bandwidth = 0;
};

void bench(const Arguments &arguments, bool decodeGiven) {
  Model model(arguments.library, arguments.hugePages ? TENON_WEIGHTS_COPY_HUGE : TENON_WEIGHTS_MAP);
  if (model.info().generates)
    return GenerationBench(arguments, model).run();
  if (decodeGiven)
    throw Failure("--decode is for models that generate, and " + arguments.library + " has no entry point prefill");
  benchEncoder(arguments, model);
}

} // namespace

void tools::addBench(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("bench", "Measure a compiled model\n"
                                                  "Example: tenon bench minilm.so --batch 8 --prefill 128\n"
                                                  "Example: tenon bench smollm2.so --prefill 128 --decode 64");
  command->add_option("LIBRARY", arguments->library, "What tenon compile wrote")->required();
  command->add_option("--batch", arguments->batch, "Sequences")->check(CLI::Range(1, 65536));
  command->add_option("--prefill", arguments->prefill, "Tokens of each")->check(CLI::Range(1, 1 << 20));
  CLI::Option *decode =
      command->add_option("--decode", arguments->decode, "Tokens to write after them, one pass each (default: 64)")
          ->check(CLI::Range(0, 1 << 20));
  command->add_option("--threads", arguments->threads, "Threads (default: as many as CPUs may be used)");
  command->add_option("--runs", arguments->runs, "Measured runs (default: a second's worth)")
      ->check(CLI::Range(1, 100000));
  command->add_flag("--huge-pages", arguments->hugePages, "Copy the weights into huge pages");
  command->add_flag("--json", arguments->json, "One JSON object on standard output");
  command->callback([arguments, decode] { bench(*arguments, decode->count() != 0); });
}
