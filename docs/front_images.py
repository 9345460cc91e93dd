"""Cuts the pictures of the first pages from the sheets and grids in docs/images: nothing is painted here.

`python docs/front_images.py` writes lead.webp, card-compare.webp, start-NAME.webp and which-NAME.webp.
`paint_images.py published` does so too, once it has painted the sheets of the published models.
"""

from pathlib import Path

from PIL import Image

IMAGES = Path(__file__).parent / "images"
PHOTOS = ("beach1", "fields1", "forest0", "mountain1", "sea0", "water0")
"""The photographs of every sheet, row by row, two in a row."""
CELL, GAP = (768, 512), 4
WIDTH = 736
"""A picture of this width is shown in the docs, and on GitHub, without being shrunk."""
GRID = "published-scenes"
"""64 scenes in eight columns, as `paint_images.py published` writes them."""
LEAD = (("mountain1", "monet", (190, 60)), ("fields1", "oil", (330, 150)))
"""Photographs and paintings of the lead picture, and the left upper corner of what is shown."""
COMPARED = (1, 7)
"""Rows of ladder.png: dcgan-laptop and projected-laptop."""
WHICH = ("cut", "lptn", "santa")


def main() -> None:
    """Writes them all."""
    save("lead", lead())
    photo, painting = cell("painted-sheet", "mountain1"), painted("mountain1", "monet")
    save("start-paint", fitted(side_by_side([photo, painting])))
    save("which-published", small(halves(photo, painting)))
    save("start-draw", scenes(rows=4))
    save("start-compare", compared())
    for name in WHICH:
        save(f"which-{name}", small(cell(f"painted-{name}", "mountain1")))
    save("which-styles", small(styles()))
    save("which-pairs", small(pair()))
    save("which-labels", small(tiled("projected.png", 8, [(row, column) for row in (0, 1) for column in (1, 2, 5)])))
    save("which-projected", small(tiled("projected.png", 8, [(row, column) for row in (4, 2) for column in (1, 3, 4)])))
    save("which-ladder", small(tiled("ladder.png", 12, [(row, 4) for row in (1, 2, 3, 5, 6, 7)])))
    save("card-compare", small(tiled("ladder.png", 12, [(row, column) for row in COMPARED for column in (4, 8, 9)])))


def lead() -> Image.Image:
    """Two photographs with their paintings at 1:1, and two rows of scenes below."""
    width = (WIDTH - GAP) // 2
    rows = []
    for photo, style, (left, top) in LEAD:
        box = (left, top, left + width, top + 300)
        rows.append(side_by_side([one.crop(box) for one in (cell("painted-sheet", photo), painted(photo, style))]))
    return stacked([*rows, scenes(rows=2)])


def cell(sheet: str, photo: str) -> Image.Image:
    """One picture of a sheet of six."""
    left, top = PHOTOS.index(photo) % 2 * CELL[0], PHOTOS.index(photo) // 2 * CELL[1]
    return opened(f"{sheet}.webp").crop((left, top, left + CELL[0], top + CELL[1]))


def painted(photo: str, style: str) -> Image.Image:
    """The photograph as the painter of that style paints it."""
    return cell(f"published-{style}", photo)


def tiles(file: str, columns: int = 8, rows: int = 8) -> list[Image.Image]:
    """The pictures of a grid of `ganzoo sample`, row by row."""
    whole = opened(file)
    wide, high = (whole.width - 2) // columns, (whole.height - 2) // rows
    corners = [(2 + wide * column, 2 + high * row) for row in range(rows) for column in range(columns)]
    return [whole.crop((left, top, left + wide - 2, top + high - 2)) for left, top in corners]


def scenes(rows: int) -> Image.Image:
    """Drawn scenes at their own size, as many as fit."""
    found = tiles(f"{GRID}.png")
    columns = WIDTH // found[0].width - (WIDTH % found[0].width == 0)
    full = range(min(rows, len(found) // columns))
    return stacked([spread(found[columns * row : columns * (row + 1)]) for row in full])


def compared() -> Image.Image:
    """Scenes of two models, a row for each."""
    every = tiles("ladder.png", columns=12)
    return stacked([spread(every[12 * row : 12 * row + 11]) for row in COMPARED])


def spread(images: list[Image.Image]) -> Image.Image:
    """Pictures in a row with the width of all."""
    return side_by_side(images, (WIDTH - len(images) * images[0].width) // (len(images) - 1))


def styles() -> Image.Image:
    """A quarter of the photograph's place for each of four styles: from the sheet of styles."""
    whole = opened("painted-styles.webp")
    places = [(1, 0), (0, 1), (1, 1), (0, 2)]
    boxes = [(CELL[0] * column, CELL[1] * row) for column, row in places]
    cells = [small(whole.crop((left, top, left + CELL[0], top + CELL[1]))) for left, top in boxes]
    return grid(cells)


def pair() -> Image.Image:
    """Two scenes above, the same in oil below."""
    whole = opened("scenes.png")
    cells = [whole.crop((left, top, left + 96, top + 64)) for top in (2, 68) for left in (2, 100)]
    return grid([one.resize((CELL[0] // 2, CELL[1] // 2), Image.Resampling.LANCZOS) for one in cells])


def tiled(file: str, columns: int, places: list[tuple[int, int]]) -> Image.Image:
    """Six pictures of a grid, by row and column, enlarged to a cell."""
    every = tiles(file, columns)
    cells = [every[columns * row + column] for row, column in places]
    return stacked([side_by_side(cells[:3], 2), side_by_side(cells[3:], 2)], 2).resize(CELL, Image.Resampling.LANCZOS)


def halves(left: Image.Image, right: Image.Image) -> Image.Image:
    """The left half of one picture and the right half of the other."""
    whole = left.copy()
    whole.paste(right.crop((CELL[0] // 2, 0, *CELL)), (CELL[0] // 2, 0))
    return whole


def grid(cells: list[Image.Image]) -> Image.Image:
    """Four pictures in two rows."""
    return stacked([side_by_side(cells[:2], 0), side_by_side(cells[2:], 0)], 0)


def small(image: Image.Image) -> Image.Image:
    """Half as wide and as high."""
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def fitted(image: Image.Image) -> Image.Image:
    """As wide as the page."""
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)


def side_by_side(images: list[Image.Image], gap: int = GAP) -> Image.Image:
    """Pictures of one height in a row."""
    result = Image.new("RGB", (sum(one.width + gap for one in images) - gap, images[0].height), "white")
    left = 0
    for one in images:
        result.paste(one, (left, 0))
        left += one.width + gap
    return result


def stacked(images: list[Image.Image], gap: int = GAP) -> Image.Image:
    """Pictures one below the other, in the middle."""
    width = max(one.width for one in images)
    result = Image.new("RGB", (width, sum(one.height + gap for one in images) - gap), "white")
    top = 0
    for one in images:
        result.paste(one, ((width - one.width) // 2, top))
        top += one.height + gap
    return result


def opened(file: str) -> Image.Image:
    """A picture of the docs in RGB."""
    with Image.open(IMAGES / file) as image:
        return image.convert("RGB")


def save(name: str, image: Image.Image) -> None:
    """Writes a picture of the docs."""
    image.save(IMAGES / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
