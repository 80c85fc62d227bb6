//===- TuningDatabase.h - What tenon tune does besides tuning ---*- C++ -*-===//

#ifndef TENON_TOOLS_TUNINGDATABASE_H
#define TENON_TOOLS_TUNINGDATABASE_H

#include "tune/Database.h"

namespace tenon::tools {

/// Throws Failure where it cannot be opened.
tune::Database openDatabase(const std::string &path, tune::Access access);

void listDatabase(const std::string &path, bool json);
void exportWinners(const std::string &path);
/// `other` is a database, or what exportWinners wrote.
void mergeDatabase(const std::string &path, const std::string &other);
/// Throws Failure where the database knows no such kernel.
void forgetKernels(const std::string &path, const std::string &kernel);

} // namespace tenon::tools

#endif // TENON_TOOLS_TUNINGDATABASE_H
