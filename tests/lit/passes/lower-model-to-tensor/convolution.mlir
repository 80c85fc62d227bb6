// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor | FileCheck %s

// A stack that goes on keeps the rows that it convolves, and reads those before its new ones where they lie.
tenon.model @convolved width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.convolution_layer "convolution" kernel 4 hidden 16 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.convolution_layer "convolution" kernel 4 hidden 16 sigmoid {causal, bias}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@encoder>]}
  }
  tenon.head @decoder {tied}
}

// CHECK-LABEL: func.func @encode
// CHECK:       [[X:%.*]] = tenon.norm
// CHECK:       [[W:%.*]] = tenon.weight ["encoder.layers.*.convolution.depthwise.weight"]
// CHECK:       [[C:%.*]] = tenon.depthwise [[X]], [[W]] lengths(%{{.*}}) {before = 1 : i64}
// CHECK:       [[G:%.*]] = tenon.linear [[C]],
// CHECK:       [[A:%.*]] = tenon.activation silu [[G]]
// CHECK:       [[U:%.*]] = tenon.linear [[C]],
// CHECK:       [[P:%.*]] = tenon.multiply [[A]], [[U]]
// CHECK:       tenon.linear [[P]],

// CHECK-LABEL: func.func @decode
// CHECK:       [[X:%.*]] = tenon.norm
// CHECK:       [[S:%.*]] = tenon.cache_layer
// CHECK:       [[C:%.*]] = tenon.depthwise [[X]], %{{.*}} from [[S]] lengths(%{{.*}}) past(%{{.*}}) pages(%{{.*}}) {before = 3 : i64}
// CHECK:       [[N:%.*]] = tenon.append_rows [[X]] to [[S]]
// CHECK:       tenon.cache_update [[N]]
