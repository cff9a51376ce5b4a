"""JSON from outside, read strictly: what could not be written again as JSON and UTF-8 is refused at once."""

import json
import math

DEPTH_MAX = 32


class BadJson(ValueError):
    """Why a text is not taken; the message goes on after "the body" or what else it is."""


def parsed(content):
    """The value of a JSON text (str or UTF-8 bytes). Raises BadJson."""
    try:
        text = content if isinstance(content, str) else bytes(content).decode()
        value = json.loads(text, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise BadJson("is no UTF-8") from None
    except RecursionError:
        raise BadJson(f"is nested too deeply: at most {DEPTH_MAX} levels") from None
    except BadJson:
        raise
    except ValueError:
        raise BadJson("is no JSON") from None
    _check(value, DEPTH_MAX)
    return value


def _no_number(name):
    raise BadJson(f"holds {name}, which JSON does not have")


def _check(value, levels):
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadJson("holds a number that is too large")
    elif isinstance(value, (dict, list)):
        if levels == 0:
            raise BadJson(f"is nested too deeply: at most {DEPTH_MAX} levels")
        for key in value if isinstance(value, dict) else ():
            check_text(key)
        for part in value.values() if isinstance(value, dict) else value:
            _check(part, levels - 1)


def check_text(text):
    """Raises BadJson for a text that cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadJson("holds half of a surrogate pair, which is no character") from None
