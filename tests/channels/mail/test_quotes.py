"""Where the quoted part begins: in many languages, and not where somebody answers between the lines."""

import pytest

from hark.channels.email.reader.quotes import quote_from
from tests.paths import shared

ANSWER = "It still does not work.\nAnn"
HEADS = [
    "On Mon, 12 Oct 2026 at 13:22, Tessa <care@plum.example> wrote:",
    "On Mon, 12 Oct 2026 at 13:22, Tessa at Plum\n<care@plum.example> wrote:",
    "Am 12.10.2026 um 13:22 schrieb Tessa <care@plum.example>:",
    "Le lun. 12 oct. 2026 à 13:22, Tessa <care@plum.example> a écrit :",
    "El lun, 12 oct 2026 a las 13:22, Tessa (<care@plum.example>) escribió:",
    "Il giorno lun 12 ott 2026 alle ore 13:22 Tessa <care@plum.example> ha scritto:",
    "Op ma 12 okt. 2026 om 13:22 schreef Tessa <care@plum.example>:",
    "Em seg., 12 de out. de 2026 às 13:22, Tessa <care@plum.example> escreveu:",
    "пн, 12 окт. 2026 г. в 13:22, Tessa <care@plum.example>:\n12.10.2026 13:22, Tessa пишет:",
    "Dnia 12 października 2026 13:22 Tessa <care@plum.example> napisał(a):",
    "Den mån 12 okt. 2026 kl 13:22 skrev Tessa <care@plum.example>:",
    "2026年10月12日(月) 13:22 Tessa <care@plum.example>:",
    "2026年10月12日 13:22，Tessa 写道：",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----\nVon: Tessa",
    "________________________________\nFrom: Tessa <care@plum.example>\nSent: Monday\nTo: Ann\nSubject: Hello",
    "*From:* Tessa <care@plum.example>\n*Date:* 12 October 2026\n*To:* Ann\n*Subject:* Hello",
    "Von: Tessa\nGesendet: Montag, 12. Oktober 2026\nAn: Ann\nBetreff: Hallo",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("quoted", ["> Have you tried\n> to restart it?\n", "Have you tried to restart it?\n"])
def test_what_was_answered_to_is_cut_off(head: str, quoted: str) -> None:
    text = f"{ANSWER}\n\n{head}\n{quoted}"
    begin = quote_from(text)
    assert begin is not None
    assert text[:begin].strip() in (ANSWER, f"{ANSWER}\n\n{head.splitlines()[0]}") if "пишет" in head else ANSWER
    assert "Have you tried" in text[begin:]


def test_quoted_lines_at_the_end_need_no_introduction() -> None:
    assert quote_from("Yes.\n\n> Is it on?\n> Really?\n") == 5


@pytest.mark.parametrize(
    "text",
    [
        "Only my own words.",
        "",
        "> all of it\n> is quoted",
        f"{HEADS[0]}\n> Is it on?\n\nYes, it is on.",
        f"Hello.\n{HEADS[0]}\n> Is it on?\nYes.\n> Really?\nReally.\n",
        "I wrote to you three times:\nnobody answered.",
        "My order:\nDate: 12 October\nTo: my house",
        "Shipping address:\nAnn\nMain street 1",
    ],
)
def test_own_words_are_not_cut(text: str) -> None:
    assert quote_from(text) is None


def test_forwarded_mail_is_not_cut() -> None:
    text = f"Look at this.\n\n{HEADS[-3]}\n\nYour parcel is lost."
    assert quote_from(text, "Re: Hello") == 14
    assert quote_from(text, "Fwd: Hello") is None


def test_line_that_a_program_broke_off_is_no_answer() -> None:
    assert quote_from(f"Yes.\n\n{HEADS[0]}\n> A long line that\nwent over\n> the edge.\n") == 5


def test_footer_of_a_mailing_list_is_no_answer() -> None:
    assert quote_from(f"Yes.\n\n{HEADS[0]}\n> Is it on?\n\n{'_' * 40}\nlist mailing list\nhttps://list.example\n") == 5


def test_replies_of_real_clients_are_cut_where_their_own_words_end() -> None:
    folder = shared("data", "hostile", "mail-replyparser")
    texts = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))}
    cut = {name: begin for name, text in texts.items() if (begin := quote_from(text)) is not None}
    quoting = [name for name, text in texts.items() if "\n>" in text and "rom:" not in text]
    assert len([name for name in quoting if name in cut]) >= 0.7 * len(quoting)
    assert all(
        "> " in texts[name][begin:] or "wrote" in texts[name][begin:] or "From" in texts[name][begin:]
        for name, begin in cut.items()
    )
