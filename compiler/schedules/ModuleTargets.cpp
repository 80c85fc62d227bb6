//===- ModuleTargets.cpp - The CPUs that IR is compiled for ---------------===//

#include "schedules/ModuleTargets.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace tenon;

static constexpr char kTargetsAttribute[] = "tenon.targets";

void tenon::setTargets(ModuleOp module, llvm::ArrayRef<kernels::TargetModel> targets) {
  SmallVector<Attribute> texts;
  for (const kernels::TargetModel &target : targets)
    if (std::string text = kernels::textOf(target); text != target.name)
      texts.push_back(StringAttr::get(module.getContext(), text));
  if (texts.empty())
    module->removeAttr(kTargetsAttribute);
  else
    module->setAttr(kTargetsAttribute, ArrayAttr::get(module.getContext(), texts));
}

llvm::Expected<kernels::TargetModel> tenon::targetOf(ModuleOp module, llvm::StringRef name) {
  if (auto texts = module->getAttrOfType<ArrayAttr>(kTargetsAttribute))
    for (auto text : texts.getAsRange<StringAttr>()) {
      std::string error;
      std::optional<kernels::TargetModel> target = kernels::readTarget(text.str(), error);
      if (!target)
        return llvm::createStringError("%s: %s", kTargetsAttribute, error.c_str());
      if (target->name == name)
        return *target;
    }
  if (const kernels::TargetModel *known = kernels::findTarget(name.str()))
    return *known;
  return llvm::createStringError(kernels::unknownTarget(name.str()));
}
