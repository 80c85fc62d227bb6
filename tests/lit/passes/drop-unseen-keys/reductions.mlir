// RUN: tenon-opt %s --tenon-bind-parameters --tenon-drop-unseen-keys 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: tenon-opt %s --tenon-bind-parameters --tenon-drop-unseen-keys --tenon-drop-unseen-keys 2>&1 | FileCheck %s

// A joint softmax whose mask hides the source is self-attention; the source, which nobody reads then, goes with its parameters.
// CHECK-LABEL: tenon.model @hidden_source
// CHECK-NOT: encoder
// CHECK: tenon.stack @decoder
// CHECK: tenon.attention_layer "attention"
// CHECK-SAME: {mask = "k <= q"
// CHECK-NOT: joint
// CHECK-NOT: sources
// CHECK: tenon.mlp_layer
// REMARK: remark: attention 'attention' of stack 'decoder' sees no key of 'encoder': none is made for it
// REMARK: remark: nothing reads stack 'encoder' any more: it is left out, and is no source that a session takes
tenon.model @hidden_source width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment == 1 && k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// One that hides the own keys is cross-attention, whose parameters name no stack.
// CHECK-LABEL: tenon.model @hidden_own
// CHECK-NOT: decoder.layers.*.attention.key
// CHECK: tenon.stack @encoder
// CHECK: tenon.attention_layer "attention"
// CHECK-SAME: mask = "k % 2 == 0"
// CHECK-SAME: encoder.norm.weight = @"decoder.layers.*.attention.encoder.norm.weight", key.bias = @"decoder.layers.*.attention.encoder.key.bias", key.weight = @"decoder.layers.*.attention.encoder.key.weight"
// CHECK-SAME: value.weight = @"decoder.layers.*.attention.encoder.value.weight"
// CHECK-SAME: sources = [#tenon.source<@encoder, layers = [0, 1]>]
// REMARK: remark: attention 'attention' of stack 'decoder' sees no key of 'decoder': none is made for it
tenon.model @hidden_own width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {bias, mask = "segment < 1 && k % 2 == 0", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// Of several sources the one that is not seen is dropped. Those behind it have other numbers then, in masks and in scores.
// CHECK-LABEL: tenon.model @one_of_three
// CHECK-NOT: tenon.stack @second
// CHECK: tenon.attention_layer "cross"
// CHECK-SAME: mask = "segment == 0 && k < 9 || segment == 1 && k % 3 == 0"
// CHECK-SAME: encoder.key.weight
// CHECK-NOT: second
// CHECK-SAME: third.key.weight
// CHECK-SAME: score = "select(segment == 0, s + 0.0, s + 2.0)"
// CHECK-SAME: sources = [#tenon.source<@encoder>, #tenon.source<@third>]
// REMARK: remark: attention 'cross' of stack 'decoder' sees no key of 'second': none is made for it
// REMARK: remark: nothing reads stack 'second' any more
tenon.model @one_of_three width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @second layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @third layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment < 1 && k < 9 || segment > 1 && k % 3 == 0", score = "s + float(segment)", sources = [#tenon.source<@encoder>, #tenon.source<@second>, #tenon.source<@third>]}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// Two go at once, and what is left needs no numbers. A stack that the dropped one read goes with it.
// CHECK-LABEL: tenon.model @one_is_left
// CHECK-NOT: tenon.stack @below
// CHECK-NOT: tenon.stack @second
// CHECK: tenon.stack @third
// CHECK: tenon.attention_layer "cross"
// CHECK-SAME: {parameters = {key.weight = @"decoder.layers.*.cross.third.key.weight"
// CHECK-SAME: sources = [#tenon.source<@third>]
// REMARK: remark: attention 'cross' of stack 'decoder' sees no key of 'second', 'below': none is made for it
tenon.model @one_is_left width 8 {
  tenon.stack @below layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @second layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@below>]}
  }
  tenon.stack @third layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment > 1", sources = [#tenon.source<@second>, #tenon.source<@below>, #tenon.source<@third>]}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// A mask that no position fulfils hides too. What sees no key at all adds nothing, where it has no output bias.
// CHECK-LABEL: tenon.model @adds_nothing
// CHECK-NOT: encoder
// CHECK: tenon.attention_layer "attention"
// CHECK-NOT: cross
// CHECK: tenon.mlp_layer
// REMARK: remark: attention 'cross' of stack 'decoder' sees no key and adds nothing: it is left out
tenon.model @adds_nothing width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0", sources = [#tenon.source<@encoder>]}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// A norm behind it without a bias makes zeros of zeros.
// CHECK-LABEL: tenon.model @normed_zeros
// CHECK-NOT: encoder
// CHECK-NOT: cross
// CHECK: tenon.head
tenon.model @normed_zeros width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = layernorm, place = both, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0", sources = [#tenon.source<@encoder>]}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// In a whole stack, beside others, and in blocks in turn, each of which hides it.
// CHECK-LABEL: tenon.model @blocks
// CHECK-NOT: tenon.stack @encoder
// CHECK-COUNT-2: tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 5.000000e-01 {mask = 
// CHECK-NOT: tenon.attention_layer
// CHECK: tenon.pooling
tenon.model @blocks width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 4 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.block {
      tenon.parallel "parallel" attributes {shared_norm} {
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment == 1 && k <= q", sources = [#tenon.source<@encoder>], joint}
        tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "false", sources = [#tenon.source<@encoder>]}
      }
    }
    tenon.block {
      tenon.parallel "parallel" attributes {shared_norm} {
        tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment > 0 && k < 5", sources = [#tenon.source<@encoder>], joint}
        tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "q < 0", sources = [#tenon.source<@encoder>]}
      }
    }
  }
  tenon.pooling @decoder mean
}

// A source that has the name of a role.
// CHECK-LABEL: tenon.model @named_key
// CHECK: tenon.attention_layer "attention"
// CHECK-SAME: parameters = {key.weight = @"decoder.layers.*.attention.key.weight"
// CHECK-NOT: sources
// CHECK: tenon.mlp_layer
tenon.model @named_key width 8 {
  tenon.stack @key layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment == 1 && k <= q", sources = [#tenon.source<@key>], joint}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}
