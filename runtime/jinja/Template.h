//===- Template.h - Jinja as chat templates use it --------------*- C++ -*-===//
//
// Jinja 2 with the settings of Hugging Face's apply_chat_template: a sandbox that changes nothing, trim_blocks,
// lstrip_blocks, loop controls, generation blocks, and the functions raise_exception and strftime_now. What Jinja has
// and this has not is refused by name when the template is read.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_JINJA_TEMPLATE_H
#define TENON_JINJA_TEMPLATE_H

#include "jinja/Ast.h"
#include "jinja/Heap.h"

namespace tenon::jinja {

class Template {
public:
  /// Throws an Error where the text is no template, or uses what is not known here.
  explicit Template(std::string_view source);

  /// The text that it makes of the variables, which were made in the heap.
  std::string render(Heap &heap, const Members &variables) const;

private:
  Body body;
};

} // namespace tenon::jinja

#endif // TENON_JINJA_TEMPLATE_H
