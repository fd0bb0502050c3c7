"""How a request was understood."""

import hashlib
import json

from answer import Answer


def mirror(request, settings) -> Answer:
    target = request.target
    seen = {
        "method": "GET" if request.is_head else request.method,  # an answer to HEAD has the length of that to GET
        "target": target.sent,
        "path": target.path,
        "query": target.query,
        "version": f"{request.version[0]}.{request.version[1]}",
        "fields": request.fields.pairs,
        "body_bytes": len(request.body),
        "body_sha256": hashlib.sha256(request.body).hexdigest(),
        "trailers": request.trailers.pairs,
    }
    return Answer(200, [("Content-Type", "application/json")], json.dumps(seen).encode())
