//===- Sqlite.cpp - SQLite with errors and ownership ----------------------===//

#include "tune/Sqlite.h"

#include "llvm/Support/Errno.h"

#include <sys/stat.h>

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

Statement &Statement::bind(int64_t value) {
  sqlite3_bind_int64(statement.get(), ++bound, value);
  return *this;
}

Statement &Statement::bind(double value) {
  sqlite3_bind_double(statement.get(), ++bound, value);
  return *this;
}

Statement &Statement::bind(StringRef value) {
  sqlite3_bind_text64(statement.get(), ++bound, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Expected<bool> Statement::step() {
  int code = sqlite3_step(statement.get());
  if (code == SQLITE_ROW)
    return true;
  if (code == SQLITE_DONE)
    return false;
  return connection.failure(code);
}

Error Statement::run() {
  Expected<bool> row = step();
  return row ? Error::success() : row.takeError();
}

std::string Statement::text(int column) const {
  const auto *bytes = reinterpret_cast<const char *>(sqlite3_column_text(statement.get(), column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement.get(), column))) : "";
}

/// SQLite would open what is no file, and wait for some of it.
static Error checkFile(const std::string &path, Access access) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT && access == Access::Write)
      return Error::success();
    return createStringError("%s: %s", path.c_str(), sys::StrError(errno).c_str());
  }
  if (S_ISDIR(status.st_mode))
    return createStringError("%s: it is a directory, expected a database of tenon tune", path.c_str());
  if (!S_ISREG(status.st_mode))
    return createStringError("%s: it is not a regular file, expected a database of tenon tune", path.c_str());
  return Error::success();
}

Expected<std::unique_ptr<Connection>> Connection::open(StringRef path, Access access,
                                                       std::chrono::milliseconds patience) {
  if (Error error = checkFile(path.str(), access))
    return std::move(error);
  sqlite3 *handle = nullptr;
  // Where a writer was killed, whoever reads next takes back what it had not committed: that needs to write.
  int flags = SQLITE_OPEN_READWRITE | (access == Access::Write ? SQLITE_OPEN_CREATE : 0);
  int code = sqlite3_open_v2(path.str().c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<Connection> connection(new Connection(path.str(), handle, patience));
  if (code != SQLITE_OK)
    return connection->failure(code);
  if (access == Access::Write && sqlite3_db_readonly(handle, "main") == 1)
    return connection->failure(SQLITE_READONLY);
  sqlite3_busy_timeout(handle, static_cast<int>(patience.count()));
  // Values in damaged or foreign files reach no function that a schema may name.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return connection;
}

Expected<Statement> Connection::prepare(StringRef sql) const {
  sqlite3_stmt *statement = nullptr;
  int code = sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK)
    return failure(code);
  return Statement(*this, statement);
}

Error Connection::execute(const char *sql) const {
  int code = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Error::success() : failure(code);
}

Error Connection::transaction(function_ref<Error()> action) const {
  if (Error error = execute("BEGIN IMMEDIATE"))
    return error;
  Error error = action();
  if (!error)
    error = execute("COMMIT");
  // Some errors have rolled it back already.
  if (error && !sqlite3_get_autocommit(handle))
    consumeError(execute("ROLLBACK"));
  return error;
}

Error Connection::failure(int code) const {
  auto fail = [&](const std::string &what) { return createStringError("%s: %s", path.c_str(), what.c_str()); };
  std::string system = handle && sqlite3_system_errno(handle) ? sys::StrError(sqlite3_system_errno(handle)) : "";
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return fail("another process has locked the database; waited for " +
                std::to_string(static_cast<double>(patience.count()) / 1000).substr(0, 4) + " s");
  case SQLITE_NOTADB:
    return fail("the file is not a database of tenon tune");
  case SQLITE_CORRUPT:
    return fail("the database is damaged; it was left as it is");
  case SQLITE_READONLY:
    if (code == SQLITE_READONLY_ROLLBACK)
      return fail("a process was killed while it wrote, which can be put right only where the database can be written");
    [[fallthrough]];
  case SQLITE_PERM:
    return fail("the database is read-only");
  case SQLITE_FULL:
    return fail("there is no space left for the database, which is as it was");
  case SQLITE_IOERR:
    // SQLite says of a quota no more than that.
    if (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_TRUNCATE)
      return fail("the database, which is as it was, cannot be written: the disk is full, at its quota, or fails");
    return fail("the database cannot be read or written" + (system.empty() ? "" : ": " + system));
  case SQLITE_CANTOPEN:
    return fail("the database cannot be opened" + (system.empty() ? "" : ": " + system));
  default:
    return fail(std::string("the database reports: ") + (handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code)));
  }
}
