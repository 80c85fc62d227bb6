//===- SourceColumn.h - One source of several sequences ---------*- C++ -*-===//

#ifndef TENON_RUNTIME_SOURCECOLUMN_H
#define TENON_RUNTIME_SOURCECOLUMN_H

#include "Model.h"
#include "Source.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon::runtime {

enum class SourceKind { None, Tokens, Features, Hidden };

/// One of the model's sources as the caller gives it for each sequence of a batch, all of one kind.
class SourceColumn {
public:
  /// `inputs`: those of all sources of the first sequence, then those of the second, and so on. Fails where kinds
  /// differ or are not the model's, or where a row is longer than the model takes or has tokens that it does not.
  SourceColumn(const Model &model, size_t source, std::span<const SourceInput> inputs);

  /// Of a stack of joined rows, which has as many as `last`, its last part. Nothing is given for it.
  static SourceColumn ofParts(const Model &model, size_t source, const SourceColumn &last);

  const SourceStack &stack() const { return *described; }
  const SourceShape &shape() const { return numbers; }
  SourceKind kind() const { return sort; }
  std::string place(size_t row) const { return sourcePlace(model, number, row); }
  [[noreturn]] void failMissing(size_t row) const;
  /// "tokens", or what else may be given.
  const char *expected() const { return numbers.features != 0 ? "features" : "tokens"; }

  const std::vector<SourceInput> &rows() const { return inputs; }
  /// How long each row is, as it is given and as hidden states.
  const std::vector<int32_t> &given() const { return givenCounts; }
  const std::vector<int32_t> &hidden() const { return hiddenCounts; }

private:
  SourceColumn(const Model &model, size_t source);
  void countRows(const std::vector<int32_t> &rows, bool isEncoded);
  void checkKind(size_t row) const;
  void checkRow(size_t row) const;

  const Model &model;
  size_t number;
  bool alone;
  const SourceStack *described;
  const Entry *encode = nullptr;
  SourceShape numbers;
  SourceKind sort = SourceKind::None;
  std::vector<SourceInput> inputs;
  std::vector<int32_t> givenCounts, hiddenCounts;
};

/// Tokens, or rows of features or hidden states.
int64_t rowsOf(const SourceInput &input);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SOURCECOLUMN_H
