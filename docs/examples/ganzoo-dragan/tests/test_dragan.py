from ganzoo.testing import conformance


def test_the_plugin_keeps_the_rules() -> None:
    conformance("dragan", expected={"critic-sees-images": "the penalty looks around the data, beyond [-1, 1]"})
