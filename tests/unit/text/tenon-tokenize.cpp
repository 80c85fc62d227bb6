//===- tenon-tokenize.cpp - Token ids of strings, for checks against an oracle ===//
//
// tenon-tokenize TOKENIZER.json [--max-tokens N] [--no-added] [--no-special] [--decode] [--keep-special] < lines
//
// Each line of standard input is a JSON string; each line of standard output is its ids, separated by spaces, or
// `error: ` and the reason. With --decode a line of input is ids and one of output a JSON string; the same text is
// decoded as a stream, and the program fails where that gives another text or anything but whole characters.
//
//===----------------------------------------------------------------------===//

#include "text/Tokenizer.h"
#include "text/Unicode.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace tenon::text;

namespace {

bool isUtf8(std::string_view text) {
  std::u32string ignored;
  size_t bad;
  return decodeUtf8(text, ignored, bad);
}

bool decodeLine(const Tokenizer &tokenizer, const std::string &line, bool skipSpecial) {
  std::istringstream numbers(line);
  std::vector<int32_t> ids(std::istream_iterator<int32_t>(numbers), {});
  std::string whole = tokenizer.decode(ids, skipSpecial), streamed;
  auto stream = tokenizer.stream(skipSpecial);
  auto take = [&](const std::string &text) {
    streamed += text;
    return isUtf8(text);
  };
  bool isWhole = true;
  for (int32_t id : ids)
    isWhole &= take(stream->push(id));
  isWhole &= take(stream->finish());
  std::cout << nlohmann::json(whole).dump() << "\n";
  if (isWhole && streamed == whole)
    return true;
  std::cerr << "error: as a stream, " << line << " gives " << (isWhole ? "another text" : "parts of characters")
            << "\n";
  return false;
}

bool encodeLine(const Tokenizer &tokenizer, const std::string &line, const EncodeOptions &options) {
  auto text = nlohmann::json::parse(line, nullptr, false);
  if (!text.is_string()) {
    std::cerr << "error: expected a JSON string, found " << line << "\n";
    return false;
  }
  Encoding encoding;
  std::string error;
  if (!tokenizer.encode(text.get_ref<const std::string &>(), options, encoding, error))
    std::cout << "error: " << error;
  for (size_t i = 0; i < encoding.ids.size(); ++i)
    std::cout << (i == 0 ? "" : " ") << encoding.ids[i];
  std::cout << "\n";
  return true;
}

} // namespace

int main(int argc, char **argv) {
  EncodeOptions options;
  bool decodes = false, skipSpecial = true, isUsage = argc < 2;
  for (int i = 2; i < argc; ++i) {
    std::string_view flag = argv[i];
    if (flag == "--max-tokens" && i + 1 < argc)
      options.maxTokens = std::strtoul(argv[++i], nullptr, 10);
    else if (flag == "--no-added")
      options.addSpecial = false;
    else if (flag == "--no-special")
      options.findSpecial = false;
    else if (flag == "--decode")
      decodes = true;
    else if (flag == "--keep-special")
      skipSpecial = false;
    else
      isUsage = true;
  }
  if (isUsage) {
    std::cerr << "usage: tenon-tokenize TOKENIZER.json [--max-tokens N] [--no-added] [--no-special] [--decode] "
                 "[--keep-special]\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::string json((std::istreambuf_iterator<char>(file)), {});
  std::string error;
  auto tokenizer = Tokenizer::fromJson(json, error);
  if (!tokenizer) {
    std::cerr << argv[1] << ": error: " << error << "\n";
    return 1;
  }
  bool isFine = true;
  for (std::string line; std::getline(std::cin, line);)
    isFine &= decodes ? decodeLine(*tokenizer, line, skipSpecial) : encodeLine(*tokenizer, line, options);
  return isFine ? 0 : 1;
}
