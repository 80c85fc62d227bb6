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

def Tenon_PositionIdsOp : Tenon_LayoutOp<"position_ids", [AllTypesMatch<["ids", "result"]>]> {
  let summary = "The position of each token in its sequence";
  let description = "`result[b, t] = past[b] + t`, of the shape of `ids`; past is 0 where it is not given.";
  let arguments = (ins Tenon_IntTensor:$ids, Optional<Tenon_IntTensor>:$past);
  let results = (outs Tenon_IntTensor:$result);
  let assemblyFormat = "$ids (`past` `(` $past^ `:` type($past) `)`)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tenon_RowStartsOp : Tenon_LayoutOp<"row_starts"> {
  let summary = "The first packed row of each sequence";
  let description = [{
    `result[0] = 0` and `result[b + 1] = result[b] + lengths[b]`, rounded up to a multiple of `tile`; the last of the B + 1
    entries is R.
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
    batch, which gives T.
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IntTensor:$starts, Tenon_IntTensor:$lengths, Tenon_Tensor:$like);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $input `starts` `(` $starts `)` `lengths` `(` $lengths `)` `like` $like attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TENON_LAYOUT_OPS
