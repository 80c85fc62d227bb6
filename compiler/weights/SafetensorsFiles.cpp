//===- SafetensorsFiles.cpp -----------------------------------------------===//

#include "weights/SafetensorsFiles.h"
#include "runtime/support/Printable.h"
#include "weights/ShardIndex.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace tenon::weights;

static constexpr size_t maximumIndexBytes = 64 << 20;
static constexpr size_t maximumShards = 10000;
/// Lines of an error; another checkpoint's index would otherwise list every tensor.
static constexpr size_t maximumLines = 20;

SafetensorsFiles::SafetensorsFiles(std::unique_ptr<SafetensorsFile> file) : path(file->getPath()) {
  files.push_back(std::move(file));
  listTensors();
}

SafetensorsFiles::SafetensorsFiles(std::string path, std::vector<std::unique_ptr<SafetensorsFile>> files)
    : path(std::move(path)), files(std::move(files)) {
  listTensors();
}

void SafetensorsFiles::listTensors() {
  for (const std::unique_ptr<SafetensorsFile> &file : files)
    for (const SafetensorsEntry &entry : file->entries()) {
      places[entry.name] = file.get();
      sortedNames.push_back(entry.name);
    }
  llvm::sort(sortedNames);
}

std::optional<TensorView> SafetensorsFiles::find(llvm::StringRef name) const {
  auto found = places.find(name);
  return found == places.end() ? std::nullopt : found->second->find(name);
}

void SafetensorsFiles::release(llvm::ArrayRef<uint8_t> part) const {
  // Pages of any of the mappings: no file is needed to say so.
  if (!part.empty())
    files.front()->release(part);
}

/// Where the index and the files disagree, one line each.
static std::vector<std::string> disagreements(const std::map<std::string, std::string> &index,
                                              const std::map<std::string, const SafetensorsFile *> &byName) {
  std::vector<std::string> lines;
  for (const auto &[tensor, file] : index)
    if (!byName.at(file)->find(tensor))
      lines.push_back("tensor '" + tenon::printable(tensor) + "' is not in '" + tenon::printable(file) + "'");
  for (const auto &[name, file] : byName)
    for (const SafetensorsEntry &entry : file->entries()) {
      auto found = index.find(entry.name);
      if (found == index.end())
        lines.push_back("tensor '" + tenon::printable(entry.name) + "' of '" + name + "' is not in the index");
      else if (found->second != name)
        lines.push_back("tensor '" + tenon::printable(entry.name) + "' is in '" + name + "' too, not only in '" + found->second + "'");
    }
  return lines;
}

llvm::Expected<std::unique_ptr<SafetensorsFiles>> SafetensorsFiles::open(llvm::StringRef path) {
  if (!path.ends_with(".json")) {
    llvm::Expected<std::unique_ptr<SafetensorsFile>> file = SafetensorsFile::open(path);
    if (!file)
      return file.takeError();
    return std::make_unique<SafetensorsFiles>(std::move(*file));
  }
  llvm::Expected<std::unique_ptr<MappedFile>> text = MappedFile::open(path);
  if (!text)
    return text.takeError();
  llvm::ArrayRef<uint8_t> bytes = (*text)->bytes();
  if (bytes.size() > maximumIndexBytes)
    return llvm::createStringError("'" + path + "' has " + llvm::Twine(bytes.size()) + " bytes; an index has at most " +
                                   llvm::Twine(maximumIndexBytes));
  // Copied, so that it cannot change while it is read.
  std::string json(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  llvm::Expected<std::map<std::string, std::string>> index = readShardIndex(json, path);
  if (!index)
    return index.takeError();
  std::map<std::string, const SafetensorsFile *> byName;
  for (const auto &[tensor, file] : *index)
    byName[file] = nullptr;
  if (byName.size() > maximumShards)
    return llvm::createStringError("'" + path + "' names " + llvm::Twine(byName.size()) + " files; at most " +
                                   llvm::Twine(maximumShards) + " are opened");
  llvm::StringRef directory = llvm::sys::path::parent_path(path);
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  for (auto &[name, place] : byName) {
    auto file = SafetensorsFile::open(directory.empty() ? name : directory.str() + "/" + name);
    if (!file)
      return file.takeError();
    place = file->get();
    files.push_back(std::move(*file));
  }
  std::vector<std::string> lines = disagreements(*index, byName);
  if (lines.empty())
    return std::unique_ptr<SafetensorsFiles>(new SafetensorsFiles(path.str(), std::move(files)));
  std::string error = "the files of '" + path.str() + "' are not as it says:";
  for (const std::string &line : llvm::ArrayRef(lines).take_front(maximumLines))
    error += "\n  " + line;
  if (lines.size() > maximumLines)
    error += "\n  and " + std::to_string(lines.size() - maximumLines) + " more";
  return llvm::createStringError(error);
}
