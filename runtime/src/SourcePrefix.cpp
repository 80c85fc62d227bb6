//===- SourcePrefix.cpp - Sources that are a prefix of what is written ----===//
//
// A model that is one stack has no keys and values of a source but those of tokens in front of its own.
//
//===----------------------------------------------------------------------===//

#include "Forward.h"
#include "Session.h"
#include "SourceColumn.h"

#include <algorithm>

namespace tenon::runtime {
namespace {

/// New tokens of one pass over the weights, as of a prompt.
constexpr size_t passTokens = 512;

/// Runs as much of each source as `piece` says, from `done` on.
void runPiece(Session &runner, const Entry &entry, std::span<Sequence> prefixes, const SourceColumn &column,
              size_t done, size_t piece) {
  std::vector<Step> steps;
  for (size_t row = 0; row < prefixes.size(); ++row) {
    std::span<const int32_t> tokens = column.rows()[row].tokens;
    if (done < tokens.size())
      steps.push_back({&prefixes[row], tokens.subspan(done, std::min(piece, tokens.size() - done))});
  }
  forward(runner, entry, steps, {});
}

} // namespace

void setPrefixes(Session &runner, std::span<Sequence *const> sequences, std::span<const SourceInput> inputs) {
  const Model &model = runner.model();
  SourceColumn column(model, 0, inputs);
  auto longest = size_t(*std::max_element(column.given().begin(), column.given().end()));
  std::vector<std::shared_ptr<PagePool>> pools;
  for (size_t pool : model.manifest().ownPools)
    pools.push_back(model.pools()[pool]);
  std::vector<Sequence> prefixes;
  std::vector<std::shared_ptr<const Source>> sources;
  for (const SourceInput &row : column.rows()) {
    int64_t rows = rowsOf(row);
    prefixes.emplace_back(pools);
    sources.push_back(std::make_shared<Source>(model, std::span(&rows, 1),
                                               std::vector<int32_t>(row.tokens.begin(), row.tokens.end())));
  }
  // Rows of a prefix may see those behind them: then all of them are there at once.
  const Entry *whole = model.findEntry("start");
  size_t piece = whole ? longest : std::max<size_t>(passTokens / sequences.size(), PagePool::pageTokens);
  for (size_t done = 0; done < longest; done += piece)
    runPiece(runner, whole ? *whole : model.entry("prefill"), prefixes, column, done, piece);
  for (size_t row = 0; row < sequences.size(); ++row)
    sequences[row]->begin(std::move(sources[row]), std::move(prefixes[row]));
}

} // namespace tenon::runtime
