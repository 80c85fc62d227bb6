"""OpenVINO as the comparisons want it."""


def openvino_model(model, threads):
    """Compiled for one request at a time. Without the hint, CPUs with bfloat16 compute in that and not in float32."""
    import openvino
    return openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads,
                                                        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1})
