"""Money as it is kept: whole millionths of a currency, never a fraction. Pure."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal, InvalidOperation

MICROS = 1_000_000
MOST = Decimal(1_000_000_000)  # of a currency: more is a mistake
CURRENCY = re.compile(r"[A-Z]{3,8}")


@dataclass(frozen=True, slots=True)
class Spent:
    """An amount in millionths of its currency."""

    micros: int
    currency: str

    def __str__(self) -> str:
        """12.50 USD; less than a cent keeps its places."""
        return f"{amount_words(self.micros)} {self.currency}"


def spent(cost: tuple[str, str] | None) -> Spent | None:
    """What a venue said that something cost, as (amount, currency), rounded up to a millionth; None: nothing usable."""
    if cost is None:
        return None
    amount, currency = cost
    try:
        said = Decimal(amount)
    except (InvalidOperation, TypeError, ValueError):
        return None
    currency = str(currency).strip().upper()
    if not said.is_finite() or not 0 < said <= MOST or not CURRENCY.fullmatch(currency):
        return None
    return Spent(int((said * MICROS).to_integral_value(ROUND_UP)), currency)


def amount_words(micros: int) -> str:
    """12.50 or 1,204.00; below ten cents with as many places as it has, 0.005."""
    amount = Decimal(micros) / MICROS
    if 0 < micros < MICROS // 10:
        return f"{amount.normalize():f}"
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}"
