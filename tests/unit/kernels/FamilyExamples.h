//===- FamilyExamples.h - A kernel of each family with calls of it ----*- C++ -*-===//

#ifndef TENON_TESTS_FAMILYEXAMPLES_H
#define TENON_TESTS_FAMILYEXAMPLES_H

#include "Regions.h"

#include <functional>
#include <map>

namespace tenon::kernels::test {

/// Arguments, and results as the kernel finds them.
struct Call {
  std::vector<Array> arguments, results;
  std::vector<std::vector<bool>> compared; ///< The rows of each result that say anything.
  std::map<std::string, int64_t> sizes;    ///< Those that schedules compare.
};

struct FamilyExample {
  std::string name;
  KernelDescription kernel;
  std::function<Call(const std::vector<int32_t> &lengths)> call;
  std::vector<std::vector<int32_t>> lengths; ///< Of the sequences of three batches, from few to many.
};

/// Kernels that have nests of all families, several in some.
std::vector<FamilyExample> familyExamples();

} // namespace tenon::kernels::test

#endif // TENON_TESTS_FAMILYEXAMPLES_H
