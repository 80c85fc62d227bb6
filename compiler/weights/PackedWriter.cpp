//===- PackedWriter.cpp - Writing the packed file -------------------------===//

#include "support/AtomicFile.h"
#include "runtime/support/CheckedSize.h"
#include "runtime/support/ContentHash.h"
#include "weights/Convert.h"
#include "weights/PackedReuse.h"
#include "weights/PackedShape.h"
#include "weights/PackedWeights.h"
#include "weights/Safetensors.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::weights;

/// The data starts on a page, so that every tensor is as well aligned in the mapped file as its offset is.
static constexpr uint64_t dataAlignment = 4096;
/// Numbers handled at a time: large enough for few system calls, small enough for the second-level cache.
static constexpr int64_t chunkFloats = 1 << 16;

namespace {

/// The parts of one layer of a packed tensor, as one matrix.
class PartRows {
public:
  static llvm::Expected<PartRows> open(const PackedTensor &tensor, int64_t columns, int64_t layer,
                                       const WeightSource &source);
  /// Reads `count` rows from `first` on; rows past the last are zero.
  void read(int64_t first, int64_t count, float *out) const;

private:
  struct Part {
    int64_t firstRow;
    int64_t rows;
    TensorView view;
  };
  PartRows(int64_t columns, const WeightSource &source) : columns(columns), source(&source) {}
  int64_t columns;
  const WeightSource *source;
  llvm::SmallVector<Part, 3> parts;
};

class PackedWriter {
public:
  PackedWriter(AtomicFile &file, uint64_t total, const std::function<void(uint64_t, uint64_t)> &progress)
      : file(file), total(total), progress(progress) {
  }
  llvm::Error write(const PackedTensor &tensor, const WeightSource &source);
  std::string id() const { return hash.text(); }

private:
  llvm::Error writeGenerated(const PackedTensor &tensor, const PackedShape &shape);
  llvm::Error writePlain(const PartRows &parts, const PackedShape &shape);
  llvm::Error writePicked(const PartRows &parts, const PackedShape &shape, llvm::ArrayRef<int64_t> picked);
  llvm::Error writePanels(const PartRows &parts, const PackedShape &shape, int64_t panel);
  llvm::Error emit(llvm::ArrayRef<float> values);

  AtomicFile &file;
  uint64_t done = 0;
  uint64_t total;
  const std::function<void(uint64_t, uint64_t)> &progress;
  ContentHash hash;
  std::vector<float> rows;   ///< As they come from the source.
  std::vector<float> packed; ///< As they are written.
};

} // namespace

llvm::Expected<PartRows> PartRows::open(const PackedTensor &tensor, int64_t columns, int64_t layer,
                                        const WeightSource &source) {
  PartRows matrix(columns, source);
  int64_t row = 0;
  for (auto [index, part] : llvm::enumerate(tensor.parts)) {
    std::string parameter = layerName(part, layer);
    std::optional<TensorView> view = source.find(parameter);
    llvm::SmallVector<int64_t, 4> shape = partShape(tensor, index);
    if (!view || !isFloat(view->type) || view->shape != shape)
      return llvm::createStringError("'" + source.path() + "' has no tensor '" + source.tensorName(parameter) +
                                     "' of floating-point numbers with shape " + shapeText(shape));
    matrix.parts.push_back({row, tensor.partRows[index], std::move(*view)});
    row += tensor.partRows[index];
  }
  return matrix;
}

void PartRows::read(int64_t first, int64_t count, float *out) const {
  for (const Part &part : parts) {
    int64_t begin = std::max(first, part.firstRow);
    int64_t end = std::min(first + count, part.firstRow + part.rows);
    if (begin >= end)
      continue;
    source->release(readFloats(part.view, (begin - part.firstRow) * columns, (end - begin) * columns,
                               out + (begin - first) * columns));
  }
  int64_t last = parts.back().firstRow + parts.back().rows;
  if (first + count > last)
    std::fill(out + std::max<int64_t>(0, last - first) * columns, out + count * columns, 0.0f);
}

llvm::Error PackedWriter::emit(llvm::ArrayRef<float> values) {
  llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(float));
  hash.add(bytes.data(), bytes.size());
  if (llvm::Error error = file.append(bytes))
    return error;
  done += bytes.size();
  if (progress)
    progress(done, total);
  return llvm::Error::success();
}

