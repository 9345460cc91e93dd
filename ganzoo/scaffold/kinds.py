"""What `ganzoo new` can write. The command's choices, the templates and the commands to try follow from one table."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of plugin. `setting` uses it in a run of the model `host`, and `{name}` stands for its name.

    `module` is the module that computes, and `tiny` what a run of seconds needs besides. The templates are in a folder
    named after the kind; a model has one for each task.
    """

    module: str
    setting: str
    host: str = "dcgan"
    tiny: str = ""
    one_of_several: bool = False
    """Whether an option names any number of them, so that each has its options under its own name."""

    def use(self, name: str) -> str:
        """The command with which users use it."""
        return f"ganzoo run {self.host} {self.setting}".format(name=name)

    def attempt(self, name: str) -> str:
        """The command that tries it in seconds."""
        words = ["ganzoo run", self.host, "--tiny", self.tiny, self.setting]
        return " ".join(filter(None, words)).format(name=name)


@dataclass(frozen=True, kw_only=True)
class ModelKind(Kind):
    """A model runs under its own name, and without data of its own in an attempt."""

    def attempt(self, name: str) -> str:
        """A run on the built-in scenes."""
        return f"ganzoo run {name} --tiny"


_SCORED = "--score-every 10steps --set held_out=0.4"
"""Of the 64 images of a tiny run, a tenth is too few to score on."""

KINDS: Mapping[str, Kind] = {
    "model": ModelKind(module="model", host="{name}", setting="--data photos --budget 10min"),
    "generator": Kind(module="network", setting="--set generator={name}"),
    "discriminator": Kind(module="network", setting="--set discriminator={name}"),
    "loss": Kind(module="loss", setting="--set loss={name}"),
    "regulariser": Kind(module="regulariser", setting="--set regularise={name}", one_of_several=True),
    "augmentation": Kind(module="augmentation", setting="--set augment={name}"),
    "term": Kind(module="term", host="cut", setting="--set extra={name}", one_of_several=True),
    "dataset": Kind(module="source", setting="--data {name}"),
    "encoder": Kind(module="encoder", setting="--set encoder={name}", tiny=_SCORED),
    "listener": Kind(module="listener", setting="--set listeners={name}"),
    "metric": Kind(module="values", setting="--set metrics={name}", tiny=_SCORED),
}


def with_article(kind: str) -> str:
    """The kind as a word in a sentence: "a loss", "an encoder"."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {'data set' if kind == 'dataset' else kind}"
