//===- Passes.td - Tenon's passes --------------------------*- tablegen -*-===//

#ifndef TENON_PASSES
#define TENON_PASSES

include "mlir/Pass/PassBase.td"

def BindParameters : Pass<"tenon-bind-parameters", "::mlir::ModuleOp"> {
  let summary = "Say which parameter each operation of a model reads";
  let description = [{
    Every operation of a `tenon.model` that has parameters gets a dictionary `parameters`, from roles (`query.weight`) to symbols, and
    the model a `tenon.parameter` for each of these. Where an operation has no dictionary yet, names follow its place
    (`decoder.layers.*.attention.query.weight`), and then `share`, which disappears: from then on an operation reads what its
    dictionary says, wherever it is moved. Needs model IR. Running it again changes nothing.

    Errors: parameters of one name that differ in their shape or number of layers, with both places; one that is shared and that the
    model does not have.
  }];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def DropUnseenKeys : Pass<"tenon-drop-unseen-keys", "::mlir::ModuleOp"> {
  let summary = "Make no keys that no query sees";
  let description = [{
    An attention of several segments, sources and the own rows, whose mask is proven to hide all keys of one of them in every block of
    its stack, becomes one without: a joint attention that sees no source is self-attention, one that sees no own key and turns
    nothing is cross-attention, and one of several sources that is not seen is dropped. Masks and scores number the segments that are
    left. An attention that sees no key at all gives its output's bias; where it has none, and norms stand before it or give zeros of
    zeros, it adds nothing and goes, unless it is alone in its block. A source behind which positions begin stays
    with its last reader. Stacks that only such attentions read go too, and all parameters that nothing reads any more.

    Each is a remark. Needs bound parameters (`tenon-bind-parameters`). Running it again changes nothing. Errors: none; what is not
    proven stays.
  }];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def UnifyStacks : Pass<"tenon-unify-stacks", "::mlir::ModuleOp"> {
  let summary = "Make one decoder of a source and its reader that are one function";
  let description = [{
    A cached stack whose every attention is joint with one source, of which it reads the state of the same layer, computes what it
    would compute if the source's rows came before its own, where both have the same sublayers and parameters, its positions
    begin behind the source, attentions come first in their layers, so that their own keys too are made of what enters the layer, it sees and
    scores the source's keys as it would earlier ones of its own, and no sublayer has a state that goes through the rows in their order. Then the source goes, its name becomes the stack's `prefix`, and each attention keeps the mask
    of its own keys; where the source's rows saw each other by another one, that is its `prefix_mask` (a prefix-LM). What was joined is a
    remark, with the places of both. Parameters that nothing reads any more go too. Needs bound parameters (`tenon-bind-parameters`). Running it
    again changes nothing. Errors: none; what does not match stays.
  }];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def LowerModelToTensor : Pass<"tenon-lower-model-to-tensor", "::mlir::ModuleOp"> {
  let summary = "Expand each model into one function per entry point";
  let description = [{
    Replaces a `tenon.model` with functions of tensor IR: `encode` takes token ids B×T, lengths B (and token types B×T where
    the model has them), or features B×T×F, and returns the last hidden state B×T×W and, with a pooling, the embedding B×W. Layers become one
    `tenon.repeat` (two where blocks in turn leave some over); parameters become `tenon.weight` of what each operation is bound to.

    A cached stack becomes two functions instead: `prefill`, and `decode` for one new token of each sequence. They also take
    how many tokens of each are cached and the pages that hold them, and the caches, which they return updated. With a head they
    return `logits` B×V after each sequence's last token and `all_logits` B×T×V. Where it attends to another stack, `start` makes
    keys and values of that stack's last hidden state, which these two read beside their own (docs/levels.md). Where several stacks
    are cached, or are not, names are followed by that of the stack. Needs bound parameters (`tenon-bind-parameters`); afterwards no operation of model IR is left.
    Running it again changes nothing. Errors: an operation that is not bound.
  }];
  let dependentDialects = ["::tenon::TenonDialect", "::mlir::func::FuncDialect", "::mlir::affine::AffineDialect"];
}

def FuseProjections : Pass<"tenon-fuse-projections", "::mlir::ModuleOp"> {
  let summary = "Make one product of linears that read the same rows";
  let description = [{
    Linears of one input whose weights are parameters of the same layer (query, key and value; gate and up) become one
    linear over the concatenated parameters and a `tenon.split`. Parameters that functions have in common stand in one order in
    all of them, so that a matrix can be part of another. A missing bias among present ones keeps them apart.
    Needs weights that are not in panels yet. Running it again changes nothing. Errors: none; what does not match stays.
  }];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def PackRows : Pass<"tenon-pack-rows", "::mlir::func::FuncOp"> {
  let summary = "Lay batches out as packed rows";
  let description = [{
    A function that takes a padded batch (its first argument, B×T) and its lengths computes on packed rows R instead:
    arguments of shape B×T… are packed where they enter, results unpacked where they leave, and everything between loses one
    dimension. Sequences start at multiples of `tile`, or of 1 where T is 1; behind a `tenon.unfold` that leaves rows out, at
    starts of their own. An argument whose `tenon.dims` differ begins another batch, which has starts of its own, where its
    lengths stand right behind it and it is no table of pages; otherwise it is no batch of rows. Needs a second argument of B
    lengths; other functions are left alone. Running it again changes nothing.
    Errors: none.
  }];
  let options = [Option<"tile", "tile", "int64_t", "16", "Rows that a sequence is padded to a multiple of">];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def PackWeights : Pass<"tenon-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Choose panels for the weights of linears";
  let description = [{
    A parameter that linears read as their weight, and nothing else but embeddings as their table, gets panels of the columns that
    a kernel keeps in registers: the largest of 48, 32 and 16 that pads the fewest columns. Where other linears read some of a
    matrix's parameters alone, these begin with a panel if any of the three allows it, so that one copy serves both. All functions
    of the module count, since they read one copy of it. A weight that anything else reads stays as it is. Needs all functions that read the weights in
    one module. Running it again changes nothing. Errors: none.
  }];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def FuseKernels : Pass<"tenon-fuse-kernels", "::mlir::func::FuncOp"> {
  let summary = "Group operations into kernels";
  let description = [{
    Outlines every operation that implements `ComputeOpInterface` into a `tenon.kernel`, grown from the most demanding
    operation outwards:

    - a product takes in the rowwise operations before it that nothing else reads, and the elementwise ones after it
      (activation, residual sum, gate) whose other operands are ready;
    - attention and appending to a cache take in the splits, head norms and rotary embeddings before them;
    - pooling takes in the norm after it;
    - rowwise operations that remain are grouped along their single uses.

    A split of which several kernels read parts becomes part of each. A kernel's `row_tile` is that of the packed rows that it
    computes on, and 1 where nothing is known of them. With `fuse=false` every operation is a kernel of its own. Needs packed rows; afterwards compute operations stand in
    kernels only. Running it again changes nothing. Errors: none here; a kernel of padded rows is refused when it gets its schedule.
  }];
  let options = [Option<"fuse", "fuse", "bool", "true", "Whether operations share kernels">];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def InlineKernels : Pass<"tenon-inline-kernels", "::mlir::func::FuncOp"> {
  let summary = "Dissolve kernels into their operations";
  let description = [{
    The inverse of `tenon-fuse-kernels`: what a `tenon.kernel` holds stands in its place, and schedules are gone. Used to
    look at each operation alone (`tenon verify`), or to fuse anew. Needs nothing. Running it again changes nothing. Errors: none.
  }];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def AssignSchedules : Pass<"tenon-assign-schedules", "::mlir::ModuleOp"> {
  let summary = "Give every kernel a name and a schedule for each target";
  let description = [{
    Kernels with the same body get the same name, made from their operations and a number. A kernel gets the schedule of
    the analytic model for every target that it has none for; schedules that it has are checked against what the kernel's
    family can do. What the targets say of a CPU beside its instructions stands in the module's `tenon.targets`. Needs kernels over packed rows. Running it again changes nothing. Errors: a target or a figure of it that is not known, with those
    that are; a parameter that the kernel does not have, or a value that it cannot take, with those that it can; a kernel that no
    family computes, with the reason.
  }];
  let options = [ListOption<"targets", "targets", "std::string",
                            "Targets, best first, each with what is known of its CPU: x86-64-v4+l2=2M">];
  let dependentDialects = ["::tenon::TenonDialect"];
}

def LowerToHost : Pass<"tenon-lower-to-host", "::mlir::ModuleOp"> {
  let summary = "Bufferise functions into drivers that call kernels";
  let description = [{
    Tensors become memrefs: parameters views of the weights (the driver's first argument, bytes), arguments and results the
    driver's other arguments, everything else allocations. Kernels become calls of private functions that return an i32
    status, layers an `scf.for` whose carried value is updated in place where the kernel that makes it reads it no more.
    Layout operations become loops, states buffers that are updated where the caller has them. A kernel outside of loops runs only
    if the caller wants an output that depends on it. Host IR carries along what drivers no longer say: module `kernels` holds each kernel
    once, module `parameters` a function that returns the parameters in the order of the weights' file. Needs scheduled
    kernels. Running it again changes nothing.

    Errors: a function of several blocks, or over other tensors than f32 and i32; states that are not the last arguments and results, or
    are returned without having been updated in place; a tensor that is read after its update in place; results, or sizes of
    kernels' results, that no argument gives; kernels of one name that differ, or without one; an operation that has no form in
    host IR; weights of more bytes than 64 bits count; the names `kernels` and `parameters`, where they are taken.
  }];
  let dependentDialects = ["::tenon::TenonDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect", "::mlir::affine::AffineDialect"];
}

def PlanMemory : Pass<"tenon-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "Place a driver's buffers in one arena";
  let description = [{
    Buffers whose lifetimes do not overlap share a slot of the arena; a slot is as large as the largest of its buffers,
    which the driver computes from the batch. Allocations become views of one allocation of bytes, and the function's
    attribute `tenon.memory` lists the slots, each with its buffers: what each is `of`, its type, what its dynamic sizes are
    called (`tenon.sizes` says how they follow from the arguments' dimensions), the kernel `until` which it is needed, and during which
    `steps`, from the first to the one behind the last, of the calls of kernels that `tenon.memory_steps` lists in their order.
    Needs allocations outside of loops; running it again changes nothing. Errors: an allocation behind the first use of a
    buffer.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def LowerDrivers : Pass<"tenon-lower-drivers", "::mlir::ModuleOp"> {
  let summary = "Give drivers and kernel calls their binary form";
  let description = [{
    A driver becomes a function of a `tenon_call` pointer (runtime/include/tenon/library.h), which reads dimensions and
    buffers from it, reserves the arena through it and returns the first nonzero status of a kernel at once, or
    TENON_DRIVER_TOO_LARGE where a buffer would have more elements than kernels count in 32 bits. Kernel calls fill
    `halide_buffer_t` structures and call through the table of the chosen target; modules `kernels` and `parameters` go.
    Needs structured control flow already lowered to branches, planned memory and kernels of at most four dimensions.
    Running it again changes nothing. Errors: one for each of these needs, and a call of what is no kernel.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

#endif // TENON_PASSES
