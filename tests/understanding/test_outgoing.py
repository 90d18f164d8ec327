"""What is looked at before everybody can read an answer: found where it is, and silent under ordinary answers."""

import pytest

from hark.understanding.outgoing import Talk, look_over

ASKED = "I bought a bundle before my flight and you charged me twice. Can you please help me with that?"
TALK = Talk(
    asked=ASKED,
    in_public=f"{ASKED}\nparcel PL-12345678 never came, write to maud@open.example",
    in_private="my order is 99887766, customer number AB-445566, born 2001-11-30",
    ours="Plum\nPlum mobile\nCall us on 020 123 4567 or mail ada@plum.example",
    earlier=("Thank you for telling us, we look into it at once.",),
    others=("Kiwi", "@kiwicare"),
    initials="TO",
)


def kinds(text: str, talk: Talk = TALK) -> list[str]:
    return [finding.kind for finding in look_over(text, talk)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "We have written to maud.terlinden@private.example."),
        ("phone", "We call you on +31 6 12 34 56 99 tonight."),
        ("phone", "We call you on 06-12345699 tonight."),
        ("phone", "Wir rufen Sie unter 0171 / 9876543 an."),
        ("iban", "It goes to NL91 ABNA 0417 1643 00 tomorrow."),
        ("iban", "It goes to DE89370400440532013000 tomorrow."),
        ("card", "It goes back to the card •••• 1111 today."),
        ("told", "Your order 99887766 is on its way."),
        ("told", "Your order 9988-7766 is on its way."),
        ("told", "We have found you under AB445566."),
        ("abuse", "You are just too stupid to read the manual."),
        ("abuse", "Sie sind einfach dumm."),
        ("abuse", "Quel connard."),
        ("offers", "By the way, have a look at our special offer."),
        ("offers", "Upgrade to premium and this never happens."),
        ("offers", "Übrigens: Sonderangebot bis Freitag!"),
        ("language", "Wir haben das Geld heute zurücküberwiesen, es ist morgen auf Ihrem Konto."),
        ("language", "Nous avons remboursé le montant, vous le verrez demain sur votre compte."),
        ("account", "Everybody at Kiwi is sorry about this."),
        ("account", "Write to @kiwicare and they will help you."),
        ("signature", "We are sorry and look into it. ^RA"),
        ("twice", "Thank you for telling us, we look into it at once!"),
        ("twice", "thank you for telling us. We look into it, at once"),
    ],
)
def test_what_should_not_stand_there_is_found(kind: str, text: str) -> None:
    assert kinds(text) == [kind]


