//===- CallsArgument.cpp - Which calls of a model, for which CPU ----------===//

#include "CallsArgument.h"
#include "Command.h"
#include "driver/Targets.h"

using namespace tenon;
using namespace tenon::tools;

void tools::readCalls(const std::string &sizes, std::vector<tune::CallShape> &calls) {
  if (sizes.empty())
    return;
  auto read = tune::parseCalls(sizes);
  if (!read)
    throw Failure(llvm::toString(read.takeError()));
  calls = std::move(*read);
}

void tools::checkTarget(const std::string &target) {
  if (target.empty())
    return;
  if (auto read = readTargetText(target); !read)
    throw Failure(llvm::toString(read.takeError()));
}
