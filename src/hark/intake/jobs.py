"""Background work of the in-box."""

from hark.intake.actions.checking import check_all
from hark.kernel.tasks import periodic


@periodic("intake.check_channels", "17 * * * *")
def check_channels() -> None:
    """Every hour: a lost permission is seen before a customer notices."""
    check_all()
