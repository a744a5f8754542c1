"""Names for people who want to be on boards without theirs, in each language; pure."""

import hmac

from apps.users.languages import DEFAULT_LANGUAGE

# The same animal at the same place: none may move, or people get other names.
_ANIMALS = {
    "en": (
        "Badger", "Bear", "Bison", "Crane", "Deer", "Dolphin", "Eagle", "Falcon", "Fox", "Hare", "Hawk", "Heron", "Ibex",
        "Jaguar", "Koala", "Lynx", "Marten", "Moose", "Narwhal", "Orca", "Otter", "Owl", "Panda", "Puffin", "Puma", "Raven",
        "Seal", "Stork", "Swan", "Tiger", "Wolf", "Wombat",
    ),
    "es": (
        "Tejón", "Oso", "Bisonte", "Grulla", "Ciervo", "Delfín", "Águila", "Halcón", "Zorro", "Liebre", "Gavilán", "Garza",
        "Íbice", "Jaguar", "Koala", "Lince", "Garduña", "Alce", "Narval", "Orca", "Nutria", "Búho", "Panda", "Frailecillo",
        "Puma", "Cuervo", "Foca", "Cigüeña", "Cisne", "Tigre", "Lobo", "Uómbat",
    ),
    "ru": (
        "Барсук", "Медведь", "Бизон", "Журавль", "Олень", "Дельфин", "Орёл", "Сокол", "Лиса", "Заяц", "Ястреб", "Цапля",
        "Козерог", "Ягуар", "Коала", "Рысь", "Куница", "Лось", "Нарвал", "Косатка", "Выдра", "Сова", "Панда", "Топорок",
        "Пума", "Ворон", "Нерпа", "Аист", "Лебедь", "Тигр", "Волк", "Вомбат",
    ),
}  # fmt: skip


def alias_of(person_id: int, secret: str, language: str) -> str:
    """Return an animal, in the language, and a number that follow from the person and the secret; without it nobody can go
    back.
    """
    digest = hmac.digest(secret.encode(), f"alias|{person_id}".encode(), "sha256")
    number = int.from_bytes(digest[:4], "big") % 9000 + 1000
    animals = _ANIMALS.get(language, _ANIMALS[DEFAULT_LANGUAGE])
    return f"{animals[digest[4] % len(animals)]} {number}"
