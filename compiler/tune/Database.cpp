//===- Database.cpp - What was measured, and which schedules won ----------===//

#include "tune/Database.h"

#include "llvm/ADT/StringExtras.h"

#include <ctime>
#include <random>

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

/// "Tenn": tells our databases from those of others.
static constexpr int64_t kApplication = 0x54656e6e;

static constexpr char kSchema[] = R"(
CREATE TABLE machines(
  id INTEGER PRIMARY KEY, cpu TEXT NOT NULL, design TEXT NOT NULL, features TEXT NOT NULL, threads INTEGER NOT NULL,
  UNIQUE(cpu, design, features, threads));
CREATE TABLE kernels(
  id INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE, description TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE winners(
  kernel INTEGER NOT NULL REFERENCES kernels(id), machine INTEGER NOT NULL REFERENCES machines(id),
  target TEXT NOT NULL, generator TEXT NOT NULL, schedule TEXT NOT NULL, ratio REAL NOT NULL, calls TEXT NOT NULL,
  weights TEXT NOT NULL, space TEXT NOT NULL, tuned_at INTEGER NOT NULL,
  PRIMARY KEY(kernel, machine, target, generator));
CREATE TABLE runs(
  id TEXT PRIMARY KEY, machine INTEGER NOT NULL REFERENCES machines(id), target TEXT NOT NULL,
  generator TEXT NOT NULL, calls TEXT NOT NULL, weights TEXT NOT NULL, seed TEXT NOT NULL, began_at INTEGER NOT NULL);
CREATE TABLE samples(
  run TEXT NOT NULL REFERENCES runs(id), kernel INTEGER NOT NULL REFERENCES kernels(id), ordinal INTEGER NOT NULL,
  phase TEXT NOT NULL, call TEXT NOT NULL, rows INTEGER NOT NULL, schedule TEXT NOT NULL, seconds REAL NOT NULL,
  PRIMARY KEY(run, kernel, ordinal)) WITHOUT ROWID;
)";

namespace {

/// Runs a statement with values.
template <typename... Values>
Expected<Statement> bound(const Connection &connection, StringRef sql, const Values &...values) {
  auto statement = connection.prepare(sql);
  if (statement)
    (statement->bind(values), ...);
  return statement;
}

template <typename... Values> Error run(const Connection &connection, StringRef sql, const Values &...values) {
  auto statement = bound(connection, sql, values...);
  return statement ? statement->run() : statement.takeError();
}

/// The number in the first column of the first row.
template <typename... Values>
Expected<int64_t> number(const Connection &connection, StringRef sql, const Values &...values) {
  auto statement = bound(connection, sql, values...);
  if (!statement)
    return statement.takeError();
  Expected<bool> row = statement->step();
  if (!row)
    return row.takeError();
  return *row ? statement->integer(0) : 0;
}

/// Calls `action` with every row.
template <typename... Values>
Error each(const Connection &connection, function_ref<Error(const Statement &)> action, StringRef sql,
           const Values &...values) {
  auto statement = bound(connection, sql, values...);
  if (!statement)
    return statement.takeError();
  while (true) {
    Expected<bool> row = statement->step();
    if (!row)
      return row.takeError();
    if (!*row)
      return Error::success();
    if (Error error = action(*statement))
      return error;
  }
}

constexpr char kWinnerColumns[] =
    "SELECT signature, description, name, cpu, design, features, threads, target, generator, schedule, ratio, calls, "
    "weights, space, tuned_at FROM winners JOIN kernels ON kernels.id = kernel JOIN machines ON machines.id = machine ";

Winner readWinner(const Statement &row) {
  Winner winner;
  winner.kernel = {row.text(0), row.text(1), row.text(2)};
  MachineClass kind{row.text(4), row.text(5), static_cast<unsigned>(row.integer(6))};
  winner.setting = {{row.text(3), kind}, row.text(7), row.text(8)};
  winner.schedule = row.text(9);
  winner.ratio = row.number(10);
  winner.calls = row.text(11);
  winner.weights = row.text(12);
  winner.space = row.text(13);
  winner.tunedAt = row.integer(14);
  return winner;
}

int64_t now() { return static_cast<int64_t>(std::time(nullptr)); }

} // namespace

