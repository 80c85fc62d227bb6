//===- Checks.cpp - Kernels against the oracle -----------------------------===//

#include "Checks.h"
#include "Oracle.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace tenon::kernels::test {

/// Each kernel is compiled once.
static const LoadedKernel &compiled(const KernelDescription &description, const Schedule &schedule) {
  static std::map<std::string, std::unique_ptr<LoadedKernel>> kernels;
  std::unique_ptr<LoadedKernel> &kernel = kernels[description.text() + schedule.target + schedule.text()];
  if (!kernel)
    kernel = std::make_unique<LoadedKernel>(description, schedule);
  return *kernel;
}

std::vector<Array> run(const KernelDescription &description, const std::string &target, std::vector<Array> arguments,
                       int64_t rows, const Schedule *schedule) {
  std::vector<TensorType> types = valueTypes(description);
  std::vector<Array> results;
  for (int value : description.results)
    results.push_back(randomArray({rows, types[static_cast<size_t>(value)].shape[1]}, 99));
  return runInto(description, target, std::move(arguments), std::move(results), schedule);
}

std::vector<Array> runInto(const KernelDescription &description, const std::string &target,
                           std::vector<Array> arguments, std::vector<Array> results, const Schedule *schedule) {
  const LoadedKernel &kernel =
      compiled(description, schedule ? *schedule : scheduleOf(description, *findTarget(target)));
  std::vector<Array *> arrays;
  for (Array &argument : arguments)
    arrays.push_back(&argument);
  for (Array &result : results)
    arrays.push_back(&result);
  EXPECT_EQ(kernel(arrays), 0);
  return results;
}

void expectAccurate(const KernelDescription &description, const std::vector<Array> &arguments,
                    const std::vector<Array> &results, const std::vector<bool> &realRows) {
  std::vector<std::vector<double>> exact = evaluateDouble(description, arguments);
  // What float32 cannot hold is infinite.
  for (std::vector<double> &values : exact)
    for (double &value : values)
      if (std::fabs(value) > std::numeric_limits<float>::max())
        value = std::copysign(std::numeric_limits<double>::infinity(), value);
  std::vector<std::vector<double>> plain = evaluateFloat(description, arguments);
  for (size_t i = 0; i < results.size(); ++i) {
    int64_t width = results[i].shape[1];
    double plainError = 0, largest = 0;
    auto forEach = [&](auto action) {
      for (size_t j = 0; j < exact[i].size(); ++j)
        if (realRows[j / static_cast<size_t>(width)])
          action(j);
    };
    forEach([&](size_t j) {
      if (!std::isfinite(exact[i][j]))
        return;
      largest = std::max(largest, std::fabs(exact[i][j]));
      if (std::isfinite(plain[i][j]))
        plainError = std::max(plainError, std::fabs(plain[i][j] - exact[i][j]));
    });
    double bound = 2 * plainError + 1.2e-7 * largest;
    int wrong = 0;
    forEach([&](size_t j) {
      double found = results[i].floats()[j];
      bool same = std::isnan(exact[i][j])   ? std::isnan(found)
                  : std::isinf(exact[i][j]) ? found == exact[i][j]
                                            : std::fabs(found - exact[i][j]) <= bound;
      if (!same && wrong++ < 3)
        ADD_FAILURE() << "result " << i << ", row " << j / static_cast<size_t>(width) << ", column "
                      << j % static_cast<size_t>(width) << ": found " << found << ", expected " << exact[i][j]
                      << " within " << bound << "\n"
                      << description.text();
    });
  }
}

void check(const KernelDescription &description, const std::string &target, const std::vector<Array> &arguments,
           const Batch &batch) {
  if (!cpuHas(target))
    return;
  expectAccurate(description, arguments, run(description, target, arguments, batch.rows()), realRows(batch));
}

} // namespace tenon::kernels::test
