//===- Page.cpp - A report as a page of HTML ------------------------------===//

#include "explain/Page.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tenon;

namespace {

#include "PageFiles.inc"

template <size_t Size> StringRef textOf(const unsigned char (&bytes)[Size]) {
  return {reinterpret_cast<const char *>(bytes), Size};
}

/// Within an element <script> no text of the data may look like its end, or like a comment's begin.
std::string asScriptData(StringRef json) {
  std::string text;
  for (char c : json)
    text += c == '<' ? "\\u003c" : std::string(1, c);
  return text;
}

std::string asHtml(StringRef text) {
  std::string escaped;
  raw_string_ostream stream(escaped);
  printHTMLEscaped(text, stream);
  return escaped;
}

} // namespace

std::string explain::writePage(StringRef title, StringRef data) {
  std::string page;
  StringRef rest = textOf(kTemplate);
  while (!rest.empty()) {
    // "<!--@part-->" stands for a part.
    auto [before, behind] = rest.split("<!--@");
    page += before;
    auto [part, after] = behind.split("-->");
    page += StringSwitch<std::string>(part)
                .Case("title", asHtml(title))
                .Case("style", textOf(kStyle).str())
                .Case("library", textOf(kLibrary).str())
                .Case("data", asScriptData(data))
                .Case("charts", textOf(kCharts).str())
                .Case("script", textOf(kScript).str())
                .Default("");
    rest = after;
  }
  return page;
}
