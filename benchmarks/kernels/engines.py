"""The peers. Each makes runs of a case: for each way that it has, a function and how often that calls the operator, with the next
copies of what is read where there are several."""

import itertools
import sys
import pathlib

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from arrays import as_rows, given  # noqa: E402
from openvino_cpu import openvino_model  # noqa: E402


def copy_of(weight, number):
    """Other values each time, or optimisers would see that matrices are one."""
    return weight * numpy.float32(1 + number / 4096)


def groups(case):
    """Numbers of the copies that are read together."""
    copies = case.numbers[-1]
    return [range(first, first + case.calls) for first in range(0, copies, case.calls)]


def ends(calls):
    """Results of a chain that are asked for: the first, which is compared, and the last, so that all are computed."""
    return [f"q{number}" for number in sorted({1, calls})]


def in_turn(runs):
    """One of the runs after the other, from call to call."""
    turn = itertools.cycle(runs)
    return lambda: next(turn)()


class PyTorch:
    def __init__(self, threads):
        import torch
        torch.set_num_threads(threads)
        self.torch, self.functional = torch, torch.nn.functional
        self.key, self.weights = None, []

    def prepare(self, case):
        tensors = {name: self.torch.from_numpy(array) for name, array in given(case).items()}
        one = getattr(self, case.family)(case, tensors)

        def run():
            with self.torch.inference_mode():
                for _ in range(case.calls):
                    result = one()
            return result
        with self.torch.inference_mode():
            first = as_rows(case, one().numpy())
        return first, [(run, case.calls)]

    def product(self, case, tensors):
        if self.key != case.numbers[1:]:
            self.key, self.weights = case.numbers[1:], []
            self.weights = [self.torch.from_numpy(copy_of(tensors["w"].numpy(), copy)) for copy in range(case.numbers[-1])]
        turn, linear, x = itertools.cycle(self.weights), self.functional.linear, tensors["x"]
        return lambda: linear(x, next(turn))

    def attention(self, case, tensors):
        attend, (q, k, v) = self.functional.scaled_dot_product_attention, tensors.values()
        return lambda: attend(q, k, v, is_causal=case.numbers[1])

    def decode(self, case, tensors):
        attend, (q, k, v) = self.functional.scaled_dot_product_attention, tensors.values()
        turn = itertools.cycle([(k.clone(), v.clone()) for _ in range(case.numbers[-1])])
        return lambda: attend(q, *next(turn))

    def rowwise(self, case, tensors):
        name, width, f = case.numbers[0], case.numbers[2], self.functional
        call = {"layer norm": lambda x, scale, bias: f.layer_norm(x, (width,), scale, bias, 1e-5),
                "RMS norm": lambda x, scale: f.rms_norm(x, (width,), scale, 1e-5),
                "GELU": f.gelu,
                "SwiGLU": lambda x, y: f.silu(x) * y,
                "add, layer norm": lambda x, y, scale, bias: f.layer_norm(x + y, (width,), scale, bias, 1e-5)}[name]
        sets = [[x.clone() if buffer.copies > 1 else x for x, buffer in zip(tensors.values(), case.buffers)]
                for _ in range(case.calls)]
        turn = itertools.cycle(sets)
        return lambda: call(*next(turn))


