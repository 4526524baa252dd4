"""Keep ONNX Runtime from reporting to its maker. Import this before onnxruntime, which reads it once.

Since 1.29 its wheels for Linux do so by default, with facts about the models that are loaded, and keep what
they have not sent yet in ~/.cache/Microsoft. vidfer sends nothing anywhere.

Whoever sets ORT_DISABLE_TELEMETRY keeps it.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
