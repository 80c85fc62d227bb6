//===- CachePage.h - What a page of a cache holds, and where ----*- C++ -*-===//
//
// The one definition that kernels, reference, verifiers, passes and, for the number of tokens, the runtime go by.
// Places are in floats from the start of a page; `Index` is an integer, or an expression that becomes one.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_CACHEPAGE_H
#define TENON_SUPPORT_CACHEPAGE_H

#include "tenon/library.h"

namespace tenon {

/// Tokens of one page. Token t of a sequence is in slot t mod kPageTokens of its page t / kPageTokens.
constexpr int kPageTokens = TENON_PAGE_TOKENS;

/// Floats of a page that holds a row of `width` for each token.
constexpr int64_t rowPageFloats(int64_t width) { return kPageTokens * width; }

/// Rows lie one after the other.
template <typename Index> Index rowPlace(int width, Index slot, Index component) { return slot * width + component; }

/// Floats of a page of keys and values of `heads` heads of `size` components: for each head its keys, then its values.
constexpr int64_t keyValuePageFloats(int64_t heads, int64_t size) { return heads * 2 * rowPageFloats(size); }

/// Keys are transposed: a component of all tokens lies in one vector.
template <typename Index> Index keyPlace(int size, Index head, Index slot, Index component) {
  return head * (2 * size * kPageTokens) + component * kPageTokens + slot;
}

/// Values are rows, behind the head's keys.
template <typename Index> Index valuePlace(int size, Index head, Index slot, Index component) {
  return head * (2 * size * kPageTokens) + size * kPageTokens + rowPlace(size, slot, component);
}

} // namespace tenon

#endif // TENON_SUPPORT_CACHEPAGE_H
