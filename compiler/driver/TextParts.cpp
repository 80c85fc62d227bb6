//===- TextParts.cpp - What a model brings along for text -----------------===//

#include "driver/TextParts.h"
#include "runtime/jinja/Check.h"
#include "runtime/text/Tokenizer.h"

using namespace llvm;
using namespace tenon;

static Error checkTokenizer(StringRef what, StringRef path, StringRef json) {
  std::string error;
  if (json.empty() || text::Tokenizer::fromJson({json.data(), json.size()}, error))
    return Error::success();
  return createStringError(path.empty() ? what + ": " + error : what + " '" + path + "': " + error);
}

Error tenon::checkTextParts(const import::ImportedModel &imported) {
  if (Error error = checkTokenizer("tokenizer", imported.tokenizerPath, imported.tokenizer))
    return error;
  if (Error error = checkTokenizer("target tokenizer", "", imported.targetTokenizer))
    return error;
  std::string error;
  if (!imported.chatTemplate.empty() && !jinja::check(imported.chatTemplate, error))
    return createStringError("chat template, " + error);
  return Error::success();
}
