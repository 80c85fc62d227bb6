//===- Source.h - What a sequence is about ----------------------*- C++ -*-===//
//
// Models with an entry point "start" attend to a source: another sequence, encoded once, whose keys and values lie in
// pages of their own.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_SOURCE_H
#define TENON_RUNTIME_SOURCE_H

#include "PagePool.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tenon::runtime {

class Sequence;
class Session;

/// Pages with a source's keys and values, shared by all sequences about it and by nobody written after the first call.
class Source {
public:
  /// Fails with TENON_ERROR_CACHE_FULL where there are not enough pages for `rows`. `tokens`: none where it is not of
  /// tokens.
  Source(std::shared_ptr<PagePool> pool, int64_t rows, std::span<const int32_t> tokens);
  ~Source() { pool->release(table); }
  Source(const Source &) = delete;
  Source &operator=(const Source &) = delete;

  int64_t rows() const { return rowCount; }
  std::span<const int32_t> tokens() const { return read; }
  std::span<const int32_t> pages() const { return table; }
  const PagePool &pagePool() const { return *pool; }

private:
  std::shared_ptr<PagePool> pool;
  int64_t rowCount;
  std::vector<int32_t> read, table;
};

/// One of tokens, features and hidden states, for a sequence that is then about it and has no tokens.
struct SourceInput {
  Sequence *sequence;
  std::span<const int32_t> tokens = {};
  const float *features = nullptr; ///< [rows, features of the encoder]
  const float *hidden = nullptr;   ///< [rows, width of what `start` takes]
  int64_t rows = 0;                ///< of features or hidden states
};

/// Encodes sources of one kind together and makes their keys and values. Fails with the sequences as they were.
void setSources(Session &runner, std::span<const SourceInput> inputs);

/// The session's own sequence about rows of features.
void encodeSource(Session &session, const float *features, int64_t rows, int64_t columns);

/// Whether a model's answers are about a source; fails (TENON_ERROR_LIBRARY) where its entry points do not fit.
class Model;
bool hasSource(const Model &model);
void checkSourceEntries(const Model &model);

/// How many components a row of a source has: features of the encoder, 0 where it reads tokens or there is none.
int64_t sourceFeatures(const Model &model);
/// Components of a hidden state that `start` takes; 0 where there is none.
int64_t sourceWidth(const Model &model);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SOURCE_H
