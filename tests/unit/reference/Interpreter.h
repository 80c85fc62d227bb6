//===- Interpreter.h - The reference interpreter on IR in strings -*- C++ -*-===//

#ifndef TENON_TESTS_REFERENCE_INTERPRETER_H
#define TENON_TESTS_REFERENCE_INTERPRETER_H

#include "reference/Tensor.h"

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace tenon::reference {

using Parameters = std::map<std::string, FloatTensor>;

/// What a run of the interpreter gave and did.
template <typename Scalar> struct Outcome {
  std::vector<Tensor<Scalar>> results; ///< Empty where the run ended with an error.
  std::string errors;                  ///< Diagnostics, a line each.
  std::map<std::string, int> reads;    ///< How often each parameter was asked for.
  std::vector<std::string> kernels;    ///< Names of the kernels as they ran.
  std::vector<std::vector<Tensor<Scalar>>> kernelInputs, kernelOutputs;
  std::vector<std::vector<Tensor<Scalar>>> alone; ///< The outputs of each kernel evaluated by itself.
  std::vector<std::string> operations;            ///< Names of the compute operations as they ran.
};

/// Evaluates the first function of the module.
template <typename Scalar>
Outcome<Scalar> run(const std::string &module, const std::vector<Tensor<Scalar>> &inputs,
                    const Parameters &parameters = {});

/// Evaluates a function of the given signature and body, of one result; the run must succeed.
template <typename Scalar>
Tensor<Scalar> compute(const std::string &signature, const std::string &body, const std::vector<Tensor<Scalar>> &inputs,
                       const Parameters &parameters = {});

/// Floats between -range and range, the same in every run.
inline std::vector<double> randomValues(int64_t count, unsigned seed, double range = 1) {
  std::mt19937 generator(seed);
  std::vector<double> values(count);
  for (double &value : values)
    value = static_cast<float>(range * (static_cast<double>(generator()) / 2147483648.0 - 1));
  return values;
}

template <typename Scalar = double>
Tensor<Scalar> tensor(llvm::ArrayRef<int64_t> shape, const std::vector<double> &values) {
  return Tensor<Scalar>(shape, std::vector<Scalar>(values.begin(), values.end()));
}

template <typename Scalar = double> Tensor<Scalar> ints(llvm::ArrayRef<int64_t> shape, std::vector<int32_t> values) {
  return Tensor<Scalar>(shape, std::move(values));
}

template <typename Scalar> std::vector<double> values(const Tensor<Scalar> &tensor) {
  return std::vector<double>(tensor.values().begin(), tensor.values().end());
}

/// Expects every element within `tolerance` relative to its size (and absolutely below 1).
void expectNear(const std::vector<double> &actual, const std::vector<double> &expected, double tolerance);

} // namespace tenon::reference

#endif // TENON_TESTS_REFERENCE_INTERPRETER_H
