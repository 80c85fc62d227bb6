//===- Database.h - What was measured, and which schedules won --*- C++ -*-===//
//
// One SQLite file. Every change is a transaction that is on the disk when the call returns; processes take turns. A
// file that is not what this wrote is refused as it is.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TUNE_DATABASE_H
#define TENON_TUNE_DATABASE_H

#include "tune/Machine.h"
#include "tune/Sqlite.h"

#include <vector>

namespace tenon::tune {

/// A kernel as any model may have it.
struct KernelIdentity {
  std::string signature;   ///< Of the description: what schedule files call it.
  std::string description; ///< Its text.
  std::string name;        ///< In the model that it was met in last.
};

/// What measurements answer for.
struct Setting {
  Machine machine;
  std::string target;    ///< "x86-64-v4".
  std::string generator; ///< Version of what makes code of schedules.

  bool operator==(const Setting &) const = default;
};

/// Where a kernel finds its weights when it is measured.
inline constexpr llvm::StringRef kWeightStates[] = {"warm", "cold"};

/// The schedule that won, for one kernel.
struct Winner {
  KernelIdentity kernel;
  Setting setting;
  std::string schedule;
  double ratio = 1;    ///< Its time as a part of the default schedule's, over the calls that it was tuned for.
  std::string calls;   ///< Those calls.
  std::string weights; ///< Where these found their weights: "warm" in caches or "cold".
  std::string space;   ///< Signature of the kernel's schedules on the target, with the default that was beaten.
  int64_t tunedAt = 0; ///< Seconds since 1970.

  /// Whether a search found something.
  bool isFaster() const { return ratio < 1; }
};

/// One measurement.
struct Sample {
  std::string phase; ///< "race", "final", "merge" or "result".
  std::string call;  ///< Of the model, "8x128".
  int64_t rows = 0;  ///< Of the kernel there.
  std::string schedule;
  double seconds = 0; ///< Of one run.
};

class Database {
public:
  static constexpr int64_t kVersion = 2;

  static llvm::Expected<Database> open(llvm::StringRef path, Access access,
                                       std::chrono::milliseconds patience = std::chrono::seconds(10));

  const std::string &path() const { return connection->name(); }

  /// Begins a run of the tuner; samples belong to one.
  llvm::Expected<std::string> beginRun(const Setting &setting, llvm::StringRef calls, llvm::StringRef weights,
                                       uint64_t seed);
  /// Keeps samples of a kernel behind those that the run has of it.
  llvm::Error keepSamples(llvm::StringRef run, const KernelIdentity &kernel, const std::vector<Sample> &samples);
  /// Keeps a winner in the place of the one that stood for its kernel and setting.
  llvm::Error keepWinner(const Winner &winner);

  /// All, or those of one kernel; the last tuned first.
  llvm::Expected<std::vector<Winner>> winners(llvm::StringRef signature = "") const;
  /// That of a kernel in a setting, if there is one.
  llvm::Expected<std::optional<Winner>> winner(llvm::StringRef signature, const Setting &setting) const;
  /// A schedule's least times as parts of those of `pacer` in the same run and call, as far as both were measured in
  /// races with weights that were as warm. Whatever else the machine does only adds to a time.
  struct Ratio {
    std::string schedule;
    double ratio;
  };
  llvm::Expected<std::vector<Ratio>> ratios(llvm::StringRef signature, const Setting &setting, llvm::StringRef weights,
                                            llvm::StringRef pacer) const;

  struct Counts {
    int64_t winners = 0, samples = 0;
  };
  llvm::Expected<Counts> counts() const;

  /// Takes over what another database has; of two winners for one kernel and setting the one that was tuned last.
  llvm::Error merge(const Database &other);
  /// Takes over winners of a file: they have no measurements.
  llvm::Error merge(const std::vector<Winner> &winners);
  /// Forgets what is known of kernels with that name or signature: how many there were. Of all kernels with "all".
  llvm::Expected<int64_t> forget(llvm::StringRef kernel);

private:
  explicit Database(std::unique_ptr<Connection> connection) : connection(std::move(connection)) {}
  llvm::Error prepareSchema(Access access);
  llvm::Expected<int64_t> machineId(const Machine &machine);
  llvm::Expected<int64_t> kernelId(const KernelIdentity &kernel);
  llvm::Error putWinner(const Winner &winner, bool onlyLater);

  std::unique_ptr<Connection> connection;
};

} // namespace tenon::tune

#endif // TENON_TUNE_DATABASE_H
