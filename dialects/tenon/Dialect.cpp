//===- Dialect.cpp - The tenon dialect ------------------------------------===//

#include "support/Bounds.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

#include "tenon/Dialect.cpp.inc"
#include "tenon/Enums.cpp.inc"

static ParseResult parseKeyword(AsmParser &parser, std::string &keyword) {
  StringRef found;
  if (parser.parseKeyword(&found))
    return failure();
  keyword = found.str();
  return success();
}

static void printKeyword(AsmPrinter &printer, StringRef keyword) { printer << keyword << ' '; }

/// `{columns = 48, rows = 8}`
static ParseResult parseIntegers(AsmParser &parser, DictionaryAttr &integers) {
  NamedAttrList attributes;
  auto parseInteger = [&]() -> ParseResult {
    SMLoc place = parser.getCurrentLocation();
    StringRef name;
    int64_t value;
    if (parser.parseKeyword(&name) || parser.parseEqual() || parser.parseInteger(value))
      return failure();
    if (attributes.get(name))
      return parser.emitError(place) << "'" << name << "' stands there twice";
    attributes.append(name, parser.getBuilder().getI64IntegerAttr(value));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, parseInteger))
    return failure();
  integers = attributes.getDictionary(parser.getContext());
  return success();
}

static void printIntegers(AsmPrinter &printer, DictionaryAttr integers) {
  printer << '{';
  llvm::interleaveComma(integers, printer, [&](NamedAttribute each) {
    printer << each.getName().getValue() << " = " << cast<IntegerAttr>(each.getValue()).getInt();
  });
  printer << '}';
}

#define GET_ATTRDEF_CLASSES
#include "tenon/Attributes.cpp.inc"

#include "tenon/AttrInterfaces.cpp.inc"
#include "tenon/Interfaces.cpp.inc"

void TenonDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tenon/Attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tenon/Ops.cpp.inc"
      >();
}

/// What attributes say of sizes.
static LogicalResult verifyBound(llvm::function_ref<InFlightDiagnostic()> emitError, StringRef name, int64_t value,
                                 int64_t most = maximumExtent) {
  if (value > most)
    return emitError() << name << " (" << value << ") is more than " << most;
  return success();
}

LogicalResult NormAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, NormFunction function,
                               NormPlace place, FloatAttr epsilon, bool bias, bool final, FloatAttr) {
  if (!(epsilon.getValueAsDouble() >= 0))
    return emitError() << "norm epsilon (" << epsilon.getValueAsDouble() << ") is negative";
  if (function == NormFunction::L2)
    return emitError() << "a stack's norm is layernorm or rmsnorm, not l2";
  if (bias && function == NormFunction::RMSNorm)
    return emitError() << "rmsnorm has no bias";
  if (final && place == NormPlace::After)
    return emitError() << "a final norm follows only sublayers whose norm stands before them";
  return success();
}

LogicalResult HeadNormAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, NormFunction function,
                                   FloatAttr epsilon, bool bias, bool, FloatAttr) {
  if (!(epsilon.getValueAsDouble() >= 0))
    return emitError() << "head norm epsilon (" << epsilon.getValueAsDouble() << ") is negative";
  if (function == NormFunction::L2)
    return emitError() << "a head norm is layernorm or rmsnorm, not l2";
  if (bias && function == NormFunction::RMSNorm)
    return emitError() << "an rmsnorm of heads has no bias";
  return success();
}

LogicalResult RotaryAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t length, int64_t dims,
                                 FloatAttr base, bool, DenseF64ArrayAttr frequencies, FloatAttr) {
  if (length <= 0)
    return emitError() << "rotary positions need a length, not " << length;
  if (dims < 0 || dims % 2 != 0)
    return emitError() << "rotary positions turn dims " << dims << ", expected an even number that is not negative";
  if (!(base.getValueAsDouble() > 0))
    return emitError() << "the base of rotary positions (" << base.getValueAsDouble() << ") is not positive";
  if (frequencies && frequencies.size() != dims / 2)
    return emitError() << "rotary positions have " << frequencies.size() << " frequencies, expected one for each of "
                       << dims / 2 << " pairs";
  return failure(failed(verifyBound(emitError, "the length of rotary positions", length)) ||
                 failed(verifyBound(emitError, "the dims of rotary positions", dims)));
}

