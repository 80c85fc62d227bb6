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
};

/// See tenon_session_encode.
void encodeRows(Session &session, const std::vector<TokenRow> &rows, float *hidden, float *embedding);

/// See tenon_session_embed_texts.
void embedTexts(Session &session, const std::vector<std::string_view> &texts, float *embeddings);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_ENCODE_H
