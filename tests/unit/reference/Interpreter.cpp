//===- Interpreter.cpp - The reference interpreter on IR in strings -------===//

#include "Interpreter.h"

#include "reference/Reference.h"
#include "tenon/Dialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;

namespace tenon::reference {

template <typename Scalar> static Options<Scalar> observe(Outcome<Scalar> &outcome, const Parameters &parameters) {
  Options<Scalar> options;
  options.parameters = [&](llvm::StringRef name) -> FailureOr<FloatTensor> {
    ++outcome.reads[name.str()];
    auto found = parameters.find(name.str());
    return found == parameters.end() ? FailureOr<FloatTensor>(failure()) : found->second;
  };
  options.onKernel = [&](KernelOp kernel, ArrayRef<Tensor<Scalar>> inputs, ArrayRef<Tensor<Scalar>> outputs) {
    outcome.kernels.push_back(kernel.getName().str());
    outcome.kernelInputs.push_back(inputs.vec());
    outcome.kernelOutputs.push_back(outputs.vec());
    auto alone = evaluateKernel<Scalar>(kernel, inputs);
    outcome.alone.push_back(succeeded(alone) ? ArrayRef(*alone).vec() : std::vector<Tensor<Scalar>>());
  };
  options.onOp = [&](Operation *op, ArrayRef<Tensor<Scalar>>, ArrayRef<Tensor<Scalar>>) {
    outcome.operations.push_back(op->getName().stripDialect().str());
  };
  return options;
}

template <typename Scalar>
Outcome<Scalar> run(const std::string &module, const std::vector<Tensor<Scalar>> &inputs,
                    const Parameters &parameters) {
  DialectRegistry registry;
  registry.insert<TenonDialect, func::FuncDialect>();
  registerReferenceModels(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Outcome<Scalar> outcome;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    outcome.errors += diagnostic.str() + "\n";
    return success();
  });
  OwningOpRef<ModuleOp> parsed = parseSourceString<ModuleOp>(module, &context);
  if (!parsed)
    return outcome;
  Options<Scalar> options = observe(outcome, parameters);
  auto results = evaluate<Scalar>(*parsed->getOps<func::FuncOp>().begin(), inputs, options);
  if (succeeded(results))
    outcome.results.assign(results->begin(), results->end());
  return outcome;
}

template <typename Scalar>
Tensor<Scalar> compute(const std::string &signature, const std::string &body, const std::vector<Tensor<Scalar>> &inputs,
                       const Parameters &parameters) {
  Outcome<Scalar> outcome = run<Scalar>("func.func @f" + signature + " {\n" + body + "\n}", inputs, parameters);
  EXPECT_EQ(outcome.errors, "");
  return outcome.results.size() == 1 ? outcome.results.front() : Tensor<Scalar>({0}, std::vector<Scalar>());
}

void expectNear(const std::vector<double> &actual, const std::vector<double> &expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(expected[i]) || std::isinf(expected[i]))
      EXPECT_EQ(std::isnan(expected[i]) ? std::isnan(actual[i]) : actual[i] == expected[i], true)
          << "element " << i << ": " << actual[i] << ", expected " << expected[i];
    else
      EXPECT_NEAR(actual[i], expected[i], tolerance * std::max(1.0, std::fabs(expected[i]))) << "element " << i;
  }
}

#define INSTANTIATE(Scalar)                                                                                            \
  template Outcome<Scalar> run(const std::string &, const std::vector<Tensor<Scalar>> &, const Parameters &);          \
  template Tensor<Scalar> compute(const std::string &, const std::string &, const std::vector<Tensor<Scalar>> &,       \
                                  const Parameters &);

INSTANTIATE(float)
INSTANTIATE(double)

} // namespace tenon::reference