llvm::Error PackedWriter::writeGenerated(const PackedTensor &tensor, const PackedShape &shape) {
  int64_t step = std::max<int64_t>(1, chunkFloats / std::max<int64_t>(1, shape.columns));
  for (int64_t row = 0; row < shape.rows; row += step) {
    packed.resize(std::min(step, shape.rows - row) * shape.columns);
    generateRows(tensor, shape.columns, row, packed);
    if (llvm::Error error = emit(packed))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error PackedWriter::writePlain(const PartRows &parts, const PackedShape &shape) {
  int64_t step = std::max<int64_t>(1, chunkFloats / std::max<int64_t>(1, shape.columns));
  for (int64_t row = 0; row < shape.rows; row += step) {
    int64_t count = std::min(step, shape.rows - row);
    packed.resize(count * shape.columns);
    parts.read(row, count, packed.data());
    if (llvm::Error error = emit(packed))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error PackedWriter::writePicked(const PartRows &parts, const PackedShape &shape,
                                      llvm::ArrayRef<int64_t> picked) {
  packed.resize(shape.columns);
  for (int64_t row : picked) {
    parts.read(row, 1, packed.data());
    if (llvm::Error error = emit(packed))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error PackedWriter::writePanels(const PartRows &parts, const PackedShape &shape, int64_t panel) {
  rows.resize(panel * shape.columns);
  packed.resize(panel * shape.columns);
  for (int64_t row = 0; row < shape.rows; row += panel) {
    parts.read(row, panel, rows.data());
    for (int64_t k = 0; k < shape.columns; ++k)
      for (int64_t column = 0; column < panel; ++column)
        packed[k * panel + column] = rows[column * shape.columns + k];
    if (llvm::Error error = emit(packed))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error PackedWriter::write(const PackedTensor &tensor, const WeightSource &source) {
  llvm::Expected<PackedShape> shape = packedShape(tensor);
  if (!shape)
    return shape.takeError();
  for (int64_t layer = 0; layer < storedLayers(tensor); ++layer) {
    if (tensor.generator != Generator::None) {
      if (llvm::Error error = writeGenerated(tensor, *shape))
        return error;
      continue;
    }
    llvm::Expected<PartRows> parts = PartRows::open(tensor, shape->columns, layer, source);
    if (!parts)
      return parts.takeError();
    llvm::Error error = tensor.panel > 0         ? writePanels(*parts, *shape, tensor.panel)
                        : tensor.picked.empty() ? writePlain(*parts, *shape)
                                                : writePicked(*parts, *shape, tensor.picked);
    if (error)
      return error;
  }
  return llvm::Error::success();
}

static std::string packedHeader(llvm::ArrayRef<PackedTensor> tensors, const PackedLayout &layout,
                                llvm::ArrayRef<size_t> order, const std::string &id,
                                llvm::ArrayRef<std::pair<std::string, std::string>> metadata) {
  std::vector<SafetensorsEntry> entries;
  for (size_t index : order) {
    const PackedTensor &tensor = tensors[index];
    const PackedPlacement &placement = layout.placements[index];
    SafetensorsEntry &entry = entries.emplace_back();
    entry.name = tensor.name;
    if (tensor.layers > 0)
      entry.shape.push_back(tensor.layers);
    entry.shape.append(tensor.shape.begin(), tensor.shape.end());
    entry.begin = placement.offset;
    entry.end = placement.offset + placement.layerStride * storedLayers(tensor);
  }
  std::vector<std::pair<std::string, std::string>> all = {
      {"format", "tenon-packed"}, {"id", id}, {"checksum", std::string(32, '0')}};
  llvm::append_range(all, metadata);
  return safetensorsHeader(entries, all, dataAlignment);
}

llvm::Expected<PackedFile> tenon::weights::writePackedWeights(llvm::StringRef path,
                                                              llvm::ArrayRef<PackedTensor> tensors,
                                                              const PackedLayout &layout, const WeightSource &source,
                                                              const std::function<void(uint64_t, uint64_t)> &progress) {
  llvm::Expected<std::unique_ptr<AtomicFile>> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  llvm::Expected<PackedFile> packed = writePackedWeights(**file, tensors, layout, source, progress);
  if (!packed)
    return packed.takeError();
  if (llvm::Error error = (*file)->commit())
    return std::move(error);
  return packed;
}

llvm::Expected<PackedFile>
tenon::weights::writePackedWeights(AtomicFile &file, llvm::ArrayRef<PackedTensor> tensors, const PackedLayout &layout,
                                   const WeightSource &source, const std::function<void(uint64_t, uint64_t)> &progress,
                                   llvm::ArrayRef<std::pair<std::string, std::string>> metadata) {
  llvm::SmallVector<size_t> order = llvm::to_vector(llvm::seq<size_t>(0, tensors.size()));
  // An empty tensor has the offset of the one behind it.
  llvm::sort(order, [&](size_t a, size_t b) {
    const PackedPlacement &left = layout.placements[a], &right = layout.placements[b];
    return std::tuple(left.offset, left.layerStride, a) < std::tuple(right.offset, right.layerStride, b);
  });
  // The hashes are known only at the end; until then their digits are zeros.
  std::string header = packedHeader(tensors, layout, order, std::string(32, '0'), metadata);
  if (llvm::Error error = file.append(header))
    return std::move(error);
  PackedWriter writer(file, layout.dataBytes, progress);
  for (size_t index : order) {
    if (file.size() != header.size() + layout.placements[index].offset)
      return llvm::createStringError("packed tensor '" + tensors[index].name +
                                     "' is not placed where the one before it ends");
    if (llvm::Error error = writer.write(tensors[index], source))
      return std::move(error);
  }
  PackedFile packed{file.size(), writer.id()};
  header = packedHeader(tensors, layout, order, packed.id, metadata);
  sealHeader(header);
  if (llvm::Error error = file.overwrite(0, header))
    return std::move(error);
  return packed;
}
