//===- Ops.td - Every operation of the dialect -------------*- tablegen -*-===//

#ifndef TENON_OPS
#define TENON_OPS

include "ModelOps.td"
include "SublayerOps.td"
include "TensorOps.td"
include "LayoutOps.td"
include "CacheOps.td"
include "AttentionOps.td"
include "RegionOps.td"

#endif // TENON_OPS
