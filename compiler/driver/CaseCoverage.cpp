//===- CaseCoverage.cpp - Which cases of schedules were called ------------===//

#include "driver/CaseCoverage.h"

#include "kernels/CallSizes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace llvm;
using namespace tenon;

/// More rows than this take the reference minutes.
static constexpr int64_t kMostRows = 2048;

/// The least that a size has in a case: one more than the cases before take of it alone.
static int64_t leastOf(StringRef size, ArrayRef<kernels::ScheduleCase> before) {
  int64_t least = 1;
  for (const kernels::ScheduleCase &each : before)
    if (each.when.size() == 1 && each.when[0].size == size)
      least = std::max(least, each.when[0].atMost + 1);
  return least;
}

CaseCoverage::Cases &CaseCoverage::casesOf(KernelOp kernel) {
  auto [entry, isNew] = kernels.try_emplace(kernel.getName());
  Cases &cases = entry->second;
  if (!isNew)
    return cases;
  for (auto schedule : kernel.getSchedules().getAsRange<ScheduleAttr>())
    if (schedule.getTarget() == target)
      cases.all = schedule.describe().cases;
  cases.rowTile = kernel.describe().rowTile;
  for (size_t number = 0; number < cases.all.size(); ++number) {
    int64_t least =
        static_cast<int64_t>(alignTo(leastOf("rows", ArrayRef(cases.all).take_front(number)), cases.rowTile));
    if (any_of(cases.all[number].when, [&](const kernels::Comparison &comparison) {
          return comparison.size == "rows" && comparison.atMost < least;
        }))
      cases.never.insert(number);
  }
  return cases;
}

Error CaseCoverage::add(KernelOp kernel, const std::vector<std::vector<int64_t>> &shapes, int64_t sequences) {
  Cases &cases = casesOf(kernel);
  if (cases.all.size() < 2)
    return Error::success();
  std::string error;
  auto sizes = kernels::callSizes(kernel.describe(), shapes, error);
  if (!sizes)
    return createStringError(error);
  auto taken = find_if(cases.all, [&](const kernels::ScheduleCase &each) {
    return all_of(each.when, [&](const kernels::Comparison &comparison) {
      return (*sizes)[comparison.size] <= comparison.atMost;
    });
  });
  cases.run.insert(static_cast<size_t>(taken - cases.all.begin()));
  cases.countsSequences = (*sizes)["rows"] <= static_cast<int64_t>(alignTo(sequences, cases.rowTile));
  return Error::success();
}

std::optional<BatchShape> CaseCoverage::next(mlir::func::FuncOp function) {
  std::vector<BatchShape> &known = tried[function.getName().str()];
  std::optional<BatchShape> found;
  function.walk([&](KernelOp kernel) {
    Cases &cases = casesOf(kernel);
    for (size_t number = 0; number < cases.all.size() && cases.all.size() > 1; ++number) {
      if (cases.run.count(number) || cases.never.count(number))
        continue;
      ArrayRef<kernels::ScheduleCase> before = ArrayRef(cases.all).take_front(number);
      int64_t rows = leastOf("rows", before), sequences = leastOf("sequences", before);
      BatchShape shape{rows, 1};
      // Rows are those of so many sequences where each has one, and where sequences are what is compared.
      if (cases.countsSequences || sequences > 1)
        shape = {(rows + sequences - 1) / sequences, std::max(rows, sequences)};
      if (cases.countsSequences)
        shape.length = 1;
      if (shape.length * shape.sequences <= kMostRows && !is_contained(known, shape)) {
        known.push_back(shape);
        found = shape;
        return mlir::WalkResult::interrupt();
      }
    }
    return mlir::WalkResult::advance();
  });
  return found;
}

CaseCoverage::Counts CaseCoverage::countsOf(StringRef kernel) const {
  auto found = kernels.find(kernel);
  if (found == kernels.end() || found->second.all.size() < 2)
    return {};
  const Cases &cases = found->second;
  return {static_cast<unsigned>(cases.all.size() - cases.never.size()), static_cast<unsigned>(cases.run.size())};
}
