//===- DecoderTensors.cpp -------------------------------------------------===//

#include "import/DecoderTensors.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::import;

static constexpr llvm::StringRef headModule = "head";
/// Tensors that hold nothing trained: masks, and frequencies that follow from the configuration.
static constexpr llvm::StringRef buffers[] = {
    "attn.bias",           "attn.masked_bias",           "attention.bias",
    "crossattention.bias", "crossattention.masked_bias", "attention.masked_bias",
    "rotary_emb.inv_freq"};

std::string DecoderTensors::layerPattern(llvm::StringRef name) const {
  llvm::StringRef rest = name;
  if (!rest.consume_front(prefix) || !rest.consume_front(layout.layers))
    return name.str();
  llvm::StringRef digits = rest.take_while(llvm::isDigit);
  return digits.empty() ? name.str() : (prefix + layout.layers + "*" + rest.drop_front(digits.size())).str();
}

llvm::Error DecoderTensors::findPrefix(llvm::StringRef root) {
  std::string embedding = (layout.embedding + ".weight").str();
  std::vector<std::string> found;
  for (llvm::StringRef name : files.names())
    if (name.starts_with(root) && name.consume_back(embedding) && (name.empty() || name.ends_with(".")))
      found.push_back(name.str());
  if (found.empty())
    return llvm::createStringError("'" + files.getPath() + "' has no tensor '" + embedding +
                                   "', with or without a prefix");
  if (found.size() > 1)
    return llvm::createStringError("'" + files.getPath() + "' has several models: '" +
                                   llvm::join(found, embedding + "', '") + embedding + "'; supported is one");
  prefix = found.front();
  for (llvm::StringRef name : files.names()) {
    std::optional<weights::TensorView> view = files.find(name);
    patterns.try_emplace(layerPattern(name), view->shape.empty() ? 1 : view->shape.front());
    for (const DecoderModule &module : layout.modules)
      if (llvm::StringRef rest = name; module.module == headModule && name.starts_with(root) &&
                                       rest.consume_back((module.checkpoint + ".weight").str()) &&
                                       (rest.empty() || rest.ends_with(".")))
        headPrefix = rest.str();
  }
  return llvm::Error::success();
}

std::string DecoderTensors::tensorName(const DecoderModule &entry, llvm::StringRef last) const {
  return ((entry.module == headModule ? headPrefix : prefix) + entry.checkpoint + "." + last).str();
}

const DecoderModule *DecoderTensors::findEntry(llvm::StringRef module, llvm::StringRef last) const {
  for (const DecoderModule &entry : layout.modules)
    if (entry.module == module && patterns.contains(tensorName(entry, last)))
      return &entry;
  return nullptr;
}

const DecoderModule *DecoderTensors::entry(llvm::StringRef module, llvm::StringRef last) const {
  // A missing bias is looked for where the weight is.
  for (llvm::StringRef present : {last, llvm::StringRef("weight")})
    if (const DecoderModule *found = findEntry(module, present))
      return found;
  const auto *first = llvm::find_if(layout.modules, [&](const DecoderModule &entry) { return entry.module == module; });
  return first == layout.modules.end() ? nullptr : first;
}

int64_t DecoderTensors::rows(llvm::StringRef module) const {
  const DecoderModule *found = findEntry(module, "weight");
  return found ? patterns.lookup(tensorName(*found, "weight")) : 0;
}

llvm::Error DecoderTensors::checkNames() const {
  std::vector<std::string> unknown;
  for (llvm::StringRef name : files.names()) {
    if (!name.starts_with(prefix) ||
        llvm::any_of(buffers, [&](llvm::StringRef buffer) { return name.ends_with(("." + buffer).str()); }))
      continue;
    std::string pattern = layerPattern(name);
    auto [module, last] = llvm::StringRef(pattern).rsplit('.');
    bool known = llvm::is_contained({"weight", "bias"}, last) &&
                 llvm::any_of(layout.modules, [&, whole = module](const DecoderModule &entry) {
                   return (type.attends || !isCross(entry)) &&
                          whole == (entry.module == headModule ? headPrefix : prefix) + entry.checkpoint.str();
                 });
    // Without a prefix, what stands beside the model is not told from what belongs to it.
    bool beside = prefix.empty() && pattern == name && !known;
    if (!known && !beside)
      unknown.push_back(("'" + name + "'").str());
  }
  if (unknown.empty())
    return llvm::Error::success();
  size_t count = unknown.size();
  unknown.resize(std::min<size_t>(count, 8));
  return llvm::createStringError("'" + files.getPath() + "' has the names of model type \"" + type.name +
                                 "\", but also " + llvm::join(unknown, ", ") + (count > 8 ? ", ..." : "") +
                                 ", which that does not have; what they do would be lost");
}
