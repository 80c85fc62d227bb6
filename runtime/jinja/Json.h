//===- Json.h - Values out of JSON ------------------------------*- C++ -*-===//

#ifndef TENON_JINJA_JSON_H
#define TENON_JINJA_JSON_H

#include "jinja/Heap.h"

namespace tenon::jinja {

/// What Python's json.loads makes of the text. Throws an Error that names `what`.
Value parseJson(Heap &heap, std::string_view text, std::string_view what);

} // namespace tenon::jinja

#endif // TENON_JINJA_JSON_H
