"""What a file is, by its first bytes; what it may be called."""

import pytest
from tests.paths import shared

from hark.kernel.files import OCTETS, plain_name, size_words, type_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("head", "name", "wanted"),
    [
        (PNG, "a.html", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "a.jpg", "image/heic"),
        (b"<html><script>alert(1)</script>", "photo.png", OCTETS),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg", OCTETS),
        (b"<?xml version='1.0'?><svg/>", "a.svg", OCTETS),
        (b"GIF", "a.gif", OCTETS),
        (b"%PDF-1.7", "a.png", "application/pdf"),
        (b"PK\x03\x04", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04", "a.html", "application/zip"),
        (b"name;price\n", "list.csv", "text/plain"),
        (b"MZ\x90\x00", "list.csv", OCTETS),
        (b"", "", OCTETS),
    ],
)
def test_type_is_what_the_bytes_prove(head: bytes, name: str, wanted: str) -> None:
    assert type_of(head, name) == wanted


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\scan.pdf", "scan.pdf"),
        ("a\u200bb\u2066c\ufeff.txt", "abc.txt"),
        ("two\r\nSet-Cookie: x.txt", "two Set-Cookie x.txt".replace("Cookie ", "Cookie: ")),
        (".htaccess", "htaccess"),
        ("x.php.", "x.php"),
        ("\x00\x01", "file"),
        ("", "file"),
        ("日本語の写真.jpg", "日本語の写真.jpg"),
        ("a" * 300 + ".jpeg", "a" * 115 + ".jpeg"),
    ],
)
def test_name_is_one_plain_line_and_never_a_path(given: str, shown: str) -> None:
    assert plain_name(given) == shown


def test_no_traversal_of_the_shared_list_keeps_a_folder() -> None:
    folder = shared("data", "hostile", "payload-lists", "traversal")
    lines = [line for path in sorted(folder.glob("*")) for line in path.read_bytes().splitlines()]
    assert len(lines) > 100
    for line in lines:
        name = plain_name(line.decode("utf-8", "replace"))
        assert "/" not in name
        assert "\\" not in name
        assert name not in {"", ".", ".."}
        assert len(name) <= 120


def test_sizes_are_said_as_people_say_them() -> None:
    assert [size_words(each) for each in (0, 940, 12_345, 3_400_000)] == ["0 bytes", "940 bytes", "12 kB", "3.4 MB"]
