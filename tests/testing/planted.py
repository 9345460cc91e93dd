"""Parts, right ones and ones with a planted bug, each with the check that must catch it."""

from dataclasses import dataclass

from pydantic import BaseModel

from ganzoo import Options, PartSpec
from ganzoo.options import PartKind
from tests.testing.part_options import BrightOptions, CountOptions

_CLEAN_ALONE = {
    "augmentation": "Flip",
    "dataset": "Squares",
    "metric": "Distance",
    "encoder": "Mean",
    "listener": "Diary",
}
_ALONE = {
    "augmentation": {
        "WrongSize": "augmentation-shape",
        "NoLargerThanShape": "augmentation-shape",
        "OwnRandomness": "augmentation-repeatable",
        "InPlace": "augmentation-repeatable",
        "FlipsTheDark": "augmentation-pairs",
        "FlipsEveryOther": "augmentation-repeatable",
        "StopsGradients": "augmentation-differentiable",
        "OneGradientOnly": "augmentation-differentiable",
        "ZeroToOne": "augmentation-range",
        "RootAtTheEdge": "augmentation-gradients-finite",
        "NormOfGrey": "augmentation-gradients-finite",
    },
    "dataset": {
        "SquaresOnly": "pictures-well-formed",
        "FloatPictures": "pictures-well-formed",
        "UnknownLabel": "pictures-well-formed",
        "OtherEachTime": "pictures-repeatable",
        "DependsOnTheOrder": "pictures-repeatable",
        "OtherName": "source-interface",
        "NoSource": "source-interface",
        "DeadCount": "dataset-options-read",
        "ValuesOfASet": "pictures-in-a-second-process",
        "NameWithoutBrightness": "fingerprint-tells-pictures",
    },
    "metric": {
        "NotANumber": "metric-values",
        "NoMeaning": "metric-values",
        "RandomRows": "metric-repeatable",
        "FirstImageOnly": "metric-order-free",
        "AlwaysTheSame": "metric-sees-a-difference",
        "CrashesOnFew": "metric-few-images",
        "NothingOfOne": "metric-few-images",
    },
    "listener": {
        "NotMarked": "listener-hears",
        "UnknownHook": "listener-hears",
        "AsksForMore": "listener-hears",
        "HearsNothing": "listener-hears",
    },
    "encoder": {
        "WrongDimension": "encoder-features",
        "TrainsAlong": "encoder-frozen",
        "LooksAtTheBatch": "encoder-independent",
        "OtherFingerprint": "encoder-fingerprint",
    },
}
"""Parts that are checked by themselves."""
_CLEAN_HOSTED = {
    "loss": ("Hinge", "Pairs"),
    "regulariser": ("Drift",),
    "generator": ("Network", "PartlyFrozenNetwork"),
    "discriminator": ("Scores", "ScoresOfABackbone"),
}
_HOSTED = {
    "loss": {
        "FakeFlipped": "score-signs",
        "RealFlipped": "score-signs",
        "GeneratorFlipped": "score-signs",
        "PairsExchanged": "score-signs",
        "CriticPairsExchanged": "score-signs",
        "AveragePairsExchanged": "score-signs",
        "ClipsInThePenalty": "losses-named-scalars",
        "KeepsScores": "rounds-run",
        "ClampsScoresInPlace": "rounds-run",
        "PenaltyOfItsOwnNoise": "losses-are-means",
        "PenaltyOfNoLabel": "penalties-get-labels",
        "FirstPairOnly": "every-image-matters",
        "MeanOfMeans": "processes-agree",
    },
    "regulariser": {"DriftWithoutLabel": "penalties-get-labels"},
    "generator": {
        "SeededNetwork": "seed-decides",
        "NormedNetwork": "images-independent",
        "GlobalNoise": "randomness-from-batch",
    },
    "discriminator": {"FirstAttributeScores": "critics-use-labels", "ScoresOfStatistics": "losses-are-means"},
}
"""Parts that are checked within a host."""
_OPTIONS = {"NameWithoutBrightness": BrightOptions}


@dataclass(frozen=True)
class Planted:
    """A class in a module beside this one, and the check that catches it; empty for a right one."""

    module: str
    kind: PartKind
    what: str
    caught_by: str = ""

    @property
    def name(self) -> str:
        """The kind and the class."""
        return f"{self.kind} {self.what}"

    def spec(self, options: type[BaseModel] | None = None) -> PartSpec:
        """Its declaration."""
        usual = _OPTIONS.get(self.what, CountOptions if self.kind == "dataset" else Options)
        return PartSpec(
            kind=self.kind,
            name="planted",
            target=f"tests.testing.{self.module}:{self.what}",
            options=options or usual,
            summary="a part to be checked",
            task="generate" if self.kind == "generator" else None,
        )


CLEAN_ALONE = [Planted("part_mutants", kind, what) for kind, what in _CLEAN_ALONE.items()]
CLEAN_HOSTED = [Planted("hosted_mutants", kind, what) for kind, all_of in _CLEAN_HOSTED.items() for what in all_of]
ALONE = [
    Planted("part_mutants", kind, what, check) for kind, planted in _ALONE.items() for what, check in planted.items()
]
HOSTED = [
    Planted("hosted_mutants", kind, what, check) for kind, planted in _HOSTED.items() for what, check in planted.items()
]
