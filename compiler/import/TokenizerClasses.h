//===- TokenizerClasses.h - The tokenizers of transformers ------*- C++ -*-===//
//
// What transformers' classes make of a vocabulary, be it in files of its own or in a tokenizer.json.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_IMPORT_TOKENIZERCLASSES_H
#define TENON_IMPORT_TOKENIZERCLASSES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace tenon::import {

/// What the files of a class hold, and which model it makes of them.
enum class VocabularyKind {
  WordPiece,  ///< A line for each token.
  BytePairs,  ///< Tokens with their ids, and merges.
  Pieces,     ///< SentencePiece's, as a Unigram model.
  PieceMerges ///< SentencePiece's, as byte pairs that its order of pieces ranks.
};

/// What a class puts around a text.
enum class Surroundings {
  ByOptions,        ///< bos and eos where `add_bos_token` and `add_eos_token` say so.
  ClsAndSep,        ///< With types for a pair's second text.
  BosAndEos,        ///< bos A eos.
  Eos,              ///< A eos.
  EosAndLanguage,   ///< A eos and the code of `src_lang`.
  RobertaProcessing ///< cls A sep.
};

/// How a class lays out the pieces of a file.
enum class PieceLayout {
  AsStored,
  WithExtraIds, ///< T5: <extra_id_99> to <extra_id_0> behind them.
  Fairseq,      ///< bos, pad, eos, unk in place of the first three, mask last.
  MBart,        ///< The same with codes of languages before the mask.
  Camembert     ///< Five of its own in place of the first, mask last.
};

/// The tokens that have a name, in the order in which they are added.
inline constexpr llvm::StringRef namedTokens[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                  "pad_token", "cls_token", "mask_token"};

struct TokenizerClass {
  llvm::StringRef name; ///< Without "Fast".
  VocabularyKind kind;
  std::array<llvm::StringRef, 2> files;                            ///< The second is empty for classes of one.
  std::array<llvm::StringRef, std::size(namedTokens)> usualTokens; ///< Empty for none.
  Surroundings surroundings;
  /// normalizer, pre_tokenizer and decoder of a tokenizer.json, with words in @ for what options say.
  llvm::StringRef parts;
  llvm::StringRef model; ///< More members of the model.
  PieceLayout layout = PieceLayout::AsStored;
  bool maskTakesBlanks = false; ///< Whether the mask token takes the blanks before it.
  /// Of surroundings by options: whether the post-processor of a tokenizer.json takes their place.
  bool keepsProcessor = true;
};

/// A token by its name.
using NamedToken = std::pair<llvm::StringRef, llvm::StringRef>;

/// The tokens that a class has where nothing else is said, by its name without "Fast"; none for a class that has none, or that
/// is not known.
std::vector<NamedToken> usualTokens(llvm::StringRef name);

/// Codes of the languages of MBart, in the order of their ids.
llvm::ArrayRef<llvm::StringRef> mbartLanguages();

/// Null for a class that is not known.
const TokenizerClass *findTokenizerClass(llvm::StringRef name);
/// "BertTokenizer, ...".
std::string tokenizerClassNames();
/// The name of the class that `model_type` has where nothing else says so; empty for one that is not known.
llvm::StringRef tokenizerClassOf(llvm::StringRef modelType);
/// Whether a tokenizer.json of this `model_type` is taken as it is, whatever class its files name.
bool takesTokenizersAsStored(llvm::StringRef modelType);

} // namespace tenon::import

#endif // TENON_IMPORT_TOKENIZERCLASSES_H
