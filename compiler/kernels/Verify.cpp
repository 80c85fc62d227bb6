//===- Verify.cpp - Which descriptions this library computes --------------===//

#include "expressions/Expression.h"
#include "kernels/Elementary.h"
#include "kernels/Region.h"
#include "kernels/attention/Operands.h"
#include "support/Bounds.h"

#include <limits>
#include <set>

namespace tenon::kernels {

namespace {

/// The checks of one operation; every message starts with its place.
class OperationVerifier {
public:
  OperationVerifier(const Operation &operation, size_t index, const std::vector<TensorType> &types, size_t arguments)
      : operation(operation), index(index), types(types), arguments(arguments) {}

  void verify() {
    static const std::map<std::string, void (OperationVerifier::*)()> rules = {
        {"linear", &OperationVerifier::linear},
        {"activation", &OperationVerifier::activation},
        {"norm", &OperationVerifier::norm},
        {"embed", &OperationVerifier::embed},
        {"scale", &OperationVerifier::scale},
        {"softcap", &OperationVerifier::softcap},
        {"rotary", &OperationVerifier::rotary},
        {"split", &OperationVerifier::split},
        {"concat", &OperationVerifier::concat},
        {"attention", &OperationVerifier::attention},
        {"cache_append", &OperationVerifier::cacheAppend},
        {"append_rows", &OperationVerifier::appendRows},
        {"scan", &OperationVerifier::scan},
        {"depthwise", &OperationVerifier::depthwise},
        {"unfold", &OperationVerifier::unfold},
        {"pool", &OperationVerifier::pool}};
    const OperationKind *kind = findOperationKind(operation.kind);
    auto rule = rules.find(operation.kind);
    if (!kind || (rule == rules.end() && kind->locality != Locality::Elementwise))
      fail("unknown kind, expected one of " + knownKinds());
    for (int operand : operation.operands)
      if (operand < 0 || operand >= static_cast<int>(types.size()))
        fail("operand %" + std::to_string(operand) + " is not one of the " + std::to_string(types.size()) +
             " values before it");
    if (kind->locality == Locality::Elementwise)
      elementwise(kind->operands);
    if (rule != rules.end())
      (this->*rule->second)();
  }

private:
  [[noreturn]] void fail(const std::string &reason) const {
    throw RegionError("operation " + std::to_string(index) + " (" + operation.kind + "): " + reason);
  }

  void count(const char *what, size_t found, size_t least, size_t most) const {
    if (found >= least && found <= most)
      return;
    std::string range = least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
    fail("expected " + range + " " + what + ", found " + std::to_string(found));
  }

  void counts(size_t leastOperands, size_t mostOperands) const {
    count("operands", operation.operands.size(), leastOperands, mostOperands);
    count("results", operation.results.size(), 1, 1);
  }

  const TensorType &operand(size_t i) const { return types[operation.operands[i]]; }

  static std::string shapeText(const TensorType &type) {
    std::string text = type.element == ElementType::F32 ? "f32[" : "i32[";
    for (size_t i = 0; i < type.shape.size(); ++i)
      text += (i ? ", " : "") + (type.shape[i] == kDynamic ? "?" : std::to_string(type.shape[i]));
    return text + "]";
  }

  void expect(const std::string &name, const TensorType &found, const TensorType &expected) const {
    if (!(found == expected))
      fail("expected " + name + " to be " + shapeText(expected) + ", found " + shapeText(found));
  }

  /// A matrix of rows; returns its width.
  int64_t rows(const std::string &name, const TensorType &type) const {
    if (type.element != ElementType::F32 || type.shape.size() != 2 || type.shape[0] != kDynamic ||
        type.shape[1] == kDynamic)
      fail("expected " + name + " to be f32[?, width], found " + shapeText(type));
    return type.shape[1];
  }

  static TensorType f32(std::vector<int64_t> shape) { return {ElementType::F32, std::move(shape)}; }
  static TensorType i32(std::vector<int64_t> shape) { return {ElementType::I32, std::move(shape)}; }

