//===- Page.h - A report as a page of HTML ----------------------*- C++ -*-===//

#ifndef TENON_EXPLAIN_PAGE_H
#define TENON_EXPLAIN_PAGE_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace tenon::explain {

/// The page of compiler/explain/page with the charting library and the data, which is JSON: one file that needs no
/// other.
std::string writePage(llvm::StringRef title, llvm::StringRef data);

} // namespace tenon::explain

#endif // TENON_EXPLAIN_PAGE_H
