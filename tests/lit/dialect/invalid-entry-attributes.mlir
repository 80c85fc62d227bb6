// RUN: tenon-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{tenon.name is 5 : i64, expected a string}}
func.func private @tensor_name_is_a_string(tensor<?x8xf32> {tenon.name = 5 : i64})

// -----

// expected-error @below {{tenon.dims is [5], expected strings}}
func.func private @dimension_names_are_strings(tensor<?x8xf32> {tenon.dims = [5]})

// -----

// expected-error @below {{tenon.dims names 1 dimensions of 'tensor<?x?xi32>', which has 2 dynamic ones}}
func.func private @every_dynamic_dimension_has_a_name(tensor<?x?xi32> {tenon.dims = ["n"]})

// -----

// expected-error @below {{tenon.dims names 2 dimensions of 'tensor<?x8xf32>', which has 1 dynamic ones}}
func.func private @names_of_results() -> (tensor<?x8xf32> {tenon.dims = ["n", "m"]})

// -----

// expected-error @below {{is no driver: tenon.entry belongs on functions of the weights and buffers, without results}}
func.func private @driver_has_no_results(memref<?xi8>) -> i32 attributes {tenon.entry, tenon.inputs = 0 : i64}

// -----

// expected-error @below {{is no driver: tenon.entry belongs on functions of the weights and buffers, without results}}
module @driver_is_a_function attributes {tenon.entry} {}

// -----

// expected-error @below {{takes 'memref<?xf32>' first, expected the weights, 'memref<?xi8>'}}
func.func private @driver_takes_the_weights_first(memref<?xf32>) attributes {tenon.entry, tenon.inputs = 0 : i64}

// -----

// expected-error @below {{needs tenon.inputs, how many of its 0 buffers are inputs}}
func.func private @driver_knows_its_inputs(memref<?xi8>) attributes {tenon.entry}

// -----

// expected-error @below {{needs tenon.inputs, how many of its 1 buffers are inputs}}
func.func private @inputs_are_arguments(memref<?xi8>, memref<4xf32> {tenon.dims = []}) attributes {tenon.entry, tenon.inputs = 2 : i64}

// -----

// expected-error @below {{takes 'memref<4xf64>', expected memrefs of f32 or i32}}
func.func private @buffers_are_f32_or_i32(memref<?xi8>, memref<4xf64>) attributes {tenon.entry, tenon.inputs = 1 : i64}

// -----

// expected-error @below {{takes 'index', expected memrefs of f32 or i32}}
func.func private @buffers_are_memrefs(memref<?xi8>, index) attributes {tenon.entry, tenon.inputs = 1 : i64}

// -----

// expected-error @below {{argument 1 has no tenon.dims to name its dimensions}}
func.func private @buffers_name_their_dimensions(memref<?xi8>, memref<?xf32>) attributes {tenon.entry, tenon.inputs = 1 : i64}

// -----

// expected-error @below {{tenon.source is 3 : i64, expected the path of a model}}
module @source_is_a_path attributes {tenon.source = 3 : i64} {}

// -----

// expected-error @below {{tenon.width is -1 : i64, expected a number that is not negative}}
func.func private @width_is_not_negative() attributes {tenon.width = -1 : i64}

// -----

// expected-error @below {{tenon.results is "two", expected a number that is not negative}}
func.func private @results_are_a_number() attributes {tenon.results = "two"}

// -----

// expected-error @below {{tenon.limits is {vocab = "many"}, expected numbers that are not negative}}
func.func private @limits_are_numbers() attributes {tenon.limits = {vocab = "many"}}

// -----

// expected-error @below {{tenon.state is "cache", expected no value}}
func.func private @state_is_a_mark(tensor<?x8xf32> {tenon.state = "cache"})

// -----

// expected-error @below {{tenon.state is true, expected no value}}
func.func private @state_of_a_result_is_a_mark() -> (tensor<?x8xf32> {tenon.state = true})

// -----

// expected-error @below {{tenon.window is -1 : i64, expected a number of positions}}
func.func private @window_is_a_number_of_positions(tensor<2x?x8xf32> {tenon.state, tenon.window = -1 : i64})

// -----

// expected-error @below {{tenon.role is "cache", expected one of tokens, lengths, types, features, prompt_lengths, past, pages, rows, source_lengths, logits, all_logits, hidden, embedding}}
func.func private @role_is_one_that_callers_know(tensor<?x8xf32> {tenon.role = "cache"})

// -----

// expected-error @below {{tenon.role is 1 : i64, expected one of tokens}}
func.func private @role_of_a_result_is_a_string() -> (tensor<?x8xf32> {tenon.role = 1 : i64})

// -----

// expected-error @below {{tenon.stack is @encoder, expected a string}}
func.func private @stack_is_a_string(tensor<?x8xf32> {tenon.stack = @encoder})

// -----

// expected-error @below {{tenon.pool is 3 : i64, expected a string}}
func.func private @pool_is_a_string(tensor<?x?xi32> {tenon.pool = 3 : i64})

// -----

// expected-error @below {{tenon.behind is @encoder, expected the name of a stack}}
func.func private @positions_begin_behind_a_stack() attributes {tenon.behind = @encoder}

// -----

// expected-error @below {{tenon.prefix is 1 : i64, expected the name of a stack}}
func.func private @rows_in_front_are_of_a_stack() attributes {tenon.prefix = 1 : i64}

// -----

// expected-error @below {{tenon.memory is [1], expected lists of buffers}}
func.func private @memory_is_buffers_of_slots() attributes {tenon.memory = [1 : i64]}

// -----

// expected-error @below {{tenon.sizes is {batch = 2 : i64}, expected how each follows from others}}
func.func private @sizes_follow_from_others() attributes {tenon.sizes = {batch = 2 : i64}}

// -----

// expected-error @below {{expected lists of buffers}}
func.func private @memory_is_needed_during_steps() attributes {tenon.memory = [[{steps = array<i64: 2, 1>, type = memref<8xf32>}]]}

// -----

// expected-error @below {{tenon.targets is "x86-64-v4+l2=2M", expected targets of a module}}
module attributes {tenon.targets = "x86-64-v4+l2=2M"} {}

// -----

// expected-error @below {{tenon.targets is ["x86-64-v4+l2=2M"], expected targets of a module}}
func.func private @targets_are_the_modules() attributes {tenon.targets = ["x86-64-v4+l2=2M"]}

// -----

// expected-error @below {{tenon.memory_steps is [1], expected names of kernels}}
func.func private @memory_steps_are_kernels() attributes {tenon.memory_steps = [1 : i64]}
