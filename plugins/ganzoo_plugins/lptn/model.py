"""The recipe of the Laplacian pyramid translation network (Liang et al., arXiv 2105.09188)."""

from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn.functional import mse_loss

from ganzoo.model import Batch, Terms
from ganzoo.translator import AdversarialTranslator, source_of

if TYPE_CHECKING:
    from ganzoo_plugins.lptn import LPTNOptions


class LPTN(AdversarialTranslator):
    """The critic pulls towards the other light; a squared distance keeps the photo."""

    options: "LPTNOptions"

    def content(self, batch: Batch, translated: Tensor) -> Terms:
        """The weighted squared distance to the photo."""
        return {"anchor": self.options.anchor * mse_loss(translated, source_of(batch))}
