//===- Prefetch.cpp - Lines asked for ahead of loops that stream ----------===//

#include "kernels/Prefetch.h"

#include <algorithm>

using namespace Halide;
using namespace Halide::Internal;

namespace tenon::kernels {

namespace {

constexpr int kLineBytes = 64;

/// The loads of dense vectors from streams.
class StreamedLoads : public IRVisitor {
public:
  explicit StreamedLoads(const std::map<std::string, Stream> &streams) : streams(streams) {}
  std::vector<const Load *> found;

protected:
  using IRVisitor::visit;
  void visit(const Load *load) override {
    IRVisitor::visit(load);
    const Ramp *ramp = load->index.as<Ramp>();
    if (ramp && is_const_one(ramp->stride) && streams.count(load->name))
      found.push_back(load);
  }

private:
  const std::map<std::string, Stream> &streams;
};

class LoopFinder : public IRVisitor {
public:
  bool found = false;

protected:
  using IRVisitor::visit;
  void visit(const For *) override { found = true; }
};

bool hasLoop(const Stmt &stmt) {
  LoopFinder finder;
  stmt.accept(&finder);
  return finder.found;
}

enum class Locality { SecondLevel = 2, FirstLevel = 3 };

/// llvm.prefetch, of data, for reading. Addresses that nobody has are no fault.
Stmt prefetch(const Expr &address, Locality locality) {
  return Evaluate::make(Call::make(Int(32), "llvm.prefetch.p0",
                                   {reinterpret(Handle(), address), 0, static_cast<int>(locality), 1}, Call::Extern));
}

} // namespace

/// Whether the line of `element`, or one that it has a part of, was.
bool PrefetchStreams::wasAsked(const Expr &element, int64_t elementBytes) const {
  return std::any_of(asked.begin(), asked.end(), [&](const Expr &each) {
    auto distance = as_const_int(simplify(element - each));
    return distance && std::abs(*distance) * elementBytes < kLineBytes;
  });
}

std::vector<Stmt> PrefetchStreams::requests(const Load &load) {
  const Stream &stream = streams.at(load.name);
  Expr element = load.index.as<Ramp>()->base;
  int elementBytes = load.type.bytes(), line = static_cast<int>(asked.size()) % stream.lines;
  Expr address =
      reinterpret(Int(64), Variable::make(Handle(), load.name)) + cast(Int(64), element) * elementBytes;
  asked.push_back(element);
  std::vector<Stmt> made;
  if (stream.near > 0)
    made.push_back(prefetch(address + stream.near, Locality::FirstLevel));
  if (stream.panel > 0) {
    Expr repetition = 0, count = 1;
    int64_t least = 1;
    for (const For *loop : loops)
      if (std::any_of(stream.repeated.begin(), stream.repeated.end(),
                      [&](const std::string &name) { return ends_with(loop->name, "." + name); })) {
        repetition = repetition * loop->extent + Variable::make(Int(32), loop->name) - loop->min;
        count = count * loop->extent;
        least *= as_const_int(loop->extent).value_or(1);
      }
    // Of n repetitions each asks for its n-th of a row's lines, some of them several times.
    int shares = static_cast<int>((stream.lines + least - 1) / least);
    Expr moved = ((repetition * shares + line) * stream.lines / (count * shares) - line) * kLineBytes;
    if (line < shares)
      made.push_back(prefetch(address + stream.panel + cast(Int(64), moved), Locality::SecondLevel));
  }
  return made;
}

Stmt PrefetchStreams::visit(const For *loop) {
  if (hasLoop(loop->body)) {
    loops.push_back(loop);
    Stmt result = IRMutator::visit(loop);
    loops.pop_back();
    return result;
  }
  asked.clear();
  isInnermost = true;
  Stmt result = IRMutator::visit(loop);
  isInnermost = false;
  return result;
}

Stmt PrefetchStreams::visit(const Store *store) {
  Stmt result = store;
  if (!isInnermost)
    return result;
  StreamedLoads loads(streams);
  store->value.accept(&loads);
  for (const Load *load : loads.found)
    if (!wasAsked(load->index.as<Ramp>()->base, load->type.bytes()))
      for (const Stmt &request : requests(*load))
        result = Block::make(request, result);
  return result;
}

} // namespace tenon::kernels
