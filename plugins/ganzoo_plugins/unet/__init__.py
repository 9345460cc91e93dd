"""The discriminator of U-Net GANs, which scores the whole image and each of its pixels."""

from collections.abc import Iterable

from pydantic import Field

from ganzoo import Options, PartSpec, hookimpl


class UNetOptions(Options):
    """Options of the discriminator `unet`."""

    width: int = Field(32, ge=1, le=1024, description="channels at half the size; deeper layers have more")


@hookimpl
def ganzoo_parts() -> Iterable[PartSpec]:
    """The discriminator."""
    yield PartSpec(
        kind="discriminator",
        name="unet",
        target="ganzoo_plugins.unet.networks:UNetDiscriminator",
        options=UNetOptions,
        summary="scores the whole image and each pixel, so it says where an image looks drawn",
        paper="2002.12655",
        tiny={"width": 4},
    )