class OnnxRuntime:
    """Graphs of several nodes, whose results are written where they were before. Products of all copies are one graph: sessions have
    threads of their own, which would be in each other's way."""

    def __init__(self, threads):
        import onnx
        import onnxruntime
        self.onnx, self.ort = onnx, onnxruntime
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1
        self.options.log_severity_level = 3
        self.key, self.session_of_products = None, None

    def prepare(self, case):
        arrays = given(case)
        made = [(self.runs(session, feeds), nodes) for session, feeds, nodes in getattr(self, case.family)(case, arrays)]
        first = made[0][0][0]()
        return as_rows(case, first), [(in_turn(runs), nodes) for runs, nodes in made]

    def runs(self, session, feeds):
        """One for each set of inputs."""
        runs = []
        for feed in feeds:
            binding = session.io_binding()
            for name, array in feed.items():
                binding.bind_ortvalue_input(name, self.ort.OrtValue.ortvalue_from_numpy(array))
            for output in session.get_outputs():
                binding.bind_output(output.name)
            session.run_with_iobinding(binding)
            values = binding.get_outputs()
            for output, value in zip(session.get_outputs(), values):
                binding.bind_ortvalue_output(output.name, value)

            def run(session=session, binding=binding, first=values[0]):
                session.run_with_iobinding(binding)
                return first.numpy()
            runs.append(run)
        return runs

    def session(self, nodes, inputs, outputs, constants=(), opset=23):
        """Of a graph with these names of inputs and outputs."""
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        values = [helper.make_tensor_value_info(name, self.onnx.TensorProto.INT32 if array.dtype == numpy.int32 else kind, array.shape)
                  for name, array in inputs.items()]
        graph = helper.make_graph(nodes, "kernel", values, [helper.make_tensor_value_info(name, kind, None) for name in outputs],
                                  [self.onnx.numpy_helper.from_array(array, name) for name, array in constants])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)],
                                  ir_version=10)
        return self.ort.InferenceSession(model.SerializeToString(), self.options, providers=["CPUExecutionProvider"])

    def node(self, kind, inputs, outputs, **attributes):
        return self.onnx.helper.make_node(kind, inputs, outputs, **attributes)

    def product(self, case, arrays):
        if self.key != case.numbers[1:]:
            self.key, self.session_of_products = case.numbers[1:], None
            self.session_of_products = self.products(case, arrays["w"], range(case.numbers[-1]))
        return [(self.session_of_products, [{"x": arrays["x"]}], case.numbers[-1])]

    def products(self, case, weight, copies):
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        nodes = [self.node("MatMul", ["x", f"w{copy}"], [f"y{copy}"]) for copy in copies]
        graph = helper.make_graph(nodes, "kernel", [helper.make_tensor_value_info("x", kind, ["rows", case.numbers[1]])],
                                  [helper.make_tensor_value_info(f"y{copy}", kind, ["rows", case.numbers[2]]) for copy in copies],
                                  [self.onnx.numpy_helper.from_array(numpy.ascontiguousarray(copy_of(weight, copy).T), f"w{copy}")
                                   for copy in copies])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
        return self.ort.InferenceSession(model.SerializeToString(), self.options, providers=["CPUExecutionProvider"])

    def heads_apart(self, arrays, causal, calls):
        """The standard's own operator, the results of each being the queries of the next."""
        nodes = [self.node("Attention", [f"q{i}" if i else "q", "k", "v"], [f"q{i + 1}"], is_causal=int(causal)) for i in range(calls)]
        return self.session(nodes, arrays, ends(calls))

    def attention(self, case, arrays):
        causal = case.numbers[1]
        rows = {name: numpy.ascontiguousarray(array[0].transpose(1, 0, 2).reshape(1, array.shape[2], -1)) for name, array in arrays.items()}
        nodes = [self.node("MultiHeadAttention", [f"q{i}" if i else "q", "k", "v"], [f"q{i + 1}"], domain="com.microsoft",
                           num_heads=12, unidirectional=int(causal)) for i in range(case.calls)]
        return [(self.heads_apart(arrays, causal, case.calls), [arrays], case.calls),
                (self.session(nodes, rows, ends(case.calls)), [rows], case.calls)]

    def decode(self, case, arrays):
        calls = range(case.calls)
        inputs = {"q": arrays["q"], **{f"{name}{i}": arrays[name] for i in calls for name in "kv"}}
        nodes = [self.node("Attention", ["q", f"k{i}", f"v{i}"], [f"y{i}"]) for i in calls]
        session = self.session(nodes, inputs, [f"y{i}" for i in calls])
        feeds = [{name: array.copy() for name, array in inputs.items()} for _ in groups(case)]
        return [(session, feeds, case.calls)]

    def rowwise(self, case, arrays):
        name, calls = case.numbers[0], range(case.calls)
        shared = [buffer.copies == 1 for buffer in case.buffers[:-1]]
        inputs = {key if one else f"{key}_{i}": array for (key, array), one in zip(arrays.items(), shared) for i in calls}
        nodes = []
        for i in calls:
            x, y = [key if one else f"{key}_{i}" for key, one in zip(arrays, shared)], f"y{i}"
            nodes += {
                "layer norm": lambda: [self.node("LayerNormalization", x, [y], epsilon=1e-5)],
                "RMS norm": lambda: [self.node("SimplifiedLayerNormalization", x, [y], epsilon=1e-5)],
                "GELU": lambda: [self.node("Gelu", x, [y])],
                "SwiGLU": lambda: [self.node("QuickGelu", x[:1], [f"s{i}"], domain="com.microsoft", alpha=1.0),
                                   self.node("Mul", [f"s{i}", x[1]], [y])],
                "add, layer norm": lambda: [self.node("SkipLayerNormalization", x, [y], domain="com.microsoft", epsilon=1e-5)],
            }[name]()
        return [(self.session(nodes, inputs, [f"y{i}" for i in calls]), [inputs], case.calls)]


