"""`python -m ganzoo` is the command `ganzoo`, which `torchrun -m ganzoo` needs."""

from ganzoo.cli import main

main()
