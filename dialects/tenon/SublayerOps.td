//===- SublayerOps.td - Model IR: what blocks consist of ---*- tablegen -*-===//
//
// A kind of sublayer is its record here, with a method `lower` (compiler/passes/sublayers). What the spec has of it, its
// structure, its reader, its writer and the operation that it becomes, is made of the record's keys (dialects/tblgen).
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SUBLAYER_OPS
#define TENON_SUBLAYER_OPS

include "ModelOps.td"

//===----------------------------------------------------------------------===//
// Kinds of sublayers
//===----------------------------------------------------------------------===//

/// A key of a sublayer in the spec, and the attribute of its operation.
class Tenon_SublayerKey<string name, Attr type, string text> {
  string key = name;
  Attr attribute = type;
  string meaning = text;
}

/// A size from 1 to `most`, which must be given. There are matrices of so many times the width.
class Tenon_SizeKey<string name, string text, int greatest = 2147483647> : Tenon_SublayerKey<name, I64Attr, text> {
  int most = greatest;
}

class Tenon_FlagKey<string name, bit default, string text> : Tenon_SublayerKey<name, UnitAttr, text> {
  bit usual = default;
  bit mayLookAhead = 0; // Whether rows read later ones where it is not set.
}

class Tenon_CausalKey<string name, string text> : Tenon_FlagKey<name, 1, text> {
  let mayLookAhead = 1;
}

class Tenon_ActivationKey<string name, string default, string text>
    : Tenon_SublayerKey<name, Tenon_ActivationFunctionAttr, text> {
  string usual = default;
}

/// What the spec calls a sublayer.
class Tenon_SpecSublayer<string word> {
  string kind = word;
  bit holdsSublayers = 0;
}

/// `stateful` names the methods of `SublayerOpInterface` that it has in place of the defaults.
class Tenon_SublayerOp<string mnemonic, list<string> stateful = [], string declarations = "">
    : Tenon_ParameterizedOp<mnemonic, [ParentOneOf<["StackOp", "BlockOp", "ParallelOp"]>,
                                       DeclareOpInterfaceMethods<Tenon_SublayerOpInterface, stateful>]> {
  let extraClassDeclaration = [{
    /// Tensor IR of it on the rows of each part of its stack (compiler/passes/sublayers).
    ::llvm::SmallVector<::mlir::Value> lower(::tenon::StackBuilder &builder, ::mlir::ValueRange rows);
  }] # declarations;
}

/// A sublayer that is known by its keys. One that goes through its stack's rows in their order says so in `order` ("an ssru
/// goes through one stack's rows in their order"), since it cannot go on with another stack's; `isSquare` where it has a
/// matrix of the width times itself.
class Tenon_KeyedSublayerOp<string kind, list<Tenon_SublayerKey> ofSpec, list<string> stateful = [], string inOrder = "">
    : Tenon_SublayerOp<kind # "_layer", stateful,
                       !if(!empty(inOrder), "", "bool readsParts() { return false; }")>,
      Tenon_SpecSublayer<kind> {
  list<Tenon_SublayerKey> keys = ofSpec;
  string order = inOrder;
  bit isSquare = 0;
  let arguments = !con((ins StrAttr:$name),
                       !dag(ins, !foreach(each, ofSpec, each.attribute), !foreach(each, ofSpec, each.key)),
                       (ins OptionalAttr<DictionaryAttr>:$parameters));
}

