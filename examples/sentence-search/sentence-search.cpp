//===- sentence-search.cpp - A page of sentences, ranked by meaning -------===//
//
// sentence-search MODEL.so SENTENCES.txt QUERY: the sentences, one a line, that are nearest to the query.
//
//===----------------------------------------------------------------------===//

#include "tenon/tenon.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace {

std::vector<std::string> readLines(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error(path + ": the file cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty())
      lines.push_back(line);
  return lines;
}

void search(const std::string &library, const std::string &path, const std::string &query) {
  tenon::Model model(library);
  tenon::Session session(model);
  std::vector<std::string> sentences = readLines(path);
  size_t width = static_cast<size_t>(model.info().width);
  std::vector<float> page = session.embedTexts(sentences);
  std::vector<float> wanted = session.embedTexts(std::vector<std::string>{query});

  // Embeddings have length 1, so their product is the cosine of the angle between them.
  std::vector<float> scores(sentences.size());
  for (size_t i = 0; i < sentences.size(); ++i)
    scores[i] = std::inner_product(wanted.begin(), wanted.end(), page.begin() + static_cast<ptrdiff_t>(i * width), 0.0f);
  std::vector<size_t> order(sentences.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });

  std::printf("%s\n\n", query.c_str());
  for (size_t i = 0; i < std::min<size_t>(5, order.size()); ++i)
    std::printf("%zu. %.3f  %s\n", i + 1, static_cast<double>(scores[order[i]]), sentences[order[i]].c_str());
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s MODEL.so SENTENCES.txt QUERY\n", argv[0]);
    return 2;
  }
  try {
    search(argv[1], argv[2], argv[3]);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  return 0;
}
