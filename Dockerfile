# docker build -t vidfer .
# docker run --rm -v "$PWD:/data" vidfer predict film.mp4
# docs/howto/docker.md says more, also about GPUs and a smaller image.

FROM debian:trixie-slim AS python
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

FROM python AS wheel
RUN python3 -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir build
COPY . /source
RUN /opt/build/bin/python -m build --wheel --outdir /dist /source

FROM python
# An index of PyTorch wheels, such as PyTorch's own one for CPUs; otherwise pip takes those with CUDA.
ARG TORCH_INDEX=
# Extras of vidfer, such as app or app,onnx.
ARG EXTRAS=
ENV PATH=/opt/vidfer/bin:$PATH PYTHONDONTWRITEBYTECODE=1
COPY constraints.txt /opt/
# PyTorch is nine tenths of the image and changes seldom, so it has a layer of its own.
RUN python3 -m venv /opt/vidfer \
 && pip install --no-cache-dir -c /opt/constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch torchvision
RUN --mount=from=wheel,source=/dist,target=/dist \
    pip install --no-cache-dir -c /opt/constraints.txt "$(ls /dist/*.whl)${EXTRAS:+[$EXTRAS]}"

# The cache is for everybody: with `docker run --user` a user may have no home.
RUN useradd --create-home --uid 1000 vidfer && mkdir /data && chown vidfer /data \
 && mkdir --mode 1777 /var/cache/vidfer
USER vidfer
ENV XDG_CACHE_HOME=/var/cache/vidfer MPLCONFIGDIR=/var/cache/vidfer
WORKDIR /data
ENTRYPOINT ["vidfer"]
CMD ["--help"]