LogicalResult PositionsAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, PositionKind kind,
                                    int64_t length, int64_t offset, FloatAttr base, int64_t dims, bool,
                                    bool evenSpacing, IntegerAttr pad, FlatSymbolRefAttr behind) {
  if (length < 0 || offset < 0 || dims < 0)
    return emitError() << "positions have a negative length (" << length << "), offset (" << offset << ") or dims ("
                       << dims << ")";
  if (length == 0 && kind != PositionKind::NoPositions)
    return emitError() << stringifyPositionKind(kind) << " positions need a length";
  if (offset > 0 && kind != PositionKind::Learned)
    return emitError() << stringifyPositionKind(kind) << " positions have no offset, only learned ones do";
  if (dims > 0 && (kind != PositionKind::Rotary || dims % 2 != 0))
    return emitError() << stringifyPositionKind(kind) << " positions have dims " << dims
                       << ", expected an even number with rotary ones and 0 with others";
  if (!(base.getValueAsDouble() > 0))
    return emitError() << "the base of positions (" << base.getValueAsDouble() << ") is not positive";
  if (evenSpacing && kind != PositionKind::Sinusoidal)
    return emitError() << stringifyPositionKind(kind) << " positions have no even_spacing, only sinusoidal ones do";
  if (pad && (offset == 0 || pad.getInt() < 0 || pad.getInt() > INT32_MAX))
    return emitError() << "positions have pad " << pad.getInt() << " and offset " << offset
                       << ", expected a token's id and at least one row before that of position 0";
  if (pad && behind)
    return emitError() << "positions begin behind the rows of stack '" << behind.getValue()
                       << "' and skip pad tokens, expected one of them";
  return failure(failed(verifyBound(emitError, "the length of positions", length)) ||
                 failed(verifyBound(emitError, "the offset of positions", offset)) ||
                 failed(verifyBound(emitError, "the dims of positions", dims)));
}

LogicalResult ConvolutionAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t channels,
                                      int64_t kernel, int64_t stride, ActivationFunctionAttr, bool) {
  if (channels <= 0 || stride <= 0)
    return emitError() << "a convolution has channels (" << channels << ") and stride (" << stride
                       << "), which are not both positive";
  if (kernel <= 0 || kernel % 2 == 0)
    return emitError() << "a convolution's kernel (" << kernel << ") is not odd and positive";
  return failure(failed(verifyBound(emitError, "the channels of a convolution", channels)) ||
                 failed(verifyBound(emitError, "the kernel of a convolution", kernel)) ||
                 failed(verifyBound(emitError, "the stride of a convolution", stride)));
}

LogicalResult DenseAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t size,
                                ActivationFunctionAttr, bool, bool) {
  if (size <= 0)
    return emitError() << "a dense layer has size " << size << ", which is not positive";
  return success();
}

LogicalResult VectorNormAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, NormFunction function,
                                     FloatAttr epsilon) {
  if (function == NormFunction::RMSNorm)
    return emitError() << "a pooling's norm is rmsnorm, expected layernorm or l2";
  if (!(epsilon.getValueAsDouble() >= 0))
    return emitError() << "the epsilon of a pooling's norm (" << epsilon.getValueAsDouble() << ") is negative";
  return success();
}

LogicalResult RelativeBiasAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t buckets,
                                       int64_t distance, bool bidirectional) {
  int64_t sides = bidirectional ? 2 : 1;
  if (buckets <= 0 || buckets % (2 * sides) != 0)
    return emitError() << "a relative bias has " << buckets << " buckets, expected a positive multiple of "
                       << 2 * sides;
  if (int64_t exact = buckets / sides / 2; distance <= exact)
    return emitError() << "a relative bias reaches distance " << distance << ", expected more than the " << exact
                       << " that have a bucket each";
  return failure(failed(verifyBound(emitError, "the buckets of a relative bias", buckets)) ||
                 failed(verifyBound(emitError, "the distance of a relative bias", distance, maximumDistance)));
}

SmallVector<int64_t> RelativeBiasAttr::getBucketsByDistance() const {
  int64_t perSide = getBidirectional() ? getBuckets() / 2 : getBuckets(), exact = perSide / 2;
  // In float32, as the models were trained.
  float range = static_cast<float>(std::log(static_cast<double>(getDistance()) / static_cast<double>(exact)));
  SmallVector<int64_t> result;
  for (int64_t offset = -getDistance(); offset <= getDistance(); ++offset) {
    bool behind = getBidirectional() && offset > 0;
    int64_t away = getBidirectional() ? std::abs(offset) : std::max<int64_t>(-offset, 0);
    int64_t bucket = away;
    if (away >= exact) {
      float steps =
          std::log(static_cast<float>(away) / static_cast<float>(exact)) / range * static_cast<float>(perSide - exact);
      bucket = std::min(exact + static_cast<int64_t>(steps), perSide - 1);
    }
    result.push_back(bucket + (behind ? perSide : 0));
  }
  return result;
}

/// The numbers of a dictionary: its parser takes no others.
static std::map<std::string, int64_t> numbersOf(DictionaryAttr dictionary) {
  std::map<std::string, int64_t> numbers;
  for (NamedAttribute each : dictionary)
    numbers[each.getName().str()] = cast<IntegerAttr>(each.getValue()).getInt();
  return numbers;
}

static DictionaryAttr dictionaryOf(MLIRContext *context, const std::map<std::string, int64_t> &numbers) {
  Builder builder(context);
  SmallVector<NamedAttribute> attributes;
  for (const auto &[name, value] : numbers)
    attributes.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  return builder.getDictionaryAttr(attributes);
}

LogicalResult ScheduleCaseAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, DictionaryAttr atMost,
                                       ArrayRef<NestScheduleAttr>) {
  if (atMost && atMost.empty())
    return emitError() << "at_most of a schedule's case is empty; one for all sizes has none";
  return success();
}

