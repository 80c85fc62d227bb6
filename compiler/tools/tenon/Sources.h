//===- Sources.h - What a model is to write about ---------------*- C++ -*-===//

#ifndef TENON_TOOLS_SOURCES_H
#define TENON_TOOLS_SOURCES_H

#include "RunInput.h"

namespace tenon::tools {

/// One source of the command line.
struct SourceRow {
  Source source;
  bool asText = false; ///< how the answer is printed
  bool blank = false;  ///< a text of nothing but spaces, to which the answer is nothing
};

/// Whether --input names sources and not the inputs of an entry point.
bool givesSources(const RunArguments &arguments, const Model &model);

/// The sources of --text, --tokens and --input; each fits the model. Throws Failure.
std::vector<SourceRow> readSources(const RunArguments &arguments, const Model &model);

/// Its tokens or rows.
int64_t lengthOf(const SourceRow &row, const tenon_model_info &info);

/// Batches of rows of like length, longest first, so that little is padding. Blank rows are in none.
std::vector<std::vector<size_t>> batchesOf(const std::vector<SourceRow> &rows, const tenon_model_info &info);

/// The last hidden states of the encoder for one source: rows of info.source_width.
std::vector<float> hiddenStates(const Model &model, Session &session, const SourceRow &row);

} // namespace tenon::tools

#endif // TENON_TOOLS_SOURCES_H
