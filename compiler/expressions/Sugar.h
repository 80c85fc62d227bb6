//===- Sugar.h - Masks and scores that have a name in the spec ------------===//

#ifndef TENON_EXPRESSIONS_SUGAR_H
#define TENON_EXPRESSIONS_SUGAR_H

#include "expressions/Expression.h"

namespace tenon::expressions {

/// k <= q
Expression causal();

/// k <= q && q - k < keys: a query sees itself and the keys - 1 before it. `keys` is at least 1.
Expression window(int32_t keys);

/// abs(q - k) <= keys: a query sees so many keys on either side of its own.
Expression around(int32_t keys);

/// k <= q || k < keys: all queries see the first keys
Expression prefix(int32_t keys);

/// segment < first || mask: `mask` says which keys of segment `first` and of those behind it are seen; all of those
/// before it are.
Expression fromSegment(int32_t first, const Expression &mask);

/// cap * tanh(s / cap), for a finite cap above 0
Expression softcap(float cap);

/// Both give head i the slope 2^(-maximumBias * (i + 1) / n) if there are n heads and n is a power of two; for another
/// number, the slopes of the power of two below it and then every other one of the power of two above it. They
/// round differently, and each is within a unit in the last place of what a model of its kind was trained with.
enum class AlibiStyle {
  Bloom, ///< powers of the base 2^(-maximumBias / n), which is rounded to 32 bits first
  Mpt,   ///< each rounded once
};

/// Heads for which `alibi` stays within the limits of an expression.
inline constexpr unsigned maximumAlibiHeads = 128;

/// The slopes of ALiBi's heads. `maximumBias` is MPT's alibi_bias_max; BLOOM has 8.
std::vector<float> alibiSlopes(unsigned heads, AlibiStyle style, float maximumBias = 8);

/// s + slope(h) * float(k - q), with the slopes as literals that a tree of selects finds. `heads` is 1 to
/// maximumAlibiHeads. Transformers adds slope * k or slope * (k - last): per query this differs by a constant, which
/// softmax drops.
Expression alibi(unsigned heads, AlibiStyle style, float maximumBias = 8);

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_SUGAR_H