def Tenon_BlockOp : Tenon_ModelLevelOp<"block", [HasParent<"StackOp">, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "One of the blocks that a stack's layers take in turn";
  let description = [{
    Blocks of one stack have attentions of the same names, key and value heads, head sizes and sources.

    Example, of local and global attention in turn:

    ```mlir
    tenon.model @local_global width 8 {
      tenon.stack @decoder layers 5 norm <function = rmsnorm, place = both, epsilon = 1.0e-6, bias = false, final = true, weight_offset = 1.0> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.block {
          tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q && q - k < 8"}
        }
        tenon.block {
          tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
        }
      }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Tenon_ParallelOp : Tenon_ParameterizedOp<"parallel", [ParentOneOf<["StackOp", "BlockOp"]>, SingleBlock, NoTerminator,
                                                     NoRegionArguments]>, Tenon_SpecSublayer<"parallel"> {
  let holdsSublayers = 1;
  let summary = "Sublayers that read one hidden state, their results added to it together";
  let description = [{
    x + f(norm(x)) + g(norm(x)) (Wang and Komatsuzaki, "GPT-J-6B"): one norm for all sublayers, with the parameters
    `NAME.norm`, where `shared_norm` is set, otherwise each its own. The stack's norms stand before its sublayers, or both
    before and after them.

    Example:

    ```mlir
    tenon.model @side_by_side width 8 {
      tenon.stack @decoder layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.parallel "parallel" attributes {shared_norm} {
          tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
          tenon.mlp_layer "mlp" hidden 32 gelu
        }
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$shared_norm, OptionalAttr<DictionaryAttr>:$parameters);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Tenon_AttentionLayerOp : Tenon_SublayerOp<"attention_layer", ["getStates", "sourceList", "getWindow", "readsPositions",
                                                                "verifyPlace", "verifyGrowing"], [{
    /// Whether the keys of its own stack are among those that a query may see.
    bool hasOwnKeys() { return getSources().empty() || getJoint(); }
    /// The number of the own keys' segment, or how many others there are.
    int64_t ownSegment() { return static_cast<int64_t>(getSources().size()); }
    /// What the roles of a source's keys and values begin with: nothing where there are no others.
    std::string sourcePrefix(::tenon::SourceAttr source);
    /// Whether a source's state is normalised first: one that enters a layer, read by a sublayer behind a norm.
    bool normalisesSource(::tenon::SourceAttr source);
    /// The rotary positions that queries and keys turn by, its own or the stack's; null where nothing turns.
    ::tenon::RotaryAttr turns();
    /// Puts the keys and values of a source's rows into its state, in the entry point that reads the source.
    void keepSource(::tenon::StackBuilder &builder, ::tenon::SourceAttr source, ::mlir::Value rows,
                    ::tenon::StackPart &part);
  }]>, Tenon_SpecSublayer<"attention"> {
  let summary = "Attention from a stack's hidden state to itself or to another stack's";
  let description = [{
    Projections of the hidden state to `heads` queries and `key_value_heads` keys and values of `head_size` components,
    scaled dot-product attention ("Attention is all you need", section 3.2), and the projection back to the width.
    `heads` is a multiple of `key_value_heads`. `bias` is on query, key and value; on the key unless `no_key_bias` is set. `mask` and
    `score` are as in `tenon.attention`; `rotary` stands in place of what the stack's positions say. `table_sizes` has the rows and
    columns of each of the tables that mask and score read, which are parameters of the layer. `relative` adds to each score what a
    parameter has for the distance of query and key. Rows of the stack's `prefix` see those keys of it that `prefix_mask` says, or `mask`.

    With `sources` keys and values are projections of those stacks' states, one softmax over all of them; where `joint` is set, over
    them and the stack's own. The stacks are the segments of the keys, numbered from 0 in their order, the own keys being the last:
    `segment` in `mask` and `score`. Positions turn queries and keys of a `joint` attention; without the own keys nothing turns.

    The hidden state is B×T×W, queries B×T×(H·D). A query that sees no key gets zeros: the layer adds the projection's bias alone.

    Example:

    ```mlir
    tenon.model @attention width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
          {mask = "k <= q && q - k < 4096", score = "50.0 * tanh(s / 50.0)"}
      }
    }
    ```

    One that reads, layer by layer, what the same layer of another stack reads, and its own keys, in one softmax:

    ```mlir
    tenon.model @merged width 8 {
      tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
        tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
      }
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = rotary, length = 32, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
          {sources = [#tenon.source<@encoder, layers = [0, 1]>], joint, mask = "k <= q"}
      }
      tenon.head @decoder {tied}
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$heads, I64Attr:$key_value_heads, I64Attr:$head_size, F64Attr:$scale,
                   UnitAttr:$bias, UnitAttr:$no_key_bias, UnitAttr:$output_bias, OptionalAttr<StrAttr>:$mask,
                   OptionalAttr<StrAttr>:$score, OptionalAttr<Tenon_RotaryAttr>:$rotary,
                   OptionalAttr<Tenon_HeadNormAttr>:$head_norm, OptionalAttr<DenseI64ArrayAttr>:$table_sizes,
                   DefaultValuedAttr<TypedArrayAttrBase<Tenon_SourceAttr, "sources">, "{}">:$sources, UnitAttr:$joint,
                   OptionalAttr<Tenon_RelativeBiasAttr>:$relative, OptionalAttr<StrAttr>:$prefix_mask,
                   OptionalAttr<DictionaryAttr>:$parameters);
  let assemblyFormat = [{
    $name `heads` $heads `key_value_heads` $key_value_heads `head_size` $head_size `scale` $scale attr-dict
  }];
  let hasVerifier = 1;
}

def Tenon_MlpLayerOp : Tenon_KeyedSublayerOp<"mlp", [
    Tenon_SizeKey<"hidden", "Components between the projections.">,
    Tenon_ActivationKey<"activation", "gelu", "The nonlinearity.">,
    Tenon_FlagKey<"gated", 0, "Whether the nonlinearity is that of a projection of its own, `gate`, by which `up` is multiplied.">,
    Tenon_FlagKey<"bias", 1, "Whether each projection has an additive parameter.">]> {
  let summary = "Two projections with a nonlinearity between them";
  let description = [{
    `down(f(up(x)))`, or `down(f(gate(x)) ⊙ up(x))` where `gated` is set (Shazeer, "GLU variants improve transformer").

    The hidden state is B×T×W, what stands between the projections B×T×`hidden`.

    Example:

    ```mlir
    tenon.model @mlp width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.mlp_layer "mlp" hidden 32 gelu_tanh {gated}
      }
    }
    ```
  }];
  let assemblyFormat = "$name `hidden` $hidden $activation attr-dict";
  let hasVerifier = 1;
}

def Tenon_SsruLayerOp : Tenon_KeyedSublayerOp<"ssru", [
    Tenon_FlagKey<"bias", 1, "Whether `forget` has an additive parameter.">,
    Tenon_FlagKey<"input_bias", 0, "Whether `input` has one.">,
    Tenon_ActivationKey<"activation", "relu", "The nonlinearity of what it gives.">],
    ["getStates"], "an ssru goes through one stack's rows in their order"> {
  let isSquare = 1;
  let summary = "Simpler simple recurrent unit";
  let description = [{
    f(c) with c the `tenon.scan` of the input's two projections, sigmoid(x·forgetᵀ + bias) and x·inputᵀ. `bias` and `input_bias`
    tell which of the two has an additive parameter.

    The hidden state and both projections are B×T×W (Kim et al., "From research to production and back: ludicrously fast neural machine
    translation").

    Example:

    ```mlir
    tenon.model @recurrent width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.ssru_layer "ssru" relu {bias}
      }
    }
    ```
  }];
  let assemblyFormat = "$name $activation attr-dict";
}

def Tenon_ConvolutionLayerOp : Tenon_KeyedSublayerOp<"convolution", [
    Tenon_SizeKey<"kernel", "Rows that one is made of.", 256>,
    Tenon_SizeKey<"hidden", "Components between the projections.">,
    Tenon_ActivationKey<"activation", "sigmoid", "The nonlinearity of the gate.">,
    Tenon_CausalKey<"causal", "Whether these rows are the row itself and those before it, not as many behind it as before it.">,
    Tenon_FlagKey<"bias", 1, "Whether each projection has an additive parameter.">],
    ["getStates", "verifyGrowing"], "a convolution goes through one stack's rows in their order"> {
  let summary = "A gated linear unit with a depthwise convolution in front";
  let description = [{
    `down(f(gate(c)) ⊙ up(c))` with c the `tenon.depthwise` convolution of the input (Wu et al., "Pay less attention with lightweight
    and dynamic convolutions", section 2, for the convolution; Dauphin et al., "Language modeling with gated convolutional
    networks", section 2, for the unit): row t of c is the sum over j of row j of the weight times row t - b + j of the input, b being
    `kernel` - 1 where `causal` is set and (`kernel` - 1)/2, rounded down, elsewhere. Rows outside of a sequence count as zeros.

    The hidden state is B×T×W, the weight of the convolution `kernel`×W, what stands between the projections B×T×`hidden`. A cached
    stack keeps the rows that it has read, so that it can go back to any; the last `kernel` - 1 are read again.

    Example:

    ```mlir
    tenon.model @convolved width 8 {
      tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
        tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
        tenon.convolution_layer "convolution" kernel 4 hidden 16 sigmoid {causal, bias}
      }
      tenon.head @decoder {tied}
    }
    ```
  }];
  let assemblyFormat = "$name `kernel` $kernel `hidden` $hidden $activation attr-dict";
  let hasVerifier = 1;
}

#endif // TENON_SUBLAYER_OPS
