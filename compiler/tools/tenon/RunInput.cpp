//===- RunInput.cpp - What tenon run reads and writes ---------------------===//

#include "RunInput.h"
#include "Command.h"

#include <algorithm>
#include <charconv>
#include <iostream>

using namespace tenon;
using namespace tenon::tools;

std::pair<std::string, std::string> tools::splitName(const std::string &option, const std::string &text,
                                                     const char *form) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Failure(option + " '" + text + "': expected " + form);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::pair<std::string, std::string> tools::splitAssignment(const std::string &option, const std::string &text) {
  auto parts = splitName(option, text, "NAME=FILE.npy");
  if (parts.second.empty())
    throw Failure(option + " '" + text + "': expected NAME=FILE.npy");
  return parts;
}

std::vector<int32_t> tools::parseTokens(const std::string &text, const std::string &option) {
  std::vector<int32_t> ids;
  const char *at = text.data(), *end = at + text.size();
  while (at != end) {
    int32_t id;
    auto [next, error] = std::from_chars(at, end, id);
    if (error != std::errc() || (next != end && (*next != ',' || next + 1 == end)))
      throw Failure(option + " '" + text + "': expected 32-bit numbers with commas between them, found '" +
                    std::string(at, end) + "'");
    ids.push_back(id);
    at = next == end ? end : next + 1;
  }
  return ids;
}

std::vector<InputText> tools::readTexts(const std::vector<std::string> &given) {
  std::vector<InputText> texts;
  size_t lines = 0;
  for (size_t index = 0; index < given.size(); ++index) {
    if (given[index] != "-") {
      texts.push_back({given[index], "--text " + std::to_string(index), false});
      continue;
    }
    for (std::string line; std::getline(std::cin, line);)
      texts.push_back({line, "line " + std::to_string(++lines), true});
  }
  return texts;
}

void LostLines::add(const std::string &why) {
  constexpr size_t told = 20;
  if (++count <= told)
    std::fprintf(stderr, "tenon: error: %s\n", why.c_str());
  else if (count == told + 1)
    std::fprintf(stderr, "tenon: error: and more\n");
}

void LostLines::report(size_t all) const {
  if (count != 0)
    throw Failure(std::to_string(count) + " of " + std::to_string(all) + " lines could not be read; empty ones stand in "
                                                                         "their places");
}

NpyArray tools::floatArray(std::vector<int64_t> shape, std::vector<float> values) {
  NpyArray array;
  array.shape = std::move(shape);
  array.floats = std::move(values);
  return array;
}

NpyArray tools::tokenArray(const std::vector<std::vector<int32_t>> &rows) {
  size_t longest = 0;
  for (const auto &row : rows)
    longest = std::max(longest, row.size());
  NpyArray array;
  array.isFloat = false;
  array.shape = {static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)};
  for (const auto &row : rows) {
    array.ints.insert(array.ints.end(), row.begin(), row.end());
    array.ints.resize(array.ints.size() + longest - row.size());
  }
  return array;
}
