//===- Sharing.cpp --------------------------------------------------------===//

#include "support/Sharing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;

namespace {

/// "STACK.layers.3.NAME" with `*` in the number's place.
struct LayeredName {
  std::string name;
  llvm::StringRef layer; ///< Empty where the name has none.
};

} // namespace

static LayeredName splitName(llvm::StringRef name) {
  auto [stack, behindStack] = name.split('.');
  auto [layers, behindLayers] = behindStack.split('.');
  auto [layer, rest] = behindLayers.split('.');
  if (layers != "layers" || layer.empty() || (layer != "*" && !llvm::all_of(layer, llvm::isDigit)))
    return {name.str(), {}};
  std::string plain = (stack + ".layers.*").str();
  return {rest.empty() ? plain : plain + "." + rest.str(), layer};
}

std::string Sharing::withoutLayer(llvm::StringRef name) { return splitName(name).name; }

bool Sharing::add(llvm::StringRef left, llvm::StringRef right) {
  bool isNew = byLeft.try_emplace(left, list.size()).second;
  if (isNew)
    list.push_back({left.str(), right.str()});
  resolved.clear();
  return isNew;
}

std::optional<size_t> Sharing::ruleOf(llvm::StringRef name) const {
  std::string plain = withoutLayer(name);
  for (llvm::StringRef beginning = plain;; beginning = beginning.rsplit('.').first) {
    if (auto found = byLeft.find(beginning); found != byLeft.end())
      return found->second;
    if (!beginning.contains('.'))
      return std::nullopt;
  }
}

std::string Sharing::replaced(size_t rule, llvm::StringRef name) const {
  llvm::StringRef left = list[rule].left, right = list[rule].right, layer = splitName(name).layer;
  llvm::StringRef rest = name.drop_front(left.contains('*') ? left.size() - 1 + layer.size() : left.size());
  auto [before, behind] = right.split('*');
  return right.contains('*') ? (before + layer + behind + rest).str() : (right + rest).str();
}

std::optional<std::string> Sharing::resolve(llvm::StringRef name) {
  llvm::SmallVector<std::string> way;
  std::string current = name.str();
  bool ended = false;
  // Each step has another rule, unless they lead in a circle.
  while (!ended && way.size() <= list.size()) {
    way.push_back(current);
    if (auto known = resolved.find(current); known != resolved.end()) {
      current = known->second;
      ended = true;
      continue;
    }
    std::optional<size_t> rule = ruleOf(current);
    std::string next = rule ? replaced(*rule, current) : current;
    ended = next == current;
    current = std::move(next);
  }
  if (!ended)
    current.clear();
  for (const std::string &step : way)
    resolved[step] = current;
  return current.empty() ? std::nullopt : std::optional(current);
}