ORDINARY = """
Thanks!
Thank you so much, glad it works again. ^TO
Hi Maud, sorry to hear that. Could you send us a private message with your customer number?
Please never post your phone number or e-mail address here. Send us a private message instead.
You can reach us on 020 123 4567 or at care@plum.example, weekdays 09.00-17.00.
Call us free of charge: 0800 1234567.
Your parcel PL-12345678 left our warehouse on 01.02.2026 14:00 and arrives on 2026-02-03.
Your parcel left on 05/12/2026 and should arrive between 9:00 and 13:00.
We refunded € 24,90 on Monday; it can take 3-5 working days before you see it.
We refunded 1.234,50 EUR to the card that you paid with.
Ticket #0123456789 is with our engineers, they answer today.
Order number 0123456789 is confirmed, a mail is on its way.
The outage in postcode area 1012 is over since 18:45. Please restart your router twice.
Version 14.2.1 of the app solves this. Please update and tell us whether it helps.
Unfortunately that offer has ended. We are sorry that the page still showed it.
Please hold the reset button for 10 seconds, then wait until the light is green.
It was stupid of us not to tell you earlier. Our apologies.
That is a ridiculous wait and we understand that you are angry.
Please don't shut the router down during the update.
You are right, this took far too long.
We saw your message only today and ordered the part at once.
We upgrade the mast today, so the signal may be gone for an hour.
Our shop at Kalverstraat 12 is open until 21:00 today.
We're hiring engineers, thanks for asking: https://plum.example/jobs/2026-00123456
Your question is a good one: unlimited means 200 GB at full speed, then slower.
The manual is here: https://plum.example/help/4711?step=12345678
The 2024/2025 season ticket is valid until 31-12-2026.
Model XR-2000-50 is not affected. The older XR-1000-50 is.
It's 25% of the fee, so 1200 of 4800 points.
Good morning! We looked, and see nothing strange on line 3. Which app do you use, and on which phone?
Sorry, we can't discuss an account in public. We have sent you a private message.
Congratulations! You have won the draw; we write to you in private today.
Wat goed om te horen, dank je wel!
Danke!
¡Gracias! Lo miramos hoy.
Grazie mille.
Obrigado pela mensagem.
""".strip().splitlines()
ABROAD = {
    "nl": ("Mijn internet ligt er al drie dagen uit, wanneer wordt het eindelijk gemaakt?", """
Goedemorgen, vervelend dat het niet werkt. Stuur ons een privébericht met je klantnummer?
Goedemorgen, wat vervelend dat uw internet al drie dagen niet werkt. We kijken het meteen na.
Het is een storing in uw wijk; onze monteur is om 14.30 uur ter plaatse en verwacht een uur nodig te hebben.
U kunt ons bereiken op 0900-1234 of via support@plum.example. Uw kop koffie staat klaar!
"""),
    "de": ("Seit drei Tagen geht mein Internet nicht, wann wird das endlich repariert?", """
Guten Morgen, das tut uns sehr leid. Die Störung ist bekannt, unser Techniker ist um 14.30 Uhr vor Ort.
Die Rechnung vom 01.02.2026 über 49,90 Euro haben wir storniert. Rechnungsnummer 0123456789 können Sie wegwerfen.
Hallo Anna, das tut uns leid. Schreib uns bitte eine private Nachricht mit deiner Kundennummer.
Sie sind bei uns richtig! Schicken Sie uns bitte Ihre Kundennummer per Direktnachricht.
"""),
    "fr": ("Depuis trois jours je n'ai plus internet, quand est-ce que ce sera enfin réparé ?", """
Bonjour, nous sommes vraiment désolés. Notre technicien sera chez vous à 14 h 30 pour réparer la panne.
Nous vous remercions de votre patience et vous rembourserons les trois jours, soit 4,90 €.
"""),
    "es": ("Llevo tres días sin internet, ¿cuándo lo van a arreglar de una vez?", """
Buenos días, lamentamos mucho la avería. El técnico llegará hoy a las 14.30 y tardará una hora.
Envíenos por favor un mensaje privado con su número de cliente y le devolvemos los tres días.
"""),
    "it": ("Sono tre giorni che internet non funziona, quando lo riparate finalmente?", """
Buongiorno, ci dispiace molto per il guasto. Il tecnico arriva oggi alle 14.30 e lavora per un'ora.
Ci scriva in privato il Suo numero cliente, grazie: la Sua compra è già stata rimborsata.
"""),
    "pt": ("Estou há três dias sem internet, quando é que vão finalmente resolver isto?", """
Bom dia, lamentamos imenso a avaria. O técnico chega hoje às 14h30 e demora cerca de uma hora.
Envie-nos por favor uma mensagem privada com o seu número de cliente.
"""),
}  # fmt: skip


def test_ordinary_answers_are_left_alone() -> None:
    assert {text: found for text in ORDINARY if (found := kinds(text))} == {}
    told = [
        (text, Talk(asked=asked, in_public=asked)) for asked, texts in ABROAD.values() for text in texts.split("\n")
    ]
    assert {text: found for text, talk in told if (found := kinds(text, talk))} == {}


def test_what_the_house_says_itself_and_the_customer_said_in_public_is_no_finding() -> None:
    assert kinds("Mail ada@plum.example or call 020-1234567.") == []
    assert kinds("We write to maud@open.example about PL-12345678.") == []


def test_offers_are_welcome_where_somebody_asked_for_one() -> None:
    talk = Talk(asked="Do you have a discount for students?")
    assert kinds("Yes! Use the discount code STUDENT.", talk) == []
    assert kinds("Use the discount code STUDENT.") == ["offers"]


def test_another_brand_is_no_finding_where_the_customer_speaks_of_it() -> None:
    assert kinds("Kiwi is another company, sorry.", Talk(asked="Is Kiwi yours too?", others=("Kiwi",))) == []


def test_code_holds_for_the_same_words_only() -> None:
    [first] = look_over("Mail a@private.example now", TALK)
    [other] = look_over("Now, mail b@private.example", TALK)
    assert first.code == look_over("Please: a@private.example", TALK)[0].code != other.code


def test_long_and_nasty_texts_are_read_quickly() -> None:
    for text in ("a-" * 10_000, "0" * 20_000, "+1 " * 6_000, "x@" * 10_000, "A1 " * 6_000):
        assert isinstance(kinds(text), list)
