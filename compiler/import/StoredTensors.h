//===- StoredTensors.h - From a file's tensors to parameters ----*- C++ -*-===//

#ifndef TENON_IMPORT_STOREDTENSORS_H
#define TENON_IMPORT_STOREDTENSORS_H

#include "import/Import.h"
#include "spec/Parameters.h"
#include "weights/TableSource.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"

namespace tenon::import {

/// Where a parameter lies: in a tensor, or in the transpose of one, from row `offset` on.
struct TensorPart {
  std::string tensor;
  bool transpose = false;
  int64_t offset = 0;
  int64_t rows = 0; ///< 0 for all that follow.
};

/// The tensors of a file by name, and which of them nothing has taken yet.
class StoredTensors {
public:
  void add(llvm::StringRef name, weights::TensorView view) { tensors[name] = std::move(view); }
  /// Another name for a tensor that has been added. Using it uses that one.
  void addAlias(llvm::StringRef alias, llvm::StringRef name);
  /// Null where there is none.
  const weights::TensorView *find(llvm::StringRef name) const;
  bool has(llvm::StringRef name) const { return tensors.contains(name); }
  /// Says that `name`, which need not be there, has been understood.
  void use(llvm::StringRef name);

  /// Gives `source` every parameter of the model; `place` says where it lies in a layer. What is missing, has another
  /// shape or is left over is listed in one error, which calls the kind of model `kind`; what is left over alone is a
  /// note with `ignoreUnused`.
  llvm::Error place(ImportedModel &imported, llvm::function_ref<TensorPart(llvm::StringRef, int64_t)> place,
                    weights::TableSource &source, llvm::StringRef kind, bool ignoreUnused);

private:
  std::string placeOne(const spec::Parameter &parameter, int64_t layer, const TensorPart &part,
                       weights::TableSource &source);
  std::vector<std::string> leftOver() const;

  llvm::StringMap<weights::TensorView> tensors;
  llvm::StringMap<std::string> aliases; ///< And the names they stand for.
  llvm::StringSet<> used;
};

} // namespace tenon::import

#endif // TENON_IMPORT_STOREDTENSORS_H
