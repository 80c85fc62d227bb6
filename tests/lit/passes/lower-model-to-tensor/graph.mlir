// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file | FileCheck %s

// Keys and values of states that enter the source's layers are made while it runs: one loop over both. The state of a joint attention
// holds the rows of both stacks, and has a page table for each.
// CHECK-LABEL: func.func @start(
// CHECK-SAME: %[[TOKENS:[a-z0-9]+]]: tensor<?x?xi32> {tenon.dims = ["batch", "e.length"], tenon.name = "e.tokens", tenon.role = "tokens", tenon.stack = "e"}
// CHECK-SAME: %[[N:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "e.lengths", tenon.role = "lengths", tenon.stack = "e"}
// CHECK-SAME: %[[PAGES:[a-z0-9]+]]: tensor<?x?xi32> {tenon.dims = ["batch", "source_slots"], tenon.name = "source_pages", tenon.pool = "pages.e+d", tenon.role = "pages", tenon.stack = "e"}
// CHECK-SAME: %[[CACHE:[a-z0-9]+]]: tensor<3x?x256xf32> {tenon.dims = ["pages.e+d"], tenon.name = "cache.merged", tenon.state})
// CHECK: %[[P:.*]] = tenon.position_ids %[[TOKENS]]
// CHECK: %[[ZEROS:.*]] = tenon.zero_lengths %[[N]]
// CHECK: tenon.repeat 3 inits(%{{.*}}, %[[CACHE]])
// CHECK: ^bb0(%[[LAYER:.*]]: index, %[[H:.*]]: tensor<?x?x8xf32>, %[[STATE:.*]]: tensor<3x?x256xf32>):
// CHECK: tenon.weight ["d.layers.*.merged.e.norm.weight"][%[[LAYER]]] of 3
// CHECK: %[[X:.*]] = tenon.norm rmsnorm %[[H]]
// CHECK: tenon.weight ["d.layers.*.merged.e.key.weight"][%[[LAYER]]] of 3
// CHECK: %[[K:.*]] = tenon.linear %[[X]]
// CHECK: %[[V:.*]] = tenon.linear %[[X]]
// CHECK: %[[T:.*]] = tenon.rotary %[[K]], %[[P]]
// CHECK: tenon.cache_append %[[T]], %[[V]] to %{{.*}} lengths(%[[N]]) past(%[[ZEROS]]) pages(%[[PAGES]])
// CHECK: tenon.weight ["e.layers.*.attention.norm.weight"][%[[LAYER]]] of 3
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: %[[N:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "lengths"
// CHECK-SAME: %[[PAST:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "past"
// CHECK-SAME: %[[OWN:[a-z0-9]+]]: tensor<?x?xi32> {tenon.dims = ["batch", "slots"], tenon.name = "pages", tenon.pool = "pages.e+d", tenon.role = "pages", tenon.stack = "d"}
// CHECK-SAME: %[[SN:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "source_lengths", tenon.role = "source_lengths", tenon.stack = "e"}
// CHECK-SAME: %[[SP:[a-z0-9]+]]: tensor<?x?xi32> {tenon.dims = ["batch", "source_slots"], tenon.name = "source_pages", tenon.pool = "pages.e+d"
// CHECK-SAME: tenon.behind = "e"
// CHECK: %[[FIRST:.*]] = tenon.add_lengths %[[PAST]], %[[SN]]
// CHECK: tenon.position_ids %{{.*}} past(%[[FIRST]])
// CHECK: tenon.cache_append {{.*}} pages(%[[OWN]])
// CHECK: tenon.attention {{.*}} lengths(%[[N]]) past(%[[PAST]]) offset(%[[SN]]) to pages(%[[SP]]) lengths(%[[SN]]), pages(%[[OWN]]) offset(%[[SN]]) {{.*}}mask = "segment < 1 || k <= q"
tenon.model @merged width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
  }
  tenon.stack @d layers 3 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = rotary, length = 128, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @e>
    tenon.attention_layer "merged" heads 2 key_value_heads 2 head_size 4 scale 0.5
      {sources = [#tenon.source<@e, layers = [0, 1, 2]>], joint, mask = "segment < 1 || k <= q"}
  }
  tenon.head @d {tied}
}

// -----

// Where layers are read in another order than they are numbered, each is a loop of its own; a layer that nobody reads stands in one
// with those around it. A state that a loop does not change stays outside.
// CHECK-LABEL: func.func @start(
// CHECK-SAME: %[[CACHE:[a-z0-9]+]]: tensor<2x?x256xf32>
// CHECK: %[[A:.*]]:2 = tenon.repeat 1 inits(%{{.*}}, %[[CACHE]])
// CHECK: %[[B:.*]] = tenon.repeat 2 inits(%[[A]]#0) :
// CHECK: %[[C:.*]]:2 = tenon.repeat 1 inits(%[[B]], %[[A]]#1)
// CHECK: return %[[C]]#1
tenon.model @mapped width 8 {
  tenon.stack @e layers 4 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e, layers = [3, 0]>]}
  }
}