  template <typename T> const T &attribute(const std::string &name, const char *type) const {
    auto found = operation.attributes.find(name);
    if (found == operation.attributes.end())
      fail("expected the attribute \"" + name + "\"");
    const T *value = std::get_if<T>(&found->second);
    if (!value)
      fail("expected the attribute \"" + name + "\" to be " + type);
    return *value;
  }

  int64_t integer(const std::string &name, int64_t least) const {
    int64_t value = attribute<int64_t>(name, "an integer");
    if (value < least || value > std::numeric_limits<int32_t>::max())
      fail("expected the attribute \"" + name + "\" to be at least " + std::to_string(least) + ", found " +
           std::to_string(value));
    return value;
  }

  double real(const std::string &name) const { return attribute<double>(name, "a real number"); }

  void choice(const std::string &name, const std::set<std::string> &choices) const {
    const std::string &value = attribute<std::string>(name, "a string");
    if (choices.count(value))
      return;
    std::string known;
    for (const std::string &one : choices)
      known += (known.empty() ? "" : ", ") + one;
    fail("expected the attribute \"" + name + "\" to be one of " + known + ", found \"" + value + "\"");
  }

  void linear() {
    counts(2, 3);
    int64_t depth = rows("the operand", operand(0)), width = rows("the result", operation.results[0]);
    const TensorType &weights = operand(1);
    if (weights.shape.size() == 3 && weights.shape[2] > 0) {
      int64_t panel = weights.shape[2];
      expect("the packed weights", weights, f32({(width + panel - 1) / panel, depth, panel}));
    } else {
      expect("the weights", weights, f32({width, depth}));
    }
    if (operation.operands.size() == 3)
      expect("the bias", operand(2), f32({width}));
  }

  static std::string knownKinds() {
    std::set<std::string_view> names;
    for (const OperationKind &kind : operationKinds())
      names.insert(kind.name);
    std::string known;
    for (std::string_view name : names)
      known.append(known.empty() ? "" : ", ").append(name);
    return known;
  }

  /// Everything has one shape.
  void elementwise(size_t operands) {
    counts(operands, operands);
    rows("the operand", operand(0));
    for (size_t i = 1; i < operands; ++i)
      expect("operand " + std::to_string(i), operand(i), operand(0));
    expect("the result", operation.results[0], operand(0));
  }

  void activation() { choice("function", activationNames()); }

  void scale() { real("factor"); }

  void softcap() {
    if (double cap = real("cap"); !(cap > 0))
      fail("expected the attribute \"cap\" to be more than 0, found " + std::to_string(cap));
  }

  void norm() {
    counts(1, 3);
    rows("the operand", operand(0));
    expect("the result", operation.results[0], operand(0));
    choice("function", {"layernorm", "rmsnorm", "l2"});
    real("epsilon");
    if (operation.attributes.count("weight_offset"))
      real("weight_offset");
    int64_t width = operand(0).shape[1], groups = operation.attributes.count("groups") ? integer("groups", 1) : 1;
    if (width % groups)
      fail("width (" + std::to_string(width) + ") is not a multiple of groups (" + std::to_string(groups) + ")");
    for (size_t i = 1; i < operation.operands.size(); ++i)
      expect(i == 1 ? "gamma" : "beta", operand(i), f32({width / groups}));
  }

  void embed() {
    bool zeroFirst = operation.attributes.count("zero_first") && integer("zero_first", 0) != 0;
    counts(zeroFirst ? 3 : 2, zeroFirst ? 3 : 2);
    expect("the ids", operand(0), i32({kDynamic}));
    int64_t width = rows("the result", operation.results[0]);
    int64_t entries = operand(1).shape.empty() ? 0 : operand(1).shape[0];
    if (entries < 1)
      fail("expected a table of at least one row, found " + shapeText(operand(1)));
    // Panels, as a linear reads them, hold rows too.
    if (const std::vector<int64_t> &table = operand(1).shape; table.size() == 3)
      expect("the table", operand(1), f32({entries, width, std::max<int64_t>(table[2], 1)}));
    else
      expect("the table", operand(1), f32({entries, width}));
    if (operation.attributes.count("offset"))
      integer("offset", 0);
    if (zeroFirst)
      expect("the positions", operand(2), i32({kDynamic}));
  }

