//===- BenchCommand.cpp - tenon bench -------------------------------------===//

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
  int64_t batch = 1, prefill = 128;
  uint32_t threads = 0;
  int runs = 0;
  bool json = false, hugePages = false;
};

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

void bench(const Arguments &arguments) {
  Model model(arguments.library, arguments.hugePages ? TENON_WEIGHTS_COPY_HUGE : TENON_WEIGHTS_MAP);
  Session session(model, arguments.threads);
  tenon_model_info info = model.info();
  if (info.vocab <= 0)
    throw Failure(arguments.library + ": the library has no vocabulary to make inputs of; it was compiled from IR");
  // Any ids do: no kernel's work depends on them.
  std::vector<int32_t> row(arguments.prefill);
  for (size_t i = 0; i < row.size(); ++i)
    row[i] = static_cast<int32_t>((i * 7919 + 1) % static_cast<size_t>(info.vocab));
  std::vector<const int32_t *> rows(arguments.batch, row.data());
  std::vector<int32_t> lengths(arguments.batch, static_cast<int32_t>(row.size()));
  bool pooled = encoderGives(model, "embedding");
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

} // namespace

void tools::addBench(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("bench", "Measure a compiled model\n"
                                                  "Example: tenon bench minilm.so --batch 8 --prefill 128");
  command->add_option("LIBRARY", arguments->library, "What tenon compile wrote")->required();
  command->add_option("--batch", arguments->batch, "Sequences")->check(CLI::Range(1, 65536));
  command->add_option("--prefill", arguments->prefill, "Tokens of each")->check(CLI::Range(1, 1 << 20));
  command->add_option("--threads", arguments->threads, "Threads (default: as many as CPUs may be used)");
  command->add_option("--runs", arguments->runs, "Measured runs (default: a second's worth)")
      ->check(CLI::Range(1, 100000));
  command->add_flag("--huge-pages", arguments->hugePages, "Copy the weights into huge pages");
  command->add_flag("--json", arguments->json, "One JSON object on standard output");
  command->callback([arguments] { bench(*arguments); });
}
