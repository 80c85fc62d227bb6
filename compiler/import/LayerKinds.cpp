//===- LayerKinds.cpp -----------------------------------------------------===//

#include "import/LayerKinds.h"
#include "expressions/Sugar.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <bit>

using namespace tenon;
using namespace tenon::import;

static std::vector<LayerKind> namedKinds(Config &config, int64_t layers) {
  std::vector<std::string> names = config.strings("layer_types");
  if (int64_t(names.size()) != layers)
    config.fail("layer_types", "expected one for each of " + std::to_string(layers) + " layers, found " +
                                   std::to_string(names.size()));
  std::vector<LayerKind> kinds;
  for (const std::string &name : names) {
    if (name != "full_attention" && name != "sliding_attention")
      config.fail("layer_types",
                  "\"" + name + "\" is not supported; supported: \"full_attention\", \"sliding_attention\"");
    kinds.push_back(name == "sliding_attention" ? LayerKind::Sliding : LayerKind::Full);
  }
  return kinds;
}

std::vector<LayerKind> tenon::import::layerKinds(Config &config, llvm::StringRef modelType, int64_t layers) {
  bool windows = config.has("sliding_window") && config.booleanOr("use_sliding_window", true);
  if (config.has("layer_types")) {
    std::vector<LayerKind> kinds = namedKinds(config, layers);
    if (!windows && llvm::is_contained(kinds, LayerKind::Sliding))
      config.fail("layer_types", config.has("sliding_window")
                                     ? "\"sliding_attention\" needs 'use_sliding_window', which is false"
                                     : "\"sliding_attention\" needs 'sliding_window', which is null");
    return kinds;
  }
  int64_t first = config.integerOr("max_window_layers", 0);
  int64_t pattern = modelType == "gemma2" ? 2 : config.integerOr("sliding_window_pattern", 0, 1);
  std::vector<LayerKind> kinds;
  for (int64_t layer = 0; layer < layers; ++layer) {
    bool full = !windows || layer < first || (pattern > 0 && (layer + 1) % pattern == 0);
    kinds.push_back(full ? LayerKind::Full : LayerKind::Sliding);
  }
  return kinds;
}

size_t tenon::import::periodOf(llvm::ArrayRef<LayerKind> kinds) {
  size_t period = 1;
  while (period < kinds.size() && kinds.drop_front(period) != kinds.drop_back(period))
    ++period;
  return period;
}

/// The nearest bfloat16.
static float roundToBrain(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bits += 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<float>(bits & 0xffff0000u);
}

/// The slope of head h among slopes [first, last), halving the range at each select.
static void writeSlope(llvm::raw_ostream &os, llvm::ArrayRef<double> slopes, size_t first, size_t last) {
  if (last - first == 1) {
    os << "float(" << llvm::format("%.9g", slopes[first]) << ")";
    return;
  }
  size_t middle = first + (last - first) / 2;
  os << "select(h < " << middle << ", ";
  writeSlope(os, slopes, first, middle);
  os << ", ";
  writeSlope(os, slopes, middle, last);
  os << ")";
}

std::string tenon::import::scaledAlibi(int64_t heads, double scale) {
  std::vector<double> slopes;
  for (float slope : expressions::alibiSlopes(heads, expressions::AlibiStyle::Bloom))
    slopes.push_back(roundToBrain(slope) * scale);
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "s + ";
  writeSlope(os, slopes, 0, slopes.size());
  os << " * float(k - q)";
  return expressions::parse(text, expressions::Kind::Score)->print();
}
