//===- AttentionOps.td - Tensor IR: attention --------------*- tablegen -*-===//

#ifndef TENON_ATTENTION_OPS
#define TENON_ATTENTION_OPS

include "TensorOps.td"

def Tenon_SegmentArrayAttr : TypedArrayAttrBase<Tenon_SegmentAttr, "array of segments">;

def Tenon_AttentionOp : Tenon_TensorOp<"attention", "Sequence", [AttrSizedOperandSegments]> {
  let summary = "Scaled dot-product attention to the keys and values of one or more segments";
  let description = [{
    For every sequence, head h and query row t:

    `result[t, h, :] = sum over all keys s of softmax_s(scale · query[t, h, :]·key[s, g, :]) · value[s, g, :]`

    with g = h / (heads / key_value_heads), over the keys of all segments in their order: one softmax, which subtracts the row's
    maximum. A sequence without keys gives zeros; rows past a sequence's length hold unspecified values.

    A segment lies

    - in `rows(key, value)`: B×T×(KVH·D), or R×… packed (see `tenon.row_starts`). They are the query's own rows, or with `lengths`
      those of other sequences, of which those of the first belong to the first query's, and which have `starts` of their own where
      the query has;
    - in `pages(table)` of the one layer of a cache that all segments in pages share (see `tenon.cache_append`): the first
      past[b] + lengths[b] tokens of the query's own sequence, or with `lengths` so many of another.

    A query's position is past[b] + t plus the operation's `offset`; that of a segment's key its number within the segment's
    sequence, from 0, plus the segment's `offset`.

    `mask` is an expression (docs/expressions.md) over the positions q and k of query and key, the head h, the sequence b, the
    `segment` that the key belongs to (0 is the first), and `query_segment`, which the attribute says (the last by default): keys
    for which it is false are left out, and a row that has none left is zeros. `score` is an expression over these and the score s,
    after `scale`, which takes its place. `tableN(i, j)` in them is element (i, j) of the N-th of `tables`.

    Query and result are B×T×(H·D), or R×(H·D) with `starts`.

    Example:

    ```mlir
    func.func @self(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>) -> tensor<?x?x8xf32> {
      %0 = tenon.attention %q lengths(%n) to rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64}
           : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
      return %0 : tensor<?x?x8xf32>
    }
    func.func @joint(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>,
                     %st: tensor<?x?xi32>, %sn: tensor<?xi32>) -> tensor<?x?x8xf32> {
      %0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%st) lengths(%sn), pages(%t)
           {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64, mask = "segment == 0 || k <= q"}
           : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>, tensor<?x?xi32>)
           -> tensor<?x?x8xf32>
      return %0 : tensor<?x?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$query, Optional<Tenon_FloatTensor>:$cache, Optional<Tenon_IntTensor>:$starts,
                   Tenon_IntTensor:$lengths, Optional<Tenon_IntTensor>:$past, Optional<Tenon_IntTensor>:$offset,
                   Variadic<Tenon_Tensor>:$segment_operands, Variadic<Tenon_FloatTensor>:$tables,
                   Tenon_SegmentArrayAttr:$segments, I64Attr:$heads, I64Attr:$key_value_heads, I64Attr:$head_size,
                   F64Attr:$scale, OptionalAttr<StrAttr>:$mask, OptionalAttr<StrAttr>:$score,
                   OptionalAttr<I64Attr>:$query_segment);
  let results = (outs Tenon_FloatTensor:$result);
  // A segment is written with its operands, which the attribute tells apart.
  let assemblyFormat = [{
    $query (`cache` `(` $cache^ `)`)? (`starts` `(` $starts^ `)`)? `lengths` `(` $lengths `)` (`past` `(` $past^ `)`)?
    (`offset` `(` $offset^ `)`)? `to` custom<Segments>($segment_operands, $segments) (`tables` `(` $tables^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$cache, "::mlir::Value":$starts,
                             "::mlir::Value":$lengths, "::mlir::Value":$past, "::mlir::Value":$offset,
                             "::llvm::ArrayRef<::tenon::KeySegment>":$segments, "::mlir::ValueRange":$tables,
                             "int64_t":$heads, "int64_t":$keyValueHeads, "int64_t":$headSize, "::llvm::APFloat":$scale,
                             "::mlir::StringAttr":$mask, "::mlir::StringAttr":$score,
                             CArg<"::mlir::IntegerAttr", "{}">:$querySegment)>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::tenon::KeySegment> getKeySegments();
    void setKeySegments(::llvm::ArrayRef<::tenon::KeySegment> segments);
    /// With 1 for `past` and `offset` where they are there, and the number of its tables.
    ::tenon::kernels::Operation describe();
  }];
}

#endif // TENON_ATTENTION_OPS
