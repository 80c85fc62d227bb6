//===- Sqlite.h - SQLite with errors and ownership --------------*- C++ -*-===//

#ifndef TENON_TUNE_SQLITE_H
#define TENON_TUNE_SQLITE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <chrono>
#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>

namespace tenon::tune {

enum class Access { Read, Write };

struct StatementCloser {
  void operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
};

class Connection;

/// A statement whose values are bound in order.
class Statement {
public:
  Statement &bind(int64_t value);
  Statement &bind(double value);
  Statement &bind(llvm::StringRef value);
  /// True with a row, false at the end.
  llvm::Expected<bool> step();
  /// Runs what gives no rows.
  llvm::Error run();
  int64_t integer(int column) const { return sqlite3_column_int64(statement.get(), column); }
  double number(int column) const { return sqlite3_column_double(statement.get(), column); }
  std::string text(int column) const;

private:
  friend class Connection;
  Statement(const Connection &connection, sqlite3_stmt *statement) : connection(connection), statement(statement) {}
  const Connection &connection;
  std::unique_ptr<sqlite3_stmt, StatementCloser> statement;
  int bound = 0;
};

/// An opened file. What goes wrong is said once, with the file's name.
class Connection {
public:
  /// Waits for other processes up to `patience` in each call. With Access::Write the file is made where it is missing.
  static llvm::Expected<std::unique_ptr<Connection>> open(llvm::StringRef path, Access access,
                                                          std::chrono::milliseconds patience);
  ~Connection() { sqlite3_close_v2(handle); }
  Connection(const Connection &) = delete;

  llvm::Expected<Statement> prepare(llvm::StringRef sql) const;
  /// Statements without results or values.
  llvm::Error execute(const char *sql) const;
  /// All of `action` or nothing of it; nobody else writes meanwhile.
  llvm::Error transaction(llvm::function_ref<llvm::Error()> action) const;

  llvm::Error failure(int code) const;
  const std::string &name() const { return path; }

private:
  Connection(std::string path, sqlite3 *handle, std::chrono::milliseconds patience)
      : path(std::move(path)), handle(handle), patience(patience) {}
  std::string path;
  sqlite3 *handle;
  std::chrono::milliseconds patience;
};

} // namespace tenon::tune

#endif // TENON_TUNE_SQLITE_H
