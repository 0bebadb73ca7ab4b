"""Loader entries and kernel configurations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.loaders import loader_entry
from vfiotui.formats.modprobe import kernel_config


def test_options_add_up_and_crlf_is_no_part_of_them() -> None:
    text = (
        "title\tArch Linux\r\nlinux /vmlinuz\r\noptions root=UUID=1 rw\r\n#options no\r\noptions   quiet iommu=pt\r\n"
    )
    assert loader_entry.options(text) == "root=UUID=1 rw quiet iommu=pt"


def test_an_entry_without_options_has_none() -> None:
    assert loader_entry.options("title x\nefi /EFI/x.efi") is None
    assert loader_entry.options("options") == ""


def test_a_config_keeps_what_matters() -> None:
    text = "# x\nCONFIG_VFIO_PCI=m\nCONFIG_EXT4_FS=y\n# CONFIG_IOMMUFD is not set\n"
    text += 'CONFIG_NO_HZ_FULL=y\nCONFIG_VFIO_X="a b"'
    assert kernel_config.parse(text) == {"VFIO_PCI": "m", "IOMMUFD": "n", "NO_HZ_FULL": "y", "VFIO_X": "a b"}


@given(st.text(max_size=200))
def test_no_text_breaks_them(text: str) -> None:
    assert isinstance(kernel_config.parse(text), dict)
    assert all(isinstance(k, str) for k, _ in loader_entry.parse(text))
