//===- LayoutOps.td - Tensor IR: how a batch is laid out ---*- tablegen -*-===//

#ifndef TENON_LAYOUT_OPS
#define TENON_LAYOUT_OPS

include "TensorOps.td"

def Tenon_LayoutGroup : Tenon_DocGroup<"Tensor IR: how a batch is laid out", [{
  A padded batch is B×T×…: row t of sequence b counts where t < lengths[b]. A packed batch is R×…: the sequences one after
  another, each starting at a multiple of `tile` rows, so that a tile of rows belongs to one sequence and no kernel
  computes more than tile - 1 rows per sequence that nobody reads.
}]>;

class Tenon_LayoutOp<string mnemonic, list<Trait> traits = []> : Tenon_Op<mnemonic, traits # [Pure]> {
  let opDocGroup = Tenon_LayoutGroup;
}

def Tenon_PositionIdsOp : Tenon_LayoutOp<"position_ids"> {
  let summary = "The position of each token in its sequence";
  let description = [{
    `result[b, t] = past[b] + t` for the B×T tokens of `like`; past is 0 where it is not given. With `pad`, tokens of that id
    have no position: `result[b, t]` is the number of other tokens before t, and -1 where the token is `pad` itself
    (transformers' `create_position_ids_from_input_ids`, less the padding index and one).

    Example:

    ```mlir
    func.func @position_ids(%tokens: tensor<?x?xi32>) -> tensor<?x?xi32> {
      %0 = tenon.position_ids %tokens {pad = 1 : i64} : (tensor<?x?xi32>) -> tensor<?x?xi32>
      return %0 : tensor<?x?xi32>
    }
    ```
  }];
  let arguments = (ins Tenon_Tensor:$like, Optional<Tenon_IntTensor>:$past, OptionalAttr<I64Attr>:$pad);
  let results = (outs Tenon_IntTensor:$result);
  let assemblyFormat = "$like (`past` `(` $past^ `)`)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Tenon_RowPositionsOp : Tenon_LayoutOp<"row_positions", [AttrSizedOperandSegments]> {
  let summary = "The position of each packed row in its sequence";
  let description = [{
    `result[starts[b] + t] = past[b] + t` up to the next sequence's start; past is 0 where it is not given. With `pad`, which
    needs the packed `tokens`, those of that id have no position, as `tenon.position_ids` says.

    `starts` are the B + 1 of `tenon.row_starts`, the result R. Rows of a sequence's padding count on.

    Example:

    ```mlir
    func.func @row_positions(%starts: tensor<?xi32>, %tokens: tensor<?xi32>) -> tensor<?xi32> {
      %0 = tenon.row_positions %starts tokens(%tokens) {pad = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
      return %0 : tensor<?xi32>
    }
    ```
  }];
  let arguments = (ins Tenon_IntTensor:$starts, Optional<Tenon_IntTensor>:$past, Optional<Tenon_IntTensor>:$tokens,
                   OptionalAttr<I64Attr>:$pad);
  let results = (outs Tenon_IntTensor:$result);
  let assemblyFormat = [{
    $starts (`past` `(` $past^ `)`)? (`tokens` `(` $tokens^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Tenon_StridedLengthsOp : Tenon_LayoutOp<"strided_lengths", [AllTypesMatch<["lengths", "result"]>]> {
  let summary = "The lengths of sequences of which every so-many-th row is left";
  let description = [{
    `result[b] = lengths[b] / stride`, rounded up (see `tenon.unfold`).

    Lengths and result are B; a sequence of length 0 stays one.

    Example:

    ```mlir
    func.func @strided(%n: tensor<?xi32>) -> tensor<?xi32> {
      %0 = tenon.strided_lengths %n stride 2 : tensor<?xi32>
      return %0 : tensor<?xi32>
    }
    ```
  }];
  let arguments = (ins Tenon_IntTensor:$lengths, I64Attr:$stride);
  let results = (outs Tenon_IntTensor:$result);
  let assemblyFormat = "$lengths `stride` $stride attr-dict `:` type($lengths)";
  let hasVerifier = 1;
}

def Tenon_ZeroLengthsOp : Tenon_LayoutOp<"zero_lengths", [AllTypesMatch<["lengths", "result"]>]> {
  let summary = "A length of 0 for each sequence";
  let description = [{
    `result[b] = 0`: the `past` of sequences that begin.

    Lengths, whose values are not read, and result are B.

    Example:

    ```mlir
    func.func @begin(%n: tensor<?xi32>) -> tensor<?xi32> {
      %0 = tenon.zero_lengths %n : tensor<?xi32>
      return %0 : tensor<?xi32>
    }
    ```
  }];
  let arguments = (ins Tenon_IntTensor:$lengths);
  let results = (outs Tenon_IntTensor:$result);
  let assemblyFormat = "$lengths attr-dict `:` type($lengths)";
}

def Tenon_AddLengthsOp : Tenon_LayoutOp<"add_lengths", [AllTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "The lengths of sequences that follow each other";
  let description = [{
    `result[b] = lhs[b] + rhs[b]`: where the second one ends, or what follows both begins.

    All three are B.

    Example:

    ```mlir
    func.func @behind(%n: tensor<?xi32>, %p: tensor<?xi32>) -> tensor<?xi32> {
      %0 = tenon.add_lengths %n, %p : tensor<?xi32>
      return %0 : tensor<?xi32>
    }
    ```
  }];
  let arguments = (ins Tenon_IntTensor:$lhs, Tenon_IntTensor:$rhs);
  let results = (outs Tenon_IntTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
}

def Tenon_RowStartsOp : Tenon_LayoutOp<"row_starts"> {
  let summary = "The first packed row of each sequence";
  let description = [{
    `result[0] = 0` and `result[b + 1] = result[b] + lengths[b]`, rounded up to a multiple of `tile`; the last of the B + 1
    entries is R.

    A sequence of length 0 takes no row: it starts where the next one does.

    Example:

    ```mlir
    func.func @starts(%n: tensor<?xi32>) -> tensor<?xi32> {
      %0 = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>
      return %0 : tensor<?xi32>
    }
    ```
  }];
  let arguments = (ins Tenon_IntTensor:$lengths, I64Attr:$tile);
  let results = (outs Tenon_IntTensor:$starts);
  let assemblyFormat = "$lengths `tile` $tile attr-dict `:` type($lengths) `->` type($starts)";
  let hasVerifier = 1;
}

def Tenon_PackRowsOp : Tenon_LayoutOp<"pack_rows"> {
  let summary = "A padded batch as a packed one";
  let description = [{
    `result[starts[b] + t, …] = input[b, t, …]` for t < lengths[b]; the other rows are zero. B×T×… becomes R×….

    Example:

    ```mlir
    func.func @pack(%x: tensor<?x?x8xf32>, %starts: tensor<?xi32>, %n: tensor<?xi32>) -> tensor<?x8xf32> {
      %0 = tenon.pack_rows %x starts(%starts) lengths(%n) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
      return %0 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IntTensor:$starts, Tenon_IntTensor:$lengths);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input `starts` `(` $starts `)` `lengths` `(` $lengths `)` attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Tenon_UnpackRowsOp : Tenon_LayoutOp<"unpack_rows"> {
  let summary = "A packed batch as a padded one";
  let description = [{
    `result[b, t, …] = input[starts[b] + t, …]` for t < lengths[b] and zero elsewhere. `like` is a padded tensor of the
    batch, whose second dimension divided by `stride` and rounded up is T.

    R×… becomes B×T×…; a sequence of length 0 gives zeros alone.

    Example:

    ```mlir
    func.func @unpack(%x: tensor<?x8xf32>, %starts: tensor<?xi32>, %n: tensor<?xi32>, %ids: tensor<?x?xi32>) -> tensor<?x?x8xf32> {
      %0 = tenon.unpack_rows %x starts(%starts) lengths(%n) like %ids
           : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
      return %0 : tensor<?x?x8xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IntTensor:$starts, Tenon_IntTensor:$lengths, Tenon_Tensor:$like,
                   DefaultValuedAttr<I64Attr, "1">:$stride);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $input `starts` `(` $starts `)` `lengths` `(` $lengths `)` `like` $like attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TENON_LAYOUT_OPS
