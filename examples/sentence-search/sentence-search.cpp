//===- sentence-search.cpp - A page of sentences, ranked by meaning -------===//
//
// sentence-search MODEL.so SENTENCES.txt QUERY...: for each query, the sentences, one a line, that are nearest to it.
//
//===----------------------------------------------------------------------===//

#include "tenon/tenon.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <stdexcept>
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
  if (lines.empty())
    throw std::runtime_error(path + ": expected a sentence on each line, found none");
  return lines;
}

/// A page whose sentences were embedded once, to be asked many times.
class Page {
public:
  Page(const std::string &library, const std::string &path)
      : model(library), session(model), sentences(readLines(path)), embeddings(session.embedTexts(sentences)) {}

  void search(const std::string &query) {
    size_t width = static_cast<size_t>(model.info().embedding_width);
    std::vector<float> wanted = session.embedTexts(std::vector<std::string>{query});

    // Embeddings have length 1, so their product is the cosine of the angle between them.
    std::vector<float> scores(sentences.size());
    for (size_t i = 0; i < sentences.size(); ++i)
      scores[i] = std::inner_product(wanted.begin(), wanted.end(),
                                     embeddings.begin() + static_cast<ptrdiff_t>(i * width), 0.0f);
    std::vector<size_t> order(sentences.size());
    std::iota(order.begin(), order.end(), size_t(0));
    size_t shown = std::min<size_t>(5, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(shown), order.end(),
                      [&](size_t a, size_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });

    std::printf("%s\n\n", query.c_str());
    for (size_t i = 0; i < shown; ++i)
      std::printf("%zu. %.3f  %s\n", i + 1, static_cast<double>(scores[order[i]]), sentences[order[i]].c_str());
  }

private:
  tenon::Model model;
  tenon::Session session;
  std::vector<std::string> sentences;
  std::vector<float> embeddings;
};

} // namespace

int main(int argc, char **argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s MODEL.so SENTENCES.txt QUERY...\n", argv[0]);
    return 2;
  }
  try {
    Page page(argv[1], argv[2]);
    for (int i = 3; i < argc; ++i) {
      if (i > 3)
        std::printf("\n");
      page.search(argv[i]);
    }
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  return 0;
}
