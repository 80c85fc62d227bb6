"""What is compared. Each engine runs MiniLM on rows of equal length and gives the last hidden state."""

import ctypes
import pathlib

import numpy

from openvino_cpu import openvino_model


def bert_inputs(ids, names):
    """What a graph has of BERT's inputs."""
    feeds = {"input_ids": ids.astype(numpy.int64), "attention_mask": numpy.ones_like(ids, numpy.int64),
             "token_type_ids": numpy.zeros_like(ids, numpy.int64)}
    return {name: value for name, value in feeds.items() if name in names}


class OnnxRuntime:
    def __init__(self, path, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = {entry.name for entry in self.session.get_inputs()}

    def prepare(self, ids):
        feeds = bert_inputs(ids, self.names)
        return lambda: self.session.run(None, feeds)[0]


class OpenVino:
    def __init__(self, path, threads):
        import openvino
        self.model = openvino_model(openvino.Core().read_model(path), threads)
        self.names = {name for entry in self.model.inputs for name in entry.names}

    def prepare(self, ids):
        feeds = bert_inputs(ids, self.names)
        request = self.model.create_infer_request()
        return lambda: request.infer(feeds, share_inputs=True, share_outputs=True)[0]


class PyTorch:
    def __init__(self, checkpoint, threads):
        import torch
        import transformers
        self.torch = torch
        torch.set_num_threads(threads)
        self.model = transformers.AutoModel.from_pretrained(checkpoint).eval()

    def prepare(self, ids):
        tokens = self.torch.from_numpy(ids.astype(numpy.int64))
        mask = self.torch.ones_like(tokens)

        def run():
            with self.torch.inference_mode():
                return self.model(input_ids=tokens, attention_mask=mask).last_hidden_state.numpy()
        return run


class SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32), ("reserved", ctypes.c_uint32)]


class ModelInfo(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("name", ctypes.c_char_p), ("target", ctypes.c_char_p), ("spec", ctypes.c_char_p),
                ("manifest", ctypes.c_char_p), ("manifest_size", ctypes.c_size_t), ("width", ctypes.c_int64), ("vocab", ctypes.c_int64),
                ("positions", ctypes.c_int64), ("types", ctypes.c_int64), ("text_tokens", ctypes.c_int64), ("weight_bytes", ctypes.c_uint64),
                ("weights", ctypes.c_void_p), ("has_tokenizer", ctypes.c_int32), ("generates", ctypes.c_int32), ("has_source", ctypes.c_int32),
                ("reserved", ctypes.c_int32), ("source_positions", ctypes.c_int64), ("source_features", ctypes.c_int64),
                ("source_width", ctypes.c_int64), ("embedding_width", ctypes.c_int64), ("prompts", ctypes.c_void_p),
                ("prompt_count", ctypes.c_size_t), ("default_prompt", ctypes.c_char_p)]


class Tenon:
    """Through the C interface of the runtime."""

    def __init__(self, runtime, library, threads):
        self.runtime = ctypes.CDLL(str(pathlib.Path(runtime).resolve()))
        self.runtime.tenon_message.restype = ctypes.c_char_p
        self.model, self.session = ctypes.c_void_p(), ctypes.c_void_p()
        self.check(self.runtime.tenon_model_open(str(library).encode(), None, ctypes.byref(self.model)))
        info = ModelInfo(struct_size=ctypes.sizeof(ModelInfo))
        self.check(self.runtime.tenon_model_describe(self.model, ctypes.byref(info)))
        self.width = info.width
        options = SessionOptions(ctypes.sizeof(SessionOptions), threads, 0)
        self.check(self.runtime.tenon_session_create(self.model, ctypes.byref(options), ctypes.byref(self.session)))

    def check(self, status):
        if status != 0:
            raise RuntimeError(f"tenon: {self.runtime.tenon_message().decode()}")

    def prepare(self, ids):
        batch, length = ids.shape
        ids = numpy.ascontiguousarray(ids, numpy.int32)
        rows = (ctypes.POINTER(ctypes.c_int32) * batch)(*(row.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)) for row in ids))
        lengths = (ctypes.c_int32 * batch)(*[length] * batch)
        hidden = numpy.empty((batch, length, self.width), numpy.float32)

        def run(keep=ids):  # The pointers above are into `keep`.
            self.check(self.runtime.tenon_session_encode(self.session, rows, lengths, ctypes.c_size_t(batch),
                                                         ctypes.c_void_p(hidden.ctypes.data), None))
            return hidden
        return run


def make(name, arguments):
    if name == "tenon":
        return Tenon(arguments.runtime, arguments.library, arguments.threads)
    if name == "pytorch":
        return PyTorch(arguments.checkpoint, arguments.threads)
    engine, graph = name.split("-")
    file = {"plain": "minilm.onnx", "traced": "minilm-traced.onnx", "bert": "minilm-bert.onnx", "own": "minilm.xml"}[graph]
    return {"ort": OnnxRuntime, "openvino": OpenVino}[engine](pathlib.Path(arguments.onnx) / file, arguments.threads)
