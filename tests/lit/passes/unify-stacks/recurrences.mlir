// RUN: tenon-opt %s --tenon-bind-parameters --tenon-unify-stacks | FileCheck %s

// A recurrence begins anew with each stack's rows: in one stack it would go on from the source's.
// CHECK-LABEL: tenon.model @recurrences
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @recurrences width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.ssru_layer "ssru" relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.ssru_layer "ssru" relu
  }
  tenon.head @decoder {tied}
}
