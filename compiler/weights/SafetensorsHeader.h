//===- SafetensorsHeader.h - The JSON of a safetensors header ---*- C++ -*-===//

#ifndef TENON_WEIGHTS_SAFETENSORSHEADER_H
#define TENON_WEIGHTS_SAFETENSORSHEADER_H

#include "weights/Safetensors.h"

namespace tenon::weights {

/// Reads the JSON of a header: names, types, shapes and offsets as they are written, in the order of the file. Whether
/// they fit together and the data is for the caller to see. The error says what is wrong, without the path.
llvm::Error parseSafetensorsHeader(llvm::StringRef json, SafetensorsIndex &index);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_SAFETENSORSHEADER_H