Expected<Database> Database::open(StringRef path, Access access, std::chrono::milliseconds patience) {
  auto connection = Connection::open(path, access, patience);
  if (!connection)
    return connection.takeError();
  Database database(std::move(*connection));
  if (Error error = database.prepareSchema(access))
    return std::move(error);
  return database;
}

Error Database::prepareSchema(Access access) {
  // Only what is on the disk counts as kept; the rollback journal needs nothing beside the file to read it.
  if (access == Access::Write)
    if (Error error = connection->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"))
      return error;
  auto check = [&](bool create) -> Error {
    auto application = number(*connection, "PRAGMA application_id");
    if (!application)
      return application.takeError();
    auto version = number(*connection, "PRAGMA user_version");
    if (!version)
      return version.takeError();
    auto tables = number(*connection, "SELECT count(*) FROM sqlite_schema");
    if (!tables)
      return tables.takeError();
    if (*application == 0 && *version == 0 && *tables == 0) {
      if (!create)
        return createStringError("%s: there is nothing in it, expected a database of tenon tune", path().c_str());
      std::string pragmas = "PRAGMA application_id = " + std::to_string(kApplication) +
                            "; PRAGMA user_version = " + std::to_string(kVersion);
      if (Error error = connection->execute(kSchema))
        return error;
      return connection->execute(pragmas.c_str());
    }
    if (*application != kApplication)
      return createStringError("%s: it is a database of another program, expected one of tenon tune", path().c_str());
    if (*version != kVersion)
      return createStringError("%s: the database is of version %lld, this tenon reads version %lld", path().c_str(),
                               static_cast<long long>(*version), static_cast<long long>(kVersion));
    return Error::success();
  };
  // A new file gets its tables from one process, in one step.
  if (Error error = access == Access::Write ? connection->transaction([&] { return check(true); }) : check(false))
    return error;
  auto problem = connection->prepare("PRAGMA quick_check(1)");
  if (!problem)
    return problem.takeError();
  Expected<bool> row = problem->step();
  if (!row)
    return row.takeError();
  if (!*row || problem->text(0) != "ok")
    return connection->failure(SQLITE_CORRUPT);
  return Error::success();
}

Expected<int64_t> Database::machineId(const Machine &machine) {
  int64_t threads = machine.kind.threads;
  if (Error error =
          run(*connection, "INSERT OR IGNORE INTO machines(cpu, design, features, threads) VALUES(?, ?, ?, ?)",
              machine.cpu, machine.kind.design, machine.kind.features, threads))
    return std::move(error);
  return number(*connection, "SELECT id FROM machines WHERE cpu = ? AND design = ? AND features = ? AND threads = ?",
                machine.cpu, machine.kind.design, machine.kind.features, threads);
}

Expected<int64_t> Database::kernelId(const KernelIdentity &kernel) {
  if (Error error = run(*connection,
                        "INSERT INTO kernels(signature, description, name) VALUES(?, ?, ?) "
                        "ON CONFLICT(signature) DO UPDATE SET name = excluded.name",
                        kernel.signature, kernel.description, kernel.name))
    return std::move(error);
  return number(*connection, "SELECT id FROM kernels WHERE signature = ?", kernel.signature);
}

Expected<std::string> Database::beginRun(const Setting &setting, StringRef calls, StringRef weights, uint64_t seed) {
  std::random_device device;
  std::string id = utohexstr(uint64_t(device()) << 32 | device(), /*LowerCase=*/true, 16) +
                   utohexstr(uint64_t(device()) << 32 | device(), /*LowerCase=*/true, 16);
  Error error = connection->transaction([&]() -> Error {
    auto machine = machineId(setting.machine);
    if (!machine)
      return machine.takeError();
    return run(*connection, "INSERT INTO runs VALUES(?, ?, ?, ?, ?, ?, ?, ?)", StringRef(id), *machine,
               StringRef(setting.target), StringRef(setting.generator), calls, weights, StringRef(std::to_string(seed)),
               now());
  });
  if (error)
    return std::move(error);
  return id;
}

Error Database::keepSamples(StringRef runId, const KernelIdentity &kernel, const std::vector<Sample> &samples) {
  return connection->transaction([&]() -> Error {
    auto id = kernelId(kernel);
    if (!id)
      return id.takeError();
    auto count = number(*connection, "SELECT count(*) FROM samples WHERE run = ? AND kernel = ?", runId, *id);
    if (!count)
      return count.takeError();
    for (const Sample &sample : samples)
      if (Error error = run(*connection, "INSERT INTO samples VALUES(?, ?, ?, ?, ?, ?, ?, ?)", runId, *id, (*count)++,
                            StringRef(sample.phase), StringRef(sample.call), sample.rows, StringRef(sample.schedule),
                            sample.seconds))
        return error;
    return Error::success();
  });
}

Error Database::putWinner(const Winner &winner, bool onlyLater) {
  auto kernel = kernelId(winner.kernel);
  if (!kernel)
    return kernel.takeError();
  auto machine = machineId(winner.setting.machine);
  if (!machine)
    return machine.takeError();
  std::string sql =
      "INSERT INTO winners VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(kernel, machine, target, generator) "
      "DO UPDATE SET schedule = excluded.schedule, ratio = excluded.ratio, calls = excluded.calls, "
      "weights = excluded.weights, space = excluded.space, tuned_at = excluded.tuned_at";
  if (onlyLater)
    sql += " WHERE excluded.tuned_at > winners.tuned_at";
  return run(*connection, sql, *kernel, *machine, StringRef(winner.setting.target), StringRef(winner.setting.generator),
             StringRef(winner.schedule), winner.ratio, StringRef(winner.calls), StringRef(winner.weights),
             StringRef(winner.space), winner.tunedAt ? winner.tunedAt : now());
}

Error Database::keepWinner(const Winner &winner) {
  return connection->transaction([&] { return putWinner(winner, /*onlyLater=*/false); });
}

Expected<std::vector<Winner>> Database::winners(StringRef signature) const {
  std::vector<Winner> found;
  std::string sql =
      std::string(kWinnerColumns) + "WHERE ? IN ('', signature) ORDER BY tuned_at DESC, signature, target";
  Error error = each(
      *connection,
      [&](const Statement &row) {
        found.push_back(readWinner(row));
        return Error::success();
      },
      sql, signature);
  if (error)
    return std::move(error);
  return found;
}

Expected<std::optional<Winner>> Database::winner(StringRef signature, const Setting &setting) const {
  auto all = winners(signature);
  if (!all)
    return all.takeError();
  for (Winner &each : *all)
    if (each.setting == setting)
      return std::move(each);
  return std::nullopt;
}

Expected<std::vector<Database::Ratio>> Database::ratios(StringRef signature, const Setting &setting, StringRef weights,
                                                        StringRef pacer) const {
  std::vector<Ratio> found;
  const MachineClass &kind = setting.machine.kind;
  int64_t threads = kind.threads;
  Error error = each(
      *connection,
      [&](const Statement &row) {
        found.push_back({row.text(0), row.number(1)});
        return Error::success();
      },
      "WITH least AS (SELECT run, call, rows, samples.schedule AS schedule, min(seconds) AS seconds FROM samples "
      "JOIN kernels ON kernels.id = samples.kernel JOIN runs ON runs.id = run JOIN machines ON machines.id = machine "
      "WHERE signature = ? AND phase = 'race' AND cpu = ? AND design = ? AND features = ? AND threads = ? AND "
      "target = ? AND generator = ? AND weights = ? GROUP BY run, call, rows, samples.schedule) "
      "SELECT a.schedule, avg(a.seconds / b.seconds) FROM least a JOIN least b USING(run, call, rows) "
      "WHERE b.schedule = ? AND a.schedule <> b.schedule AND b.seconds > 0 GROUP BY a.schedule ORDER BY 2, 1",
      signature, StringRef(setting.machine.cpu), StringRef(kind.design), StringRef(kind.features), threads,
      StringRef(setting.target), StringRef(setting.generator), weights, pacer);
  if (error)
    return std::move(error);
  return found;
}

Expected<Database::Counts> Database::counts() const {
  auto winners = number(*connection, "SELECT count(*) FROM winners");
  if (!winners)
    return winners.takeError();
  auto samples = number(*connection, "SELECT count(*) FROM samples");
  if (!samples)
    return samples.takeError();
  return Counts{*winners, *samples};
}

Error Database::merge(const Database &other) {
  auto winners = other.winners();
  if (!winners)
    return winners.takeError();
  return connection->transaction([&]() -> Error {
    for (const Winner &winner : *winners)
      if (Error error = putWinner(winner, /*onlyLater=*/true))
        return error;
    auto takeRun = [&](const Statement &row) -> Error {
      auto machine = machineId({row.text(1), {row.text(2), row.text(3), static_cast<unsigned>(row.integer(4))}});
      if (!machine)
        return machine.takeError();
      return run(*connection, "INSERT OR IGNORE INTO runs VALUES(?, ?, ?, ?, ?, ?, ?, ?)", StringRef(row.text(0)),
                 *machine, StringRef(row.text(5)), StringRef(row.text(6)), StringRef(row.text(7)),
                 StringRef(row.text(8)), StringRef(row.text(9)), row.integer(10));
    };
    if (Error error = each(*other.connection, takeRun,
                           "SELECT runs.id, cpu, design, features, threads, target, generator, calls, weights, seed, "
                           "began_at FROM runs JOIN machines ON machines.id = machine"))
      return error;
    auto takeSample = [&](const Statement &row) -> Error {
      auto kernel = kernelId({row.text(0), row.text(1), row.text(2)});
      if (!kernel)
        return kernel.takeError();
      return run(*connection, "INSERT OR IGNORE INTO samples VALUES(?, ?, ?, ?, ?, ?, ?, ?)", StringRef(row.text(3)),
                 *kernel, row.integer(4), StringRef(row.text(5)), StringRef(row.text(6)), row.integer(7),
                 StringRef(row.text(8)), row.number(9));
    };
    return each(*other.connection, takeSample,
                "SELECT signature, description, name, run, ordinal, phase, call, rows, schedule, seconds FROM samples "
                "JOIN kernels ON kernels.id = kernel");
  });
}

Error Database::merge(const std::vector<Winner> &winners) {
  return connection->transaction([&]() -> Error {
    for (const Winner &winner : winners)
      if (Error error = putWinner(winner, /*onlyLater=*/true))
        return error;
    return Error::success();
  });
}

Expected<int64_t> Database::forget(StringRef kernel) {
  int64_t count = 0;
  Error error = connection->transaction([&]() -> Error {
    std::vector<int64_t> ids;
    auto take = [&](const Statement &row) {
      ids.push_back(row.integer(0));
      return Error::success();
    };
    if (Error error =
            each(*connection, take, "SELECT id FROM kernels WHERE ?1 = 'all' OR name = ?1 OR signature = ?1", kernel))
      return error;
    count = static_cast<int64_t>(ids.size());
    for (int64_t id : ids)
      for (StringRef sql : {"DELETE FROM samples WHERE kernel = ?", "DELETE FROM winners WHERE kernel = ?",
                            "DELETE FROM kernels WHERE id = ?"})
        if (Error error = run(*connection, sql, id))
          return error;
    return run(*connection, "DELETE FROM runs WHERE id NOT IN (SELECT run FROM samples)");
  });
  if (error)
    return std::move(error);
  return count;
}
