//===- Sharing.h - Parameters that are others in their place ----*- C++ -*-===//

#ifndef TENON_SUPPORT_SHARING_H
#define TENON_SUPPORT_SHARING_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace tenon {

/// Rules by which parameters are others: those whose names begin with the parts of `left` are the ones with the parts of
/// `right` in their place. In "STACK.layers.*" the `*` stands for the layer, in names `*` or a number; a rule whose right
/// side has a number there makes all layers one. Of several rules for a name the one of the most parts holds, and what
/// it gives may have a rule itself.
class Sharing {
public:
  struct Rule {
    std::string left;
    std::string right;
  };

  /// False where there is a rule of this left side already, which stays.
  bool add(llvm::StringRef left, llvm::StringRef right);

  const std::vector<Rule> &rules() const { return list; }

  /// The rule that `name` has.
  std::optional<size_t> ruleOf(llvm::StringRef name) const;

  /// What `name` becomes by a rule that it has.
  std::string replaced(size_t rule, llvm::StringRef name) const;

  /// What `name` is in the end; nothing where rules lead in a circle.
  std::optional<std::string> resolve(llvm::StringRef name);

  /// `name` with `*` in place of its layer's number.
  static std::string withoutLayer(llvm::StringRef name);

private:
  std::vector<Rule> list;
  llvm::StringMap<size_t> byLeft;
  llvm::StringMap<std::string> resolved; ///< Empty for a circle.
};

} // namespace tenon

#endif // TENON_SUPPORT_SHARING_H