  void rotary() {
    counts(4, 4);
    int64_t width = rows("the operand", operand(0));
    int64_t headSize = integer("head_size", 1), dims = integer("dims", 2);
    if (operation.attributes.count("interleaved"))
      integer("interleaved", 0);
    if (width % headSize)
      fail("width (" + std::to_string(width) + ") is not a multiple of head_size (" + std::to_string(headSize) + ")");
    if (dims % 2 || dims > headSize)
      fail("expected dims to be even and at most head_size (" + std::to_string(headSize) + "), found " +
           std::to_string(dims));
    expect("the positions", operand(1), i32({kDynamic}));
    int64_t positions = operand(2).shape.empty() ? 0 : operand(2).shape[0];
    if (positions < 1)
      fail("expected a table of at least one position, found " + shapeText(operand(2)));
    expect("the cosines", operand(2), f32({positions, dims / 2}));
    expect("the sines", operand(3), f32({positions, dims / 2}));
    expect("the result", operation.results[0], operand(0));
  }

  void concat() {
    counts(1, operation.operands.size());
    int64_t width = rows("the result", operation.results[0]), sum = 0;
    for (size_t i = 0; i < operation.operands.size(); ++i)
      sum += rows("each operand", operand(i));
    if (sum != width)
      fail("expected operands whose widths add to " + std::to_string(width) + ", found " + std::to_string(sum));
  }

  void split() {
    count("operands", operation.operands.size(), 1, 1);
    int64_t width = rows("the operand", operand(0)), sum = 0;
    for (const TensorType &result : operation.results)
      sum += rows("each result", result);
    if (sum != width)
      fail("expected results whose widths add to " + std::to_string(width) + ", found " + std::to_string(sum));
  }

  void attention() {
    if (attribute<std::vector<std::string>>("segments", "a list of strings").empty())
      fail("expected at least one segment");
    for (const char *name : {"tables", "past", "offset", "query_segment"})
      if (operation.attributes.count(name))
        integer(name, 0);
    AttentionOperands at = attentionOperands();
    counts(static_cast<size_t>(at.count), static_cast<size_t>(at.count));
    int64_t heads = integer("heads", 1), keyHeads = integer("key_value_heads", 1), size = integer("head_size", 1);
    real("scale");
    if (heads % keyHeads)
      fail("heads (" + std::to_string(heads) + ") is not a multiple of key_value_heads (" + std::to_string(keyHeads) +
           ")");
    expect("the queries", operand(0), f32({kDynamic, heads * size}));
    if (at.cache != kAbsent)
      keyCacheArgument(static_cast<size_t>(at.cache), keyHeads, size);
    sequences(static_cast<size_t>(at.starts));
    vector("past", at.past);
    vector("offset", at.offset);
    for (const SegmentOperands &segment : at.segments)
      keySegment(segment, keyHeads * size, at.past != kAbsent);
    for (int64_t i = at.firstTable; i < at.count; ++i)
      if (const TensorType &table = operand(static_cast<size_t>(i));
          table.element != ElementType::F32 || table.shape.size() != 2)
        fail("expected table " + std::to_string(i - at.firstTable) + " to be f32[rows, columns], found " +
             shapeText(table));
    for (const char *name : {"mask", "score"})
      expression(name, at.count - at.firstTable);
    expect("the result", operation.results[0], operand(0));
  }

  AttentionOperands attentionOperands() const try {
    return AttentionOperands(operation);
  } catch (const RegionError &error) {
    fail(error.what());
  }

  void keySegment(const SegmentOperands &segment, int64_t width, bool hasPast) const {
    if (segment.isOwn() && segment.isInPages() != hasPast)
      fail(hasPast ? "expected the sequences' own keys to be in pages, since there are rows before"
                   : "expected past rows, since the sequences' own keys are in pages");
    for (auto [name, rows] : {std::pair("the keys", segment.key), {"the values", segment.value}})
      if (rows != kAbsent)
        expect(name, operand(static_cast<size_t>(rows)), f32({kDynamic, width}));
    if (segment.isInPages())
      expect("pages", operand(static_cast<size_t>(segment.pages)), i32({kDynamic, kDynamic}));
    vector("the first rows of keys", segment.starts);
    vector("the numbers of keys", segment.lengths);
    vector("the offsets of keys", segment.offset);
  }

