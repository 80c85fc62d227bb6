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

LogicalResult PositionIdsOp::verify() {
  if (getIds().getType().getRank() != 2)
    return emitOpError() << "ids are " << getIds().getType() << ", expected a padded batch";
  if (getPast() && getPast().getType().getRank() != 1)
    return emitOpError() << "past is " << getPast().getType() << ", expected a vector";
  return success();
}

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
  if (getResult().getType().getShape().take_front(2) != getLike().getType().getShape().take_front(2))
    return emitOpError() << "result is " << getResult().getType() << ", expected the sequences and tokens of "
                         << getLike().getType();
  return success();
}
