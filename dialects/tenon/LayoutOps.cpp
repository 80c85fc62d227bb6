//===- LayoutOps.cpp - Verifiers of the batch layout ----------------------===//

#include "tenon/Dialect.h"
#include "tenon/Verifiers.h"

using namespace mlir;
using namespace tenon;

/// `padded` is B×T×…, `packed` R×… with the same trailing dimensions.
static LogicalResult verifyPadding(Operation *op, RankedTensorType padded, RankedTensorType packed,
                                   RankedTensorType starts, RankedTensorType lengths) {
  if (starts.getRank() != 1 || lengths.getRank() != 1)
    return op->emitOpError() << "starts and lengths are " << starts << " and " << lengths << ", expected vectors";
  if (padded.getRank() < 2 || packed.getRank() != padded.getRank() - 1 ||
      padded.getShape().drop_front(2) != packed.getShape().drop_front(1) ||
      padded.getElementType() != packed.getElementType())
    return op->emitOpError() << "relates " << padded << " to " << packed
                             << ", which are not a padded and a packed batch of one kind of row";
  return success();
}

static LogicalResult verifyPast(Operation *op, Value past) {
  if (past && cast<RankedTensorType>(past.getType()).getRank() != 1)
    return op->emitOpError() << "past is " << past.getType() << ", expected a vector";
  return success();
}

LogicalResult PositionIdsOp::verify() {
  if (getLike().getType().getRank() < 2)
    return emitOpError() << "like is " << getLike().getType() << ", expected a padded batch";
  if (getResult().getType().getShape() != getLike().getType().getShape().take_front(2))
    return emitOpError() << "result is " << getResult().getType() << ", expected one for each token of "
                         << getLike().getType();
  if (getPad() && getPast())
    return emitOpError() << "has past and pad; how many of the tokens before were pad is not known";
  if (getPad() && (getLike().getType().getRank() != 2 || !getLike().getType().getElementType().isInteger(32)))
    return emitOpError() << "like is " << getLike().getType() << ", expected the ids of tokens that may be pad";
  return verifyPast(*this, getPast());
}

LogicalResult RowPositionsOp::verify() {
  if (getStarts().getType().getRank() != 1 || getResult().getType().getRank() != 1)
    return emitOpError() << "starts and result are " << getStarts().getType() << " and " << getResult().getType()
                         << ", expected vectors";
  if (getPad().has_value() != bool(getTokens()))
    return emitOpError() << "has one of tokens and pad, expected both or neither";
  if (getPad() && getPast())
    return emitOpError() << "has past and pad; how many of the tokens before were pad is not known";
  if (getTokens() && getTokens().getType() != getResult().getType())
    return emitOpError() << "tokens are " << getTokens().getType() << ", expected one for each of the positions "
                         << getResult().getType();
  return verifyPast(*this, getPast());
}

LogicalResult StridedLengthsOp::verify() { return verifyPositive(*this, "stride", getStride()); }

LogicalResult RowStartsOp::verify() {
  if (getLengths().getType().getRank() != 1 || getStarts().getType().getRank() != 1)
    return emitOpError() << "lengths and starts are " << getLengths().getType() << " and " << getStarts().getType()
                         << ", expected vectors";
  if (failed(verifyPositive(*this, "tile", getTile())))
    return failure();
  int64_t sequences = getLengths().getType().getDimSize(0), starts = getStarts().getType().getDimSize(0);
  if (!ShapedType::isDynamic(sequences) && !ShapedType::isDynamic(starts) && starts != sequences + 1)
    return emitOpError() << "has " << starts << " starts for " << sequences << " sequences, expected one more";
  return success();
}

LogicalResult PackRowsOp::verify() {
  return verifyPadding(*this, getInput().getType(), getResult().getType(), getStarts().getType(),
                       getLengths().getType());
}

LogicalResult UnpackRowsOp::verify() {
  if (getLike().getType().getRank() < 2)
    return emitOpError() << "like is " << getLike().getType() << ", expected a padded batch";
  if (failed(verifyPadding(*this, getResult().getType(), getInput().getType(), getStarts().getType(),
                           getLengths().getType())))
    return failure();
  if (failed(verifyPositive(*this, "stride", getStride())))
    return failure();
  SmallVector<int64_t> expected(getLike().getType().getShape().take_front(2));
  if (!ShapedType::isDynamic(expected[1]))
    expected[1] = static_cast<int64_t>(llvm::divideCeil(expected[1], getStride()));
  if (getResult().getType().getShape().take_front(2) != ArrayRef(expected))
    return emitOpError() << "result is " << getResult().getType() << ", expected the sequences and tokens of "
                         << getLike().getType();
  return success();
}