  /// One number for each sequence, where there is that operand.
  void vector(const std::string &name, int i) const {
    if (i != kAbsent)
      expect(name, operand(static_cast<size_t>(i)), i32({kDynamic}));
  }

  void expression(const std::string &name, int64_t tables) const {
    if (!operation.attributes.count(name))
      return;
    const std::string &text = attribute<std::string>(name, "a string");
    auto kind = name == "mask" ? expressions::Kind::Mask : expressions::Kind::Score;
    expressions::ParseResult parsed = expressions::parse(text, kind);
    if (!parsed)
      fail(name + " \"" + text + "\": column " + std::to_string(parsed.error().begin + 1) + ": " +
           parsed.error().message);
    if (parsed->tableCount() > static_cast<size_t>(tables))
      fail(name + " reads " + std::to_string(parsed->tableCount()) + " tables, but the operation has " +
           std::to_string(tables));
  }

  void cacheAppend() {
    counts(7, 7);
    int64_t heads = integer("key_value_heads", 1), size = integer("head_size", 1);
    keyCacheArgument(0, heads, size);
    expect("the keys", operand(1), f32({kDynamic, heads * size}));
    expect("the values", operand(2), f32({kDynamic, heads * size}));
    sequences(3);
    pageTable(5);
    expect("the result", operation.results[0], operand(0));
  }

  void appendRows() {
    counts(6, 6);
    cacheArgument(0, rowPageFloats(rows("the rows", operand(1))));
    sequences(2);
    pageTable(4);
    expect("the result", operation.results[0], operand(0));
  }

  void scan() {
    bool cached = operation.attributes.count("cached") && integer("cached", 0) != 0;
    counts(cached ? 7 : 4, cached ? 7 : 4);
    int64_t width = rows("the weights of what was before", operand(0));
    expect("the input", operand(1), operand(0));
    sequences(cached ? 3 : 2);
    if (cached) {
      cacheArgument(2, rowPageFloats(width));
      pageTable(5);
    }
    expect("the result", operation.results[0], operand(0));
  }

  void depthwise() {
    bool cached = operation.attributes.count("cached") && integer("cached", 0) != 0;
    counts(cached ? 7 : 4, cached ? 7 : 4);
    int64_t width = rows("the operand", operand(0)), before = integer("before", 0);
    int64_t taps = operand(1).shape.empty() ? 0 : operand(1).shape[0];
    if (taps < 1 || taps > maximumTaps)
      fail("expected 1 to " + std::to_string(maximumTaps) + " rows of weights, found " + shapeText(operand(1)));
    expect("the weights", operand(1), f32({taps, width}));
    if (before >= taps || (cached && before != taps - 1))
      fail("expected the attribute \"before\" to be " + std::string(cached ? "" : "at most ") +
           std::to_string(taps - 1) + ", found " + std::to_string(before));
    sequences(cached ? 3 : 2);
    if (cached) {
      cacheArgument(2, rowPageFloats(width));
      pageTable(5);
    }
    expect("the result", operation.results[0], operand(0));
  }

  void unfold() {
    counts(5, 5);
    int64_t width = rows("the operand", operand(0)), window = integer("window", 1);
    if (window % 2 == 0)
      fail("expected the attribute \"window\" to be odd, found " + std::to_string(window));
    if (operation.attributes.count("stride"))
      integer("stride", 1);
    sequences(1);
    sequences(3);
    expect("the result", operation.results[0], f32({kDynamic, width * window}));
  }

  void keyCacheArgument(size_t i, int64_t heads, int64_t size) const {
    if (size > std::numeric_limits<int32_t>::max() / keyValuePageFloats(1, 1) / heads)
      fail("a page of " + std::to_string(heads) + " key heads of " + std::to_string(size) +
           " components has more than 2147483647 floats");
    cacheArgument(i, keyValuePageFloats(heads, size));
  }

