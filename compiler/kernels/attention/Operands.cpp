//===- Operands.cpp - What the operands of an attention are ---------------===//

#include "kernels/attention/Operands.h"
#include "kernels/Region.h"

#include <sstream>

namespace tenon::kernels {

namespace {

const std::vector<std::string> &segmentsOf(const Operation &operation) {
  return std::get<std::vector<std::string>>(operation.attributes.at("segments"));
}

bool isInPages(const std::string &segment) { return segment.starts_with("pages"); }

/// Numbers a segment's operands from `next` on.
SegmentOperands operandsOf(const std::string &segment, int &next) {
  SegmentOperands operands;
  std::istringstream words(segment);
  std::string word;
  words >> word;
  if (word == "pages") {
    operands.pages = next++;
  } else if (word == "rows") {
    operands.key = next++;
    operands.value = next++;
  } else {
    throw RegionError("segment \"" + segment + "\" is neither rows nor pages");
  }
  while (words >> word) {
    if (word == "lengths" && operands.isOwn()) {
      if (!operands.isInPages())
        operands.starts = next++;
      operands.lengths = next++;
    } else if (word == "offset" && operands.offset == kAbsent) {
      operands.offset = next++;
    } else {
      throw RegionError("segment \"" + segment + "\" has \"" + word + "\", expected lengths or offset, once");
    }
  }
  return operands;
}

} // namespace

AttentionOperands::AttentionOperands(const Operation &operation) {
  int next = 1;
  for (const std::string &segment : segmentsOf(operation))
    if (isInPages(segment) && cache == kAbsent)
      cache = next++;
  starts = next++;
  lengths = next++;
  for (auto [name, operand] : {std::pair("past", &past), {"offset", &offset}})
    if (integerAttribute(operation, name))
      *operand = next++;
  for (const std::string &segment : segmentsOf(operation))
    segments.push_back(operandsOf(segment, next));
  firstTable = next;
  count = next + integerAttribute(operation, "tables");
}

int64_t querySegmentOf(const Operation &operation) {
  return integerAttribute(operation, "query_segment", static_cast<int64_t>(segmentsOf(operation).size()) - 1);
}

} // namespace tenon::kernels
