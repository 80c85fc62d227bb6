//===- Analysis.h - What the compiler may rely on about a mask ------------===//

#ifndef TENON_EXPRESSIONS_ANALYSIS_H
#define TENON_EXPRESSIONS_ANALYSIS_H

#include "expressions/Expression.h"

namespace tenon::expressions {

/// The segments that a proof is about: that of the keys and that of the queries. It holds for all where one is empty.
struct Segments {
  std::optional<int32_t> key, query;
};

/// Whether the mask may let a query see a key after it (k > q), for any q, k, h and b from 0: true unless the opposite
/// is proven. A stack whose masks see no later keys can have a KV cache.
bool seesLaterKeys(const Expression &mask, Segments segments = {});

/// The least n of at least 1 for which it is proven that the mask implies q - k < n: keys n or more before a query can
/// be dropped. Empty if there is no such proof.
std::optional<int32_t> windowOf(const Expression &mask, Segments segments = {});

/// Whether it is proven that no query sees any key.
bool seesNothing(const Expression &mask, Segments segments = {});

/// The same of a mask as the IR holds it: text, empty where every query sees every key. Of what is no mask nothing is
/// proven.
bool seesLaterKeys(std::string_view mask, Segments segments = {});
std::optional<int32_t> windowOf(std::string_view mask, Segments segments = {});

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_ANALYSIS_H
