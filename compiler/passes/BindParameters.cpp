//===- BindParameters.cpp - Which parameter has which role ----------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_BINDPARAMETERS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

/// Where a parameter stands before any is shared.
struct Place {
  ParameterizedOpInterface op;
  SmallVector<int64_t, 2> shape;
  int64_t layers; ///< 0 outside of layers.
};

std::string describe(const Place &place) {
  std::string text = "[";
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(place.shape, stream);
  stream << "]";
  if (place.layers > 0)
    stream << " in " << place.layers << " layers";
  return text;
}

class ParameterBinder {
public:
  explicit ParameterBinder(ModelOp model) : model(model), builder(model.getContext()), symbols(model) {}

  LogicalResult bind() {
    SmallVector<ParameterizedOpInterface> operations;
    model.walk([&](ParameterizedOpInterface op) {
      if (!op.getParametersAttr())
        operations.push_back(op);
    });
    // All first: what is shared may stand further down.
    for (ParameterizedOpInterface op : operations)
      for (const Parameter &parameter : parametersOf(op))
        if (failed(addPlace(op, parameter)))
          return failure();
    builder.setInsertionPointToStart(&model.getBody().front());
    for (ParameterizedOpInterface op : operations)
      if (failed(bind(op)))
        return failure();
    model.removeShareAttr();
    return success();
  }

private:
  LogicalResult addPlace(ParameterizedOpInterface op, const Parameter &parameter) {
    std::string name = op.getParameterName(parameter.role);
    bool layered = StringRef(name).contains('*');
    Place place{op, parameter.shape, layered ? int64_t(op->getParentOfType<StackOp>().getLayers()) : 0};
    auto [entry, inserted] = places.try_emplace(name, place);
    const Place &known = entry->second;
    if (inserted || (known.shape == place.shape && known.layers == place.layers))
      return success();
    return differ(place, name, known, name);
  }

  /// Two places of what would be one parameter.
  static LogicalResult differ(const Place &place, StringRef name, const Place &other, StringRef otherName) {
    InFlightDiagnostic error = place.op->emitOpError()
                               << "reads parameter '" << otherName << "' of " << describe(other);
    if (name != otherName)
      error << " in place of '" << name << "'";
    error << ", expected " << describe(place);
    error.attachNote(other.op->getLoc()) << "which is read here too";
    return error;
  }

  /// The place of a parameter, or of one layer's of those of all.
  std::optional<Place> placeOf(StringRef name) {
    if (auto known = places.find(name); known != places.end())
      return known->second;
    SmallVector<StringRef, 8> parts;
    name.split(parts, '.');
    for (StringRef &part : parts) {
      int64_t layer = 0;
      if (part.getAsInteger(10, layer))
        continue;
      StringRef number = std::exchange(part, "*");
      auto known = places.find(llvm::join(parts, "."));
      part = number;
      if (known == places.end() || layer >= known->second.layers)
        continue;
      Place place = known->second;
      place.layers = 0;
      return place;
    }
    return std::nullopt;
  }

  LogicalResult bind(ParameterizedOpInterface op) {
    SmallVector<NamedAttribute> pairs;
    for (const Parameter &parameter : parametersOf(op)) {
      std::string name = op.getParameterName(parameter.role), shared = model.getSharedParameter(name);
      const Place &place = places.find(name)->second;
      std::optional<Place> source = placeOf(shared);
      if (!source)
        return op->emitOpError() << "would read parameter '" << shared << "' in place of '" << name
                                 << "', which the model does not have";
      if (source->shape != place.shape || (source->layers > 0 && source->layers != place.layers))
        return differ(place, name, *source, shared);
      declare(shared, *source);
      pairs.push_back(builder.getNamedAttr(parameter.role, FlatSymbolRefAttr::get(model.getContext(), shared)));
    }
    op.setParametersAttr(builder.getDictionaryAttr(pairs));
    return success();
  }

  /// The symbol of a parameter, which it has once.
  void declare(StringRef name, const Place &place) {
    if (!symbols.lookup(name))
      symbols.insert(ParameterOp::create(builder, place.op->getLoc(), name, place.shape,
                                         place.layers > 0 ? builder.getI64IntegerAttr(place.layers) : IntegerAttr()));
  }

  ModelOp model;
  OpBuilder builder;
  SymbolTable symbols;
  llvm::StringMap<Place> places;
};

struct BindParameters : tenon::impl::BindParametersBase<BindParameters> {
  void runOnOperation() override {
    for (ModelOp model : getOperation().getOps<ModelOp>())
      if (failed(ParameterBinder(model).bind()))
        return signalPassFailure();
  }
};

} // namespace
