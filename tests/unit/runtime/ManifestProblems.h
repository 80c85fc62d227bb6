//===- ManifestProblems.h - What is wrong with a manifest -------*- C++ -*-===//

#ifndef TENON_TESTS_RUNTIME_MANIFESTPROBLEMS_H
#define TENON_TESTS_RUNTIME_MANIFESTPROBLEMS_H

#include "Failure.h"
#include "Manifest.h"
#include <gtest/gtest.h>
#include <string>

namespace tenon::runtime {

/// `text` with the last `from` changed into `to`.
inline std::string withLast(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.rfind(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// The message about a manifest; empty where it is all right.
inline std::string problemOf(const std::string &json) {
  try {
    parseManifest(json);
    return "";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, TENON_ERROR_LIBRARY);
    return failure.message;
  }
}

} // namespace tenon::runtime

#endif // TENON_TESTS_RUNTIME_MANIFESTPROBLEMS_H
