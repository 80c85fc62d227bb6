//===- tenon-tokenize.cpp - Token ids of strings, for checks against an oracle ===//
//
// tenon-tokenize TOKENIZER.json [MAX_TOKENS] < strings: each line of standard input is a JSON string; each line of
// standard output is its ids, separated by spaces, or `error: ` and the reason.
//
//===----------------------------------------------------------------------===//

#include "text/Tokenizer.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: tenon-tokenize TOKENIZER.json [MAX_TOKENS]\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::string json((std::istreambuf_iterator<char>(file)), {});
  std::string error;
  auto tokenizer = tenon::text::Tokenizer::fromJson(json, error);
  if (!tokenizer) {
    std::cerr << argv[1] << ": error: " << error << "\n";
    return 1;
  }
  size_t maxTokens = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
  std::string line;
  while (std::getline(std::cin, line)) {
    auto text = nlohmann::json::parse(line, nullptr, false);
    if (!text.is_string()) {
      std::cerr << "error: expected a JSON string, found " << line << "\n";
      return 1;
    }
    tenon::text::Encoding encoding;
    if (!tokenizer->encode(text.get_ref<const std::string &>(), maxTokens, encoding, error)) {
      std::cout << "error: " << error << "\n";
      continue;
    }
    for (size_t i = 0; i < encoding.ids.size(); ++i)
      std::cout << (i == 0 ? "" : " ") << encoding.ids[i];
    std::cout << "\n";
  }
}
