"""The suites of all venues of ours, as what makes arrivals of any of them."""

from importlib import import_module
from pkgutil import iter_modules

from hark.channels.registry import BUILT_IN
from hark.channels.testing.conformance import Bench, ChannelConformance
from tests.channels import test_api_channel, test_conformance
from tests.channels import venues as folder


def benches() -> dict[str, Bench]:
    """Every suite by the key of its venue, in the order of the registry."""
    names = (one.name for one in iter_modules(folder.__path__) if one.name.startswith("test_"))
    modules = [test_conformance, test_api_channel, *(import_module(f"{folder.__name__}.{name}") for name in names)]
    found = {
        suite.venue.key: suite()
        for module in modules
        for suite in vars(module).values()
        if isinstance(suite, type) and issubclass(suite, ChannelConformance) and suite is not ChannelConformance
    }
    assert set(found) == set(BUILT_IN), "every venue of ours passes the suite"
    return {key: found[key] for key in BUILT_IN}
