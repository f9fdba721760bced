"""The gradients that golden values of clip are computed on: twelve steps of a real two-layer network, a convolution and a dense layer.

Layouts are those of tfjs: HWIO for the convolution, IO for the dense layer. The loss is scaled by a factor that swings over three
orders of magnitude, with one spike, so that some steps are clipped and some are not.
"""
import numpy as np
import torch

NAMES = ["conv/kernel", "conv/bias", "dense/kernel", "dense/bias"]
STEPS = 12
LEARNING_RATE = 0.1


def make():
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    convolution = torch.nn.Conv2d(2, 3, 2)
    dense = torch.nn.Linear(12, 4)
    parameters = [convolution.weight, convolution.bias, dense.weight, dense.bias]
    initial = [to_tfjs(each) for each in parameters]
    gradients = []
    for step in range(STEPS):
        images = torch.randn(8, 2, 3, 3)
        labels = torch.randint(0, 4, (8,))
        loss = torch.nn.functional.cross_entropy(dense(torch.relu(convolution(images)).flatten(1)), labels)
        factor = 10 ** (1.5 * np.sin(1.3 * step)) * (300 if step == 8 else 1)
        found = torch.autograd.grad(factor * loss, parameters)
        gradients.append([to_tfjs(each) for each in found])
        with torch.no_grad():
            for parameter, gradient in zip(parameters, found):
                parameter -= 0.1 / factor * gradient
    torch.set_default_dtype(torch.float32)
    return initial, gradients


def to_tfjs(tensor):
    """OIHW to HWIO, OI to IO; rounded to the single precision that the product gets."""
    array = tensor.detach().numpy()
    array = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
    return np.ascontiguousarray(array, dtype=np.float32).astype(np.float64)
