"""What an achievement counts, in words: days, answers, friends. Of one that staff have added only the numbers are shown."""

from django.utils.translation import ngettext

from apps.bot.screens import formats


def in_units(key: str, value: int, target: int) -> str:
    """Return how far somebody has come, as in "2/5 days"."""
    text = _counted(key, target)
    done, of_it = formats.number(value), formats.number(target)
    return (text % {"value": done, "count": formats.number(target)}) if text else f"{done}/{of_it}"


def _counted(key: str, n: int) -> str:
    match key:
        case "regular" | "century_club" | "early_bird" | "night_owl":
            return ngettext("%(value)s/%(count)s day", "%(value)s/%(count)s days", n)
        case "weekend_hero":
            return ngettext("%(value)s/%(count)s weekend", "%(value)s/%(count)s weekends", n)
        case "anniversary":
            return ngettext("%(value)s/%(count)s year", "%(value)s/%(count)s years", n)
        case "page_turner":
            return ngettext("%(value)s/%(count)s chapter", "%(value)s/%(count)s chapters", n)
        case "decider":
            return ngettext("%(value)s/%(count)s decision", "%(value)s/%(count)s decisions", n)
        case "many_paths":
            return ngettext("%(value)s/%(count)s ending", "%(value)s/%(count)s endings", n)
        case "secret_keeper":
            return ngettext("%(value)s/%(count)s secret", "%(value)s/%(count)s secrets", n)
        case "quick_mind" | "sharpshooter" | "lightning_round":
            return ngettext("%(value)s/%(count)s answer", "%(value)s/%(count)s answers", n)
        case "challenger":
            return ngettext("%(value)s/%(count)s challenge", "%(value)s/%(count)s challenges", n)
        case "point_collector":
            return ngettext("%(value)s/%(count)s point", "%(value)s/%(count)s points", n)
        case "climber":
            return ngettext("level %(value)s/%(count)s", "level %(value)s/%(count)s", n)
        case "connector":
            return ngettext("%(value)s/%(count)s friend", "%(value)s/%(count)s friends", n)
        case "voice":
            return ngettext("%(value)s/%(count)s message", "%(value)s/%(count)s messages", n)
        case "graduate":
            return ngettext("%(value)s/%(count)s step", "%(value)s/%(count)s steps", n)
        case "vip_member":
            return ngettext("%(value)s/%(count)s time", "%(value)s/%(count)s times", n)
    return ""
