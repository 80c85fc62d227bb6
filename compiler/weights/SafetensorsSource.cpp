//===- SafetensorsSource.cpp ----------------------------------------------===//

#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::weights;

std::string tenon::weights::layerName(llvm::StringRef pattern, int64_t layer) {
  auto [before, after] = pattern.split('*');
  return pattern.contains('*') ? (before + llvm::Twine(layer) + after).str() : pattern.str();
}

TensorView tenon::weights::selectRows(const TensorView &stored, const spec::TensorName &name) {
  TensorView view = stored;
  bool legal = !stored.shape.empty() && (!name.transpose || stored.shape.size() == 2);
  if (legal && name.transpose)
    std::swap(view.shape[0], view.shape[1]);
  int64_t rows = legal ? view.shape[0] : 0;
  RowSelection selection{name.transpose, name.offset, name.count, name.period, legal ? stored.shape.back() : 1};
  int64_t selected = std::max<int64_t>(0, rows - name.offset);
  if (name.count == 0)
    selection.count = selection.period = std::max<int64_t>(1, selected);
  else
    selected = rows % name.period == 0 && name.offset + name.count <= name.period ? rows / name.period * name.count : 0;
  // What has blocks of numbers keeps them in one piece along the rows.
  if (name.transpose && blockNumbers(stored.type) > 1)
    selected = 0;
  if (view.shape.empty())
    view.shape.push_back(0);
  view.shape[0] = selected;
  view.selection = selection;
  return view;
}

/// A stored tensor as a parameter can be: a convolution's [out, in, width] as a matrix, a bias of one row as a vector.
static TensorView flattened(TensorView view, llvm::StringRef parameter) {
  for (; view.shape.size() > 2; view.shape.pop_back())
    view.shape[view.shape.size() - 2] *= view.shape.back();
  if (parameter.ends_with(".bias") && view.shape.size() == 2 && view.shape.front() == 1)
    view.shape.erase(view.shape.begin());
  return view;
}

std::optional<TensorView> SafetensorsSource::find(llvm::StringRef parameter) const {
  std::optional<TensorView> stored = files->find(tensorName(parameter));
  if (stored)
    stored = flattened(std::move(*stored), parameter);
  const spec::TensorName *name = names.find(parameter);
  return stored && name && !name->isWhole() ? selectRows(*stored, *name) : stored;
}

std::vector<std::string> SafetensorsSource::tensorNames() const { return files->names().vec(); }