class OpenVino:
    def __init__(self, threads):
        import openvino
        from openvino import opset13
        self.openvino, self.ops, self.threads = openvino, opset13, threads
        self.key, self.model_of_products = None, None

    def prepare(self, case):
        arrays = given(case)
        model, feeds, nodes = getattr(self, case.family)(case, arrays)
        runs = [self.run(model, feed) for feed in feeds]
        return as_rows(case, runs[0]().copy()), [(in_turn(runs), nodes)]

    def run(self, model, feed):
        request = model.create_infer_request()
        for name, array in feed.items():
            request.set_tensor(name, self.openvino.Tensor(array, shared_memory=True))

        def run(keep=feed):  # The tensors are this memory.
            request.infer()
            return request.get_output_tensor(0).data
        return run

    def parameter(self, name, array):
        value = self.ops.parameter(array.shape, numpy.float32, name=name)
        value.output(0).get_tensor().set_names({name})
        return value

    def model(self, results, parameters):
        return openvino_model(self.openvino.Model(results, parameters, "kernel"), self.threads)

    def product(self, case, arrays):
        if self.key != case.numbers[1:]:
            self.key, self.model_of_products = case.numbers[1:], None
            self.model_of_products = self.products(case, arrays["w"], range(case.numbers[-1]))
        return self.model_of_products, [{"x": arrays["x"]}], case.numbers[-1]

    def products(self, case, weight, copies):
        x = self.ops.parameter([-1, case.numbers[1]], numpy.float32, name="x")
        x.output(0).get_tensor().set_names({"x"})
        return self.model([self.ops.matmul(x, self.ops.constant(copy_of(weight, copy)), False, True) for copy in copies], [x])

    def attention(self, case, arrays):
        values = {name: self.parameter(name, array) for name, array in arrays.items()}
        chain = [values["q"]]
        for _ in range(case.calls):
            chain.append(self.ops.scaled_dot_product_attention(chain[-1], values["k"], values["v"], causal=case.numbers[1]))
        results = [chain[number] for number in sorted({1, case.calls})]
        return self.model(results, list(values.values())), [arrays], case.calls

    def decode(self, case, arrays):
        inputs = {"q": arrays["q"], **{f"{name}{i}": arrays[name] for i in range(case.calls) for name in "kv"}}
        values = {name: self.parameter(name, array) for name, array in inputs.items()}
        results = [self.ops.scaled_dot_product_attention(values["q"], values[f"k{i}"], values[f"v{i}"]) for i in range(case.calls)]
        feeds = [{name: array.copy() for name, array in inputs.items()} for _ in groups(case)]
        return self.model(results, list(values.values())), feeds, case.calls

    def rowwise(self, case, arrays):
        shared = [buffer.copies == 1 for buffer in case.buffers[:-1]]
        inputs = {key if one else f"{key}_{i}": array.copy() for i in range(case.calls) for (key, array), one in zip(arrays.items(), shared)}
        values = {name: self.parameter(name, array) for name, array in inputs.items()}
        results = [self.one(case.numbers[0], [values[key if one else f"{key}_{i}"] for key, one in zip(arrays, shared)])
                   for i in range(case.calls)]
        return self.model(results, list(values.values())), [inputs], case.calls

    def one(self, name, x):
        ops = self.ops
        axis = ops.constant(numpy.array([-1], numpy.int64))

        def layer_norm(value, scale, bias):
            return ops.add(ops.multiply(ops.mvn(value, axis, True, 1e-5, "inside_sqrt"), scale), bias)

        def rms_norm(value, scale):
            mean = ops.reduce_mean(ops.multiply(value, value), axis, True)
            root = ops.sqrt(ops.add(mean, ops.constant(numpy.float32(1e-5))))
            return ops.multiply(ops.multiply(value, ops.divide(ops.constant(numpy.float32(1)), root)), scale)
        return {"layer norm": lambda: layer_norm(*x), "RMS norm": lambda: rms_norm(*x), "GELU": lambda: ops.gelu(x[0], "erf"),
                "SwiGLU": lambda: ops.multiply(ops.swish(x[0]), x[1]),
                "add, layer norm": lambda: layer_norm(ops.add(x[0], x[1]), x[2], x[3])}[name]()


def make(name, threads):
    return {"ort": OnnxRuntime, "openvino": OpenVino, "pytorch": PyTorch}[name](threads)
