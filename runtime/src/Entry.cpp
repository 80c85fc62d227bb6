//===- Entry.cpp - What is found in a manifest by name and role -----------===//

#include "Manifest.h"

#include <algorithm>

namespace tenon::runtime {

const NamedPrompt *Manifest::findPrompt(std::string_view wanted) const {
  auto found =
      std::find_if(prompts.begin(), prompts.end(), [&](const NamedPrompt &each) { return each.name == wanted; });
  return found == prompts.end() ? nullptr : &*found;
}

const Entry *Manifest::findEntry(std::string_view wanted) const {
  auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry &entry) { return entry.name == wanted; });
  return found == entries.end() ? nullptr : &*found;
}

namespace {

template <typename Matches> const TensorType *find(const std::vector<TensorType> &tensors, Matches matches) {
  auto found = std::find_if(tensors.begin(), tensors.end(), matches);
  return found == tensors.end() ? nullptr : &*found;
}

} // namespace

const TensorType *Entry::input(Role role) const {
  return find(inputs, [&](const TensorType &type) { return type.role == role; });
}

const TensorType *Entry::output(Role role) const {
  return find(outputs, [&](const TensorType &type) { return type.role == role; });
}

const TensorType *Entry::input(Role role, std::string_view stack) const {
  return find(inputs, [&](const TensorType &type) { return type.role == role && type.stack == stack; });
}

int64_t Entry::width(Role role) const {
  const TensorType *found = output(role);
  return found ? found->shape.back().fixed : 0;
}

int64_t Entry::hiddenRows(int64_t rows) const {
  const TensorType *hidden = output(Role::Hidden);
  for (const DerivedDim &dim : derived)
    if (hidden && hidden->shape[1].dim == int(dim.dim))
      return (rows + dim.divisor - 1) / dim.divisor;
  return rows;
}

bool Entry::hasRowsOf(const TensorType &input) const {
  const TensorType *hidden = output(Role::Hidden);
  if (!hidden || hidden->shape.size() < 2 || input.shape.size() < 2)
    return false;
  int rows = hidden->shape[1].dim;
  for (const DerivedDim &dim : derived)
    if (rows == int(dim.dim))
      rows = int(dim.of);
  return rows >= 0 && input.shape[1].dim == rows;
}

void Entry::derive(std::vector<int64_t> &values) const {
  for (const DerivedDim &dim : derived)
    values[dim.dim] = (values[dim.of] + dim.divisor - 1) / dim.divisor;
}

} // namespace tenon::runtime
