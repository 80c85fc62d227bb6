//===- Pattern.h - A string or a regular expression ------------*- C++ -*-===//

#ifndef TENON_TEXT_PATTERN_H
#define TENON_TEXT_PATTERN_H

#include "text/Regex.h"

#include <optional>
#include <string>

namespace tenon::text {

/// `{"String": "..."}` or `{"Regex": "..."}`
class Pattern {
public:
  /// Errors go to `description`.
  explicit Pattern(const JsonValue &description);

  /// For the texts of one thread.
  class Search {
  public:
    explicit Search(const Pattern &pattern);
    /// Replaces `matches` by all matches in `text`, in order.
    void findAll(std::u32string_view text, std::vector<Span> &matches);

  private:
    const Pattern &pattern;
    std::optional<Regex::Search> regex;
  };

  /// `text` with every match replaced by `content`.
  std::u32string replace(std::u32string_view text, std::u32string_view content) const;
  static std::u32string replaced(std::u32string_view text, const std::vector<Span> &matches,
                                 std::u32string_view content);

private:
  std::u32string string; ///< Empty for a regular expression.
  std::optional<Regex> regex;
};

} // namespace tenon::text

#endif // TENON_TEXT_PATTERN_H
