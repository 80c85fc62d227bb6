//===- AttentionOps.cpp - Attention and its segments ----------------------===//

#include "tenon/Dialect.h"
#include "tenon/TensorVerifiers.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

LogicalResult SegmentAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, SegmentPlace place, bool starts,
                                  bool lengths, bool) {
  if (starts && (place != SegmentPlace::Rows || !lengths))
    return emitError() << "a segment has starts, which only rows with lengths have";
  return success();
}

unsigned SegmentAttr::getNumOperands() const {
  return (getPlace() == SegmentPlace::Rows ? 2 : 1) + getStarts() + getLengths() + getOffset();
}

KeySegment SegmentAttr::of(ValueRange operands) const {
  KeySegment segment;
  unsigned next = 0;
  auto take = [&](bool there) { return there ? operands[next++] : Value(); };
  bool inRows = getPlace() == SegmentPlace::Rows;
  segment.key = take(inRows);
  segment.value = take(inRows);
  segment.pages = take(!inRows);
  segment.starts = take(getStarts());
  segment.lengths = take(getLengths());
  segment.offset = take(getOffset());
  return segment;
}

SegmentAttr SegmentAttr::get(MLIRContext *context, const KeySegment &segment, SmallVectorImpl<Value> &operands) {
  for (Value value : {segment.key, segment.value, segment.pages, segment.starts, segment.lengths, segment.offset})
    if (value)
      operands.push_back(value);
  return get(context, segment.isInPages() ? SegmentPlace::Pages : SegmentPlace::Rows, segment.starts != nullptr,
             segment.lengths != nullptr, segment.offset != nullptr);
}

std::string SegmentAttr::describe() const {
  std::string text = stringifySegmentPlace(getPlace()).str();
  for (auto [name, there] : {std::pair(" lengths", getLengths()), {" offset", getOffset()}})
    text += there ? name : "";
  return text;
}

ParseResult tenon::parseSegments(OpAsmParser &parser, SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands,
                                 ArrayAttr &segments) {
  SmallVector<Attribute> list;
  auto parseOptional = [&](StringRef name, bool &there) -> ParseResult {
    there = succeeded(parser.parseOptionalKeyword(name));
    if (!there)
      return success();
    return failure(parser.parseLParen() || parser.parseOperand(operands.emplace_back()) || parser.parseRParen());
  };
  auto parseOne = [&]() -> ParseResult {
    bool inRows = succeeded(parser.parseOptionalKeyword("rows"));
    if (!inRows && parser.parseKeyword("pages", ", or rows"))
      return failure();
    if (parser.parseLParen() || parser.parseOperand(operands.emplace_back()))
      return failure();
    if (inRows && (parser.parseComma() || parser.parseOperand(operands.emplace_back())))
      return failure();
    bool starts = false, lengths = false, offset = false;
    SMLoc location = parser.getCurrentLocation();
    if (parser.parseRParen() || parseOptional("starts", starts) || parseOptional("lengths", lengths) ||
        parseOptional("offset", offset))
      return failure();
    list.push_back(SegmentAttr::getChecked([&] { return parser.emitError(location); }, parser.getContext(),
                                           inRows ? SegmentPlace::Rows : SegmentPlace::Pages, starts, lengths, offset));
    return success(list.back() != nullptr);
  };
  if (parser.parseCommaSeparatedList(parseOne))
    return failure();
  segments = parser.getBuilder().getArrayAttr(list);
  return success();
}

