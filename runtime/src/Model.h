//===- Model.h - An opened model --------------------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_MODEL_H
#define TENON_RUNTIME_MODEL_H

#include "Library.h"
#include "ModelText.h"
#include "PagePool.h"
#include "WeightFile.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime {

/// A library, its weights and its tokenizer. Does not change once it is open, but for the tokenizer, which is built
/// when it is first asked for.
class Model : public ModelText {
public:
  /// `cacheBytes` as PagePool takes it.
  Model(const std::string &path, WeightLoading loading, const std::string &target, uint64_t cacheBytes);

  const Manifest &manifest() const override { return description; }
  std::string_view manifestText() const { return {library.table().manifest, library.table().manifest_size}; }
  const tenon_target_table &target() const { return *kernels; }
  const uint8_t *weights() const { return packed.data(); }
  uint64_t weightBytes() const { return packed.size(); }
  /// Those of the manifest, as callers are told of them.
  const std::vector<tenon_prompt> &prompts() const { return promptList; }

  /// Fails with TENON_ERROR_INVALID_ARGUMENT if there is none of that name.
  const Entry &entry(std::string_view name) const;
  /// The compiled code of one of manifest().entries.
  tenon_entry_fn code(const Entry &entry) const;

  /// The entry point of that name, or nullptr.
  const Entry *findEntry(std::string_view name) const { return description.findEntry(name); }
  /// The entry point that says what the model takes and gives: "prefill", else "encode", else the first; nullptr
  /// without any.
  const Entry *mainEntry() const;
  /// Where the sessions keep keys and values, one for each of manifest().pools; made when they are first asked for.
  /// Fails if the model does not generate.
  std::span<const std::shared_ptr<PagePool>> pools() const;

  /// Tells of an id that the model has no row for, and its token: a tokenizer may have more tokens than the model.
  /// `isWritten`: whether it is one of those that answers are made of, which may have a tokenizer of their own.
  [[noreturn]] void failToken(bool isWritten, int32_t id, int64_t vocab, std::string_view place) const;
  /// How many tokens of a text the model takes: what the manifest says, else the smaller of the tokenizer's own
  /// truncation and the positions; 0 for no limit.
  size_t textTokenLimit() const;

private:
  std::string_view tokenizerJson() const override;
  std::string_view answerTokenizerJson() const override;
  std::vector<std::shared_ptr<PagePool>> makePools() const;
  int64_t mostRows(size_t pool) const;
  /// Null where there is no tokenizer.
  const std::string *tokenOf(bool isWritten, int32_t id) const;

  Library library;
  Manifest description;
  std::vector<tenon_prompt> promptList;
  const tenon_target_table *kernels;
  Weights packed;
  uint64_t cacheBytes;
  mutable std::mutex poolMutex;
  mutable std::vector<std::shared_ptr<PagePool>> madePools;
  mutable std::mutex truncationMutex;
  mutable int64_t truncation = -1; ///< the tokenizer's own, 0 for none, -1 while not looked at
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_MODEL_H
