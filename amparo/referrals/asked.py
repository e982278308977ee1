"""What every package asks, and how a correction announces itself, in the languages of the cover sheet."""

from __future__ import annotations

ASKED = {
    "en": (
        "Identify the persons named here and say whether a child is in danger now.",
        "Preserve the accounts and subscriber data named here before they expire.",
        "Decide whether to open a case, and coordinate any action with us beforehand.",
        "Answer with the enclosed reply form, also when the answer is that nothing can be done.",
    ),
    "es": (
        "Identificar a las personas aquí nombradas y decir si hay un menor en peligro ahora.",
        "Conservar las cuentas y los datos de abonado aquí nombrados antes de que caduquen.",
        "Decidir si se abre un caso y coordinar antes con nosotros cualquier actuación.",
        "Responder con el formulario adjunto, también cuando la respuesta sea que nada puede hacerse.",
    ),
    "fr": (
        "Identifier les personnes nommées ici et dire si un enfant est en danger maintenant.",
        "Conserver les comptes et les données d'abonné nommés ici avant leur expiration.",
        "Décider si une affaire est ouverte, et coordonner toute action avec nous au préalable.",
        "Répondre avec le formulaire joint, même si la réponse est que rien ne peut être fait.",
    ),
}
MINORS = {
    "en": "Persons on the minors' track are, or may be, children: apply the safeguards for children who are suspects.",
    "es": "Las personas en la vía de menores son o pueden ser menores: apliquen las garantías para menores sospechosos.",
    "fr": "Les personnes de la voie des mineurs sont ou peuvent être des enfants : appliquez les garanties dues aux mineurs.",
}
REPLACES = {
    "en": "Use this version instead of version {version}, and correct what you took from it: {changes}",
    "es": "Usar esta versión en lugar de la versión {version} y corregir lo que se tomó de ella: {changes}",
    "fr": "Utiliser cette version à la place de la version {version} et corriger ce qui en a été repris : {changes}",
}


def asked_of(language: str, *, minors: bool) -> tuple[str, ...]:
    """The usual requests; the minors' safeguards come first where somebody needs them. Unknown languages get English."""
    usual = ASKED.get(language, ASKED["en"])
    return ((MINORS.get(language, MINORS["en"]), *usual)) if minors else usual


def correction(language: str, version: int, changes: tuple[str, ...]) -> str:
    return REPLACES.get(language, REPLACES["en"]).format(version=version, changes=" ".join(changes) or "-")
