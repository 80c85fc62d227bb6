//===- NamedSources.cpp - What answers are about, by name -----------------===//

#include "NamedSources.h"
#include "Command.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

using namespace tenon;
using namespace tenon::tools;

namespace {

/// What is given of each source, and whether that is text.
struct Column {
  std::vector<Source> sources;
  std::vector<bool> areTexts;

  void add(Source source, bool isText) {
    sources.push_back(std::move(source));
    areTexts.push_back(isText);
  }
};

size_t indexOf(std::string_view name, std::span<const tenon_source_info> sources) {
  return static_cast<size_t>(std::find_if(sources.begin(), sources.end(),
                                          [&](const tenon_source_info &source) { return source.name == name; }) -
                             sources.begin());
}

/// The source that an option names.
size_t sourceOf(const std::string &option, const std::string &name, std::span<const tenon_source_info> sources) {
  size_t index = indexOf(name, sources);
  if (index == sources.size())
    throw Failure(option + " '" + name + "': the model writes about " + namesOf(sources));
  return index;
}

/// The source and kind of an array, "image.features"; the index is too large where it names none.
std::pair<size_t, std::string> arrayOf(const std::string &name, std::span<const tenon_source_info> sources) {
  size_t dot = name.rfind('.');
  std::string kind = dot == std::string::npos ? name : name.substr(dot + 1);
  size_t index = dot != std::string::npos ? indexOf(name.substr(0, dot), sources) : sources.size() == 1 ? 0 : SIZE_MAX;
  bool known = index < sources.size() && (kind == "hidden" || (kind == "features" && sources[index].features != 0));
  return {known ? index : SIZE_MAX, kind};
}

void readArray(const std::string &input, std::span<const tenon_source_info> sources, std::vector<Column> &columns) {
  auto [name, path] = splitAssignment("--input", input);
  auto [index, kind] = arrayOf(name, sources);
  if (kind == "hidden" && sources[index].width == 0)
    throw Failure("--input '" + name + "': the model reads more of " + sources[index].name +
                  " than last hidden states: give it " + (sources[index].features != 0 ? "features" : "tokens"));
  for (Source &source : readSourceArray(kind, path, sources[index]))
    columns[index].add(std::move(source), false);
}

/// Rows are as many as any source has; one that others are made of may have none.
size_t countRows(const std::vector<Column> &columns, std::span<const tenon_source_info> sources) {
  size_t rows = 0, longest = 0;
  for (size_t index = 0; index < columns.size(); ++index)
    if (columns[index].sources.size() > rows) {
      rows = columns[index].sources.size();
      longest = index;
    }
  for (size_t index = 0; index < columns.size(); ++index)
    if (size_t count = columns[index].sources.size(); count != 0 && count != rows)
      throw Failure("there are " + std::to_string(rows) + " of source " + sources[longest].name + " and " +
                    std::to_string(count) + " of " + sources[index].name + ": each row is about one of each");
  return rows;
}

} // namespace

bool tools::givesSources(const RunArguments &arguments, std::span<const tenon_source_info> sources) {
  return !sources.empty() && std::all_of(arguments.inputs.begin(), arguments.inputs.end(), [&](const auto &input) {
    return arrayOf(splitAssignment("--input", input).first, sources).first != SIZE_MAX;
  });
}

std::string tools::namesOf(std::span<const tenon_source_info> sources) {
  std::string names;
  for (size_t index = 0; index < sources.size(); ++index)
    names += (index == 0 ? "" : index + 1 == sources.size() ? " and " : ", ") + std::string(sources[index].name);
  return names;
}

std::vector<Prompt> tools::readNamedSources(const RunArguments &arguments, const Model &model,
                                            std::span<const tenon_source_info> sources) {
  std::vector<Column> columns(sources.size());
  for (const std::string &given : arguments.sourceTexts) {
    auto [name, text] = splitName("--source", given, "NAME=TEXT");
    size_t index = sourceOf("--source", name, sources);
    try {
      columns[index].add({model.tokenize(text, INT32_MAX), {}, {}}, true);
    } catch (const Error &error) {
      throw Failure("--source '" + name + "': " + error.what());
    }
  }
  for (const std::string &given : arguments.sourceTokens) {
    auto [name, ids] = splitName("--source-tokens", given, "NAME=1,2,3");
    columns[sourceOf("--source-tokens", name, sources)].add({parseTokens(ids, "--source-tokens " + name), {}, {}},
                                                            false);
  }
  for (const std::string &input : arguments.inputs)
    readArray(input, sources, columns);
  bool isText = model.info().has_tokenizer && arguments.sourceTokens.empty();
  std::vector<Prompt> prompts(countRows(columns, sources));
  for (size_t row = 0; row < prompts.size(); ++row) {
    prompts[row].asText = isText;
    for (const Column &column : columns) {
      prompts[row].sources.push_back(column.sources.empty() ? Source() : column.sources[row]);
      prompts[row].asText = prompts[row].asText || (!column.sources.empty() && column.areTexts[row]);
    }
  }
  return prompts;
}
