"""All checks in the order in which they run. Checks that others need come first."""

from collections.abc import Mapping, Sequence
from itertools import chain

from ganzoo.testing.check import Check
from ganzoo.testing.checks import (
    augmentations,
    datasets,
    declaration,
    encoders,
    labels,
    listeners,
    losses,
    metrics,
    options_read,
    outputs,
    pretrained,
    processes,
    pull,
    randomness,
    restart,
    scores,
    state,
    steps,
)

DECLARATION: Sequence[Check] = [
    Check(look)
    for look in (
        declaration.declaration_light,
        declaration.target_imported,
        declaration.declaration_complete,
        declaration.paper_well_formed,
        declaration.options_frozen,
        declaration.options_described,
        declaration.options_bounded,
        declaration.options_default,
    )
]
"""For every model and part."""

_BUILT = ("target-imported", "options-default")

PARTS: Mapping[str, Sequence[Check]] = {
    "augmentation": [
        Check(augmentations.augmentation_shape, _BUILT),
        Check(augmentations.augmentation_repeatable, _BUILT),
        Check(augmentations.augmentation_pairs, ("augmentation-shape", "augmentation-repeatable", *_BUILT)),
        Check(augmentations.augmentation_differentiable, _BUILT),
        Check(augmentations.augmentation_gradients_finite, ("augmentation-differentiable", *_BUILT)),
        Check(augmentations.augmentation_range, ("augmentation-shape", *_BUILT)),
    ],
    "dataset": [
        Check(datasets.source_interface, _BUILT),
        Check(datasets.pictures_well_formed, ("source-interface", *_BUILT)),
        Check(datasets.pictures_repeatable, ("source-interface", *_BUILT)),
        Check(restart.pictures_in_a_second_process, ("pictures-repeatable", *_BUILT)),
        Check(datasets.fingerprint_tells_pictures, ("pictures-repeatable", *_BUILT)),
        Check(datasets.dataset_options_read, ("source-interface", *_BUILT)),
    ],
    "metric": [
        Check(metrics.metric_values, _BUILT),
        Check(metrics.metric_repeatable, ("metric-values", *_BUILT)),
        Check(metrics.metric_order_free, ("metric-values", "metric-repeatable", *_BUILT)),
        Check(metrics.metric_sees_a_difference, ("metric-values", *_BUILT)),
        Check(metrics.metric_few_images, ("metric-values", *_BUILT)),
        Check(metrics.metric_options_read, _BUILT),
    ],
    "listener": [
        Check(listeners.listener_hears, _BUILT),
        Check(listeners.listener_options_read, ("listener-hears", *_BUILT)),
    ],
    "encoder": [
        Check(encoders.encoder_features, _BUILT),
        Check(encoders.encoder_frozen, _BUILT),
        Check(encoders.encoder_independent, _BUILT),
        Check(encoders.encoder_fingerprint, _BUILT),
    ],
}
"""For a part of that kind by itself."""

_FIRST = ("target-imported", "options-default", *(check.name for checks in PARTS.values() for check in checks))

_DRAWS = ("output-shape", "randomness-from-batch")
_STEADY = (*_DRAWS, "output-repeatable")
_TELLING = (*_STEADY, "output-blank-target", "output-depends-on-input")
_TRAINS = ("rounds-run", "randomness-from-batch")
"""What other checks build on: without it they would report the same cause again."""

MODEL: Sequence[Check] = [
    Check(randomness.no_network, _FIRST),
    Check(randomness.builds, ("no-network", *_FIRST)),
    Check(randomness.construction_repeatable),
    Check(randomness.seed_decides, ("construction-repeatable",)),
    Check(pretrained.weights_are_loaded, ("construction-repeatable", "seed-decides")),
    Check(restart.second_process, ("construction-repeatable",)),
    Check(outputs.output_shape),
    Check(steps.steps_well_formed),
    Check(steps.every_parameter_is_trained, ("steps-well-formed",)),
    Check(steps.optimisers_cover, ("steps-well-formed",)),
    Check(losses.losses_named_scalars, ("output-shape", "steps-well-formed")),
    Check(randomness.randomness_from_batch, ("losses-named-scalars",)),
    Check(randomness.batch_unchanged, ("randomness-from-batch",)),
    Check(steps.rounds_run, ("losses-named-scalars", "optimisers-cover")),
    Check(scores.score_signs, ("rounds-run",)),
    Check(options_read.options_read, ("rounds-run",)),
    Check(outputs.output_range, _DRAWS),
    Check(outputs.output_repeatable, _DRAWS),
    Check(outputs.output_blank_target, _STEADY),
    Check(outputs.output_depends_on_input, (*_STEADY, "output-blank-target")),
    Check(outputs.averaged_draws, _TELLING),
    Check(outputs.rectangles, ("output-shape",)),
    Check(labels.label_as_declared, _STEADY),
    Check(labels.label_mixtures, (*_STEADY, "label-as-declared")),
    Check(scores.every_image_matters, _TELLING),
    Check(losses.losses_are_means, (*_TELLING, "every-image-matters")),
    Check(outputs.images_independent, (*_TELLING, "losses-are-means")),
    Check(losses.losses_unpaired, _TELLING),
    Check(losses.terms_have_gradients, (*_TRAINS, "score-signs", "every-parameter-is-trained")),
    Check(losses.every_parameter_gets_a_gradient, (*_TRAINS, "every-parameter-is-trained", "terms-have-gradients")),
    Check(losses.critic_sees_images, _TRAINS),
    Check(losses.in_training_mode, _TRAINS),
    Check(labels.critics_use_labels, _TRAINS),
    Check(labels.penalties_get_labels, _TRAINS),
    Check(scores.loss_is_called, _TRAINS),
    Check(steps.step_moves_only_its_own, _TRAINS),
    Check(steps.every_parameter_moves, (*_TRAINS, "every-parameter-gets-a-gradient")),
    Check(outputs.deep_copy, (*_TRAINS, *_STEADY)),
    Check(state.save_load, (*_TRAINS, *_STEADY, "deep-copy")),
    Check(state.resume_exact, (*_TRAINS, "save-load")),
    Check(outputs.device_agnostic, (*_TELLING, "losses-are-means", "save-load")),
    Check(processes.processes_agree, (*_TRAINS, *_STEADY, "score-signs", "losses-are-means")),
    Check(steps.bf16_finite, (*_TRAINS, "every-parameter-moves")),
    Check(
        pull.pulls_towards_data,
        (*_TRAINS, *_TELLING, "averaged-draws", "losses-are-means", "terms-have-gradients", "every-parameter-moves"),
    ),
]
"""For a model, and for a part within a host model."""

ALL: Sequence[Check] = [*DECLARATION, *MODEL, *chain.from_iterable(PARTS.values())]
"""Every check there is."""
