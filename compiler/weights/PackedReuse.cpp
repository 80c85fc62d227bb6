//===- PackedReuse.cpp - A packed file that need not be written again -----===//

#include "weights/PackedReuse.h"

#include "runtime/support/ContentHash.h"
#include "weights/PackedShape.h"
#include "weights/Safetensors.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace tenon;
using namespace tenon::weights;

static constexpr llvm::StringRef inputsKey = "inputs", notesKey = "notes", idKey = "id";

/// Large enough for few calls of the system, small enough not to count.
static constexpr size_t pieceBytes = 4 << 20;

namespace {

/// A digest of values one after another, each with its length where that is not fixed.
class Digest {
public:
  template <typename Number> void add(Number number) { addBytes(&number, sizeof(number)); }
  template <typename Number> void addAll(llvm::ArrayRef<Number> numbers) {
    add(uint64_t(numbers.size()));
    addBytes(numbers.data(), numbers.size() * sizeof(Number));
  }
  void add(llvm::StringRef text) { addAll(llvm::ArrayRef(text.data(), text.size())); }
  /// Bytes without their number, piece by piece, so that no more than one of mapped ones need be in memory.
  void addData(llvm::ArrayRef<uint8_t> data, llvm::function_ref<void(llvm::ArrayRef<uint8_t>)> release) {
    for (; !data.empty(); data = data.drop_front(std::min(data.size(), pieceBytes))) {
      llvm::ArrayRef<uint8_t> piece = data.take_front(pieceBytes);
      addBytes(piece.data(), piece.size());
      release(piece);
    }
  }
  std::string text() const { return hash.text(); }

private:
  void addBytes(const void *bytes, size_t size) { hash.add(bytes, size); }

  ContentHash hash;
};

/// Digests of stored data, each computed once however many parameters are parts of it.
class DataDigests {
public:
  explicit DataDigests(const WeightSource &source) : source(source) {}

  llvm::StringRef of(llvm::ArrayRef<uint8_t> data) {
    auto [entry, isNew] = known.try_emplace({data.data(), data.size()});
    if (isNew) {
      Digest digest;
      digest.addData(data, [&](llvm::ArrayRef<uint8_t> part) { source.release(part); });
      entry->second = digest.text();
    }
    return entry->second;
  }

private:
  const WeightSource &source;
  std::map<std::pair<const uint8_t *, size_t>, std::string> known;
};

} // namespace

static void addTensor(Digest &digest, const PackedTensor &tensor) {
  digest.add(llvm::StringRef(tensor.name));
  digest.add(tensor.layers);
  digest.addAll(llvm::ArrayRef(tensor.shape));
  digest.add(tensor.panel);
  digest.addAll(llvm::ArrayRef(tensor.partRows));
  digest.addAll(llvm::ArrayRef(tensor.picked));
  digest.add(static_cast<int>(tensor.generator));
  digest.add(tensor.base);
  digest.addAll(llvm::ArrayRef(tensor.frequencies));
  digest.add(tensor.magnitude);
}

static void addView(Digest &digest, const TensorView &view, DataDigests &data) {
  digest.add(static_cast<int>(view.type));
  digest.addAll(llvm::ArrayRef<int64_t>(view.shape));
  digest.add(data.of(view.data));
  digest.addAll(view.factors);
  digest.add(view.scaled);
  digest.add(int(view.selection.has_value()));
  if (!view.selection)
    return;
  digest.add(int(view.selection->transpose));
  for (int64_t number :
       {view.selection->offset, view.selection->count, view.selection->period, view.selection->storedColumns})
    digest.add(number);
}

std::optional<std::string> tenon::weights::packedInputs(llvm::ArrayRef<PackedTensor> tensors,
                                                        const WeightSource &source) {
  Digest digest;
  DataDigests data(source);
  // A file of another version of this layout is not taken for one of this.
  digest.add(llvm::StringRef("tenon-packed 2"));
  for (const PackedTensor &tensor : tensors) {
    addTensor(digest, tensor);
    for (int64_t layer = 0; layer < storedLayers(tensor); ++layer)
      for (const std::string &part : tensor.parts) {
        std::optional<TensorView> view = source.find(layerName(part, layer));
        if (!view)
          return std::nullopt;
        addView(digest, *view, data);
      }
  }
  return digest.text();
}

/// The digits of the checksum in the text of a header, which are zeros where it is computed. Quotes within a name or a
/// note are escaped, so the marker is found nowhere else.
static llvm::MutableArrayRef<char> checksumDigits(std::string &header) {
  constexpr llvm::StringRef marker = "\"checksum\":\"";
  size_t at = header.find(marker);
  if (at == header.npos || header.size() - at < marker.size() + 32)
    return {};
  return llvm::MutableArrayRef<char>(header.data() + at + marker.size(), 32);
}

void tenon::weights::sealHeader(std::string &header) {
  llvm::MutableArrayRef<char> digits = checksumDigits(header);
  assert(!digits.empty() && "the header has no checksum");
  llvm::fill(digits, '0');
  llvm::copy(contentHash(header), digits.begin());
}

/// Whether every byte of a header, its length and its padding among them, is as it was written.
static bool isSealed(llvm::StringRef header) {
  std::string again = header.str();
  if (checksumDigits(again).empty())
    return false;
  sealHeader(again);
  return again == header;
}

static std::string metadataOf(const SafetensorsIndex &index, llvm::StringRef key) {
  for (const auto &[name, value] : index.metadata)
    if (name == key)
      return value;
  return "";
}

std::optional<PackedFile> tenon::weights::reusePackedWeights(llvm::StringRef path, llvm::StringRef inputs,
                                                             std::vector<std::string> &notes) {
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return std::nullopt;
  }
  llvm::ArrayRef<uint8_t> bytes = (*file)->bytes();
  llvm::Expected<SafetensorsIndex> index = readSafetensorsIndex(bytes, path);
  if (!index) {
    llvm::consumeError(index.takeError());
    return std::nullopt;
  }
  if (metadataOf(*index, inputsKey) != inputs || !isSealed(llvm::toStringRef(bytes.take_front(index->dataStart))))
    return std::nullopt;
  Digest data;
  data.addData(bytes.drop_front(index->dataStart), [&](llvm::ArrayRef<uint8_t> part) { (*file)->release(part); });
  PackedFile packed{bytes.size(), data.text()};
  if (packed.id != metadataOf(*index, idKey))
    return std::nullopt;
  llvm::SmallVector<llvm::StringRef> lines;
  std::string text = metadataOf(*index, notesKey);
  llvm::StringRef(text).split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef line : lines)
    notes.push_back(line.str());
  return packed;
}

std::vector<std::pair<std::string, std::string>> tenon::weights::reuseMetadata(llvm::StringRef inputs,
                                                                               llvm::ArrayRef<std::string> notes) {
  return {{inputsKey.str(), inputs.str()}, {notesKey.str(), llvm::join(notes, "\n")}};
}
