// Which parameters have tensors of their own, as the spec's readers and importers are told, and as they are bound in model
// IR.

#include "spec/Parameters.h"
#include "driver/Context.h"
#include "spec/ModelBuilder.h"
#include "passes/Passes.h"
#include "tenon/Dialect.h"
#include "unit/spec/SpecTexts.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace tenon;
using namespace tenon::test;

static std::string described(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t layers) {
  std::string text = name.str() + " [";
  for (int64_t size : shape)
    text += std::to_string(size) + " ";
  return text + "] x" + std::to_string(layers);
}

static std::set<std::string> bySpec(const spec::Model &model) {
  std::set<std::string> list;
  for (const spec::Parameter &parameter : spec::parameters(model))
    list.insert(described(parameter.name, parameter.shape, parameter.layers));
  return list;
}

static std::set<std::string> byBinding(const spec::Model &model) {
  CompilerContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module = buildModel(model, context.get());
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*module))) << llvm::toString(context.takeError(""));
  mlir::PassManager passes(context.get());
  passes.addPass(createBindParameters());
  EXPECT_TRUE(mlir::succeeded(passes.run(*module))) << llvm::toString(context.takeError(""));
  std::set<std::string> list;
  module->walk([&](ParameterOp op) {
    list.insert(described(op.getSymName(), op.getShape(), static_cast<int64_t>(op.getLayers().value_or(0))));
  });
  return list;
}

static void expectAgreement(const std::string &text) {
  llvm::Expected<spec::Model> model = read(text);
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  EXPECT_EQ(byBinding(*model), bySpec(*model)) << text;
}

/// All specs of a page.
static std::vector<std::string> examplesOf(const std::string &page) {
  std::vector<std::string> examples;
  for (size_t at = page.find("```yaml\n"); at != std::string::npos; at = page.find("```yaml\n", at + 1)) {
    size_t begin = at + std::string("```yaml\n").size();
    std::string example = page.substr(begin, page.find("```", begin) - begin);
    if (llvm::StringRef(example).starts_with("tenon: 1"))
      examples.push_back(example);
  }
  return examples;
}

static std::string textOf(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Parameters, AreThoseOfModelIRForEverySpecOfTheDocumentation) {
  std::vector<std::string> examples = examplesOf(textOf(TENON_DOCS "/spec.md"));
  for (const auto &entry : std::filesystem::directory_iterator(TENON_DOCS "/corners"))
    examples.push_back(textOf(entry.path().string()));
  ASSERT_GE(examples.size(), 9u);
  for (const std::string &example : examples)
    expectAgreement(example);
}

TEST(Parameters, AreThoseOfModelIRWhereTheyAreShared) {
  expectAgreement(R"yaml(tenon: 1
name: shared
width: 8
stacks:
  encoder:
    input: {vocab: 9}
    layers: 2
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 2}
  decoder:
    input: {vocab: 9}
    layers: 2
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 2, mask: causal}
      - attention: {name: cross, heads: 2, from: encoder}
head: {stack: decoder, tied: true}
share: [decoder.input = encoder.input, decoder.layers.*.attention = encoder.layers.*.attention]
)yaml");
}
