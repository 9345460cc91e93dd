"""All checks in the order in which they run. Checks that others build on come first."""

from collections.abc import Mapping, Sequence
from itertools import chain

from ganzoo.testing.check import Check
from ganzoo.testing.checks import (
    augmentations,
    datasets,
    declaration,
    encoders,
    losses,
    metrics,
    options_read,
    outputs,
    processes,
    pull,
    randomness,
    state,
    steps,
)

DECLARATION: Sequence[Check] = [
    Check(look)
    for look in (
        declaration.declaration_light,
        declaration.declaration_complete,
        declaration.paper_well_formed,
        declaration.options_frozen,
        declaration.options_described,
        declaration.options_bounded,
        declaration.options_default,
    )
]
"""For every model and part."""

MODEL: Sequence[Check] = [
    Check(look)
    for look in (
        randomness.no_network,
        randomness.builds,
        randomness.construction_repeatable,
        options_read.options_read,
        outputs.output_shape,
        outputs.output_range,
        outputs.output_depends_on_input,
        outputs.output_repeatable,
        outputs.output_blank_target,
        outputs.label_as_declared,
        outputs.averaged_draws,
        outputs.rectangles,
        outputs.device_agnostic,
        steps.steps_well_formed,
        steps.every_parameter_is_trained,
        steps.optimisers_cover,
        losses.losses_named_scalars,
        losses.losses_are_means,
        losses.losses_unpaired,
        losses.terms_have_gradients,
        losses.every_parameter_gets_a_gradient,
        losses.critic_sees_images,
        losses.in_training_mode,
        randomness.randomness_from_batch,
        randomness.batch_unchanged,
        steps.step_moves_only_its_own,
        steps.every_parameter_moves,
        outputs.deep_copy,
        state.save_load,
        state.resume_exact,
        processes.processes_agree,
        steps.bf16_finite,
        pull.pulls_towards_data,
    )
]
"""For a model, and for a part within a host model."""

PARTS: Mapping[str, Sequence[Check]] = {
    "augmentation": [
        Check(augmentations.augmentation_shape),
        Check(augmentations.augmentation_repeatable),
        Check(augmentations.augmentation_pairs),
        Check(augmentations.augmentation_differentiable),
    ],
    "dataset": [
        Check(datasets.source_interface),
        Check(datasets.pictures_well_formed),
        Check(datasets.pictures_repeatable),
        Check(datasets.dataset_options_read),
    ],
    "metric": [
        Check(metrics.metric_values),
        Check(metrics.metric_repeatable),
        Check(metrics.metric_order_free),
        Check(metrics.metric_sees_a_difference),
        Check(metrics.metric_few_images),
        Check(metrics.metric_options_read),
    ],
    "encoder": [
        Check(encoders.encoder_features),
        Check(encoders.encoder_frozen),
        Check(encoders.encoder_independent),
        Check(encoders.encoder_fingerprint),
    ],
}
"""For a part of that kind by itself."""

ALL: Sequence[Check] = [*DECLARATION, *MODEL, *chain.from_iterable(PARTS.values())]
"""Every check there is."""
