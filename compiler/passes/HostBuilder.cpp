//===- HostBuilder.cpp - Loops over the memory of a batch -----------------===//

#include "passes/HostBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tenon;

Value HostBuilder::constant(int64_t value) { return arith::ConstantIndexOp::create(builder, location, value); }

Value HostBuilder::add(Value a, Value b) { return arith::AddIOp::create(builder, location, a, b); }

Value HostBuilder::multiply(Value a, Value b) { return arith::MulIOp::create(builder, location, a, b); }

Value HostBuilder::divideUp(Value value, int64_t divisor) {
  return arith::DivUIOp::create(builder, location, add(value, constant(divisor - 1)), constant(divisor));
}

Value HostBuilder::roundUp(Value value, int64_t tile) { return multiply(divideUp(value, tile), constant(tile)); }

Value HostBuilder::dimension(Value buffer, unsigned index) {
  return builder.createOrFold<memref::DimOp>(location, buffer, index);
}

Value HostBuilder::load(Value buffer, ValueRange indices) {
  return memref::LoadOp::create(builder, location, buffer, indices);
}

void HostBuilder::store(Value value, Value buffer, ValueRange indices) {
  memref::StoreOp::create(builder, location, value, buffer, indices);
}

Value HostBuilder::loadIndex(Value buffer, Value index) {
  return arith::IndexCastOp::create(builder, location, builder.getIndexType(), load(buffer, index));
}

void HostBuilder::storeIndex(Value value, Value buffer, ValueRange indices) {
  store(arith::IndexCastOp::create(builder, location, builder.getI32Type(), value), buffer, indices);
}

