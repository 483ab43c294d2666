"""A mistake in what the gateway shall serve is named before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from aralyk.gateway.settings import GatewaySettings

HOME = Path("home")


def test_phones_and_r16h_are_served_without_any_setting() -> None:
    settings = GatewaySettings(home=HOME)
    assert settings.tcp_ports() == {"r16h": 5266}
    assert settings.certificates() == {}


def test_ports_patience_and_trusted_networks_are_read() -> None:
    settings = GatewaySettings(
        home=HOME, ports=("gt06:5023", "teltonika:0"), idle_by_protocol=("gt06:90",), trusted_networks=("10.0.0.0/8",)
    )
    assert settings.tcp_ports() == {"r16h": 5266, "gt06": 5023, "teltonika": 0}
    assert (settings.idle_s_of("gt06"), settings.idle_s_of("teltonika")) == (90.0, 1800.0)
    assert [str(network) for network in settings.trusted()] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ports": ("morse:5023",)}, "ports"),
        ({"ports": ("osmand:5023",)}, "ports"),
        ({"ports": ("r16h:5023",)}, "ports"),
        ({"ports": ("gt06:5023", "gt06:5024")}, "ports"),
        ({"ports": ("gt06",)}, "ports"),
        ({"ports": ("gt06:70000",)}, "ports"),
        ({"idle_by_protocol": ("gt06:never",)}, "idle_by_protocol"),
        ({"idle_by_protocol": ("morse:60",)}, "idle_by_protocol"),
        ({"tls": ("gt06:missing.pem:missing.key",)}, "tls"),
        ({"tls": ("morse:a:b",)}, "tls"),
        ({"trusted_networks": ("10.0.0.1/8",)}, "trusted_networks"),
        ({"connections_per_address_max": 0}, "connections_per_address_max"),
        ({"device_frames_burst": 0}, "device_frames_burst"),
        ({"login_s": 0.0}, "login_s"),
    ],
)
def test_what_cannot_be_served_is_refused_by_naming_its_setting(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        GatewaySettings(home=HOME, **wrong)  # type: ignore[arg-type]
