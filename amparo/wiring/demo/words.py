"""Every word the demo may say: neutral phrases in Spanish and English, invented names and handles.

Closed on purpose. The generator writes text only from here, and tests/demo/neutral_words.txt is the list, kept apart,
that a test holds its output against.
"""

from __future__ import annotations

GROUP_NAME = "Grupo 21"
GROUP_NAME_LATER = "Grupo 21 nuevo"

MESSAGES = (
    "hola",
    "hola a todos",
    "buenas",
    "ok",
    "ok gracias",
    "gracias",
    "nuevo miembro",
    "elemento compartido",
    "comparto un elemento",
    "lo miro luego",
    "mañana más",
    "nos vemos a las 21:00",
    "a las 21:00 entonces",
    "el enlace sigue igual",
    "buenas noches",
    "hello",
    "hello everyone",
    "item shared",
    "another item shared",
    "see you at 21:00",
    "new member",
    "thanks",
    "later",
    "same time tomorrow",
)
MULTI_LINE_MESSAGES = (
    "hola\nnuevo miembro\ngracias",
    "item shared\n\nsee you at 21:00",
    "lista de hoy:\n1. elemento compartido\n2. otro elemento compartido",
)
HANDLE_MESSAGE = "mi otro usuario es {handle}"

HANDLES = (
    "faro_norte", "nube_gris", "pixel_sur", "cometa_azul", "piedra_lisa", "torre_blanca", "rio_claro", "hoja_seca",
    "tren_lento", "mesa_redonda", "puerta_verde", "reloj_viejo", "isla_chica", "campo_alto", "vela_roja", "pino_solo",
    "lago_quieto", "arena_fina", "canto_rodado", "puente_largo",
)  # fmt: skip
ADDRESS_BOOK_NAMES = ("Pixel Norte", "Faro Siete", "Nube Gris", "Tren Lento", "Hoja Seca")

SERIES_NAMES = (
    "círculos rojos",
    "cuadrados azules",
    "triángulos verdes",
    "líneas amarillas",
    "anillos violeta",
    "puntos naranja",
    "rombos turquesa",
    "arcos grises",
    "cruces rosas",
)

REPORT_SUBJECT = "Grupo de mensajería: posible peligro ahora"
REPORT_TEXT = """\
Buenos días:

Escribo porque estoy preocupada. Una persona que no conozco me añadió a un grupo de mensajería que se llama
«{group}». Quien me añadió usa el número {phone}. En el grupo se comparten archivos que creo que la
policía debe ver. Hay miembros de varios países.

Creo que una niña o un niño puede estar en peligro ahora mismo: en el grupo se habla de hoy a las 21:00.

Adjunto la exportación del grupo y dos imágenes. No he reenviado nada a nadie más y no he hablado con los miembros.
Pueden escribirme a este correo.

Gracias.
"""

NOISE_OFFER_SUBJECT = "Oferta de la semana"
NOISE_OFFER_TEXT = "Buenos días:\n\nEsta semana hay una oferta en sillas de oficina. Gracias.\n"
NOISE_QUESTION_SUBJECT = "Una pregunta sobre un enlace"
NOISE_QUESTION_TEXT = """\
Hola:

Vi un enlace que no sé si debo informar. No tengo archivos.
El enlace es http://example.org/21 . Gracias.
"""
NOISE_ARCHIVE_TEXT = "Hola:\n\nAdjunto un archivo. La clave va en otro correo.\n"
NOISE_LARGE_TEXT = "Hola:\n\nAdjunto un archivo.\n"
