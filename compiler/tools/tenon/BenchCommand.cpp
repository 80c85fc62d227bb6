//===- BenchCommand.cpp - tenon bench -------------------------------------===//

#include "Bandwidth.h"
#include "Command.h"
#include "Manifest.h"
#include "tune/SignTest.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string library;
  int64_t batch = 1, source = 0, prefill = 0, decode = 64; ///< 0: the default
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

constexpr int64_t kDefaultTokens = 128;

int64_t prefillOf(const Arguments &arguments) { return arguments.prefill != 0 ? arguments.prefill : kDefaultTokens; }

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
  int64_t length = prefillOf(arguments);
  std::vector<int32_t> row = someTokens(length, info.vocab);
  std::vector<const int32_t *> rows(arguments.batch, row.data());
  std::vector<int32_t> lengths(arguments.batch, static_cast<int32_t>(row.size()));
  bool pooled = info.embedding_width > 0;
  std::vector<float> output(arguments.batch * (pooled ? info.embedding_width : length * info.width));
  std::vector<double> times = measure(session, rows, lengths, output, pooled, arguments.runs);
  double median = tune::median(times);
  double tokens = static_cast<double>(arguments.batch * length);
  uint32_t threads = session.threads();
  if (arguments.json) {
    nlohmann::json object{{"batch", arguments.batch},
                          {"prefill", length},
                          {"threads", threads},
                          {"target", info.target},
                          {"runs", times.size()},
                          {"milliseconds", {{"min", times.front()}, {"median", median}}},
                          {"tokens_per_second", tokens / median * 1000}};
    std::printf("%s\n", object.dump().c_str());
    return;
  }
  std::printf("%s, %s, %u threads: %lld x %lld tokens in %.3f ms (median of %zu, best %.3f), %.0f tokens/s\n",
              info.name, info.target, threads, static_cast<long long>(arguments.batch), static_cast<long long>(length),
              median, times.size(), times.front(), tokens / median * 1000);
}

/// What one pass of a model that generates reads for each token in the cache, for each row of a source, and besides.
struct Traffic {
  double weights = 0, cachedToken = 0;
  std::map<std::string, double> sourceRows; ///< by the name of the source's stack
};

/// The stack of an entry point's input of that role; "" where stacks have no names.
std::string stackOf(const nlohmann::json &entry, const char *role) {
  for (const auto &input : entry["inputs"])
    if (input.value("role", "") == role)
      return input.value("stack", "");
  return "";
}

/// Bytes that states of a pool keep of a row: pages are of 16, in each layer.
double rowBytes(const nlohmann::json &entry, const std::string &pool) {
  double bytes = 0;
  for (const auto &state : entry["states"])
    if (state["shape"][1] == pool)
      bytes += state["shape"][0].get<double>() * state["shape"][2].get<double>() * sizeof(float) / 16;
  return bytes;
}

Traffic trafficOf(const Model &model) {
  nlohmann::json manifest = readManifest(model);
  Traffic traffic;
  traffic.weights = static_cast<double>(model.info().weight_bytes);
  for (const auto &entry : manifest["entries"]) {
    if (entry["name"] != "decode")
      continue;
    traffic.weights = entry.value("weight_bytes", traffic.weights);
    std::string own = stackOf(entry, "past");
    for (const auto &input : entry["inputs"])
      if (input.value("role", "") == "pages") {
        std::string stack = input.value("stack", "");
        (stack == own ? traffic.cachedToken : traffic.sourceRows[stack]) += rowBytes(entry, input["pool"]);
      }
    if (entry.contains("prefix")) // whose rows are kept as own ones
      traffic.sourceRows[entry["prefix"]] = traffic.cachedToken;
  }
  return traffic;
}

/// Something to write about, of what the model takes: tokens, features, or hidden states where it has no encoder.
Source someSource(const tenon_source_info &info, int64_t rows) {
  Source source;
  if (info.vocab != 0)
    source.tokens = someTokens(rows, info.vocab);
  else if (info.features != 0)
    source.features.emplace(rows * info.features, 0.5F);
  else
    source.hidden.emplace(rows * info.width, 0.5F);
  return source;
}

class GenerationBench {
public:
  GenerationBench(const Arguments &arguments, const Model &model)
      : arguments(arguments), model(model), info(model.info()), kinds(model.sources()) {
    for (int64_t row = 0; row < arguments.batch; ++row)
      sessions.emplace_back(model, arguments.threads);
    for (Session &session : sessions)
      pointers.push_back(&session);
    setLengths();
    for (int64_t row = 0; row < arguments.batch; ++row)
      for (size_t index = 0; index < kinds.size(); ++index)
        sources.push_back(someSource(kinds[index], sourceLengths[index]));
    prompts.assign(arguments.batch, someTokens(prefillLength, info.vocab));
    options.maxTokens = arguments.decode + 1; // the first comes out of the prompt
    options.ignoreEos = true;
  }

  void run() {
    double spent = 0;
    for (int warmups = 1;
         arguments.runs > 0 ? static_cast<int>(decode.size()) < arguments.runs : spent < 2 || decode.size() < 3;) {
      double encoding = prepare();
      Generation written = Session::generate(pointers, prompts, options)[0];
      if (warmups-- > 0)
        continue;
      encode.push_back(encoding);
      prefill.push_back(written.prefillSeconds);
      decode.push_back(written.decodeSeconds);
      spent += encoding + written.prefillSeconds + written.decodeSeconds;
    }
    bandwidth = readBandwidth(sessions[0].threads());
    compute();
    arguments.json ? printJson() : print();
  }

private:
  /// An answer about a source begins with its start; features fill what the encoder takes.
  void setLengths() {
    prefillLength = prefillOf(arguments);
    if (!info.has_source)
      return;
    if (arguments.prefill == 0)
      prefillLength = std::max<int64_t>(1, static_cast<int64_t>(model.startTokens().size()));
    for (const tenon_source_info &kind : kinds) {
      int64_t most = kind.positions != 0 ? kind.positions : kDefaultTokens;
      int64_t usual = kind.features != 0 ? most : std::min(most, kDefaultTokens);
      sourceLengths.push_back(arguments.source != 0 ? arguments.source : usual);
      sourceLength += sourceLengths.back();
    }
  }