void tenon::printSegments(OpAsmPrinter &printer, Operation *op, OperandRange, ArrayAttr) {
  llvm::interleaveComma(cast<AttentionOp>(op).getKeySegments(), printer, [&](const KeySegment &segment) {
    if (segment.isInPages())
      printer << "pages(" << segment.pages << ")";
    else
      printer << "rows(" << segment.key << ", " << segment.value << ")";
    for (auto [name, value] :
         {std::pair(" starts(", segment.starts), {" lengths(", segment.lengths}, {" offset(", segment.offset}})
      if (value)
        printer << name << value << ")";
  });
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

void AttentionOp::build(OpBuilder &builder, OperationState &state, Value query, Value cache, Value starts,
                        Value lengths, Value past, Value offset, ArrayRef<KeySegment> segments, ValueRange tables,
                        int64_t heads, int64_t keyValueHeads, int64_t headSize, APFloat scale, StringAttr mask,
                        StringAttr score, IntegerAttr querySegment) {
  SmallVector<Value> operands;
  SmallVector<Attribute> attributes;
  for (const KeySegment &segment : segments)
    attributes.push_back(SegmentAttr::get(builder.getContext(), segment, operands));
  build(builder, state, query.getType(), query, cache, starts, lengths, past, offset, operands, tables,
        builder.getArrayAttr(attributes), heads, keyValueHeads, headSize, scale, mask, score, querySegment);
}

SmallVector<KeySegment> AttentionOp::getKeySegments() {
  SmallVector<KeySegment> segments;
  OperandRange rest = getSegmentOperands();
  for (auto attribute : getSegments().getAsRange<SegmentAttr>()) {
    segments.push_back(attribute.of(rest.take_front(attribute.getNumOperands())));
    rest = rest.drop_front(attribute.getNumOperands());
  }
  return segments;
}

void AttentionOp::setKeySegments(ArrayRef<KeySegment> segments) {
  SmallVector<Value> operands;
  SmallVector<Attribute> attributes;
  for (const KeySegment &segment : segments)
    attributes.push_back(SegmentAttr::get(getContext(), segment, operands));
  getSegmentOperandsMutable().assign(operands);
  setSegmentsAttr(ArrayAttr::get(getContext(), attributes));
}

/// Keys and values of the query's own sequences, or of others.
static LogicalResult verifyRows(AttentionOp op, const KeySegment &segment) {
  Value query = op.getQuery();
  if (segment.isOwn()) {
    if (op.getPast())
      return op.emitOpError() << "has past rows, but keys of the query's own sequences that are not in pages";
    if (failed(verifySameRows(op, "key", segment.key, query)))
      return failure();
  } else if (failed(verifySequences(op, segment.key, segment.starts, segment.lengths))) {
    return failure();
  }
  if (!segment.isOwn() && static_cast<bool>(segment.starts) != static_cast<bool>(op.getStarts()))
    return op.emitOpError() << "has starts of only one of its query and its keys";
  if (failed(verifySameRows(op, "value", segment.value, segment.key)))
    return failure();
  int64_t width = static_cast<int64_t>(op.getKeyValueHeads()) * static_cast<int64_t>(op.getHeadSize());
  for (auto [name, value] : {std::pair<StringRef, Value>("key", segment.key), {"value", segment.value}})
    if (columns(value) != width)
      return op.emitOpError() << name << " has " << columns(value)
                              << " columns, expected key_value_heads x head_size = " << width;
  return success();
}

static LogicalResult verifyPages(AttentionOp op, const KeySegment &segment) {
  if (segment.isOwn() && !op.getPast())
    return op.emitOpError() << "has no past rows, but keys of the query's own sequences in pages";
  return failure(failed(verifyRank(op, "pages", segment.pages, 2)) ||
                 failed(verifyRank(op, "lengths of a segment", segment.lengths, 1)));
}

static LogicalResult verifySegments(AttentionOp op) {
  ArrayAttr attributes = op.getSegments();
  if (attributes.empty() || attributes.size() > expressions::maximumSegments)
    return op.emitOpError() << "has " << attributes.size() << " segments, expected 1 to "
                            << expressions::maximumSegments;
  size_t operands = 0;
  for (auto attribute : attributes.getAsRange<SegmentAttr>())
    operands += attribute.getNumOperands();
  if (operands != op.getSegmentOperands().size())
    return op.emitOpError() << "has " << op.getSegmentOperands().size() << " operands of segments, expected "
                            << operands;
  bool inPages = false;
  for (const KeySegment &segment : op.getKeySegments()) {
    inPages |= segment.isInPages();
    if (failed(verifyRank(op, "offset of a segment", segment.offset, 1)) ||
        failed(segment.isInPages() ? verifyPages(op, segment) : verifyRows(op, segment)))
      return failure();
  }
  if (inPages != static_cast<bool>(op.getCache()))
    return op.emitOpError() << (inPages ? "has no cache, but a segment in pages"
                                        : "has a cache, but no segment in its pages");
  return success();
}

LogicalResult AttentionOp::verify() {
  int64_t heads = getHeads(), keyValueHeads = getKeyValueHeads(), headSize = getHeadSize();
  if (failed(verifySequences(*this, getQuery(), getStarts(), getLengths())) ||
      failed(verifyRank(*this, "past", getPast(), 1)) || failed(verifyRank(*this, "offset", getOffset(), 1)) ||
      failed(verifyHeads(*this, heads, keyValueHeads, headSize)))
    return failure();
  if (columns(getQuery()) != heads * headSize)
    return emitOpError() << "query has " << columns(getQuery())
                         << " columns, expected heads x head_size = " << heads * headSize;
  if (failed(verifySegments(*this)) ||
      (getCache() && failed(verifyKeyPages(*this, getCache(), keyValueHeads, headSize))))
    return failure();
  if (getResult().getType() != getQuery().getType())
    return emitOpError() << "result is " << getResult().getType() << ", expected the query's type "
                         << getQuery().getType();
  if (std::optional<int64_t> segment = getQuerySegment();
      segment && failed(verifyNotNegative(*this, "query_segment", *segment, expressions::maximumSegments - 1)))
    return failure();
  if (failed(verifyTables(*this, getTables())))
    return failure();
  return verifyMaskAndScore(*this, getMask(), getScore(), getTables().size());
}

kernels::Operation AttentionOp::describe() {
  kernels::Operation description = describeOperation(*this);
  for (auto [name, value] : {std::pair("past", getPast()), {"offset", getOffset()}})
    if (value)
      description.attributes[name] = int64_t(1);
  if (!getTables().empty())
    description.attributes["tables"] = static_cast<int64_t>(getTables().size());
  return description;
}
