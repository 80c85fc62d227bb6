// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file | diff %t.once -

// The source's keys and values are made once, by an entry point of their own, and only read afterwards. Shared parameters have
// one name.
// CHECK-LABEL: func.func @encode(
// CHECK-SAME: -> (tensor<?x?x12xf32> {tenon.name = "hidden", tenon.role = "hidden", tenon.stack = "encoder"})
// CHECK: tenon.weight ["encoder.input.tokens.weight"] : tensor<50x12xf32>
// CHECK: tenon.position_table sinusoidal_even
// A bias by distance is a table over all distances, picked from the buckets of a parameter.
// CHECK: %[[BIAS:.*]] = tenon.weight ["encoder.layers.*.attention.relative.weight"][%{{.*}}] of 2 {part_rows = array<i64: 4>, rows = array<i64: 1, 1, 1, 1, 0, 3, 3, 3, 3>} : tensor<9x3xf32>
// CHECK: tenon.attention {{.*}} tables(%[[BIAS]]) {{.*}}score = "s + table0(min(max(k - q, -4), 4) + 4, h)"
// CHECK-LABEL: func.func @start(
// CHECK-SAME: %[[SOURCE:[a-z0-9]+]]: tensor<?x?x12xf32> {tenon.dims = ["batch", "source_length"], tenon.name = "source", tenon.role = "rows", tenon.stack = "encoder"}
// CHECK-SAME: %[[KEYS:[a-z0-9]+]]: tensor<3x?x256xf32> {tenon.dims = ["source_pool"], tenon.name = "source.cross", tenon.state})
// CHECK-SAME: -> (tensor<3x?x256xf32> {tenon.name = "source.cross", tenon.state})
// CHECK-NOT: limits
// CHECK: %[[PAST:.*]] = tenon.zero_lengths
// CHECK: tenon.repeat 3 inits(%[[KEYS]])
// CHECK: tenon.linear %[[SOURCE]], %{{.*}} -> tensor<?x?x8xf32>
// CHECK: tenon.cache_append {{.*}} past(%[[PAST]])
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: %[[PAGES:[a-z0-9]+]]: tensor<?x?xi32> {tenon.dims = ["batch", "slots"], tenon.name = "pages", tenon.pool = "pages", tenon.role = "pages", tenon.stack = "decoder"}, %[[SN:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "source_lengths", tenon.role = "source_lengths", tenon.stack = "encoder"}, %[[SP:[a-z0-9]+]]: tensor<?x?xi32> {tenon.dims = ["batch", "source_slots"], tenon.name = "source_pages", tenon.pool = "source_pool", tenon.role = "pages", tenon.stack = "encoder"}
// CHECK-SAME: %[[STATE:[a-z0-9]+]]: tensor<3x?x192xf32> {tenon.dims = ["pages"], tenon.name = "cache.ssru", tenon.state}, %[[SC:[a-z0-9]+]]: tensor<3x?x256xf32> {tenon.dims = ["source_pool"], tenon.name = "source.cross", tenon.state})
// CHECK: %[[TABLE:.*]] = tenon.weight ["encoder.input.tokens.weight"] : tensor<50x12xf32>
// CHECK: %[[P:.*]] = tenon.position_ids
// CHECK: tenon.embed %{{.*}}, %[[TABLE]] positions(%[[P]])
// CHECK: tenon.repeat 3 inits(%{{.*}}, %[[STATE]])
// CHECK: %[[FORGET:.*]] = tenon.activation sigmoid
// CHECK: %[[SLICE:.*]] = tenon.cache_layer
// CHECK: %[[C:.*]] = tenon.scan %[[FORGET]], %{{.*}} from %[[SLICE]] {{.*}} pages(%[[PAGES]])
// CHECK: tenon.append_rows %[[C]] to %[[SLICE]]
// CHECK: tenon.activation relu %[[C]]
// CHECK: %[[K:.*]] = tenon.cache_layer %[[SC]]
// CHECK: tenon.attention %{{.*}} cache(%[[K]]) {{.*}} to pages(%[[SP]]) lengths(%[[SN]])
// CHECK: return %{{.*}}, %[[SC]] :
// CHECK-LABEL: func.func @decode(
// CHECK: tenon.attention {{.*}} to pages({{.*}}) lengths(
tenon.model @translator width 12 attributes {share = {decoder.input = "encoder.input"}} {
  tenon.stack @encoder layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 50 positions <kind = sinusoidal, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false, even_spacing = true>
    tenon.attention_layer "attention" heads 3 key_value_heads 3 head_size 4 scale 0.5 {relative = #tenon.relative_bias<buckets = 4, distance = 4, bidirectional = true>}
  }
  tenon.stack @decoder layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false> {zero_first}
    tenon.ssru_layer "ssru" relu {bias}
    tenon.attention_layer "cross" heads 4 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@encoder>]}
  }
  tenon.head @decoder {tied}
}

// -----

// Convolutions are products of rows with their neighbours; what follows a stride counts the rows that it leaves.
// CHECK-LABEL: func.func @encode(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x4xf32> {tenon.dims = ["batch", "length"], tenon.name = "features", tenon.role = "features"}, %[[N:[a-z0-9]+]]: tensor<?xi32>
// CHECK-SAME: attributes {tenon.limits = {fewest_rows = 1 : i64, positions = 64 : i64, types = 0 : i64, vocab = 0 : i64}
// CHECK: %[[U:.*]] = tenon.unfold %[[X]] lengths(%[[N]]) {window = 3 : i64}
// CHECK: %[[L:.*]] = tenon.linear %[[U]]
// CHECK: %[[A:.*]] = tenon.activation gelu %[[L]]
// CHECK: %[[M:.*]] = tenon.strided_lengths %[[N]] stride 2
// CHECK: %[[V:.*]] = tenon.unfold %[[A]] lengths(%[[N]]) {stride = 2 : i64, window = 3 : i64}
// CHECK: %[[W:.*]] = tenon.linear %[[V]]
// CHECK-NOT: tenon.activation
// CHECK: tenon.position_ids %[[W]]
// CHECK: tenon.attention {{.*}} lengths(%[[M]])
tenon.model @listener width 8 {
  tenon.stack @encoder layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.feature_input features 4 positions <kind = learned, length = 32, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
      {convolutions = [#tenon.convolution<channels = 6, kernel = 3, stride = 1, function = gelu, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 2, bias = true>]}
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
  }
}

// -----

// A stack may have a width of its own, and take keys from one of another width.
// CHECK-LABEL: func.func @start(
// CHECK-SAME: tensor<?x?x8xf32> {tenon.dims = ["batch", "source_length"]
// CHECK: tenon.weight ["d.layers.*.cross.key.weight"][%{{.*}}] of 2 : tensor<6x8xf32>
// CHECK-LABEL: func.func @prefill(
// CHECK: tenon.weight ["d.layers.*.cross.query.weight"][%{{.*}}] of 2 : tensor<6x4xf32>
// CHECK: tenon.weight ["d.layers.*.cross.output.weight"][%{{.*}}] of 2 : tensor<4x6xf32>
tenon.model @wide_and_narrow width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached, width = 4} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 3 scale 0.5 {sources = [#tenon.source<@e>]}
  }
}
