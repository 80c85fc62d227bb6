//===- TextParts.h - What a model brings along for text ---------*- C++ -*-===//

#ifndef TENON_DRIVER_TEXTPARTS_H
#define TENON_DRIVER_TEXTPARTS_H

#include "import/Import.h"

namespace tenon {

/// Reads the tokenizers and the chat template as the runtime will, so that what it would refuse is refused now.
llvm::Error checkTextParts(const import::ImportedModel &imported);

} // namespace tenon

#endif // TENON_DRIVER_TEXTPARTS_H
