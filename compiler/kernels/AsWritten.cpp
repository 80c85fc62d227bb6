//===- AsWritten.cpp - Arithmetic that is rounded as it is written ---------===//

#include "kernels/AsWritten.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

using Internal::Call;

class AsWritten : public Internal::IRMutator {
public:
  /// In the definitions of the function `self`.
  AsWritten(const std::string &self, bool isSumOfLanes) : self(self), isSumOfLanes(isSumOfLanes) {}

private:
  using Internal::IRMutator::visit;

  Expr visit(const Internal::Add *op) override {
    if (!op->type.is_float())
      return IRMutator::visit(op);
    if (isSelf(op->a) && isSumOfLanes)
      return op;
    return added(op, Call::strict_add);
  }

  Expr visit(const Internal::Sub *op) override {
    return op->type.is_float() ? added(op, Call::strict_sub) : IRMutator::visit(op);
  }

  Expr visit(const Internal::Mul *op) override {
    return op->type.is_float() ? strict(Call::strict_mul, mutate(op->a), mutate(op->b)) : IRMutator::visit(op);
  }

  Expr visit(const Internal::Div *op) override {
    return op->type.is_float() ? strict(Call::strict_div, mutate(op->a), mutate(op->b)) : IRMutator::visit(op);
  }

  template <typename Sum> Expr added(const Sum *op, Call::IntrinsicOp operation) {
    if (staysInPlace(op->b) && op->a.template as<Internal::Mul>())
      return Sum::make(factors(op->a), mutate(op->b));
    if (staysInPlace(op->a) && op->b.template as<Internal::Mul>())
      return Sum::make(mutate(op->a), factors(op->b));
    return strict(operation, mutate(op->a), mutate(op->b));
  }

  /// Whether a product to which this is added is computed in the same loop as the sum.
  bool staysInPlace(const Expr &addend) const { return isSelf(addend) || Internal::is_const(addend); }

  bool isSelf(const Expr &value) const {
    const auto *call = value.as<Call>();
    return call && call->call_type == Call::Halide && call->name == self;
  }

  Expr factors(const Expr &product) {
    const auto *op = product.as<Internal::Mul>();
    return Internal::Mul::make(mutate(op->a), mutate(op->b));
  }

  static Expr strict(Call::IntrinsicOp operation, const Expr &a, const Expr &b) {
    return Call::make(a.type(), operation, {a, b}, Call::PureIntrinsic);
  }

  std::string self;
  bool isSumOfLanes;
};

} // namespace

void computeAsWritten(Region &region) {
  std::map<std::string, Internal::Function> functions;
  std::set<std::string> sumsOfLanes;
  for (const OperationFuncs &funcs : region.operations) {
    for (const Func &result : funcs.results)
      functions.merge(Internal::find_transitive_calls(result.function()));
    sumsOfLanes.insert(funcs.sumsOfLanes.begin(), funcs.sumsOfLanes.end());
  }
  for (auto &[name, function] : functions) {
    AsWritten mutator(name, sumsOfLanes.count(name) > 0);
    function.mutate(&mutator);
  }
}

} // namespace tenon::kernels
