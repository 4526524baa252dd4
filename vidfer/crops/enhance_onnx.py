"""Enhances dark frames with a neural network, an ONNX file that the user names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from vidfer.errors import MissingPackageError, SettingError

MULTIPLE_PX = 16
"""Height and width of the network's input are multiples of this."""


class OnnxEnhance:
    """An ONNX model with the inputs and outputs of EnlightenGAN.

    ``input`` is float32 (1,3,H,W) RGB in 0..1, with H and W multiples of 16; ``output`` is (1,3,H,W) in
    -1..1.
    """

    def __init__(self, path: str) -> None:
        """Load a model.

        Raises:
            SettingError: there is no such file, or its inputs and outputs are others.
            MissingPackageError: onnxruntime is not installed.
        """
        if not Path(path).is_file():
            raise SettingError(
                f"enhance is {path!r}, which is no file; it must be `brighten`, `none`, or the path of an "
                "ONNX model"
            )
        try:
            import vidfer.no_telemetry  # noqa: F401, I001  # first
            import onnxruntime
        except ImportError as error:
            raise MissingPackageError(
                f"enhancing with {path} needs onnxruntime: pip install 'vidfer[onnx]'"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # processes, not threads, share the cores
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common base of its errors
            raise SettingError(f"{path} is not a model that onnxruntime can load: {error}") from error
        inputs = [port.name for port in self._session.get_inputs()]
        outputs = [port.name for port in self._session.get_outputs()]
        if inputs != ["input"] or "output" not in outputs:
            raise SettingError(
                f"{path} has inputs {inputs} and outputs {outputs}; an enhancer has one input, `input` "
                "(1,3,H,W) in 0..1, and an `output` (1,3,H,W) in -1..1"
            )

    @staticmethod
    @lru_cache(maxsize=1)
    def of_file(path: str) -> OnnxEnhance:
        """The model in a file, loaded once per process."""
        return OnnxEnhance(path)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Enhance one frame, uint8 (H,W,3) RGB."""
        height, width = image.shape[:2]
        missing = [(0, -height % MULTIPLE_PX), (0, -width % MULTIPLE_PX), (0, 0)]
        padded = np.pad(image, missing, mode="edge")
        batch = padded.transpose(2, 0, 1)[None].astype(np.float32) / 255
        (output,) = self._session.run(["output"], {"input": batch})
        bright = (output[0, :, :height, :width].transpose(1, 2, 0) + 1) * 127.5
        return np.clip(np.round(bright), 0, 255).astype(np.uint8)
