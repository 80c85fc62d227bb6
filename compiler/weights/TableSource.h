//===- TableSource.h - Parameters in a table --------------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_TABLESOURCE_H
#define TENON_WEIGHTS_TABLESOURCE_H

#include "weights/MappedFile.h"
#include "weights/WeightSource.h"
#include "llvm/ADT/StringMap.h"
#include <deque>
#include <memory>

namespace tenon::weights {

/// Parameters that an importer found one by one: tensors of a mapped file, parts of them, and numbers that had to be
/// computed and are kept here.
class TableSource : public WeightSource {
public:
  TableSource(std::string path, std::unique_ptr<MappedFile> file) : filePath(std::move(path)), file(std::move(file)) {}

  llvm::ArrayRef<uint8_t> bytes() const { return file->bytes(); }
  /// Numbers that live as long as this object.
  llvm::ArrayRef<float> keep(std::vector<float> numbers) { return kept.emplace_back(std::move(numbers)); }
  /// The view of `parameter` in the file's tensor `tensor`, or in what is kept.
  void add(llvm::StringRef parameter, llvm::StringRef tensor, TensorView view) {
    table[parameter] = {tensor.str(), std::move(view)};
  }

  std::optional<TensorView> find(llvm::StringRef parameter) const override;
  std::string tensorName(llvm::StringRef parameter) const override;
  std::vector<std::string> tensorNames() const override;
  std::string path() const override { return filePath; }
  void release(llvm::ArrayRef<uint8_t> data) const override;

private:
  struct Entry {
    std::string tensor;
    TensorView view;
  };

  std::string filePath;
  std::unique_ptr<MappedFile> file;
  std::deque<std::vector<float>> kept; ///< What is in it never moves.
  llvm::StringMap<Entry> table;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_TABLESOURCE_H
