//===- Attributes.td - Enumerations and attributes ---------*- tablegen -*-===//

#ifndef TENON_ATTRIBUTES
#define TENON_ATTRIBUTES

include "Dialect.td"
include "Interfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Tenon_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}

class Tenon_EnumAttr<EnumAttrInfo info, string mnemonic>
    : EnumAttr<Tenon_Dialect, info, mnemonic, [Tenon_ChoiceAttrInterface]>;

def Tenon_NormFunction : Tenon_Enum<"NormFunction", "How a row is normalised", [
  I32EnumAttrCase<"LayerNorm", 0, "layernorm">, I32EnumAttrCase<"RMSNorm", 1, "rmsnorm">,
  I32EnumAttrCase<"L2", 2, "l2">]>;
def Tenon_NormFunctionAttr : Tenon_EnumAttr<Tenon_NormFunction, "norm_function">;

def Tenon_NormPlace : Tenon_Enum<"NormPlace", "Where a sublayer's norm stands", [
  I32EnumAttrCase<"Before", 0, "before">, I32EnumAttrCase<"After", 1, "after">, I32EnumAttrCase<"Both", 2, "both">]>;
def Tenon_NormPlaceAttr : Tenon_EnumAttr<Tenon_NormPlace, "norm_place">;

def Tenon_ActivationFunction : Tenon_Enum<"ActivationFunction", "Elementwise nonlinearity", [
  I32EnumAttrCase<"Gelu", 0, "gelu">, I32EnumAttrCase<"GeluTanh", 1, "gelu_tanh">, I32EnumAttrCase<"Relu", 2, "relu">,
  I32EnumAttrCase<"Silu", 3, "silu">, I32EnumAttrCase<"Tanh", 4, "tanh">,
  I32EnumAttrCase<"ReluSquared", 5, "relu_squared">, I32EnumAttrCase<"QuickGelu", 6, "quick_gelu">,
  I32EnumAttrCase<"Sigmoid", 7, "sigmoid">]>;
def Tenon_ActivationFunctionAttr : Tenon_EnumAttr<Tenon_ActivationFunction, "activation_function">;

def Tenon_PositionKind : Tenon_Enum<"PositionKind", "How a stack knows positions", [
  I32EnumAttrCase<"NoPositions", 0, "none">, I32EnumAttrCase<"Learned", 1, "learned">,
  I32EnumAttrCase<"Sinusoidal", 2, "sinusoidal">, I32EnumAttrCase<"Rotary", 3, "rotary">]>;
def Tenon_PositionKindAttr : Tenon_EnumAttr<Tenon_PositionKind, "position_kind">;

def Tenon_PoolFunction : Tenon_Enum<"PoolFunction", "How a sequence becomes one vector", [
  I32EnumAttrCase<"Mean", 0, "mean">, I32EnumAttrCase<"Cls", 1, "cls">, I32EnumAttrCase<"Last", 2, "last">,
  I32EnumAttrCase<"Max", 3, "max">, I32EnumAttrCase<"MeanSqrt", 4, "mean_sqrt">,
  I32EnumAttrCase<"WeightedMean", 5, "weighted_mean">]>;
def Tenon_PoolFunctionAttr : Tenon_EnumAttr<Tenon_PoolFunction, "pool_function">;

def Tenon_TableFunction : Tenon_Enum<"TableFunction", "What a position table holds", [
  I32EnumAttrCase<"Sinusoidal", 0, "sinusoidal">, I32EnumAttrCase<"SinusoidalInterleaved", 1, "sinusoidal_interleaved">,
  I32EnumAttrCase<"RotaryCosine", 2, "rotary_cosine">, I32EnumAttrCase<"RotarySine", 3, "rotary_sine">,
  I32EnumAttrCase<"SinusoidalEven", 4, "sinusoidal_even">]>;
def Tenon_TableFunctionAttr : Tenon_EnumAttr<Tenon_TableFunction, "table_function">;

