"""Times as texts, RFC 3339 in UTC."""

import datetime as dt


def shown(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