// -----

// Several sources are segments of one softmax, each with pages of its own in the attention's state. What is read is their last state.
// CHECK-LABEL: func.func @start(
// CHECK-SAME: tenon.name = "source.a", tenon.role = "rows", tenon.stack = "a"}
// CHECK-SAME: tenon.name = "source_lengths.a"
// CHECK-SAME: tenon.name = "source_pages.a", tenon.pool = "pages.a+b", tenon.role = "pages", tenon.stack = "a"}
// CHECK-SAME: tenon.name = "source.b", tenon.role = "rows", tenon.stack = "b"}
// CHECK-SAME: tenon.dims = ["batch", "source_slots.b"], tenon.name = "source_pages.b", tenon.pool = "pages.a+b"
// CHECK-SAME: {tenon.dims = ["pages.a+b"], tenon.name = "source.cross", tenon.state}
// CHECK: tenon.repeat 2
// CHECK: tenon.weight ["d.layers.*.cross.a.key.weight"]
// CHECK: tenon.weight ["d.layers.*.cross.b.key.weight"]
// CHECK-NOT: tenon.repeat
// CHECK-LABEL: func.func @prefill(
// CHECK: tenon.attention {{.*}} to pages(%[[A:.*]]) lengths(%{{.*}}), pages(%[[B:.*]]) lengths(%{{[a-z0-9]*}}) {
tenon.model @several width 8 {
  tenon.stack @a layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 4 relu
  }
  tenon.stack @b layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@a>, #tenon.source<@b>]}
  }
  tenon.head @d {tied}
}

// -----

// A growing stack of two: what is there goes through its layers in `start`, what grows through its own stack's layers first. The
// encoder's rows are a segment of their own, and positions of what grows begin behind them.
// CHECK-LABEL: func.func @start(
// CHECK-SAME: %[[ROWS:[a-z0-9]+]]: tensor<?x?x8xf32> {{.*}}tenon.role = "rows", tenon.stack = "e"}
// CHECK-SAME: tenon.name = "both.cache.attention", tenon.state})
// CHECK: tenon.repeat 2 inits(%[[ROWS]],
// CHECK: tenon.cache_append
// CHECK: tenon.attention {{.*}} to rows(
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: %[[N:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "lengths", tenon.role = "lengths", tenon.stack = "d"}
// CHECK-SAME: {tenon.dims = ["batch", "slots"], tenon.name = "pages", tenon.pool = "pages", tenon.role = "pages", tenon.stack = "d"}
// CHECK-SAME: {tenon.dims = ["batch", "slots"], tenon.name = "pages@pages.e+d", tenon.pool = "pages.e+d", tenon.role = "pages", tenon.stack = "d"}
// CHECK-SAME: {tenon.dims = ["pages"], tenon.name = "d.cache.attention", tenon.state}
// CHECK-SAME: {tenon.dims = ["pages.e+d"], tenon.name = "both.cache.attention", tenon.state})
// CHECK: tenon.weight ["d.layers.*.attention.query.weight"]
// CHECK: tenon.weight ["both.layers.*.attention.query.weight"]
// CHECK: tenon.attention {{.*}} offset(%[[SN:.*]]) to pages(%{{.*}}) lengths(%[[SN]]), pages(%{{.*}}) offset(%[[SN]])
// CHECK: tenon.weight ["d.input.tokens.weight"]
tenon.model @continued width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  tenon.stack @both layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.concat_input [@e, @d] positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  tenon.head @both {tied}
}

// -----

// Stacks that are read as a whole take all in memory: the inputs of those that they read beside their own.
// CHECK-LABEL: func.func @encode_r(
// CHECK-SAME: tenon.name = "tokens", tenon.role = "tokens", tenon.stack = "r"}
// CHECK-SAME: tenon.name = "e.tokens", tenon.role = "tokens", tenon.stack = "e"}
// CHECK-SAME: %[[EN:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "e.lengths"
// CHECK-NOT: tenon.state
// CHECK: %[[E:.*]] = tenon.repeat 1
// CHECK: tenon.repeat 2
// CHECK: %[[EK:.*]] = tenon.linear %[[E]]
// CHECK: %[[EV:.*]] = tenon.linear %[[E]]
// CHECK: tenon.attention {{.*}} to rows(%[[EK]], %[[EV]]) lengths(%[[EN]]), rows(
tenon.model @whole width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 4 relu
  }
  tenon.stack @r layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 50 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>], joint}
  }
}