  /// Empties the sessions; how long their sources took.
  double prepare() {
    auto start = std::chrono::steady_clock::now();
    if (info.has_source)
      Session::setSources(pointers, sources);
    else
      for (Session &session : sessions)
        session.rewind(0);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void compute() {
    auto batch = static_cast<double>(arguments.batch), steps = static_cast<double>(arguments.decode);
    encodeSeconds = tune::median(encode);
    first = tune::median(prefill);
    encodeRate = batch * static_cast<double>(sourceLength) / encodeSeconds;
    prefillRate = batch * static_cast<double>(prefillLength) / first;
    decodeRate = steps > 0 ? batch * steps / tune::median(decode) : 0;
    Traffic traffic = trafficOf(model);
    // The context grows by one with each step.
    double context = static_cast<double>(prefillLength) + (steps + 1) / 2;
    bytes = traffic.weights / batch + context * traffic.cachedToken;
    for (size_t index = 0; index < kinds.size(); ++index) {
      int64_t stride = encoderStride(model, kinds[index].name);
      bytes += static_cast<double>((sourceLengths[index] + stride - 1) / stride) * traffic.sourceRows[kinds[index].name];
    }
    share = decodeRate * bytes / bandwidth;
  }

  void printJson() const {
    nlohmann::json object{{"batch", arguments.batch},
                          {"prefill", prefillLength},
                          {"decode", arguments.decode},
                          {"threads", sessions[0].threads()},
                          {"target", info.target},
                          {"runs", decode.size()},
                          {"first_token_milliseconds", first * 1000},
                          {"prefill_tokens_per_second", prefillRate},
                          {"decode_tokens_per_second", decodeRate},
                          {"bytes_per_token", bytes},
                          {"read_bandwidth", bandwidth},
                          {"bandwidth_share", share}};
    if (info.has_source) {
      object["source"] = sourceLength;
      object["encode_milliseconds"] = encodeSeconds * 1000;
      object["encode_rows_per_second"] = encodeRate;
    }
    std::printf("%s\n", object.dump().c_str());
  }

  void print() const {
    std::printf("%s, %s, %u threads, %lld rows, median of %zu\n", info.name, info.target, sessions[0].threads(),
                static_cast<long long>(arguments.batch), decode.size());
    const char *unit = info.source_features != 0 ? "rows  " : "tokens";
    if (info.has_source)
      std::printf("encode   %5lld %s  %9.1f %s/s, %.1f ms\n", static_cast<long long>(sourceLength), unit, encodeRate,
                  info.source_features != 0 ? "rows" : "tokens", encodeSeconds * 1000);
    std::printf("prefill  %5lld tokens  %9.1f tokens/s, first token after %.1f ms\n",
                static_cast<long long>(prefillLength), prefillRate, (encodeSeconds + first) * 1000);
    std::printf("decode   %5lld tokens  %9.1f tokens/s, %.1f MB read per token: %.1f of %.1f GB/s (%.0f %%)\n",
                static_cast<long long>(arguments.decode), decodeRate, bytes / 1e6, decodeRate * bytes / 1e9,
                bandwidth / 1e9, share * 100);
  }

  const Arguments &arguments;
  const Model &model;
  tenon_model_info info;
  std::vector<tenon_source_info> kinds; ///< of sources
  std::vector<int64_t> sourceLengths;
  int64_t sourceLength = 0, prefillLength = 0; ///< the first of all sources together
  std::vector<Session> sessions;
  std::vector<Session *> pointers;
  std::vector<Source> sources;
  std::vector<std::vector<int32_t>> prompts;
  GenerateOptions options;
  std::vector<double> encode, prefill, decode; ///< seconds
  double encodeSeconds = 0, first = 0, encodeRate = 0, prefillRate = 0, decodeRate = 0;
  double bytes = 0, bandwidth = 0, share = 0;
};

void bench(const Arguments &arguments, bool decodeGiven) {
  Model model(arguments.library, arguments.hugePages ? TENON_WEIGHTS_COPY_HUGE : TENON_WEIGHTS_MAP);
  if (arguments.source != 0 && !model.info().has_source)
    throw Failure("--source is for models that write about a source, and " + arguments.library +
                  " has no entry point start");
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
                                                  "Example: tenon bench smollm2.so --prefill 128 --decode 64\n"
                                                  "Example: tenon bench enpt.so --batch 16 --source 30 --decode 30");
  command->add_option("LIBRARY", arguments->library, "What tenon compile wrote")->required();
  command->add_option("--batch", arguments->batch, "Sequences")->check(CLI::Range(1, 65536));
  command
      ->add_option(
          "--source", arguments->source,
          "Tokens of each source, or rows of features (default: 128 tokens, as many rows as the encoder takes)")
      ->check(CLI::Range(1, 1 << 20));
  command
      ->add_option("--prefill", arguments->prefill,
                   "Tokens of each sequence (default: 128, or what answers about a source start with)")
      ->check(CLI::Range(1, 1 << 20));
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
