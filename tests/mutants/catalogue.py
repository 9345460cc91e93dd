"""Every mutant with the check that must catch it."""

from ganzoo import AdversarialOptions
from tests.mutants import TINY, Mutant, declared, heavy
from tests.mutants.pretrained import WEIGHTS

_WEIGHTS = {"weights": (WEIGHTS,)}
CLEAN = [
    Mutant(recipe="clean:Clean"),
    Mutant(recipe="clean:CleanPenalty"),
    Mutant(recipe="clean:CleanConditional"),
    Mutant(recipe="translate:CleanTranslator", task="translate"),
    Mutant(recipe="translate:CleanPairs", task="translate"),
    Mutant(recipe="adversarial:OwnSteps", options=AdversarialOptions),
    Mutant(recipe="right:PartlyFrozenGenerator"),
    Mutant(recipe="right:FrozenBackbone"),
    Mutant(recipe="right:MomentumTeacher"),
    Mutant(recipe="right:LastBiasUnderHinge"),
    Mutant(recipe="right:AttentionKeyBias"),
    Mutant(recipe="pretrained:Pretrained", facts=_WEIGHTS),
]
_OPTIONS = {
    declared.DeadOption: "options-read",
    declared.Mutable: "options-frozen",
    declared.TakesAnything: "options-frozen",
    declared.Undescribed: "options-described",
    declared.Unbounded: "options-bounded",
    declared.Endless: "options-bounded",
    declared.DefaultOutOfBounds: "options-default",
    heavy.Heavy: "declaration-light",
}
_FACTS = {
    "declaration-complete": ({"license": ""}, {"tiny": {**TINY, "budget": "1h"}}),
    "paper-well-formed": ({"paper": "Goodfellow 2014"},),
}
_GENERATE = {
    "losses": {
        "GeneratorSignFlipped": "pulls-towards-data",
        "CriticSignFlipped": "pulls-towards-data",
        "RealAndFakeExchanged": "pulls-towards-data",
        "MeanForgotten": "losses-are-means",
        "MeanForgottenByGenerator": "losses-are-means",
        "PenaltyNotAMean": "losses-are-means",
        "LossIsNoScalar": "losses-named-scalars",
        "LossIsAFloat": "losses-named-scalars",
        "LossIsNotFinite": "losses-named-scalars",
        "GeneratorLossOnDetachedImages": "terms-have-gradients",
        "TermThatMovesNothing": "terms-have-gradients",
        "PenaltyWithoutGraph": "terms-have-gradients",
        "PenaltyOutsideOfTheImages": "critic-sees-images",
        "PenaltyOnPixelsOf255": "critic-sees-images",
        "CriticInEvaluationMode": "in-training-mode",
        "LastRealImageLeftOut": "every-image-matters",
        "MiddleRealImagesLeftOut": "every-image-matters",
        "LastDrawnImageLeftOut": "every-image-matters",
        "ChangesWeightsInTheLoss": "losses-named-scalars",
    },
    "steps": {
        "GeneratorWithoutStep": "steps-well-formed",
        "StepsOfOneName": "steps-well-formed",
        "StepsThatDiffer": "steps-well-formed",
        "LayerOutsideOfSteps": "every-parameter-is-trained",
        "OptimiserOfTheOtherNetwork": "optimisers-cover",
        "OptimiserOfAPart": "optimisers-cover",
        "ClipsTheWrongNetwork": "step-moves-only-its-own",
        "DecaysTheOtherNetworkBefore": "step-moves-only-its-own",
        "LearningRateOfNothing": "every-parameter-moves",
        "LayerThatIsNotUsed": "every-parameter-gets-a-gradient",
        "LayersInAList": "resume-exact",
        "KeepsTheGraph": "rounds-run",
        "ClampsBeforeTheGradient": "rounds-run",
        "ClampsImagesInPlace": "rounds-run",
    },
    "drawing": {
        "WithoutTanh": "output-range",
        "LargeWeightsGiveNaN": "output-range",
        "InDoublePrecision": "output-shape",
        "AlwaysASquare": "rectangles",
        "SameForAll": "output-depends-on-input",
        "NoiseIsNotUsed": "output-depends-on-input",
        "LooksAtTheTarget": "output-blank-target",
        "RemembersTheLastBatch": "output-repeatable",
        "LabelIgnored": "label-as-declared",
        "LabelNotDeclared": "label-as-declared",
        "FirstAttributeOnly": "label-as-declared",
        "NumbersOnly": "label-mixtures",
        "MixturesOfOtherValues": "label-mixtures",
        "LooksAtItsNeighbours": "images-independent",
        "NormOfTheBatch": "images-independent",
        "AveragesTheCritic": "averaged-draws",
        "AveragesAPart": "averaged-draws",
        "TensorOnTheCpu": "device-agnostic",
        "BranchesOnAValue": "device-agnostic",
    },
    "state": {
        "CanNotBeBuilt": "builds",
        "GlobalNoise": "randomness-from-batch",
        "GlobalNoiseInTheLoss": "randomness-from-batch",
        "CoinOfPython": "randomness-from-batch",
        "WeightsOfNumpy": "construction-repeatable",
        "SeedsTorch": "seed-decides",
        "SeedsItsOwnGenerator": "seed-decides",
        "SeedsNumpy": "seed-decides",
        "LayersOfASet": "second-process",
        "WeightsOfAHash": "second-process",
        "ChangesTheTarget": "batch-unchanged",
        "CountsOutsideOfBuffers": "resume-exact",
        "LogsACountOutsideOfBuffers": "resume-exact",
        "WeightsOutsideOfModules": "save-load",
        "ClosureOverTheNetwork": "deep-copy",
        "NoiseOfItsOwnShare": "losses-are-means",
        "StatisticsOfTheBatch": "processes-agree",
        "OverflowsInHalfPrecision": "bf16-finite",
        "AsksTheNetwork": "no-network",
    },
}
"""By the module that holds them."""
_ADVERSARIAL = {
    "HooksForgotten": "loss-is-called",
    "PenaltyForgotten": "loss-is-called",
    "PenaltyOfNoLabel": "penalties-get-labels",
}
_TRANSLATE = {
    "CycleOnTheWrongSide": "losses-unpaired",
    "IdentityWithThePicture": "losses-unpaired",
    "CriticOfTheWrongSide": "pulls-towards-data",
    "SecondCriticWithoutStep": "every-parameter-is-trained",
    "ChangesTheSource": "batch-unchanged",
    "SourceIsNotUsed": "output-depends-on-input",
    "AveragesTheWayBack": "averaged-draws",
    "PaintsTheTarget": "output-blank-target",
}
MUTANTS = [
    *(Mutant(recipe="clean:Clean", options=options, caught_by=check) for options, check in _OPTIONS.items()),
    *(
        Mutant(recipe="clean:Clean", facts=facts, caught_by=check)
        for check, all_of in _FACTS.items()
        for facts in all_of
    ),
    Mutant(recipe="clean:NotThere", caught_by="target-imported", facts={"tiny": TINY}),
    *(
        Mutant(recipe=f"{module}:{name}", caught_by=check)
        for module, planted in _GENERATE.items()
        for name, check in planted.items()
    ),
    *(
        Mutant(recipe=f"adversarial:{name}", caught_by=check, options=AdversarialOptions)
        for name, check in _ADVERSARIAL.items()
    ),
    *(
        Mutant(recipe=f"pretrained:{name}", caught_by="weights-are-loaded", facts=_WEIGHTS)
        for name in ("DeclaredOnly", "OtherNames")
    ),
    *(Mutant(recipe=f"translate:{name}", caught_by=check, task="translate") for name, check in _TRANSLATE.items()),
]
