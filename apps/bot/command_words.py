"""The names of commands as words, in each language: in somebody's own chat they do what the command does; pure."""

import unicodedata

# A longer text is no name of a command.
LONGEST = 40

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "start": ("start", "begin"),
        "menu": ("menu", "main menu"),
        "daily": ("daily", "daily reward", "reward", "bonus"),
        "trivia": ("trivia", "question"),
        "story": ("story", "stories"),
        "challenge": ("challenge", "daily challenge"),
        "points": ("points", "my points", "balance", "score"),
        "profile": ("profile", "my profile", "level"),
        "streak": ("streak", "my streak"),
        "top": ("top", "boards", "leaderboard", "leaderboards", "ranking"),
        "achievements": ("achievements", "badges", "medals"),
        "quiz": ("quiz",),
        "tutorial": ("tutorial",),
        "invite": ("invite", "invite a friend", "bring a friend"),
        "vip": ("vip",),
        "settings": ("settings", "language", "notifications"),
        "timezone": ("time zone", "timezone", "my time zone", "city"),
        "stop": ("stop", "mute", "unsubscribe", "quit", "be quiet"),
        "export": ("export", "my data"),
        "deleteme": ("delete me", "deleteme", "delete my data", "forget me"),
        "privacy": ("privacy",),
        "terms": ("terms", "rules"),
        "paysupport": ("pay support", "paysupport", "payments", "refund"),
        "help": ("help", "commands"),
    },
    "es": {
        "start": ("empezar", "comenzar", "iniciar", "inicio"),
        "menu": ("menú", "menú principal"),
        "daily": ("diario", "premio", "premio diario", "recompensa", "recompensa diaria", "premio de hoy"),
        "trivia": ("trivia", "pregunta"),
        "story": ("historia", "historias", "cuento"),
        "challenge": ("reto", "reto del día", "desafío"),
        "points": ("puntos", "mis puntos", "saldo"),
        "profile": ("perfil", "mi perfil", "nivel"),
        "streak": ("racha", "mi racha"),
        "top": ("clasificación", "clasificaciones", "tabla", "ranking"),
        "achievements": ("logros", "mis logros", "medallas"),
        "quiz": ("test", "cuestionario"),
        "tutorial": ("tutorial",),
        "invite": ("invitar", "invita", "invitar a alguien"),
        "vip": ("vip",),
        "settings": ("ajustes", "configuración", "idioma", "notificaciones"),
        "timezone": ("zona horaria", "mi zona horaria", "ciudad"),
        "stop": ("parar", "para", "basta", "alto", "detener", "silenciar", "silencio", "baja"),
        "export": ("exportar", "mis datos"),
        "deleteme": ("borrarme", "bórrame", "elimíname", "eliminar mis datos", "borrar mis datos"),
        "privacy": ("privacidad",),
        "terms": ("términos", "condiciones", "reglas"),
        "paysupport": ("pagos", "ayuda con pagos", "reembolso", "devolución"),
        "help": ("ayuda", "comandos"),
    },
    "ru": {
        "start": ("старт", "начать", "начало"),
        "menu": ("меню", "главное меню"),
        "daily": ("награда", "ежедневная награда", "награда дня", "бонус"),
        "trivia": ("викторина", "вопрос"),
        "story": ("история", "истории"),
        "challenge": ("испытание", "испытание дня", "задание", "задание дня"),
        "points": ("баллы", "мои баллы", "очки", "баланс"),
        "profile": ("профиль", "мой профиль", "уровень"),
        "streak": ("серия", "моя серия"),
        "top": ("рейтинг", "рейтинги", "топ", "таблица"),
        "achievements": ("достижения", "мои достижения", "медали"),
        "quiz": ("опрос", "тест"),
        "tutorial": ("знакомство", "обучение"),
        "invite": ("пригласить", "пригласить друга", "позвать друга"),
        "vip": ("вип",),
        "settings": ("настройки", "язык", "уведомления"),
        "timezone": ("часовой пояс", "мой часовой пояс", "город"),
        "stop": ("стоп", "хватит", "отписаться", "отписка", "тишина", "замолчи"),
        "export": ("экспорт", "мои данные"),
        "deleteme": ("удали меня", "удалить меня", "удалить мои данные", "забудь меня"),
        "privacy": ("конфиденциальность", "приватность"),
        "terms": ("условия", "правила"),
        "paysupport": ("платежи", "помощь с платежами", "возврат"),
        "help": ("помощь", "справка", "команды"),
    },
}


def command_of(text: str) -> str | None:
    """Return the command that the text is a name of in some language, whatever its case, accents and punctuation."""
    if len(text) > LONGEST or text.startswith("/"):
        return None
    return _COMMANDS.get(_plain(text))


def _plain(text: str) -> str:
    """Return the letters and digits, folded, without accents, and single spaces in place of all else."""
    letters = [letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)]
    return " ".join("".join(letter if letter.isalnum() else " " for letter in letters).split())


_COMMANDS = {_plain(name): command for names in WORDS.values() for command, listed in names.items() for name in listed}
