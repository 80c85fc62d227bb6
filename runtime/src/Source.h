//===- Source.h - What a sequence is about ----------------------*- C++ -*-===//
//
// Models with an entry point "start" attend to sources: other sequences, one of each of Manifest::sources, read once,
// whose keys and values lie in pages of their own.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_SOURCE_H
#define TENON_RUNTIME_SOURCE_H

#include "PageTable.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tenon::runtime {

class Model;
class Sequence;
class Session;

/// What is kept of a source.
struct SourceRows {
  int64_t rows = 0; ///< of hidden states
  std::vector<PageTable> tables;
};

/// Pages with the sources' keys and values, shared by all sequences about them and by nobody written after the first
/// call.
class Source {
public:
  /// Fails with TENON_ERROR_CACHE_FULL where there are not enough pages. `rows`: of hidden states, of each source;
  /// `tokens`: those of all of them.
  Source(const Model &model, std::span<const int64_t> rows, std::vector<int32_t> tokens);

  int64_t rows(size_t source) const { return kept[source].rows; }
  std::span<const int32_t> pages(size_t source, size_t table) const { return kept[source].tables[table].pages(); }
  /// Of all sources that are of tokens, -1 between one and the next.
  std::span<const int32_t> tokens() const { return read; }

private:
  std::vector<SourceRows> kept;
  std::vector<int32_t> read;
};

/// One of tokens, features and hidden states, or nothing: what is not null. Each may be of no rows.
struct SourceInput {
  std::span<const int32_t> tokens = {};
  const float *features = nullptr; ///< [rows, features of the encoder]
  const float *hidden = nullptr;   ///< [rows, width of what `start` takes]
  int64_t rows = 0;                ///< of features or hidden states
};

/// Fails where a model's answers are about nothing.
void requireSource(const Model &model);

/// Reads the sources of several sequences together, which are then about them and have no tokens: `inputs` has one for
/// each of the model's sources of the first sequence, then those of the second, and so on. Fails with the sequences as
/// they were.
void setSources(Session &runner, std::span<Sequence *const> sequences, std::span<const SourceInput> inputs);

/// The same where the only source is a prefix of what is written.
void setPrefixes(Session &runner, std::span<Sequence *const> sequences, std::span<const SourceInput> inputs);

/// The session's own sequence about rows of features, which are the only source.
void encodeSource(Session &session, const float *features, int64_t rows, int64_t columns);

/// What a model reads of one of its sources; numbers are 0 where there is no limit, or no such thing.
struct SourceShape {
  int64_t vocab = 0, positions = 0;
  int64_t features = 0; ///< numbers in a row of features
  int64_t fewest = 0;   ///< rows that there have to be of these
  int64_t width = 0;    ///< components of a hidden state that may stand in place of what is read
};
SourceShape sourceShape(const Model &model, size_t source);

/// "source 3", or where there are several "source "image" of session 3".
std::string sourcePlace(const Model &model, size_t source, size_t session);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SOURCE_H
