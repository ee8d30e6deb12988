"""An S3-speaking server on a real socket: buckets, single-part puts, ranges, lists, deletes, and version 4 signatures
that are checked (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html)."""

from __future__ import annotations

import hashlib
import hmac
import re
from types import TracebackType
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape, unescape

from aiohttp import web

KEY, SECRET, REGION = "test-key", "test-secret", "us-east-1"
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")
_KEY: Final = re.compile(r"<Key>(.*?)</Key>")
_AUTH: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)"
)


class S3:
    """One bucket; ``objects`` is what lies in it. May go away and come back at its port."""

    def __init__(self, bucket: str = "calls") -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> S3:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{bucket}/{key:.*}", self._answer)
        app.router.add_route("*", "/{bucket}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def environment(self, secret: str = SECRET) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not _signed(request):
            return _no(403, "SignatureDoesNotMatch")
        if request.match_info["bucket"] != self.bucket:
            return _no(404, "NoSuchBucket")
        key = request.match_info.get("key", "")
        if request.method == "GET" and not key:
            return self._list(request.query.get("prefix", ""))
        if request.method == "PUT":
            self.objects[key] = body
            return web.Response(headers={"ETag": f'"{hashlib.sha256(body).hexdigest()}"'})
        if request.method == "POST" and "delete" in request.query:
            keys = _KEY.findall(body.decode())
            for key in keys:
                self.objects.pop(unescape(key), None)
            told = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            return web.Response(text=f"<DeleteResult>{told}</DeleteResult>", content_type="application/xml")
        return self._get(request, key)

    def _get(self, request: web.Request, key: str) -> web.Response:
        if key not in self.objects:
            return _no(404, "NoSuchKey")
        data = self.objects[key]
        head = {"Last-Modified": "Tue, 24 Nov 2026 09:00:00 GMT", "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
        asked = _RANGE.fullmatch(request.headers.get("Range", ""))
        if asked is None:
            return web.Response(body=data, headers=head)
        start, end = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
        head["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        return web.Response(status=206, body=data[start : end + 1], headers=head)

    def _list(self, prefix: str) -> web.Response:
        lines = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-24T09:00:00.000Z</LastModified>"
            f"<ETag>&quot;x&quot;</ETag><Size>{len(data)}</Size></Contents>"
            for key, data in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        text = f"<ListBucketResult><Name>{self.bucket}</Name><IsTruncated>false</IsTruncated>{lines}</ListBucketResult>"
        return web.Response(text=text, content_type="application/xml")


def _no(status: int, code: str) -> web.Response:
    return web.Response(status=status, text=f"<Error><Code>{code}</Code></Error>", content_type="application/xml")


def _signed(request: web.Request) -> bool:
    """Whether the request is signed with our secret."""
    found = _AUTH.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        return False
    key, day, region, names, signature = found.groups()
    query = "&".join(sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in request.query.items()))
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names.split(";"))
    path, payload = request.raw_path.partition("?")[0], request.headers["x-amz-content-sha256"]
    asked = "\n".join([request.method, path, query, headers, names, payload])
    scope = f"{day}/{region}/s3/aws4_request"
    hashed = hashlib.sha256(asked.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hashed])
    secret = f"AWS4{SECRET}".encode()
    for part in (day, region, "s3", "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return key == KEY and hmac.new(secret, text.encode(), hashlib.sha256).hexdigest() == signature
