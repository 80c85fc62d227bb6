//===- ScheduleReader.cpp - Schedules as YAML -----------------------------===//

#include "schedules/ScheduleReader.h"

#include "kernels/Kernels.h"
#include "spec/Fields.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <limits>

using namespace tenon;
using namespace tenon::spec;
using llvm::StringRef;

namespace {

/// Reads the values of one file.
class ScheduleReader {
public:
  explicit ScheduleReader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}

  std::vector<PlacedKernel> readFile(const YamlNode &root) {
    Fields fields(diagnostics, root, "a file of schedules");
    fields.requireInteger("schedules", 1, 1);
    std::vector<PlacedKernel> read;
    if (const YamlNode *kernels = fields.require("kernels"))
      if (isMapping(*kernels, "kernels: expected a mapping of kernels to their schedules"))
        for (const YamlEntry &entry : kernels->entries)
          read.push_back(readKernel(entry));
    fields.finish();
    return read;
  }

  std::optional<PlacedSchedule> readCases(const YamlNode &node, const std::string &target) {
    if (node.kind != YamlNode::Kind::Sequence) {
      diagnostics.error(node.range, "expected a list of cases, found " + describe(node));
      return std::nullopt;
    }
    PlacedSchedule read{{target, {}}, node.range, {}};
    for (const YamlNode &item : node.items)
      readCase(item, read);
    return read;
  }

private:
  bool isMapping(const YamlNode &node, const llvm::Twine &expected) {
    if (node.kind == YamlNode::Kind::Mapping)
      return true;
    diagnostics.error(node.range, expected + ", found " + describe(node));
    return false;
  }

  PlacedKernel readKernel(const YamlEntry &entry) {
    PlacedKernel kernel{entry.key, entry.keyRange, {}};
    if (!isMapping(entry.value, "'" + entry.key + "': expected a mapping of targets to cases"))
      return kernel;
    for (const YamlEntry &each : entry.value.entries) {
      if (!kernels::findTarget(each.key))
        diagnostics.error(each.keyRange, kernels::unknownTarget(each.key));
      else if (std::optional<PlacedSchedule> schedule = readCases(each.value, each.key))
        kernel.schedules.push_back(std::move(*schedule));
    }
    return kernel;
  }

  void readCase(const YamlNode &node, PlacedSchedule &read) {
    kernels::ScheduleCase &described = read.schedule.cases.emplace_back();
    PlacedSchedule::Case &place = read.cases.emplace_back();
    place.range = node.range;
    Fields fields(diagnostics, node, "a case");
    if (const YamlNode *when = fields.find("when"))
      readComparisons(*when, described, place);
    if (const YamlNode *nests = fields.require("nests")) {
      if (nests->kind != YamlNode::Kind::Sequence)
        diagnostics.error(nests->range, "nests: expected a list of loop nests, found " + describe(*nests));
      for (const YamlNode &nest : nests->items)
        readNest(nest, described, place);
    }
    fields.finish();
  }

  /// `rows <= 8 and sequences <= 4`.
  void readComparisons(const YamlNode &node, kernels::ScheduleCase &described, PlacedSchedule::Case &place) {
    auto reject = [&](llvm::SMRange range) {
      diagnostics.error(range, "when: expected comparisons as 'rows <= 8 and sequences <= 4', found " + describe(node));
    };
    if (node.kind != YamlNode::Kind::Scalar)
      return reject(node.range);
    StringRef text = node.text;
    llvm::SmallVector<StringRef> words;
    llvm::SplitString(text, words);
    auto placeOf = [&](StringRef word) {
      size_t begin = static_cast<size_t>(word.data() - text.data());
      return partOf(node, begin, begin + word.size());
    };
    for (size_t i = 0; i < words.size(); i += 4) {
      int64_t bound = 0;
      bool isWhole = i + 2 < words.size() && words[i + 1] == "<=" && !words[i + 2].getAsInteger(10, bound);
      if (!isWhole)
        return reject(placeOf(words[i]));
      if (i + 3 < words.size() && (words[i + 3] != "and" || i + 4 == words.size()))
        return reject(placeOf(words[i + 3]));
      described.when.push_back({words[i].str(), bound});
      place.sizes[words[i].str()] = placeOf(words[i]);
    }
    if (words.empty())
      reject(node.range);
  }

  void readNest(const YamlNode &node, kernels::ScheduleCase &described, PlacedSchedule::Case &place) {
    if (!isMapping(node, "expected a nest as '{linear: {rows: 4}}'"))
      return;
    if (node.entries.size() != 1) {
      diagnostics.error(node.range, "expected one family of loop nests, found " + llvm::Twine(node.entries.size()));
      return;
    }
    const YamlEntry &nest = node.entries.front();
    kernels::NestSchedule &read = described.nests.emplace_back(kernels::NestSchedule{nest.key, {}});
    PlacedSchedule::Nest &placed = place.nests.emplace_back();
    placed.family = nest.keyRange;
    if (!isMapping(nest.value, "'" + nest.key + "': expected a mapping of parameters to numbers"))
      return;
    constexpr int64_t most = std::numeric_limits<int64_t>::max();
    for (const YamlEntry &parameter : nest.value.entries)
      if (auto value = readInteger(diagnostics, parameter.value, parameter.key, 0, most)) {
        read.parameters[parameter.key] = *value;
        placed.parameters[parameter.key] = parameter.value.range;
      }
  }

  Diagnostics &diagnostics;
};

} // namespace

llvm::SMRange PlacedSchedule::placeOf(const kernels::ScheduleFault &fault) const {
  if (!fault.caseNumber)
    return range;
  const Case &place = cases[*fault.caseNumber];
  auto within = [&](const std::map<std::string, llvm::SMRange> &places, llvm::SMRange otherwise) {
    auto found = places.find(fault.name);
    return found == places.end() ? otherwise : found->second;
  };
  if (!fault.nest)
    return within(place.sizes, place.range);
  return within(place.nests[*fault.nest].parameters, place.nests[*fault.nest].family);
}

std::optional<PlacedSchedule> tenon::readCases(const YamlNode &node, const std::string &target,
                                               Diagnostics &diagnostics) {
  return ScheduleReader(diagnostics).readCases(node, target);
}

std::vector<PlacedKernel> tenon::readSchedules(const YamlNode &root, Diagnostics &diagnostics) {
  return ScheduleReader(diagnostics).readFile(root);
}

llvm::Expected<kernels::Schedule> tenon::readScheduleText(StringRef text, const std::string &target, StringRef name) {
  llvm::MemoryBufferRef buffer(text, name);
  Diagnostics diagnostics(buffer);
  YamlNode root = readYamlTree(buffer, diagnostics);
  std::optional<PlacedSchedule> read;
  if (!diagnostics.hasErrors())
    read = readCases(root, target, diagnostics);
  if (llvm::Error error = diagnostics.takeError())
    return std::move(error);
  return std::move(read->schedule);
}
