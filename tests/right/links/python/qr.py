"""QR codes."""

import io

import segno
from starlette.responses import Response

QUIET_MODULES = 4
PIXELS = 5


class Pictures:
    def __init__(self, app, links):
        self.database, self.links = app.database, links

    async def read(self, request, caller):
        async with self.database.connection() as sql:
            row = await self.links.found(sql, request.path_params["code"], caller)
        picture = io.BytesIO()
        code = segno.make_qr(self.links.short_url(row))
        code.save(picture, kind="png", border=QUIET_MODULES, scale=PIXELS)
        return Response(picture.getvalue(), media_type="image/png")