  /// The memory of a cache is the driver's: no operation yields one that another reads.
  void cacheArgument(size_t i, int64_t floats) const {
    expect("the cache", operand(i), f32({kDynamic, floats}));
    if (operation.operands[i] >= static_cast<int>(arguments))
      fail("expected the cache to be an argument of the kernel, found the result %" +
           std::to_string(operation.operands[i]));
  }

  void pool() {
    counts(3, 4);
    rows("the operand", operand(0));
    choice("function", {"cls", "last", "max", "mean", "mean_sqrt", "weighted_mean"});
    sequences(1);
    if (operation.operands.size() == 4)
      expect("skips", operand(3), i32({kDynamic}));
    expect("the result", operation.results[0], operand(0));
  }

  void sequences(size_t first) const {
    expect("starts", operand(first), i32({kDynamic}));
    expect("lengths", operand(first + 1), i32({kDynamic}));
  }

  void pageTable(size_t first) const {
    expect("past", operand(first), i32({kDynamic}));
    expect("pages", operand(first + 1), i32({kDynamic, kDynamic}));
  }

  const Operation &operation;
  size_t index;
  const std::vector<TensorType> &types;
  size_t arguments;
};

/// Halide counts the elements of a buffer in 32 bits.
void verifySize(const TensorType &type, const std::string &what) {
  int64_t elements = 1;
  for (size_t i = 0; i < type.shape.size(); ++i) {
    int64_t extent = type.shape[i];
    // A table of pages, or of an expression, has two sizes that are known when the kernel runs.
    if (extent == kDynamic && (i == 0 || (i == 1 && type.shape.size() == 2)))
      continue;
    if (extent < 1 || extent > std::numeric_limits<int32_t>::max() / elements)
      throw RegionError(what + ": dimension " + std::to_string(i) + " is " + std::to_string(extent) +
                        ", expected sizes of at least 1 whose product is at most 2147483647");
    elements *= extent;
  }
}

} // namespace

/// How many rows an unfold makes is what the driver has made room for, so its result is the kernel's.
static void verifyUnfolds(const KernelDescription &description, const std::set<int> &yielded) {
  int value = static_cast<int>(description.arguments.size());
  std::set<int> unfolded;
  for (size_t i = 0; i < description.operations.size(); ++i) {
    const Operation &operation = description.operations[i];
    if (operation.kind == "unfold" && !yielded.count(value))
      throw RegionError("operation " + std::to_string(i) + " (unfold): expected its result to be one of the kernel's");
    if (operation.kind == "unfold")
      unfolded.insert(value);
    for (int operand : operation.operands)
      if (unfolded.count(operand))
        throw RegionError("operation " + std::to_string(i) + " (" + operation.kind + "): operand %" +
                          std::to_string(operand) +
                          " is unfolded in the same kernel, expected rows of the kernel's own");
    value += static_cast<int>(operation.results.size());
  }
}

void verifyDescription(const KernelDescription &description) {
  if (description.rowTile != 1 && description.rowTile != kTileRows)
    throw RegionError("row_tile: expected 1 or 16, found " + std::to_string(description.rowTile));
  std::vector<TensorType> types;
  for (const TensorType &type : description.arguments) {
    verifySize(type, "argument " + std::to_string(types.size()));
    types.push_back(type);
  }
  std::set<int> yielded;
  for (size_t i = 0; i < description.operations.size(); ++i) {
    const Operation &operation = description.operations[i];
    OperationVerifier(operation, i, types, description.arguments.size()).verify();
    for (const TensorType &type : operation.results) {
      verifySize(type, "operation " + std::to_string(i) + " (" + operation.kind + "), a result");
      types.push_back(type);
    }
  }
  if (description.results.empty())
    throw RegionError("expected at least one result");
  for (int value : description.results) {
    if (value < static_cast<int>(description.arguments.size()) || value >= static_cast<int>(types.size()))
      throw RegionError("result %" + std::to_string(value) + " is not the result of an operation");
    if (!yielded.insert(value).second)
      throw RegionError("result %" + std::to_string(value) + " is yielded twice");
  }
  verifyUnfolds(description, yielded);
}

} // namespace tenon::kernels
