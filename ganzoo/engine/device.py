"""Chooses the device and configures the process for it."""

import ctypes
import platform
import sys
from pathlib import Path

import torch

from ganzoo.errors import UsageError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEEP_BYTES = 1 << 30


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" is CUDA, else MPS, else the CPU. Raises UsageError when it is not available."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(name)
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available[device.type]:
        usable = [kind for kind, there in available.items() if there]
        raise UsageError(f"device '{name}' is not available here; usable: {', '.join(usable)}")
    return device


def set_up(device: torch.device, threads: int) -> None:
    """Sets the number of CPU threads, chooses fast convolutions, and keeps the allocator from returning memory."""
    if threads:
        torch.set_num_threads(threads)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
    if device.type == "cpu" and sys.platform == "linux":
        _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Tells glibc to keep freed activations for the next step.

    By default it returns large blocks to the system and gets them back page by page in the next step. That slows down a
    small DCGAN on a CPU; `make bench` prints by how much.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl does not have it
        mallopt(_M_MMAP_THRESHOLD, _KEEP_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)


def hardware(device: torch.device) -> dict[str, str]:
    """The processor, GPU and number of threads, all of which may change the last bits of a result."""
    found = {
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
    }
    if device.type == "cuda":
        found |= {
            "gpu": torch.cuda.get_device_name(device),
            "cuda": str(torch.version.cuda or torch.version.hip),
            "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]  # stub gap
        }
    return found


def _processor() -> str:
    """The name of the processor, which Linux has in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def peak_memory(device: torch.device) -> int:
    """The most bytes in use so far, of a GPU or else of the process; 0 where that is unknown."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:  # Windows
        return 0
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
