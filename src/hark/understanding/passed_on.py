"""Headlines, shared links and polite phrases: words that many people use and none of them made."""

import re

from hark.understanding.normalise import SHARED_AT_LEAST, canonical, normalise

LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
ADDRESSED = re.compile(r"\s*[.!]?@\w")
SHARE_MARK = re.compile(r"\b(?:via|breaking|rt|exclusive|watch|video|live|eilmeldung|última hora|ultima ora)\b", re.I)
CAPITALISED = 0.6  # of its longer words: so a headline is written
LONG_WORD = 4
POLITE_SHARE = 0.6  # of its words: then there is nothing in it but politeness
PERSONS = frozenset(
    # Whoever speaks of himself, or to somebody, says something of his own.
    """i me my mine myself we us our ours you your u ur im ive id
    ich mich mir mein meine meinen meinem meiner wir uns unser unsere du dich dir dein deine sie ihr ihnen euch
    je j me m mon ma mes nous notre nos moi tu te toi ton ta tes vous votre vos
    yo mi mis me nosotros nos nuestro nuestra tú tu tus te usted ustedes vosotros
    io mi mio mia miei mie noi ci nostro nostra tu ti tuo tua voi vi vostro
    eu meu minha meus minhas nós nos nosso nossa você vocês seu sua
    ik mij mijn wij we ons onze jij je jou jouw jullie u uw""".split()
)
POLITE = frozenset(
    """a about after again all am an and any are at back be been best can chance could day dear did do evening everyone
    for forward friend from get getting good great had happy have hear hearing hello help helped helpful hey hi hope i in
    is it just kind kindly know let like look looking lot love luck lovely many me message moment morning much my nice of
    on our out please quick quickly reaching really regards reply response sincerely so soon support sure take team thank
    thanks that the there they this time to today very was we week weekend welcome well were will wish wishes with wonderful
    would you your yours thoughts prayers
    danke vielen dank liebe grüße gruß für die hilfe schnelle schöne schönen tag noch allen ein eine und im voraus bitte
    merci beaucoup pour votre aide bonne journée à tous cordialement d avance bien
    gracias muchas por su tu ayuda buen día a todos saludos de antemano
    grazie mille per l aiuto buona giornata tutti saluti in anticipo
    obrigado obrigada muito pela ajuda bom dia todos""".split()
)


def is_passed_on(text: str) -> bool:
    """Is this a headline, a shared link or a polite phrase? Folded it counts as that, and as nobody's complaint.

    By its form alone: nobody speaks or is spoken to in it and it has a link or is written like a headline; or it holds
    politeness and nothing else. Where it cannot be told, as in languages without a list, it is somebody's own words.
    """
    clean = normalise(text)
    words = canonical(clean).split()
    if len(words) < SHARED_AT_LEAST:
        return False
    if sum(word in POLITE for word in words) >= POLITE_SHARE * len(words) and not _says_more(words):
        return True
    spoken = not PERSONS.isdisjoint(words) or "?" in clean or "!" in clean or ADDRESSED.match(clean)
    return not spoken and (bool(LINK.search(clean)) or bool(SHARE_MARK.search(clean)) or _is_title(clean))


def _says_more(words: list[str]) -> bool:
    """A number, or several words in a row beyond politeness: there is a matter in it."""
    if any(letter.isdigit() for word in words for letter in word):
        return True
    run = 0
    for word in words:
        run = 0 if word in POLITE else run + 1
        if run > 1:
            return True
    return False


def _is_title(clean: str) -> bool:
    """Are nearly all of its longer words capitalised, and not shouted?"""
    longer = [word for word in re.findall(r"[^\W\d_]+", LINK.sub("", clean)) if len(word) >= LONG_WORD]
    titled = sum(word[0].isupper() and not word.isupper() for word in longer)
    return len(longer) >= LONG_WORD and titled >= CAPITALISED * len(longer)
