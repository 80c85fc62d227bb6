//===- Trie.h - The longest entry that text begins with --------*- C++ -*-===//

#ifndef TENON_TEXT_TRIE_H
#define TENON_TEXT_TRIE_H

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenon::text {

/// Strings with a value each. One table holds the children of all nodes.
class Trie {
public:
  struct Match {
    size_t length = 0; ///< 0 for none.
    int32_t value = -1;
  };

  /// `entry` must not be empty. False if it was there already.
  bool insert(std::u32string_view entry, int32_t value) {
    int32_t &there = valueOf(entry);
    if (there != -1)
      return false;
    there = value;
    return true;
  }

  /// The value of an entry to be set; -1 where it was not there.
  int32_t &valueOf(std::u32string_view entry) {
    uint32_t node = 0;
    for (char32_t c : entry) {
      auto [child, isNew] = children.try_emplace(edge(node, c), static_cast<uint32_t>(values.size()));
      if (isNew)
        values.push_back(-1);
      node = child->second;
    }
    return values[node];
  }

  Match longestPrefix(std::u32string_view text) const {
    return longestPrefix(text, [](int32_t) { return true; });
  }

  /// The longest whose value `isWanted` says yes to.
  template <typename Predicate> Match longestPrefix(std::u32string_view text, Predicate isWanted) const {
    Match longest;
    forEachPrefix(text, [&](Match match) {
      if (isWanted(match.value))
        longest = match;
    });
    return longest;
  }

  /// Shorter ones first.
  template <typename Function> void forEachPrefix(std::u32string_view text, Function function) const {
    uint32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      auto child = children.find(edge(node, text[i]));
      if (child == children.end())
        return;
      node = child->second;
      if (values[node] != -1)
        function(Match{i + 1, values[node]});
    }
  }

  bool empty() const { return children.empty(); }

private:
  static uint64_t edge(uint32_t node, char32_t c) { return static_cast<uint64_t>(node) << 21 | c; }

  struct Hash {
    size_t operator()(uint64_t key) const { return static_cast<size_t>((key * 0x9E3779B97F4A7C15ull) >> 16); }
  };

  std::unordered_map<uint64_t, uint32_t, Hash> children;
  std::vector<int32_t> values{-1}; ///< By node: the value of the entry that ends there, or -1.
};

} // namespace tenon::text

#endif // TENON_TEXT_TRIE_H
