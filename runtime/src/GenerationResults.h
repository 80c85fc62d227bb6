//===- GenerationResults.h - What a model wrote -----------------*- C++ -*-===//

#ifndef TENON_RUNTIME_GENERATIONRESULTS_H
#define TENON_RUNTIME_GENERATIONRESULTS_H

#include "tenon/tenon.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::runtime {

struct GeneratedSequence {
  std::vector<int32_t> tokens;
  std::string text;
  double score = 0;
  tenon_finish finish = TENON_FINISH_LENGTH;
};

/// Of one prompt. What the C interface hands out points into it.
struct GenerationResults {
  std::vector<GeneratedSequence> sequences; ///< best first
  std::vector<tenon_sequence> views;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_GENERATIONRESULTS_H
