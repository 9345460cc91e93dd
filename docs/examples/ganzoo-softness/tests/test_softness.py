from ganzoo.testing import conformance


def test_the_plugin_keeps_the_rules() -> None:
    conformance("softness")
