"""Are the packages here that vidfer needs, in versions that it works with, and can they be loaded?"""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import metadata

from vidfer import __version__
from vidfer.commands.checks.crash import crash_of
from vidfer.commands.checks.finding import FAULT, WARNING, Finding, fault, ok, warning

MODULES = {
    "facenet-pytorch": "facenet_pytorch",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "huggingface-hub": "huggingface_hub",
}
"""Packages whose module has another name."""
LOADED_BY_OTHERS = ("numpy", "torch")
"""Where one of them cannot be loaded, most others cannot either."""
SPARED = {"decord": "PyAV reads all videos, some of them slower"}
"""Packages without which everything works, and how."""
DEVELOPERS = ("dev", "docs")
"""Extras for those who work on vidfer."""
ABOUT_EXTRAS = {
    "app": "`vidfer app`",
    "onnx": "`vidfer export-onnx`, `vidfer predict --onnx`",
    "table": "`vidfer predict --parquet`",
    "timm": "`--encoder timm` and pretrained encoders of timm",
}


def versions() -> Iterator[Finding]:
    """vidfer, Python and the system."""
    yield ok("vidfer", __version__)
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield ok("Python", f"{platform.python_version()} on {system}")


def needed() -> Iterator[Finding]:
    """A line for each package without which vidfer does not run."""
    wanted = _requirements()
    if wanted is None:
        yield warning(
            "packages",
            "vidfer is not installed, but run from its source, so which packages it needs is not known",
            "install it: pip install -e . -c constraints.txt",
        )
        return
    broken = ""
    first = {name: place for place, name in enumerate(LOADED_BY_OTHERS)}
    wanted = sorted(wanted, key=lambda one: first.get(one.name, len(first)))
    here = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    crashing, by_signal = crash_of([_module(one.name) for one in here])
    if crashing:
        sys.modules[crashing] = None  # whoever imports it from now on fails, and does not crash
    for one in here:
        crashes = _module(one.name) == crashing
        found = _crashes(one.name, by_signal) if crashes else _loaded(one)
        if found.state == FAULT and broken:
            found = replace(found, remedy=f"mend {broken} first, then run `vidfer doctor` again")
        if found.state == FAULT and one.name in LOADED_BY_OTHERS:
            broken = broken or one.name
        if found.state == FAULT and one.name in SPARED and not crashes:
            found = replace(found, state=WARNING, found=f"{found.found}; {SPARED[one.name]}")
        yield found


def ffmpeg() -> Iterator[Finding]:
    """The FFmpeg that PyAV brings, which reads most videos."""
    import av

    libraries = {name: ".".join(map(str, numbers)) for name, numbers in av.library_versions.items()}
    yield ok("FFmpeg", ", ".join(f"{name} {libraries[name]}" for name in ("libavcodec", "libavformat")))


def optional() -> Iterator[Finding]:
    """A line for each extra: what it is for, and how to install it."""
    wanted = _requirements() or []
    extras = metadata.metadata("vidfer").get_all("Provides-Extra") if wanted else None
    for extra in sorted(set(extras or ()) - {*DEVELOPERS}):
        of_it = [
            one
            for one in wanted
            if one.marker and one.marker.evaluate({"extra": extra}) and not one.marker.evaluate({"extra": ""})
        ]
        found = [_loaded(one) for one in of_it]
        install = f"pip install 'vidfer[{extra}]'"
        use = ABOUT_EXTRAS.get(extra, f"the extra {extra}")
        here = {one.name for one in of_it if _version(one.name)}
        if bad := [one for one in found if one.state != "ok" and one.check in here]:
            yield warning(f"[{extra}]", "; ".join(f"{one.check}: {one.found}" for one in bad), install)
        elif len(here) == len(of_it):
            yield ok(f"[{extra}]", ", ".join(f"{one.check} {one.found}" for one in found))
        else:
            yield ok(f"[{extra}]", f"not installed; for {use}: {install}")


def kept_encoders() -> Iterator[Finding]:
    """Downloaded encoders."""
    from vidfer.models.pretrained.keep import place_of
    from vidfer.models.pretrained.table import PRETRAINED

    here = [name for name, row in PRETRAINED.items() if place_of(row).is_file()]
    yield ok("encoders kept", ", ".join(here) or "none; `vidfer encoders` lists what there is")


def _crashes(name: str, by_signal: str) -> Finding:
    """A package that ends Python when it is loaded; without one that is spared, all works."""
    remedy = f"pip install --force-reinstall '{name}'"
    if name in SPARED:
        remedy += f"; or pip uninstall {name}: {SPARED[name]}"
    return fault(name, f"{_version(name)} crashes Python when it is loaded ({by_signal})", remedy)


def _module(name: str) -> str:
    """The module of a package."""
    return MODULES.get(name.lower(), name.replace("-", "_"))


def _loaded(wanted) -> Finding:
    """Whether a package is here, new enough, and can be imported."""
    name, version = wanted.name, _version(wanted.name)
    install = f"pip install '{name}{wanted.specifier}'"
    if version is None:
        return fault(name, "is not installed", install)
    if not wanted.specifier.contains(version, prereleases=True):
        return fault(name, f"{version}, but vidfer needs {wanted.specifier}", install)
    try:
        importlib.import_module(_module(name))
    except Exception as error:  # a broken binary raises OSError, or what its own code raises
        why = " ".join(str(error).split()) or type(error).__name__
        return fault(name, f"{version} cannot be loaded: {why}", f"pip install --force-reinstall '{name}'")
    return ok(name, version)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _requirements() -> list | None:
    """What the installed vidfer needs; None where it is not installed."""
    from packaging.requirements import Requirement

    try:
        lines: Iterable[str] = metadata.requires("vidfer") or ()
    except metadata.PackageNotFoundError:
        return None
    return [Requirement(line) for line in lines]
