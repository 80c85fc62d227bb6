//===- Regions.cpp - Descriptions and batches for tests --------------------===//

#include "Regions.h"
#include "Oracle.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace tenon::kernels::test {

int RegionBuilder::argument(TensorType type) {
  description.arguments.push_back(std::move(type));
  return values++;
}

int RegionBuilder::operation(const std::string &kind, std::vector<int> operands, int64_t width,
                             std::map<std::string, Attribute> attributes) {
  TensorType result{ElementType::F32, {kDynamic, width}};
  description.operations.push_back({kind, std::move(operands), {result}, std::move(attributes)});
  return values++;
}

int RegionBuilder::split(int operand, std::vector<int64_t> widths) {
  Operation operation{"split", {operand}, {}, {}};
  for (int64_t width : widths)
    operation.results.push_back({ElementType::F32, {kDynamic, width}});
  description.operations.push_back(operation);
  values += static_cast<int>(widths.size());
  return values - static_cast<int>(widths.size());
}

KernelDescription RegionBuilder::yield(std::vector<int> results) {
  description.results = std::move(results);
  return description;
}

Batch::Batch(std::vector<int32_t> lengths) : lengths(std::move(lengths)) {
  starts.push_back(0);
  for (int32_t length : this->lengths)
    starts.push_back(starts.back() + std::max((length + 15) / 16 * 16, 16));
}

bool Batch::isReal(int64_t row) const {
  auto next = std::upper_bound(starts.begin(), starts.end(), row);
  size_t sequence = static_cast<size_t>(next - starts.begin()) - 1;
  return row < starts[sequence] + lengths[sequence];
}

std::vector<bool> realRows(const Batch &batch) {
  std::vector<bool> real;
  for (int64_t row = 0; row < batch.rows(); ++row)
    real.push_back(batch.isReal(row));
  return real;
}

Array randomArray(std::vector<int64_t> shape, unsigned seed, float deviation) {
  Array array(std::move(shape));
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution(0.0f, deviation);
  for (float &value : array.floats())
    value = distribution(engine);
  return array;
}

Array randomRows(const Batch &batch, int64_t width, unsigned seed, float deviation) {
  Array array = randomArray({batch.rows(), width}, seed, deviation);
  for (int64_t row = 0; row < batch.rows(); ++row)
    if (!batch.isReal(row))
      std::fill_n(array.floats().begin() + row * width, width, std::numeric_limits<float>::quiet_NaN());
  return array;
}

Array inPanels(const Array &plain, int64_t panel) {
  int64_t width = plain.shape[0], depth = plain.shape[1];
  Array packed({(width + panel - 1) / panel, depth, panel});
  for (int64_t n = 0; n < width; ++n)
    for (int64_t k = 0; k < depth; ++k)
      packed.floats()[static_cast<size_t>((n / panel * depth + k) * panel + n % panel)] =
          plain.floats()[static_cast<size_t>(n * depth + k)];
  return packed;
}

/// Each kernel is compiled once.
static const LoadedKernel &compiled(const KernelDescription &description, const Schedule &schedule) {
  static std::map<std::string, std::unique_ptr<LoadedKernel>> kernels;
  std::unique_ptr<LoadedKernel> &kernel = kernels[description.text() + schedule.text()];
  if (!kernel)
    kernel = std::make_unique<LoadedKernel>(description, schedule);
  return *kernel;
}

std::vector<Array> run(const KernelDescription &description, const std::string &target, std::vector<Array> arguments,
                       int64_t rows, const Schedule *schedule) {
  const LoadedKernel &kernel =
      compiled(description, schedule ? *schedule : defaultSchedule(description, *findTarget(target)));
  std::vector<TensorType> types = valueTypes(description);
  std::vector<Array> results;
  for (int value : description.results)
    results.push_back(randomArray({rows, types[static_cast<size_t>(value)].shape[1]}, 99));
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
