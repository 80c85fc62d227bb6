//===- TuningDatabase.cpp - What tenon tune does besides tuning -----------===//

#include "TuningDatabase.h"
#include "Command.h"
#include "kernels/Kernels.h"
#include "tune/WinnersFile.h"

#include <ctime>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

template <typename Value> Value valueOf(llvm::Expected<Value> expected) {
  if (!expected)
    throw Failure(llvm::toString(expected.takeError()));
  return std::move(*expected);
}

void succeed(llvm::Error error) {
  if (error)
    throw Failure(llvm::toString(std::move(error)));
}

std::string dateOf(int64_t seconds) {
  std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts = {};
  char text[32] = "";
  if (::gmtime_r(&time, &parts))
    std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts);
  return text;
}

bool isOfThisCompiler(const tune::Winner &winner) { return winner.setting.generator == kernels::generatorVersion(); }

nlohmann::json toJson(const tune::Winner &winner) {
  return {{"kernel", winner.kernel.name},
          {"signature", winner.kernel.signature},
          {"cpu", winner.setting.machine.cpu},
          {"design", winner.setting.machine.kind.design},
          {"features", winner.setting.machine.kind.features},
          {"threads", winner.setting.machine.kind.threads},
          {"target", winner.setting.target},
          {"ratio", winner.ratio},
          {"sizes", winner.calls},
          {"weights", winner.weights},
          {"schedule", winner.schedule},
          {"tuned_at", winner.tunedAt},
          {"this_compiler", isOfThisCompiler(winner)}};
}

} // namespace

tune::Database tools::openDatabase(const std::string &path, tune::Access access) {
  return valueOf(tune::Database::open(path, access));
}

void tools::listDatabase(const std::string &path, bool json) {
  tune::Database database = openDatabase(path, tune::Access::Read);
  std::vector<tune::Winner> winners = valueOf(database.winners());
  if (json) {
    auto list = nlohmann::json::array();
    for (const tune::Winner &winner : winners)
      list.push_back(toJson(winner));
    std::printf("%s\n", list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return;
  }
  for (const tune::Winner &winner : winners) {
    std::string place = winner.setting.target + ", " + winner.setting.machine.cpu + " (" +
                        winner.setting.machine.kind.design + "), " +
                        std::to_string(winner.setting.machine.kind.threads) + " threads";
    std::string line = winner.kernel.name + "  " + winner.kernel.signature.substr(0, 8) + "  " + place + "  " +
                       dateOf(winner.tunedAt) + (isOfThisCompiler(winner) ? "" : "  by another version of tenon");
    std::printf("%s\n  %.1f %% of the default's time at %s, weights %s\n  %s\n", printableLines(line).c_str(),
                100 * winner.ratio, printableLines(winner.calls).c_str(), printableLines(winner.weights).c_str(),
                printableLines(winner.schedule).c_str());
  }
  tune::Database::Counts counts = valueOf(database.counts());
  std::printf("%lld winners, %lld measurements\n", static_cast<long long>(counts.winners),
              static_cast<long long>(counts.samples));
}

void tools::exportWinners(const std::string &path) {
  tune::Database database = openDatabase(path, tune::Access::Read);
  std::string text = tune::writeWinners(valueOf(database.winners()));
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void tools::mergeDatabase(const std::string &path, const std::string &other) {
  // The other is read before anything is written.
  if (tune::isWinnersFile(other)) {
    std::vector<tune::Winner> winners = valueOf(tune::readWinnersFile(other));
    succeed(openDatabase(path, tune::Access::Write).merge(winners));
  } else {
    tune::Database from = openDatabase(other, tune::Access::Read);
    succeed(openDatabase(path, tune::Access::Write).merge(from));
  }
  tune::Database database = openDatabase(path, tune::Access::Read);
  tune::Database::Counts counts = valueOf(database.counts());
  std::fprintf(stderr, "%s: %lld winners, %lld measurements\n", path.c_str(), static_cast<long long>(counts.winners),
               static_cast<long long>(counts.samples));
}

void tools::forgetKernels(const std::string &path, const std::string &kernel) {
  // One that is missing would be made.
  openDatabase(path, tune::Access::Read);
  tune::Database database = openDatabase(path, tune::Access::Write);
  int64_t count = valueOf(database.forget(kernel));
  if (count == 0)
    throw Failure(path + ": nothing is known of a kernel '" + kernel +
                  "', which --forget takes by name or signature, or all");
  std::fprintf(stderr, "%s: forgot %lld kernels\n", path.c_str(), static_cast<long long>(count));
}