LogicalResult ScheduleAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, StringRef target,
                                   ArrayRef<ScheduleCaseAttr>) {
  if (target.empty())
    return emitError() << "a schedule names its target";
  return success();
}

kernels::Schedule ScheduleAttr::describe() const {
  kernels::Schedule schedule;
  schedule.target = getTarget().str();
  for (ScheduleCaseAttr each : getCases()) {
    kernels::ScheduleCase &described = schedule.cases.emplace_back();
    if (DictionaryAttr atMost = each.getAtMost())
      for (const auto &[size, number] : numbersOf(atMost))
        described.when.push_back({size, number});
    for (NestScheduleAttr nest : each.getNests())
      described.nests.push_back({nest.getFamily().str(), numbersOf(nest.getParameters())});
  }
  return schedule;
}

ScheduleAttr ScheduleAttr::get(MLIRContext *context, const kernels::Schedule &schedule) {
  SmallVector<ScheduleCaseAttr> cases;
  for (const kernels::ScheduleCase &each : schedule.cases) {
    std::map<std::string, int64_t> bounds;
    for (const kernels::Comparison &comparison : each.when)
      bounds[comparison.size] = comparison.atMost;
    SmallVector<NestScheduleAttr> nests;
    for (const kernels::NestSchedule &nest : each.nests)
      nests.push_back(NestScheduleAttr::get(context, nest.family, dictionaryOf(context, nest.parameters)));
    cases.push_back(
        ScheduleCaseAttr::get(context, bounds.empty() ? DictionaryAttr() : dictionaryOf(context, bounds), nests));
  }
  return get(context, schedule.target, cases);
}

/// Of a kernel's value: its verifier has seen to it that there are no others.
static kernels::ElementType describeElement(Type type) {
  if (type.isF32())
    return kernels::ElementType::F32;
  if (type.isSignlessInteger(32))
    return kernels::ElementType::I32;
  llvm::report_fatal_error("a kernel's tensor has elements that are neither f32 nor i32");
}

kernels::TensorType tenon::describeType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  kernels::TensorType description;
  description.element = describeElement(tensor.getElementType());
  for (int64_t size : tensor.getShape())
    description.shape.push_back(ShapedType::isDynamic(size) ? kernels::kDynamic : size);
  return description;
}

static kernels::Attribute describeAttribute(Attribute attribute) {
  return llvm::TypeSwitch<Attribute, kernels::Attribute>(attribute)
      .Case([](DenseI64ArrayAttr array) { return std::vector<int64_t>(array.asArrayRef().vec()); })
      .Case([](UnitAttr) { return int64_t(1); })
      .Case([](FloatAttr value) { return value.getValueAsDouble(); })
      .Case([](IntegerAttr value) { return value.getInt(); })
      .Case([](StringAttr value) { return value.str(); })
      .Case([](ChoiceAttrInterface choice) { return choice.getText().str(); })
      .Case([](SegmentAttr segment) { return segment.describe(); })
      .Case([](ArrayAttr list) {
        std::vector<std::string> texts;
        for (Attribute one : list)
          texts.push_back(std::get<std::string>(describeAttribute(one)));
        return texts;
      })
      .Default([](Attribute) -> kernels::Attribute {
        llvm::report_fatal_error("a kernel's operation has an attribute of a kind that kernels do not know");
      });
}

kernels::Operation tenon::describeOperation(Operation *op) {
  kernels::Operation description;
  description.kind = op->getName().stripDialect().str();
  for (Type type : op->getResultTypes())
    description.results.push_back(describeType(type));
  // Only what the operation declares: attributes that others hang onto it do not change what it computes.
  for (StringAttr name : op->getName().getAttributeNames())
    if (Attribute value = op->getAttr(name); value && name != "operandSegmentSizes")
      description.attributes[name.str()] = describeAttribute(value);
  return description;
}

/// `mean`, or `[mean, max]`.
static ParseResult parsePoolFunctions(OpAsmParser &parser, ArrayAttr &functions) {
  SmallVector<Attribute> list;
  auto parseOne = [&]() -> ParseResult {
    StringRef word;
    SMLoc location = parser.getCurrentLocation();
    if (parser.parseKeyword(&word))
      return failure();
    std::optional<PoolFunction> function = symbolizePoolFunction(word);
    if (!function)
      return parser.emitError(location) << "'" << word << "' is no pool function";
    list.push_back(PoolFunctionAttr::get(parser.getContext(), *function));
    return success();
  };
  if (succeeded(parser.parseOptionalLSquare())) {
    if (parser.parseCommaSeparatedList(parseOne) || parser.parseRSquare())
      return failure();
  } else if (parseOne()) {
    return failure();
  }
  functions = parser.getBuilder().getArrayAttr(list);
  return success();
}

static void printPoolFunctions(OpAsmPrinter &printer, Operation *, ArrayAttr functions) {
  bool several = functions.size() != 1;
  printer << (several ? "[" : "");
  llvm::interleaveComma(functions, printer, [&](Attribute function) {
    printer << stringifyPoolFunction(cast<PoolFunctionAttr>(function).getValue());
  });
  printer << (several ? "]" : "");
}

#define GET_OP_CLASSES
#include "tenon/Ops.cpp.inc"
