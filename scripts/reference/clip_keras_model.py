"""Models that real Keras compiled with clipping, in tensorflowjs's layout of model.json, and the weights after three of Keras's own steps.

    python scripts/reference/clip_keras_model.py        writes packages/clip/test/golden/keras-models.json

Topology and training configuration are what Keras writes into an H5 file. tfjs reads Keras 2's spelling, so three keys are put
back to it, as converters do: batch_shape, dtype policies, and the wrapping of initializers by module.
"""
import json
import os
import pathlib
import platform

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras
import numpy as np
from keras.src.legacy.saving import saving_utils

OUT = pathlib.Path(__file__).parents[2] / "packages/clip/test/golden/keras-models.json"
layers, optimizers = keras.layers, keras.optimizers


def sequential():
    return keras.Sequential([layers.Input((3,)), layers.Dense(4, activation="relu", name="first_dense"), layers.Dense(2, name="last_dense")], name="small_sequential")


def functional():
    entry = layers.Input((3,), name="entry")
    hidden = layers.Dense(4, activation="tanh", name="first_dense")(entry)
    return keras.Model(entry, layers.Dense(2, name="last_dense")(hidden), name="small_functional")


CASES = {
    "Adam with clipnorm": (sequential, lambda: optimizers.Adam(0.01, clipnorm=0.05), "mean_squared_error"),
    "SGD with momentum and global_clipnorm": (functional, lambda: optimizers.SGD(0.1, momentum=0.9, global_clipnorm=0.3), "mean_absolute_error"),
    "RMSprop with clipvalue": (sequential, lambda: optimizers.RMSprop(0.01, clipvalue=0.02), "mean_squared_error"),
    "SGD with gradient_accumulation_steps": (sequential, lambda: optimizers.SGD(0.1, clipnorm=0.05, gradient_accumulation_steps=3), "mean_squared_error"),
    "Adam without clipping": (sequential, lambda: optimizers.Adam(0.01), "mean_squared_error"),
    "Lion, which tfjs lacks": (sequential, lambda: optimizers.Lion(0.01, clipnorm=1.0), "mean_squared_error"),
}


def as_keras_2(value):
    if isinstance(value, list):
        return [as_keras_2(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    renamed = {"batch_shape": "batch_input_shape"}
    return {renamed.get(key, key): as_keras_2(each) for key, each in value.items() if key not in ("module", "registered_name", "build_config", "optional", "quantization_config")}


def inbound_as_keras_2(config):
    """Keras 3 names a tensor by its history; Keras 2 by [layer, node, tensor, arguments]."""
    for layer in config["config"]["layers"]:
        nodes = layer.get("inbound_nodes", [])
        if nodes and isinstance(nodes[0], dict):
            layer["inbound_nodes"] = [[[*argument["config"]["keras_history"], {}] for argument in node["args"]] for node in nodes]
    for end in ("input_layers", "output_layers"):
        places = config["config"].get(end)
        if places and not isinstance(places[0], list):
            config["config"][end] = [places]
    return config


def flat(array):
    return [float(f"{number:.9g}") for number in np.asarray(array, dtype=np.float64).ravel()]


def main():
    random = np.random.default_rng(11)
    batches = [(random.normal(size=(6, 3)).astype(np.float32), random.normal(size=(6, 2)).astype(np.float32)) for _ in range(3)]
    cases = []
    for name, (build, make_optimizer, loss) in CASES.items():
        keras.utils.set_random_seed(5)
        model = build()
        model.compile(optimizer=make_optimizer(), loss=loss)
        metadata = saving_utils.model_metadata(model, include_optimizer=True)
        topology = json.loads(json.dumps({"keras_version": keras.__version__, "backend": "jax", "model_config": metadata["model_config"], "training_config": metadata["training_config"]}))
        topology["model_config"] = inbound_as_keras_2(as_keras_2(topology["model_config"]))
        weights = [{"name": f"{layer.name}/{weight.name}", "shape": list(weight.shape), "values": flat(weight.value)} for layer in model.layers for weight in layer.weights]
        for xs, ys in batches:
            model.train_on_batch(xs, ys)
        trained = [flat(weight.value) for layer in model.layers for weight in layer.weights]
        cases.append({"name": name, "modelTopology": topology, "weights": weights, "trained": trained})
    content = {
        "versions": {"python": platform.python_version(), "keras": keras.__version__, "jax": jax.__version__, "numpy": np.__version__},
        "batches": [{"xs": flat(xs), "ys": flat(ys)} for xs, ys in batches],
        "cases": cases,
    }
    temporary = OUT.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    temporary.replace(OUT)


main()
