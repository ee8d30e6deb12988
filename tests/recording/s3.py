"""A store that speaks S3, as others wrote it: moto in a process of its own, which checks version 4 signatures against
the keys that it gave out. What lies in it is read with AWS's own client, not with the one that is tested."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.request import Request, urlopen

import boto3

from tests.until import until, until_async

REGION: Final = "us-east-1"
BUCKET: Final = "calls"
_ANYBODY: Final = ("nobody", "nothing")
_ALL_OF_S3: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}
_OPEN: Final = {"INITIAL_NO_AUTH_ACTION_COUNT": "4"}
"""So many requests, those of ``_furnish``, need no key; every other one does."""
_LISTENS: Final = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")


class S3:
    """One bucket and whoever may use it. It may be killed and started anew at its port, with the same keys; it keeps
    what lies in it in memory, so that is gone then."""

    def __init__(self, folder: Path) -> None:
        self.key = self.secret = ""
        self._log = folder / "s3.log"
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> S3:
        await asyncio.to_thread(self._start)
        await until_async(self._listens, 60, "the store's start")
        await asyncio.to_thread(self._furnish)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self._url,
            "AWS_ALLOW_HTTP": "true",
        }

    async def objects(self) -> dict[str, bytes]:
        """What lies in the bucket."""
        return await asyncio.to_thread(self._objects)

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def _start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, env={**os.environ, **_OPEN}, stdout=log, stderr=log)

    def _listens(self) -> bool:
        assert self._process is not None
        told = self._log.read_text()
        assert self._process.poll() is None, told
        found = _LISTENS.search(told)
        self._port = int(found[1]) if found else self._port
        return found is not None

    def _furnish(self) -> None:
        """The same start gives the same keys."""
        until(lambda: urlopen(Request(f"{self._url}/moto-api/seed?a=1", method="POST")).status == 200, 10, "the store")
        with self._client("iam", _ANYBODY) as iam:
            iam.create_user(UserName="callcenter")
            made = iam.create_access_key(UserName="callcenter")["AccessKey"]
            iam.put_user_policy(UserName="callcenter", PolicyName="all", PolicyDocument=json.dumps(_ALL_OF_S3))
        with self._client("s3", _ANYBODY) as s3:
            s3.create_bucket(Bucket=BUCKET)
        self.key, self.secret = made["AccessKeyId"], made["SecretAccessKey"]

    def _objects(self) -> dict[str, bytes]:
        with self._client("s3", (self.key, self.secret)) as s3:
            names = [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
            return {name: s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in names}

    @contextmanager
    def _client(self, service: str, who: tuple[str, str]) -> Iterator[Any]:
        names = {"aws_access_key_id": who[0], "aws_secret_access_key": who[1]}
        client = boto3.client(service, endpoint_url=self._url, region_name=REGION, **names)
        try:
            yield client
        finally:
            client.close()
