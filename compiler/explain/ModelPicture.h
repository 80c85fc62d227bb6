//===- ModelPicture.h - What a model is made of -----------------*- C++ -*-===//

#ifndef TENON_EXPLAIN_MODELPICTURE_H
#define TENON_EXPLAIN_MODELPICTURE_H

#include "spec/Spec.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

namespace tenon::explain {

/// The stacks of a model with their sublayers and where these read from, each with its line in `text`, of which the
/// model was read.
llvm::json::Object modelPicture(const spec::Model &model, llvm::StringRef text);

/// The line of a spec, from 1 on, that says what a parameter is of, by the name that it has in tensor IR; 0 where none
/// does.
unsigned lineOfParameter(const spec::Model &model, llvm::StringRef parameter);

} // namespace tenon::explain

#endif // TENON_EXPLAIN_MODELPICTURE_H