def Tenon_EntryRole : Tenon_Enum<"EntryRole", "What an argument or a result of an entry point is", [
  I32EnumAttrCase<"Tokens", 0, "tokens">, I32EnumAttrCase<"Lengths", 1, "lengths">, I32EnumAttrCase<"Types", 2, "types">,
  I32EnumAttrCase<"Features", 3, "features">, I32EnumAttrCase<"PromptLengths", 4, "prompt_lengths">,
  I32EnumAttrCase<"Past", 5, "past">, I32EnumAttrCase<"Pages", 6, "pages">, I32EnumAttrCase<"Rows", 7, "rows">,
  I32EnumAttrCase<"SourceLengths", 8, "source_lengths">, I32EnumAttrCase<"Logits", 9, "logits">,
  I32EnumAttrCase<"AllLogits", 10, "all_logits">, I32EnumAttrCase<"Hidden", 11, "hidden">,
  I32EnumAttrCase<"Embedding", 12, "embedding">]>;

def Tenon_SegmentPlace : Tenon_Enum<"SegmentPlace", "Where the keys and values of a segment lie", [
  I32EnumAttrCase<"Rows", 0, "rows">, I32EnumAttrCase<"Pages", 1, "pages">]>;

class Tenon_Attr<string name, string attrMnemonic> : AttrDef<Tenon_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Tenon_NormAttr : Tenon_Attr<"Norm", "norm"> {
  let summary = "The norm of a stack's sublayers";
  let description = [{
    `function`, `epsilon` and `weight_offset` as in `tenon.norm`; `place` says whether it precedes a sublayer's projections
    (pre-norm), follows its residual sum (post-norm), or whether one norm precedes the projections and `both` another is taken of
    their result before it is added. `bias` tells whether a LayerNorm adds a parameter. `final` adds one more norm after the
    last layer, which `after` may not have.

    Example: `#tenon.norm<function = layernorm, place = after, epsilon = 1.0e-12, bias = true, final = false>`
  }];
  let parameters = (ins EnumParameter<Tenon_NormFunction>:$function, EnumParameter<Tenon_NormPlace>:$place,
                    "::mlir::FloatAttr":$epsilon, "bool":$bias, "bool":$final,
                    OptionalParameter<"::mlir::FloatAttr">:$weight_offset);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_HeadNormAttr : Tenon_Attr<"HeadNorm", "head_norm"> {
  let summary = "The norm of an attention's queries and keys";
  let description = [{
    Each head's components, or where `whole` is set those of all heads together, are normalised before rotary positions
    (Henry et al., "Query-key normalization for transformers"). `function`, `epsilon` and `weight_offset` as in
    `tenon.norm`; `bias` tells whether a LayerNorm adds a parameter.

    Example: `#tenon.head_norm<function = rmsnorm, epsilon = 1.0e-6, bias = false, whole = false>`
  }];
  let parameters = (ins EnumParameter<Tenon_NormFunction>:$function, "::mlir::FloatAttr":$epsilon, "bool":$bias, "bool":$whole,
                    OptionalParameter<"::mlir::FloatAttr">:$weight_offset);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_RotaryAttr : Tenon_Attr<"Rotary", "rotary"> {
  let summary = "The rotary positions of one attention";
  let description = [{
    In place of those that the stack's `positions` give: `dims` components of each head turn (0: none), at positions below
    `length`; `base`, `frequencies` and `magnitude` as in `tenon.position_table`.

    Example: `#tenon.rotary<length = 2048, dims = 4, base = 1.0e4, interleaved = false, frequencies = [1.0, 0.01]>`
  }];
  let parameters = (ins "int64_t":$length, "int64_t":$dims, "::mlir::FloatAttr":$base, "bool":$interleaved,
                    OptionalParameter<"::mlir::DenseF64ArrayAttr">:$frequencies,
                    OptionalParameter<"::mlir::FloatAttr">:$magnitude);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_PositionsAttr : Tenon_Attr<"Positions", "positions"> {
  let summary = "The positions of a stack's input";
  let description = [{
    `length` is the number of tokens of the longest input (0: no limit). `offset` rows of a learned table precede that of
    position 0; tokens of the id `pad` take the last of those and count as no position. `base` is that of the wavelengths of
    sinusoidal and rotary positions; `dims` leading components of each
    head turn (0: all); `interleaved` pairs neighbouring components instead of the two halves. Wavelengths of sinusoidal
    positions in halves go from 2π to 2π·base, or with `even_spacing` stop a step before, as interleaved ones do. Row t has
    position t, or with `behind` the number of that stack's rows and t.

    Example: `#tenon.positions<kind = learned, length = 512, offset = 2, base = 1.0e4, dims = 0, interleaved = false>`
  }];
  let parameters = (ins EnumParameter<Tenon_PositionKind>:$kind, "int64_t":$length, "int64_t":$offset,
                    "::mlir::FloatAttr":$base, "int64_t":$dims, "bool":$interleaved,
                    DefaultValuedParameter<"bool", "false">:$even_spacing, OptionalParameter<"::mlir::IntegerAttr">:$pad,
                    OptionalParameter<"::mlir::FlatSymbolRefAttr">:$behind);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_SourceAttr : Tenon_Attr<"Source", "source"> {
  let summary = "A stack that gives an attention keys and values, and which of its states does";
  let description = [{
    The last hidden state of `stack`, behind its final norm; or with `layers`, a number for each layer of the attention's own
    stack, the state that enters the layer of that number in `stack`.

    Example: `#tenon.source<@encoder, layers = [0, 1, 1]>`
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$stack, OptionalParameter<"::mlir::DenseI64ArrayAttr">:$layers);
  let assemblyFormat = "`<` $stack (`,` `layers` `=` $layers^)? `>`";
}

def Tenon_ConvolutionAttr : Tenon_Attr<"Convolution", "convolution"> {
  let summary = "A convolution over the rows of an input";
  let description = [{
    `channels` results for every `stride`-th row, from the `kernel` rows around it (an odd number; zeros stand outside of the
    sequence), then the nonlinearity, if there is one. `bias` tells whether a parameter is added.

    Example: `#tenon.convolution<channels = 384, kernel = 3, stride = 2, function = gelu, bias = true>`
  }];
  let parameters = (ins "int64_t":$channels, "int64_t":$kernel, "int64_t":$stride,
                    OptionalParameter<"::tenon::ActivationFunctionAttr">:$function, "bool":$bias);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_DenseAttr : Tenon_Attr<"Dense", "dense"> {
  let summary = "A layer of a pooling: a product with a matrix";
  let description = [{
    f(x·weightᵀ + bias) of `size` components, f being the nonlinearity, if there is one; with `residual` plus x, or where
    x has another size, plus the product of x with one more matrix. `bias` tells whether a parameter is added.

    Example: `#tenon.dense<size = 128, function = tanh, bias = true, residual = false>`
  }];
  let parameters = (ins "int64_t":$size, OptionalParameter<"::tenon::ActivationFunctionAttr">:$function, "bool":$bias,
                    "bool":$residual);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_VectorNormAttr : Tenon_Attr<"VectorNorm", "vector_norm"> {
  let summary = "A layer of a pooling: a norm";
  let description = [{
    `function` and `epsilon` as in `tenon.norm`. `l2` has no parameters, a LayerNorm has two.

    Example: `#tenon.vector_norm<function = l2, epsilon = 1.0e-12>`
  }];
  let parameters = (ins EnumParameter<Tenon_NormFunction>:$function, "::mlir::FloatAttr":$epsilon);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_RelativeBiasAttr : Tenon_Attr<"RelativeBias", "relative_bias"> {
  let summary = "What an attention's scores gain for the distance of query and key";
  let description = [{
    A parameter `buckets`×heads (Raffel et al., "Exploring the limits of transfer learning", section 2.1): one row for each of
    the small distances, then for ranges that grow logarithmically up to `distance`, beyond which all are one. Keys behind the
    query have half of the buckets where `bidirectional` is set; otherwise they count as distance 0.

    Example: `#tenon.relative_bias<buckets = 32, distance = 128, bidirectional = true>`
  }];
  let parameters = (ins "int64_t":$buckets, "int64_t":$distance, "bool":$bidirectional);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The bucket of each distance k - q from -distance to distance.
    ::llvm::SmallVector<int64_t> getBucketsByDistance() const;
  }];
}

def Tenon_SegmentAttr : Tenon_Attr<"Segment", "segment"> {
  let summary = "What one segment of an attention's keys and values consists of";
  let description = [{
    Which operands of `tenon.attention` the segment has, in this order: in `rows` its keys and values, with `starts` the first
    row of each of its sequences; in `pages` a table of pages; with `lengths` the number of keys of each sequence, and with
    `offset` what is added to the positions of its keys.

    Example: `#tenon.segment<place = pages, lengths = true>`
  }];
  let parameters = (ins EnumParameter<Tenon_SegmentPlace>:$place, DefaultValuedParameter<"bool", "false">:$starts,
                    DefaultValuedParameter<"bool", "false">:$lengths, DefaultValuedParameter<"bool", "false">:$offset);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// How many operands a segment has that consists of this.
    unsigned getNumOperands() const;
    /// Those operands by name.
    ::tenon::KeySegment of(::mlir::ValueRange operands) const;
    /// What a segment consists of; its operands are added to `operands`.
    static SegmentAttr get(::mlir::MLIRContext *context, const ::tenon::KeySegment &segment,
                           ::llvm::SmallVectorImpl<::mlir::Value> &operands);
    /// To kernels, in which rows always have starts: its place and what else it has, "pages lengths".
    std::string describe() const;
  }];
}

def Tenon_NestScheduleAttr : Tenon_Attr<"NestSchedule", "nest"> {
  let summary = "The decisions about one loop nest";
  let description = [{
    `family` is that of the nest, `parameters` maps its decisions (tile sizes, unrolling, what a task covers) to integers:
    docs/schedules.md has those of every family.

    Example: `#tenon.nest<linear {columns = 48, rows = 8}>`
  }];
  let parameters = (ins StringRefParameter<"family">:$family, "::mlir::DictionaryAttr":$parameters);
  // A family is a keyword, and a decision an integer without a type.
  let assemblyFormat = "`<` custom<Keyword>($family) custom<Integers>($parameters) `>`";
}

def Tenon_ScheduleCaseAttr : Tenon_Attr<"ScheduleCase", "schedule_case"> {
  let summary = "The schedule of the calls of one range of sizes";
  let description = [{
    Calls each of whose sizes is at most what `at_most` says, all calls where it is not there: `rows`, `sequences`.
    `nests` has the kernel's loop nests in the order of computation.

    Example: `#tenon.schedule_case<at_most = {rows = 8}, nests = [<linear {columns = 48, rows = 8}>]>`
  }];
  let parameters = (ins OptionalParameter<"::mlir::DictionaryAttr">:$at_most,
                    ArrayRefParameter<"::tenon::NestScheduleAttr">:$nests);
  let assemblyFormat = "`<` (`at_most` `=` custom<Integers>($at_most)^ `,` ` `)? `nests` `=` `[` $nests `]` `>`";
  let genVerifyDecl = 1;
}

def Tenon_ScheduleAttr : Tenon_Attr<"Schedule", "schedule"> {
  let summary = "How one kernel is computed on one target";
  let description = [{
    `target` names an instruction set (`x86-64-v3`, `x86-64-v4`). A call takes the first of the `cases` whose sizes it has;
    the last is for all sizes that are left. It never changes what is computed. Which nests and decisions a kernel has, and
    their values, depends on its operations and shapes: `tenon-assign-schedules` gives all of them, and names those that it
    knows where one is given that it does not; docs/schedules.md says what they mean.

    Example:
    `#tenon.schedule<"x86-64-v4", [<at_most = {rows = 64}, nests = [<rowwise {tiles = 1}>]>, <nests = [<rowwise {tiles = 4}>]>]>`
  }];
  let parameters = (ins StringRefParameter<"target">:$target, ArrayRefParameter<"::tenon::ScheduleCaseAttr">:$cases);
  let assemblyFormat = "`<` $target `,` `[` $cases `]` `>`";
  let extraClassDeclaration = [{
    /// The same as plain data, which the kernel generator takes.
    ::tenon::kernels::Schedule describe() const;
    static ScheduleAttr get(::mlir::MLIRContext *context, const ::tenon::kernels::Schedule &schedule);
  }];
  let genVerifyDecl = 1;
}

#endif // TENON_ATTRIBUTES