void HostBuilder::loop(Value end, llvm::function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(builder, location, constant(0), end, constant(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

void HostBuilder::ifWanted(ArrayRef<Value> wanted, llvm::function_ref<void()> body) {
  Value any;
  for (Value output : wanted) {
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(builder, location, output);
    Value given = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne, address, constant(0));
    any = any ? arith::OrIOp::create(builder, location, any, given).getResult() : given;
  }
  auto op = scf::IfOp::create(builder, location, any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&op.getThenRegion().front());
  body();
}

//===----------------------------------------------------------------------===//
// The layout of a batch
//===----------------------------------------------------------------------===//

void HostBuilder::forEachElement(ArrayRef<int64_t> shape, SmallVectorImpl<Value> &element,
                                 llvm::function_ref<void(ValueRange)> body) {
  if (shape.empty())
    return body(element);
  loop(constant(shape[0]), [&](Value index) {
    element.push_back(index);
    forEachElement(shape.drop_front(), element, body);
    element.pop_back();
  });
}

static SmallVector<Value> concat(ArrayRef<Value> first, ValueRange second) {
  SmallVector<Value> all(first);
  llvm::append_range(all, second);
  return all;
}

void HostBuilder::writeRowStarts(Value lengths, int64_t tile, Value starts) {
  storeIndex(constant(0), starts, constant(0));
  loop(dimension(lengths, 0), [&](Value sequence) {
    Value rows = roundUp(loadIndex(lengths, sequence), tile);
    storeIndex(add(loadIndex(starts, sequence), rows), starts, add(sequence, constant(1)));
  });
}

void HostBuilder::writeStridedLengths(Value lengths, int64_t stride, Value result) {
  loop(dimension(lengths, 0),
       [&](Value sequence) { storeIndex(divideUp(loadIndex(lengths, sequence), stride), result, sequence); });
}

void HostBuilder::writeZeros(Value result) {
  loop(dimension(result, 0), [&](Value sequence) { storeIndex(constant(0), result, sequence); });
}

void HostBuilder::writeSums(Value lhs, Value rhs, Value result) {
  loop(dimension(result, 0), [&](Value sequence) {
    storeIndex(add(loadIndex(lhs, sequence), loadIndex(rhs, sequence)), result, sequence);
  });
}

void HostBuilder::countPositions(Value first, Value count, Value tokens, std::optional<int64_t> pad, Value result,
                                 llvm::function_ref<SmallVector<Value>(Value)> place) {
  if (!pad)
    return loop(count, [&](Value token) { storeIndex(add(first, token), result, place(token)); });
  Value padToken = arith::ConstantOp::create(builder, location, builder.getI32IntegerAttr(static_cast<int32_t>(*pad)));
  auto counting = scf::ForOp::create(builder, location, constant(0), count, constant(1), first);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(counting.getBody());
  SmallVector<Value> indices = place(counting.getInductionVar());
  Value next = counting.getRegionIterArg(0);
  Value isPad = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, load(tokens, indices), padToken);
  storeIndex(arith::SelectOp::create(builder, location, isPad, constant(-1), next), result, indices);
  Value counted = arith::SelectOp::create(builder, location, isPad, next, add(next, constant(1)));
  scf::YieldOp::create(builder, location, counted);
}

void HostBuilder::writePositions(Value like, Value past, std::optional<int64_t> pad, Value result) {
  loop(dimension(like, 0), [&](Value sequence) {
    Value first = past ? loadIndex(past, sequence) : constant(0);
    countPositions(first, dimension(like, 1), like, pad, result,
                   [&](Value token) { return SmallVector<Value>{sequence, token}; });
  });
}

void HostBuilder::writeRowPositions(Value starts, Value past, Value tokens, std::optional<int64_t> pad, Value result) {
  Value sequences = arith::SubIOp::create(builder, location, dimension(starts, 0), constant(1));
  loop(sequences, [&](Value sequence) {
    Value first = past ? loadIndex(past, sequence) : constant(0);
    Value begin = loadIndex(starts, sequence), end = loadIndex(starts, add(sequence, constant(1)));
    countPositions(first, arith::SubIOp::create(builder, location, end, begin), tokens, pad, result,
                   [&](Value token) { return SmallVector<Value>{add(begin, token)}; });
  });
}

void HostBuilder::packRows(Value input, Value starts, Value lengths, Value result) {
  auto type = cast<MemRefType>(result.getType());
  loop(dimension(lengths, 0), [&](Value sequence) {
    Value first = loadIndex(starts, sequence), end = loadIndex(starts, add(sequence, constant(1)));
    Value length = loadIndex(lengths, sequence);
    loop(arith::SubIOp::create(builder, location, end, first), [&](Value token) {
      Value inside = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ult, token, length);
      SmallVector<Value> element;
      forEachElement(type.getShape().drop_front(), element, [&](ValueRange rest) {
        auto choice = scf::IfOp::create(
            builder, location, inside,
            [&](OpBuilder &inner, Location) {
              scf::YieldOp::create(
                  inner, location,
                  memref::LoadOp::create(inner, location, input, concat({sequence, token}, rest)).getResult());
            },
            [&](OpBuilder &inner, Location) {
              Value nothing = arith::ConstantOp::create(inner, location, inner.getZeroAttr(type.getElementType()));
              scf::YieldOp::create(inner, location, nothing);
            });
        store(choice.getResult(0), result, concat(add(first, token), rest));
      });
    });
  });
}

void HostBuilder::unpackRows(Value input, Value starts, Value lengths, Value result) {
  auto type = cast<MemRefType>(result.getType());
  Value zero = arith::ConstantOp::create(builder, location, builder.getZeroAttr(type.getElementType()));
  loop(dimension(lengths, 0), [&](Value sequence) {
    Value first = loadIndex(starts, sequence), length = loadIndex(lengths, sequence);
    loop(dimension(result, 1), [&](Value token) {
      Value inside = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ult, token, length);
      Value row = add(first, token);
      auto choice = scf::IfOp::create(builder, location, inside, /*withElseRegion=*/true);
      SmallVector<Value> element;
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&choice.getThenRegion().front());
      forEachElement(type.getShape().drop_front(2), element, [&](ValueRange rest) {
        store(load(input, concat(row, rest)), result, concat({sequence, token}, rest));
      });
      builder.setInsertionPointToStart(&choice.getElseRegion().front());
      forEachElement(type.getShape().drop_front(2), element,
                     [&](ValueRange rest) { store(zero, result, concat({sequence, token}, rest)); });
    });
  });
}
