//===- SavedHead.cpp ------------------------------------------------------===//

#include "import/SavedHead.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr StringRef key = "architectures";

/// What the name of a class ends with; the first that fits counts.
static constexpr std::pair<StringRef, SavedHead> endings[] = {
    {"ForCausalLM", SavedHead::Words},    {"ForConditionalGeneration", SavedHead::Words},
    {"LMHeadModel", SavedHead::Words},    {"MTModel", SavedHead::Words},
    {"EncoderDecoderModel", SavedHead::Words}, {"DoubleHeadsModel", SavedHead::Other},
    {"Model", SavedHead::None},
};

SavedHead tenon::import::savedHead(Config &config) {
  std::vector<std::string> classes = config.strings(key);
  if (classes.empty())
    return SavedHead::Unknown;
  for (auto [ending, head] : endings)
    if (StringRef(classes.front()).ends_with(ending))
      return head;
  return SavedHead::Other;
}

bool tenon::import::isWithoutHead(Config &config, const ImportOptions &options, llvm::ArrayRef<SavedHead> supported,
                                  StringRef part) {
  SavedHead saved = savedHead(config);
  if (options.withoutHead || saved == SavedHead::None)
    return true;
  if (saved != SavedHead::Unknown && !llvm::is_contained(supported, saved))
    config.fail(key, "the head of \"" + config.strings(key).front() + "\" is not supported; with --without-head the " +
                         "model is " + part + " alone");
  return false;
}
