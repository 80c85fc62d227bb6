//===- CTranslate2Positions.cpp - How a model.bin counts positions --------===//

#include "expressions/Sugar.h"
#include "import/CTranslate2StackReader.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;
using llvm::Twine;

static constexpr int64_t tableLength = 1024;  ///< Of computed positions, of which there are as many as are needed.
static constexpr int64_t rotaryLength = 4096; ///< The same of rotary ones, and of what has no positions.

/// CTranslate2's own sinusoids count positions from 1 on.
static std::vector<float> sinusoids(int64_t length, int64_t width) {
  int64_t half = width / 2;
  float step = std::log(10000.f) / static_cast<float>(half - 1);
  std::vector<float> table(length * width);
  for (int64_t position = 0; position < length; ++position)
    for (int64_t i = 0; i < half; ++i) {
      float angle = static_cast<float>(position + 1) * std::exp(-step * static_cast<float>(i));
      table[position * width + i] = std::sin(angle);
      table[position * width + half + i] = std::cos(angle);
    }
  return table;
}

/// Positions are added to embeddings, unless attentions see to them.
void StackReader::readPositions() {
  std::string attention = inLayer("self_attention/");
  if (variables.has(attention + "rotary_dim"))
    return readRotary(attention);
  if (variables.has(attention + "relative_attention_bias"))
    return; // As many as are wanted.
  if (variables.flag(at("alibi"), false))
    stack->input.positions.length = rotaryLength;
  else
    readTable();
}

void StackReader::readRotary(const std::string &attention) {
  spec::Positions &positions = stack->input.positions;
  positions.kind = spec::PositionKind::Rotary;
  positions.length = rotaryLength;
  positions.base = variables.number(attention + "rotary_base").value_or(10000);
  positions.interleaved = variables.flag(attention + "rotary_interleave", true);
  double dims = variables.number(attention + "rotary_dim").value_or(0);
  int64_t headSize = headSizeOf(attention, /*isCross=*/false);
  if (!(positions.base > 1))
    fail("variable '" + attention + "rotary_base' is " + std::to_string(positions.base) + "; expected more than 1");
  if (!(dims >= 0 && dims <= double(headSize)) || int64_t(dims) % 2 != 0)
    return fail("variable '" + attention + "rotary_dim' is " + std::to_string(dims) +
                "; expected an even number, at most the " + Twine(headSize) + " of a head");
  positions.dims = int64_t(dims) == headSize ? 0 : int64_t(dims);
  readScaling(attention, positions.scaling);
}

void StackReader::readScaling(const std::string &attention, spec::RotaryScaling &scaling) {
  // By the numbers of ctranslate2::layers::RotaryScalingType.
  constexpr double none = -1, linear = 0, llama3 = 2;
  double kind = variables.number(attention + "rotary_scaling_type").value_or(none);
  if (kind == none)
    return;
  if (kind != linear && kind != llama3)
    return fail("variable '" + attention + "rotary_scaling_type' is " + std::to_string(kind) +
                "; supported: -1 (none), 0 (linear), 2 (Llama 3)");
  scaling.kind = kind == linear ? spec::ScalingKind::Linear : spec::ScalingKind::Llama3;
  scaling.factor = variables.number(attention + "rotary_scaling_factor").value_or(1);
  if (!(scaling.factor >= 1))
    fail("variable '" + attention + "rotary_scaling_factor' is " + std::to_string(scaling.factor) +
         "; expected 1 or more");
  if (kind != llama3)
    return;
  scaling.lowFrequencyFactor = variables.number(attention + "rotary_low_freq_factor").value_or(1);
  scaling.highFrequencyFactor = variables.number(attention + "rotary_high_freq_factor").value_or(4);
  scaling.originalLength = wholeNumber(attention + "original_max_position_embeddings", 8192);
}

/// CTranslate2 lets a long prompt's tokens see as far as its pieces happen to reach; within one window all see all.
void StackReader::limitToWindow(const std::string &attention) {
  double window = variables.number(attention + "sliding_window").value_or(0);
  (void)variables.number(at("sliding_window"));
  int64_t &length = stack->input.positions.length;
  if (window >= 1 && window < double(length == 0 ? rotaryLength : length))
    length = static_cast<int64_t>(window);
}

void StackReader::readTable() {
  std::string name = at("position_encodings/encodings");
  spec::Positions &positions = stack->input.positions;
  positions.kind = spec::PositionKind::Learned;
  if (variables.has(name)) {
    positions.length = extent(name, 0);
    return;
  }
  if (width < 4 || width % 2 != 0 || width > (int64_t(1) << 20))
    return fail("sinusoidal positions of width " + Twine(width) +
                " are not supported; supported: even widths from 4 on");
  positions.length = tableLength;
  llvm::ArrayRef<float> table = source.keep(sinusoids(tableLength, width));
  llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(table.data()), table.size() * sizeof(float));
  std::string computed = at(computedPositions);
  variables.stored().add(computed, {weights::StorageType::F32, {tableLength, width}, bytes});
}

void StackReader::readRelative(const std::string &layer, bool isCross, spec::AttentionSublayer &attention) {
  if (!variables.has(layer + "relative_attention_bias"))
    return;
  spec::RelativeBias &relative = attention.relative.emplace();
  relative.buckets = extent(layer + "relative_attention_bias", 0);
  relative.distance = wholeNumber(layer + "relative_attention_max_distance", 128);
  relative.bidirectional = stack->name == "encoder";
}

/// Whether positions count from the left or to it makes no difference behind the softmax.
std::string StackReader::readAlibi() {
  if (variables.flag(at("scale_alibi"), false) || heads > expressions::maximumAlibiHeads) {
    fail("variable '" + at("alibi") + "' is set for " + Twine(heads) + " heads; supported: at most " +
         Twine(expressions::maximumAlibiHeads) + ", without 'scale_alibi'");
    return "";
  }
  return expressions::alibi(heads, expressions::AlibiStyle::Bloom).print();
}
