//===- Seq2SeqTensors.cpp -------------------------------------------------===//

#include "import/Seq2SeqTensors.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr StringRef headModule = "head";
static constexpr StringRef headBias = "final_logits_bias";
/// Tensors that transformers itself passes over.
static constexpr StringRef passedOver[] = {"EncDecAttention.relative_attention_bias.weight", "encoder.version",
                                           "decoder.version"};

/// `name` with `*` for the number of the layer.
std::string Seq2SeqTensors::layerPattern(StringRef name) const {
  for (StringRef stack : {"encoder.", "decoder."}) {
    StringRef rest = name;
    if (!rest.consume_front(prefix) || !rest.consume_front(stack) || !rest.consume_front(layout.layers))
      continue;
    StringRef digits = rest.take_while(llvm::isDigit);
    if (!digits.empty())
      return (prefix + stack + layout.layers + "*" + rest.drop_front(digits.size())).str();
  }
  return name.str();
}

llvm::Error Seq2SeqTensors::findPrefix() {
  std::vector<std::string> found;
  for (StringRef name : files.names())
    if (name.consume_back(layout.probe) && (name.empty() || name.ends_with(".")))
      found.push_back(name.str());
  if (found.empty())
    return llvm::createStringError("'" + files.getPath() + "' has no tensor '" + layout.probe +
                                   "', with or without a prefix");
  if (found.size() > 1)
    return llvm::createStringError("'" + files.getPath() + "' has several models: '" +
                                   llvm::join(found, layout.probe.str() + "', '") + layout.probe +
                                   "'; supported is one");
  prefix = found.front();
  for (StringRef name : files.names())
    ++patterns[layerPattern(name)];
  return llvm::Error::success();
}

std::string Seq2SeqTensors::fullName(const Seq2SeqModule &entry, StringRef last) const {
  return ((entry.module == headModule ? "" : prefix) + entry.checkpoint + "." + last).str();
}

const Seq2SeqModule *Seq2SeqTensors::findEntry(StringRef module, StringRef last) const {
  for (const Seq2SeqModule &entry : layout.modules)
    if (entry.module == module && patterns.contains(fullName(entry, last)))
      return &entry;
  return nullptr;
}

bool Seq2SeqTensors::hasDecoder() const {
  return llvm::any_of(patterns.keys(), [&](StringRef name) { return name.starts_with(prefix + "decoder."); });
}

bool Seq2SeqTensors::hasHeadBias() const {
  std::optional<weights::TensorView> view = files.find(headBias);
  return view && llvm::any_of(view->data, [](uint8_t byte) { return byte != 0; });
}

std::string Seq2SeqTensors::tensorName(StringRef module, StringRef last) const {
  if (module == headModule && last == "bias")
    return headBias.str();
  const Seq2SeqModule *entry = findEntry(module, last);
  if (!entry)
    entry = findEntry(module, "weight"); // A missing bias is looked for where the weight is.
  if (!entry)
    for (const Seq2SeqModule &candidate : layout.modules)
      if (candidate.module == module && !entry)
        entry = &candidate;
  if (!entry)
    return "";
  std::string name = fullName(*entry, last);
  // T5 has the relative bias of all layers in the first.
  if (size_t star = name.find('*'); StringRef(module).ends_with(".relative") && patterns.lookup(name) == 1)
    name[star] = '0';
  return name;
}

bool Seq2SeqTensors::same(StringRef left, StringRef right) const {
  std::optional<weights::TensorView> a = files.find(left), b = files.find(right);
  return a && b && a->type == b->type && a->shape == b->shape && a->data == b->data;
}

std::vector<std::string> Seq2SeqTensors::idleTensors(bool withHead) const {
  std::vector<std::string> idle;
  for (StringRef name : files.names()) {
    bool isPassedOver = llvm::any_of(passedOver, [&](StringRef suffix) { return name.ends_with(suffix); });
    bool isZeroBias = name == headBias && !hasHeadBias();
    bool isOfEncoder = name.starts_with(prefix + "encoder.") || name.starts_with(prefix + "shared.");
    if (isPassedOver || isZeroBias || (!withHead && !isOfEncoder))
      idle.push_back(name.str());
  }
  return idle;
}
