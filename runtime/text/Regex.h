//===- Regex.h - Regular expressions of a tokenizer.json -------*- C++ -*-===//
//
// Hugging Face's tokenizers match with Oniguruma (Ruby's syntax, Unicode 16). ICU does the matching here; what the two
// read differently is rewritten, or refused where it cannot be.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_REGEX_H
#define TENON_TEXT_REGEX_H

#include "text/Json.h"
#include "text/Words.h"

#include <memory>
#include <string_view>
#include <vector>

namespace tenon::text {

class Regex {
public:
  /// Errors go to `pattern`, a string.
  explicit Regex(const JsonValue &pattern);

  /// For the texts of one thread.
  class Search {
  public:
    explicit Search(const Regex &regex);
    ~Search();
    /// Replaces `matches` by all matches in `text`, in order; some may be empty. Throws TextError where matching takes
    /// more steps or memory than a text of its size is given.
    void findAll(std::u32string_view text, std::vector<Span> &matches);

  private:
    struct State;
    std::unique_ptr<State> state;
  };

private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled;
};

} // namespace tenon::text

#endif // TENON_TEXT_REGEX_H
