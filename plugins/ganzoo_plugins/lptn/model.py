"""The Laplacian pyramid translation network's recipe (Liang et al., arXiv 2105.09188)."""

from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn.functional import mse_loss

from ganzoo.model import Batch, Terms
from ganzoo.translator import AdversarialTranslator, source_of

if TYPE_CHECKING:
    from ganzoo_plugins.lptn import LPTNOptions


class LPTN(AdversarialTranslator):
    """A critic pulls towards the other light; the anchor holds on to the photo."""

    options: "LPTNOptions"

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """Near the photo."""
        return {"anchor": self.options.anchor * mse_loss(translated, source_of(batch))}
