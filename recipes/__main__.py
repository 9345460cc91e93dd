"""`python -m recipes [NAME…]`: trains published models again, writes their files and their entries in registry.yaml.

Folders are made below build/weights. A run that was stopped goes on. Paintings by Monet are read from the folder that
MONET names in the environment.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from ganzoo import LoadedTranslator, load
from recipes.photos import LANDSCAPES, SCENERY, free_photos, kind, unpacked
from recipes.pictures import write_paintings, write_views
from recipes.registry import write_entry

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "weights"
FILES = ROOT / "plugins" / "ganzoo_plugins" / "published"
RECIPES = Path(__file__).parent / "recipes.yaml"
SEED = 0


def main(names: list[str]) -> None:
    """Makes each model of the names, or all of them."""
    recipes = yaml.safe_load(RECIPES.read_text(encoding="utf-8"))
    if unknown := sorted(set(names) - set(recipes)):
        raise SystemExit(f"no recipe {', '.join(unknown)}: there are {', '.join(recipes)}")
    for name in names or recipes:
        make(name, recipes[name])


def make(name: str, recipe: Mapping[str, Any]) -> None:
    """Trains, scores and publishes one model."""
    run = WORK / "runs" / name
    train(recipe["command"], run, recipe)
    publish(name, recipe, run, scores(run, recipe))


def train(command: str, run: Path, recipe: Mapping[str, Any]) -> None:
    """Trains a run by the command, or resumes it."""
    folders = made_folders(command, recipe)
    words = [word.format_map(folders) for word in command.split()]
    if (run / "run.json").is_file():
        ganzoo("run", "--resume", str(run))
    else:
        ganzoo(*words, "--seed", str(SEED), "--out", str(run))


def made_folders(command: str, recipe: Mapping[str, Any]) -> dict[str, Path]:
    """The folders that a recipe's command names, made where they are not there yet."""
    makers: dict[str, Callable[[], Path]] = {
        "landscapes": lambda: write_views(photos(), WORK / "landscapes"),
        "oil": lambda: write_paintings(photos(), WORK / "oil", "oil"),
        "scenery": lambda: write_views(photos(SCENERY), WORK / "scenery"),
        "ukiyo-e": lambda: write_paintings(photos(SCENERY), WORK / "ukiyo-e", "ukiyo-e"),
        "watercolour": lambda: write_paintings(photos(SCENERY), WORK / "watercolour", "watercolour"),
        "monet": monet,
        "taught": lambda: taught(recipe),
    }
    return {name: maker() for name, maker in makers.items() if f"{{{name}}}" in command}


def photos(kinds: Collection[str] = LANDSCAPES) -> list[Path]:
    """The free photos of those kinds."""
    return [file for file in free_photos(unpacked(WORK / "package")) if kind(file) in kinds]


def taught(recipe: Mapping[str, Any]) -> Path:
    """A folder with the views of the scenery as `oil` and then the recipe's teacher paint them."""
    teacher, folder = WORK / "runs" / "teacher", WORK / "taught"
    train(recipe["teacher"], teacher, recipe)
    first, second = load("oil"), load(teacher)
    assert isinstance(first, LoadedTranslator) and isinstance(second, LoadedTranslator)
    folder.mkdir(exist_ok=True)
    for file in sorted(made_folders("{scenery}", recipe)["scenery"].iterdir()):
        with Image.open(file) as view:
            second.stylize(first.stylize(view.convert("RGB"))).save(folder / file.name)
    return folder


def monet() -> Path:
    """The folder with paintings by Monet."""
    folder = Path(os.environ.get("MONET", ""))
    if not os.environ.get("MONET") or not folder.is_dir():
        raise SystemExit("MONET: name the folder with paintings by Monet, such as trainB of CycleGAN's monet2photo")
    return folder


def scores(run: Path, recipe: Mapping[str, Any]) -> dict[str, list[float]]:
    """Each metric's value and the ends of its interval, on held-out images, by `evaluate` with the recipe's options."""
    options = recipe.get("evaluate", "")
    folders = made_folders(options, recipe)
    words = [word.format_map(folders) for word in options.split()]
    found = json.loads(ganzoo("evaluate", str(run), "--format", "json", *words))[0]
    return {
        one["protocol"]["metric"]: [float(f"{one['score'][end]:.5g}") for end in ("value", "low", "high")]
        for one in (found, *found.get("beside", []))
    }


def publish(name: str, recipe: Mapping[str, Any], run: Path, scores: Mapping[str, list[float]]) -> None:
    """Writes the model's file and its entry in registry.yaml."""
    FILES.mkdir(exist_ok=True)
    words = {key: recipe[key] for key in ("summary", "trained_on", "license", "bad_at") if key in recipe}
    flags = [text for key, value in words.items() for text in (f"--{key.replace('_', '-')}", value)]
    command = f"make weights NAME={name}"
    file = FILES / f"{name}.safetensors"
    printed = ganzoo("publish", str(run), "--out", str(file), "--overwrite", "--command", command, *flags)
    write_entry(ROOT / "registry.yaml", {name: {**yaml.safe_load(printed)[name], "scores": dict(scores)}})


def ganzoo(*words: str) -> str:
    """Runs the command of this environment and gives its standard output."""
    print("$ ganzoo", shlex.join(words), flush=True)
    program = str(Path(sys.executable).with_name("ganzoo"))
    return subprocess.run([program, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main(sys.argv[1:])
