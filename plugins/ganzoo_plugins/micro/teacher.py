"""The trained translator that a small painter learns from; only training loads it."""

from torch import Tensor

from ganzoo import GanzooError, ImageShape, LoadedTranslator, UsageError, load
from ganzoo.translator import Translator


class Teacher:
    """The translator in a run folder. It is no module, so no checkpoint and no optimiser of its learner holds it.

    `step` is its checkpoint, 0 the newest. `weights` is the fingerprint that it must have, unless it is empty.
    """

    def __init__(self, folder: str, step: int, weights: str) -> None:
        self.folder = folder
        self.step = step
        self.weights = weights
        self._translator: Translator | None = None

    def load(self) -> Translator:
        """The frozen translator. Raises UsageError when it is not where it was, or no longer what it was."""
        if self._translator is None:
            self._translator = self._loaded().requires_grad_(False)
        return self._translator

    def check_size(self, shape: ImageShape) -> None:
        """Raises UsageError when it can't paint photos of that shape, or as `load` does."""
        multiple = self.load().size_multiple
        if shape.height % multiple or shape.width % multiple:
            raise UsageError(
                f"teacher '{self.folder}' paints photos whose sides are multiples of {multiple}, and not"
                f" {shape.height}x{shape.width}: give another --size"
            )

    def paint(self, photos: Tensor) -> Tensor:
        """What it paints of photos B 3 H W in [-1, 1]."""
        return self.load().to(photos.device).translate(photos).float().clamp(-1, 1)

    def _loaded(self) -> Translator:
        where = f"teacher '{self.folder}'"
        moved = "where it was moved, --set teacher=FOLDER says where it is now"
        try:
            loaded = load(self.folder, which=self.step or "LATEST", device="cpu")
        except GanzooError as error:
            raise UsageError(f"{where} can't be loaded, and training needs it ({error}); {moved}") from error
        if not isinstance(loaded, LoadedTranslator) or not isinstance(loaded.gan, Translator):
            raise UsageError(f"{where} draws from noise: give the run of a translator")
        if self.weights not in ("", loaded.fingerprint):
            raise UsageError(f"{where} has other weights than those that this run learns from; {moved}")
        return loaded.gan
