//===- AddedTokenList.h - Tokens beside a vocabulary ------------*- C++ -*-===//

#ifndef TENON_IMPORT_ADDEDTOKENLIST_H
#define TENON_IMPORT_ADDEDTOKENLIST_H

#include "import/TokenizerClasses.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <vector>

namespace tenon::import {

/// A token that is found in the text itself, as `tokenizers` describes it.
struct AddedToken {
  std::string content;
  bool singleWord = false;
  bool stripsLeft = false;
  bool stripsRight = false;
  bool normalized = false;
  bool special = true;
};

/// What the files beside a vocabulary say of its tokens: tokenizer_config.json, special_tokens_map.json and
/// added_tokens.json.
struct TokenSettings {
  std::array<std::optional<AddedToken>, std::size(namedTokens)> named; ///< In the order of `namedTokens`.
  std::vector<AddedToken> listed; ///< By id; no other token of their contents is added.
  std::vector<AddedToken> extra;  ///< Special tokens without a name.

  const std::optional<AddedToken> &operator[](llvm::StringRef name) const;
  /// Its spelling; empty where there is none.
  std::string text(llvm::StringRef name) const;
  /// All in the order in which transformers adds them; of one content, the last counts. `usualExtra` are those of
  /// models that name none.
  std::vector<AddedToken> inOrder(llvm::ArrayRef<AddedToken> usualExtra) const;
};

/// `settings` is the object of DIRECTORY/tokenizer_config.json, empty where there is none; `stored` the added tokens of
/// a tokenizer.json, or null.
llvm::Expected<TokenSettings> readTokenSettings(llvm::StringRef directory, const llvm::json::Object &settings,
                                                const TokenizerClass &tokenizer,
                                                const llvm::json::Array *stored);

} // namespace tenon::import

#endif // TENON_IMPORT_ADDEDTOKENLIST_H
