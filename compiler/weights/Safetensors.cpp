//===- Safetensors.cpp ----------------------------------------------------===//

#include "weights/Safetensors.h"
#include "runtime/support/CheckedSize.h"
#include "weights/SafetensorsHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;
using namespace tenon::weights;

static constexpr uint64_t lengthBytes = 8;

std::string tenon::weights::shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "[" + text + "]";
}

static llvm::Error invalid(llvm::StringRef path, const llvm::Twine &message) {
  // A name or a value in the message may be as long as the header.
  std::string text = message.str();
  if (text.size() > 600)
    text = text.substr(0, 600) + "...";
  return llvm::createStringError("'" + path + "' is not a valid safetensors file: " + text);
}

/// Whether a tensor's shape and type fill just the bytes that it claims.
static llvm::Error checkEntry(const SafetensorsEntry &entry, llvm::StringRef path, uint64_t dataBytes) {
  std::string offsets = "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]";
  if (entry.begin > entry.end || entry.end > dataBytes)
    return invalid(path, "tensor '" + entry.name + "': data_offsets " + offsets + " do not lie in the file's " +
                             llvm::Twine(dataBytes) + " bytes of data");
  CheckedSize bytes = storageBytes(entry.type);
  for (int64_t extent : entry.shape)
    bytes *= extent;
  if (!(bytes == CheckedSize(entry.end - entry.begin)))
    return invalid(path, "tensor '" + entry.name + "': shape " + shapeText(entry.shape) + " of " +
                             storageName(entry.type) + " needs " +
                             (bytes.isValid() ? std::to_string(bytes.get()) : "more than 2^63") +
                             " bytes, data_offsets " + offsets + " give " + llvm::Twine(entry.end - entry.begin));
  return llvm::Error::success();
}

/// Whether the tensors, sorted by offset, fill the data without a gap or an overlap.
static llvm::Error checkCoverage(llvm::ArrayRef<SafetensorsEntry> entries, llvm::StringRef path, uint64_t dataBytes) {
  uint64_t position = 0;
  for (const SafetensorsEntry &entry : entries) {
    if (entry.begin != position)
      return invalid(path, "tensor '" + entry.name + "' begins at byte " + llvm::Twine(entry.begin) +
                               " of the data; the tensor before it ends at " + llvm::Twine(position));
    position = entry.end;
  }
  if (position != dataBytes)
    return invalid(path, "the last tensor ends at byte " + llvm::Twine(position) + " of the data, which has " +
                             llvm::Twine(dataBytes));
  return llvm::Error::success();
}

llvm::Expected<SafetensorsIndex> tenon::weights::readSafetensorsIndex(llvm::ArrayRef<uint8_t> file,
                                                                      llvm::StringRef path) {
  if (file.size() < lengthBytes)
    return invalid(path, "it has " + llvm::Twine(file.size()) + " bytes; the length of the header alone takes 8");
  uint64_t headerBytes = llvm::support::endian::read64le(file.data());
  if (headerBytes > maximumHeaderBytes)
    return invalid(path, "the header's length (" + llvm::Twine(headerBytes) + ") is above " +
                             llvm::Twine(maximumHeaderBytes));
  if (headerBytes > file.size() - lengthBytes)
    return invalid(path, "the header's length (" + llvm::Twine(headerBytes) + ") is above the " +
                             llvm::Twine(file.size() - lengthBytes) + " bytes that follow it");
  llvm::StringRef json(reinterpret_cast<const char *>(file.data()) + lengthBytes, headerBytes);
  SafetensorsIndex index;
  if (llvm::Error error = parseSafetensorsHeader(json, index))
    return invalid(path, llvm::toString(std::move(error)));
  index.dataStart = lengthBytes + headerBytes;
  uint64_t dataBytes = file.size() - index.dataStart;
  llvm::sort(index.entries, [](const SafetensorsEntry &a, const SafetensorsEntry &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  for (const SafetensorsEntry &entry : index.entries)
    if (llvm::Error error = checkEntry(entry, path, dataBytes))
      return std::move(error);
  if (llvm::Error error = checkCoverage(index.entries, path, dataBytes))
    return std::move(error);
  return index;
}

SafetensorsFile::SafetensorsFile(std::string path, std::unique_ptr<MappedFile> file, SafetensorsIndex index)
    : path(std::move(path)), file(std::move(file)), index(std::move(index)) {
  for (auto [position, entry] : llvm::enumerate(this->index.entries))
    positions[entry.name] = position;
}

llvm::Expected<std::unique_ptr<SafetensorsFile>> SafetensorsFile::open(llvm::StringRef path) {
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  llvm::Expected<SafetensorsIndex> index = readSafetensorsIndex((*file)->bytes(), path);
  if (!index)
    return index.takeError();
  return std::unique_ptr<SafetensorsFile>(new SafetensorsFile(path.str(), std::move(*file), std::move(*index)));
}

std::optional<TensorView> SafetensorsFile::find(llvm::StringRef name) const {
  auto found = positions.find(name);
  if (found == positions.end())
    return std::nullopt;
  const SafetensorsEntry &entry = index.entries[found->second];
  return TensorView{entry.type, entry.shape,
                    file->bytes().slice(index.dataStart + entry.begin, entry.end - entry.begin)};
}

std::string tenon::weights::safetensorsHeader(llvm::ArrayRef<SafetensorsEntry> entries,
                                              llvm::ArrayRef<std::pair<std::string, std::string>> metadata,
                                              uint64_t alignment) {
  std::string header(lengthBytes, '\0');
  llvm::raw_string_ostream stream(header);
  llvm::json::OStream json(stream);
  json.object([&] {
    json.attributeObject("__metadata__", [&] {
      for (const auto &[key, value] : metadata)
        json.attribute(key, value);
    });
    for (const SafetensorsEntry &entry : entries)
      json.attributeObject(entry.name, [&] {
        json.attribute("dtype", storageName(entry.type));
        json.attributeArray("shape", [&] {
          for (int64_t extent : entry.shape)
            json.value(extent);
        });
        json.attributeArray("data_offsets", [&] {
          json.value(static_cast<int64_t>(entry.begin));
          json.value(static_cast<int64_t>(entry.end));
        });
      });
  });
  header.resize(llvm::alignTo(header.size(), alignment), ' ');
  llvm::support::endian::write64le(header.data(), header.size() - lengthBytes);
  return header;
}
