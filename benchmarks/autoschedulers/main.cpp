//===- main.cpp - One kernel under one of Halide's autoschedulers ---------===//
//
// tenon-autoschedule-kernel cases | schedule CASE SCHEDULER OBJECT | race CASE OBJECT: what compare.py runs in
// processes of their own, which a plugin or what it made may end.
//
//===----------------------------------------------------------------------===//

#include "Autoschedule.h"
#include "tune/Race.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

using namespace tenon;
using namespace tenon::benchmarks;
using namespace tenon::kernels::test;

namespace {

using Clock = std::chrono::steady_clock;

/// More than the last cache of any machine this runs on.
constexpr size_t kColdBytes = size_t(400) << 20;
/// What one measurement takes at least.
constexpr double kLeastSeconds = 2e-3;

struct Arguments {
  std::string kernel, scheduler, object;
  std::string target = cpuHas("x86-64-v4") ? "x86-64-v4" : "x86-64-v3";
  int threads = 2;
  unsigned turns = 15;
  double seconds = 10;
};

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void listCases() {
  nlohmann::json cases = nlohmann::json::array();
  for (const std::string &name : caseNames())
    cases.push_back({{"name", name}, {"model", makeCase(name).model}});
  std::printf("%s\n", nlohmann::json{{"cases", cases}, {"schedulers", autoschedulerNames()}}.dump().c_str());
}

void scheduleCase(const Arguments &arguments) {
  Autoscheduled made =
      autoschedule(makeCase(arguments.kernel), arguments.scheduler, arguments.target, arguments.threads);
  std::ofstream stream(arguments.object, std::ios::binary);
  stream.write(made.object.data(), static_cast<std::streamsize>(made.object.size()));
  if (!stream.flush())
    throw std::runtime_error("cannot write " + arguments.object);
  std::printf("%s\n", nlohmann::json{{"schedule", made.schedule}}.dump().c_str());
}

/// A kernel with results of its own. Calls take the copies of what is cold one after the other.
class Competitor {
public:
  Competitor(std::unique_ptr<LoadedKernel> kernel, KernelCase &each, std::vector<Array> &copies)
      : kernel(std::move(kernel)), each(each), copies(copies), results(each.call.results) {}

  double time(unsigned runs) {
    Clock::time_point start = Clock::now();
    for (unsigned run = 0; run < runs; ++run)
      call();
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  const std::vector<Array> &outputs() const { return results; }

private:
  void call() {
    std::vector<Array *> arrays;
    for (Array &argument : each.call.arguments)
      arrays.push_back(&argument);
    if (each.cold)
      arrays[*each.cold] = &copies[next++ % copies.size()];
    for (Array &result : results)
      arrays.push_back(&result);
    if (int status = (*kernel)(arrays))
      throw std::runtime_error("the kernel returns the error " + std::to_string(status));
  }

  std::unique_ptr<LoadedKernel> kernel;
  KernelCase &each;
  std::vector<Array> &copies;
  std::vector<Array> results;
  size_t next = 0;
};

/// The largest difference in rows that say anything, as a part of the largest value there.
double differenceOf(const KernelCase &each, const std::vector<Array> &ours, const std::vector<Array> &theirs) {
  double difference = 0, largest = 0;
  for (size_t result = 0; result < ours.size(); ++result) {
    auto width = static_cast<size_t>(ours[result].shape[1]);
    for (size_t i = 0; i < ours[result].floats().size(); ++i) {
      if (!each.call.compared[result][i / width])
        continue;
      double own = ours[result].floats()[i], other = theirs[result].floats()[i];
      if (!std::isfinite(own) || !std::isfinite(other))
        return INFINITY;
      difference = std::max(difference, std::abs(own - other));
      largest = std::max(largest, std::abs(own));
    }
  }
  return largest > 0 ? difference / largest : difference;
}

std::vector<Array> copiesOf(const KernelCase &each) {
  if (!each.cold)
    return {};
  const Array &array = each.call.arguments[*each.cold];
  size_t bytes = array.floats().size() * sizeof(float);
  return std::vector<Array>(std::max<size_t>(2, (kColdBytes + bytes - 1) / bytes), array);
}

/// Both in turns, ours, theirs, theirs, ours, each so often that a measurement takes long enough.
nlohmann::json race(Competitor &ours, Competitor &theirs, const Arguments &arguments) {
  auto runsOf = [](Competitor &competitor) {
    return tune::runsThatTake(kLeastSeconds, [&](unsigned runs) { return competitor.time(runs); });
  };
  unsigned ownRuns = runsOf(ours), otherRuns = runsOf(theirs);
  Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(arguments.seconds));
  std::vector<double> own, other;
  auto measure = [](Competitor &competitor, unsigned runs) { return competitor.time(runs) / runs; };
  while (own.empty() || (own.size() < arguments.turns && Clock::now() < end)) {
    double first = measure(ours, ownRuns);
    double between = measure(theirs, otherRuns) + measure(theirs, otherRuns);
    own.push_back((first + measure(ours, ownRuns)) / 2);
    other.push_back(between / 2);
  }
  return {{"ours", own}, {"theirs", other}};
}

void raceCase(const Arguments &arguments) {
  KernelCase each = makeCase(arguments.kernel);
  std::vector<Array> copies = copiesOf(each);
  setThreads(arguments.threads);
  auto schedule = scheduleOf(each.kernel, *kernels::findTarget(arguments.target));
  Competitor ours(std::make_unique<LoadedKernel>(each.kernel, schedule), each, copies);
  Competitor theirs(std::make_unique<LoadedKernel>(readFile(arguments.object), kAutoscheduledSymbol), each, copies);
  ours.time(1);
  theirs.time(1);
  nlohmann::json found{{"difference", differenceOf(each, ours.outputs(), theirs.outputs())}};
  if (arguments.turns > 0)
    found.update(race(ours, theirs, arguments));
  setThreads(1);
  std::printf("%s\n", found.dump().c_str());
}

} // namespace

int main(int count, char **words) try {
  CLI::App app("Schedules one kernel of a real model by one of Halide's autoschedulers, or times what came of it");
  app.require_subcommand(1);
  Arguments arguments;
  app.add_subcommand("cases", "Write the kernels' and the autoschedulers' names")->callback(listCases);
  auto common = [&](CLI::App &command) {
    command.add_option("--target", arguments.target, "x86-64-v4 or x86-64-v3 (default: this CPU's best)")
        ->check(CLI::IsMember(kernels::targetNames()));
    command.add_option("--threads", arguments.threads, "(default: 2)")->check(CLI::Range(1, 1024));
  };
  CLI::App *schedule = app.add_subcommand("schedule", "Let an autoscheduler schedule a kernel, and compile it");
  schedule->add_option("CASE", arguments.kernel)->required();
  schedule->add_option("SCHEDULER", arguments.scheduler)->required();
  schedule->add_option("OBJECT", arguments.object, "File to write")->required();
  schedule->callback([&] { scheduleCase(arguments); });
  common(*schedule);
  CLI::App *run = app.add_subcommand("race", "Compare its values with ours, and time both in turns");
  run->add_option("CASE", arguments.kernel)->required();
  run->add_option("OBJECT", arguments.object, "What schedule wrote")->required();
  run->add_option("--turns", arguments.turns, "0 compares values alone (default: 15)");
  run->add_option("--seconds", arguments.seconds, "After which no further turn begins (default: 10)");
  run->callback([&] { raceCase(arguments); });
  common(*run);
  CLI11_PARSE(app, count, words);
  return 0;
} catch (const std::exception &failure) {
  std::fprintf(stderr, "error: %s\n", failure.what());
  return 1;
}
