"""A brand's colour, made readable: as ground under a text and as a line beside it, on white and on near-black.

The brand names one colour; its lightness is moved in OKLab, where equal steps look equal and the hue stays, until the
contrast of WCAG 2 is reached. Pure.
"""

import re
from dataclasses import dataclass

DEFAULT = "#0f6b5f"
LIGHT_GROUND, DARK_GROUND = "#eef1f1", "#202727"  # the least favourable surface of each theme (portal.css, surface-3)
ON_LIGHT, ON_DARK = "#ffffff", "#0d1010"
WANTED = 5.0  # WCAG AA asks for 4.5
HEX = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BrandColours:
    """The brand in both themes, and what is written upon it."""

    light: str
    dark: str
    on_light: str = ON_LIGHT
    on_dark: str = ON_DARK


def brand_colours(colour: str) -> BrandColours:
    """The two colours that are nearest to the brand's own and can be read; the default for what is no colour."""
    own = _oklab(_rgb(colour if HEX.match(colour) else DEFAULT))
    return BrandColours(_moved(own, LIGHT_GROUND, -0.01), _moved(own, DARK_GROUND, +0.01))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _moved(own: Triple, ground: str, step: float) -> str:
    """Darker (or lighter) in small steps until it stands out from the ground; at the end it always does."""
    lightness, a, b = own
    found = _hex((lightness, a, b))
    while contrast(found, ground) < WANTED and -0.01 < lightness < 1.01:
        lightness += step
        room = max(0.0, min(lightness, 1 - lightness)) * 4  # near black and white there is no room for colour
        fade = min(1.0, room)
        found = _hex((lightness, a * fade, b * fade))
    return found


def _luminance(colour: str) -> float:
    red, green, blue = _rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Triple:
    """Linear light from `#rrggbb`."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return red, green, blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _encoded(value: float) -> int:
    value = min(1.0, max(0.0, value))
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


def _oklab(rgb: Triple) -> Triple:
    """Björn Ottosson's OKLab."""
    red, green, blue = rgb
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _hex(lab: Triple) -> str:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_encoded(value):02x}" for value in linear)
