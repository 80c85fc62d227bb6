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

bool DecoderTensors::hasOwnHead() const {
  const DecoderModule *head = findEntry(headModule, "weight");
  std::optional<weights::TensorView> own = head ? files.find(tensorName(*head, "weight")) : std::nullopt;
  std::optional<weights::TensorView> tokens = files.find((prefix + layout.embedding + ".weight").str());
  return own && !(tokens && own->type == tokens->type && own->shape == tokens->shape && own->data == tokens->data);
}

/// Whether a tensor of the model's own, of which `pattern` is, is in the layout, or stands in a layer.
bool DecoderTensors::isOfModel(llvm::StringRef pattern) const {
  llvm::StringRef module = pattern.rsplit('.').first;
  return pattern.contains('*') || llvm::any_of(layout.modules, [&](const DecoderModule &entry) {
           return entry.module != headModule && module == prefix + entry.checkpoint.str();
         });
}

std::vector<std::string> DecoderTensors::idleTensors(bool withHead) const {
  std::vector<std::string> idle;
  for (llvm::StringRef name : files.names()) {
    bool isBuffer = llvm::any_of(buffers, [&](llvm::StringRef buffer) { return name.ends_with(("." + buffer).str()); });
    bool readsNoText = llvm::any_of(type.otherModes, [&](llvm::StringRef start) { return name.starts_with(start); });
    if (isBuffer || readsNoText || (!withHead && !isOfModel(layerPattern(name))))
      idle.push_back(name.str());
  }
  return idle;
}
