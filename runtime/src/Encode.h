//===- Encode.h - Rows of tokens and texts into embeddings ------*- C++ -*-===//

#ifndef TENON_RUNTIME_ENCODE_H
#define TENON_RUNTIME_ENCODE_H

#include "Session.h"

#include <string_view>
#include <vector>

namespace tenon::runtime {

/// Token ids without padding, owned by somebody else.
struct TokenRow {
  const int32_t *ids;
  int32_t length;
  int32_t prompt = 0; ///< how many of the first ones are those of a prompt
};

/// See tenon_session_encode.
void encodeRows(Session &session, const std::vector<TokenRow> &rows, float *hidden, float *embedding);

/// Numbers in an embedding; 0 where the model gives none.
int64_t embeddingWidth(const Model &model);

/// See tenon_session_embed; `prompt` stands before every text.
void embedTexts(Session &session, const std::vector<std::string_view> &texts, std::string_view prompt,
                float *embeddings);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_ENCODE_H
