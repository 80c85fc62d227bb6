// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file | diff %t.once -

// A cached stack becomes two functions of one form, whose caches go through the layers: each writes its new keys and values
// before its queries read them. Logits after the last token are of its own row; the head reads the token table where tied.
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: %[[TOKENS:.*]]: tensor<?x?xi32> {tenon.dims = ["batch", "length"], tenon.name = "tokens", tenon.role = "tokens"}, %[[LENGTHS:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "lengths", tenon.role = "lengths"}
// CHECK-SAME: %[[PAST:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "past", tenon.role = "past"}, %[[PAGES:[a-z0-9]+]]: tensor<?x?xi32> {tenon.dims = ["batch", "slots"], tenon.name = "pages", tenon.pool = "pages", tenon.role = "pages"}
// CHECK-SAME: %[[CACHE:[a-z0-9]+]]: tensor<6x?x128xf32> {tenon.dims = ["pages"], tenon.name = "cache.attention", tenon.state})
// CHECK-SAME: -> (tensor<?x100xf32> {tenon.name = "logits", tenon.role = "logits"}, tensor<?x?x100xf32> {tenon.name = "all_logits", tenon.role = "all_logits"}, tensor<?x?x8xf32> {tenon.name = "hidden", tenon.role = "hidden"}, tensor<6x?x128xf32> {tenon.name = "cache.attention", tenon.state})
// CHECK: %[[POSITIONS:.*]] = tenon.position_ids %[[TOKENS]] past(%[[PAST]]) : (tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?xi32>
// CHECK: %[[LAST:.*]]:2 = tenon.repeat 6 inits(%{{.*}}, %[[CACHE]])
// CHECK: ^bb0(%[[LAYER:.*]]: index, %{{.*}}: tensor<?x?x8xf32>, %[[STATE:.*]]: tensor<6x?x128xf32>):
// CHECK: tenon.weight ["d.layers.*.attention.value.weight"][%[[LAYER]]] of 6
// CHECK-NEXT: %[[V:.*]] = tenon.linear
// CHECK: %[[Q:.*]] = tenon.rotary %{{.*}}, %[[POSITIONS]]
// CHECK: %[[K:.*]] = tenon.rotary %{{.*}}, %[[POSITIONS]]
// CHECK: %[[SLICE:.*]] = tenon.cache_layer %[[STATE]][%[[LAYER]]]
// CHECK: %[[NEW:.*]] = tenon.cache_append %[[K]], %[[V]] to %[[SLICE]] lengths(%[[LENGTHS]]) past(%[[PAST]]) pages(%[[PAGES]])
// CHECK: %[[NEXT:.*]] = tenon.cache_update %[[NEW]] into %[[STATE]][%[[LAYER]]]
// CHECK: tenon.attention %[[Q]] cache(%[[NEW]]) lengths(%[[LENGTHS]]) past(%[[PAST]]) to pages(%[[PAGES]]) {{.*}}mask = "k <= q"
// CHECK: tenon.yield %{{.*}}, %[[NEXT]]
// CHECK: %[[ROW:.*]] = tenon.pool last %[[LAST]]#0 lengths(%[[LENGTHS]])
// CHECK: %[[NORMED:.*]] = tenon.norm rmsnorm %[[ROW]]
// CHECK: %[[TABLE:.*]] = tenon.weight ["d.input.tokens.weight"]
// CHECK: %[[LOGITS:.*]] = tenon.linear %[[NORMED]], %[[TABLE]]
// CHECK: %[[HIDDEN:.*]] = tenon.norm rmsnorm %[[LAST]]#0
// CHECK: %[[ALL:.*]] = tenon.linear %[[HIDDEN]]
// CHECK: return %[[LOGITS]], %[[ALL]], %[[HIDDEN]], %[[LAST]]#1
// CHECK-LABEL: func.func @decode(
// CHECK-SAME: tensor<?x1xi32> {tenon.dims = ["batch"], tenon.name = "tokens", tenon.role = "tokens"}
// CHECK-SAME: -> (tensor<?x100xf32> {tenon.name = "logits", tenon.role = "logits"}, tensor<?x1x100xf32> {tenon.name = "all_logits", tenon.role = "all_logits"}, tensor<?x1x8xf32> {tenon.name = "hidden", tenon.role = "hidden"}
// CHECK: tenon.attention {{.*}} to pages({{.*}} -> tensor<?x1x8xf32>
tenon.model @llama width 8 {
  tenon.stack @d layers 6 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu {gated}
  }
  tenon.head @d {tied}
}

// -----

// The same stack without a cache is an encoder, with a head of its own here: no product of the head is scaled or capped.
// CHECK-LABEL: func.func @encode(
// CHECK-NOT: tenon.state
// CHECK: tenon.attention {{.*}}mask = "k <= q"{{.*}}score = "s * 2.0"
// CHECK: %[[W:.*]] = tenon.weight ["head.weight"] : tensor<100x8xf32>
// CHECK: %[[B:.*]] = tenon.weight ["head.bias"] : tensor<100xf32>
// CHECK: %[[L:.*]] = tenon.linear %{{.*}}, %[[W]], %[[B]]
// CHECK-NOT: tenon.s{{cale|oftcap}}
// CHECK: return %[[L]],
// CHECK-NOT: func.func
tenon.model @uncached width 8 {
  tenon.stack @d layers 6 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q", score = "s * 2.0"}
  }
  tenon.head @d {bias}
}

// -----

// Logits are scaled, then capped.
// CHECK-LABEL: func.func @encode(
// CHECK: %[[L:.*]] = tenon.linear {{.*}} -> tensor<?x100xf32>
// CHECK-NEXT: %[[S:.*]] = tenon.scale %[[L]], 2.500000e-01
// CHECK-NEXT: %[[C:.*]] = tenon.softcap %[[S]], 3.000000e+01
// CHECK: return %[[C]],
tenon.model @capped width 8 {
  tenon.stack @d layers 6 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = false> {
    tenon.token_input vocab 100 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @d {tied, scale = 0.25 : f64, softcap = 30.0 : f64}
}
