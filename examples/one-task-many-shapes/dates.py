"""The task: a date as people write it, to its ISO form. Dots are day first, slashes month first; a year of two digits lies in
1930 to 2029. Tokens are characters."""

import datetime
import random

FIRST, DAYS = datetime.date(1930, 1, 1), 36525  # to 2029-12-31
PAD, START, END = 0, 1, 2
CHARACTERS = " '+,-./0123456789abcdefghijklmnopqrstuvwxyz"
VOCABULARY = 3 + len(CHARACTERS)
ANSWER = len("1987-03-14")

MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def ordinal(day):
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def written(date, rng):
    """The date in one of many ways."""
    month, weekday = MONTHS[date.month - 1], WEEKDAYS[date.weekday()]
    if rng.random() < 0.5:
        month, weekday = month[:3], weekday[:3]
    year = f"{date.year}" if rng.random() < 0.7 else f"'{date.year % 100:02}"
    day = rng.choice([f"{date.day}", f"{date.day:02}", ordinal(date.day)])
    short = f"{date.year % 100:02}"
    return rng.choice([
        f"{day} {month} {year}", f"{month} {day}, {year}", f"{weekday}, {day} {month} {year}", f"{weekday} {month} {day} {year}",
        f"the {ordinal(date.day)} of {month}, {year}", f"{ordinal(date.day)} of {month} {year}", f"{year}, {month} {day}",
        f"{date.day:02}.{date.month:02}.{date.year}", f"{date.day}.{date.month}.{short}",
        f"{date.month:02}/{date.day:02}/{date.year}", f"{date.month}/{date.day}/{short}",
        f"{date.year}/{date.month}/{date.day}", f"{date.year}{date.month:02}{date.day:02}", f"{date.day}-{month}-{short}"])


def held_out(day):
    """One day of ten is never trained on."""
    return day % 10 == 3


def pairs(rng, count, held=False):
    """Texts and their dates in ISO form."""
    result = []
    while len(result) < count:
        day = rng.randrange(DAYS)
        if held_out(day) == held:
            date = FIRST + datetime.timedelta(day)
            result.append((written(date, rng), date.isoformat()))
    return result


def encoded(text):
    return [3 + CHARACTERS.index(character) for character in text]


def decoded(tokens):
    """Up to the end."""
    tokens = tokens[:tokens.index(END)] if END in tokens else tokens
    return "".join(CHARACTERS[token - 3] if token >= 3 else "?" for token in tokens)


def examination():
    """What every model is asked: always the same."""
    return pairs(random.Random(1), 400, held=True)
