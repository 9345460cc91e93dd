"""`python -m tests.mutants.table`: which checks fail for which mutant, as a table in Markdown."""

from ganzoo.config.resolve import open_catalog
from ganzoo.testing.conform import check_name
from tests.mutants import Mutant
from tests.mutants.catalogue import CLEAN, MUTANTS
from tests.mutants.pretrained import put_in_cache
from tests.testing.planted import ALONE, CLEAN_ALONE, CLEAN_HOSTED, HOSTED, Planted

_MANY = 6


def row(mutant: Mutant | Planted) -> str:
    """The mutant, the check that must catch it, whether it did, and the others that fail as well."""
    found = [result.check for result in check_name(mutant.spec(), open_catalog(third_party=False)).failures]
    wanted = mutant.caught_by or "none"
    caught = mutant.caught_by in found if mutant.caught_by else not found
    others = [name for name in found if name != mutant.caught_by]
    also = ", ".join(others) if len(others) <= _MANY else f"{len(others)} checks, as nothing else works then"
    return f"| {_what(mutant)} | {wanted} | {'yes' if caught else 'NO'} | {also} |"


def _what(mutant: Mutant | Planted) -> str:
    if isinstance(mutant, Planted):
        return mutant.name
    what = mutant.recipe.partition(":")[2]
    what += f" with {mutant.options.__name__}" if mutant.options.__name__ != "RecipeOptions" else ""
    return what + (f" with another {' and '.join(mutant.facts)}" if mutant.facts else "")


def main() -> None:
    """Prints it."""
    put_in_cache()
    print("| mutant | caught by | caught | fails as well |\n|---|---|---|---|")
    for mutant in [*CLEAN, *MUTANTS, *CLEAN_ALONE, *ALONE, *CLEAN_HOSTED, *HOSTED]:
        print(row(mutant), flush=True)


if __name__ == "__main__":
    main()
