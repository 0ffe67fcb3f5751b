#!/usr/bin/env python3
"""An S3 server in memory that answers each request after a fixed delay, and counts what it is asked.

    latency_s3.py PORT LATENCY_MS        PORT 0: a free one; the one taken is printed
    curl 127.0.0.1:PORT/__stats          {"counts": {"PUT parquet": n, ...}, "max_in_flight": {...}, "bytes_in": n, "bytes_out": n,
                                          "steps": requests that found no other one in flight: what waits in line}
    curl 127.0.0.1:PORT/__stats?reset    the same, then zero
    curl 127.0.0.1:PORT/__fail?count=N&kind=PUT+parquet    from the N-th such request on: 403 AccessDenied; N 0: no more

Path-style addresses; signatures are not checked. GET with ranges and If-Match, HEAD, PUT with If-None-Match and If-Match,
CopyObject, DELETE, DeleteObjects, ListObjectsV2, multipart. A bucket exists when it holds an object or was made by
PUT /bucket; others give NoSuchBucket. It shows what waits for what; for S3's own rules the tests have SeaweedFS.
"""
import asyncio
import collections
import hashlib
import json
import re
import sys
import urllib.parse
from xml.sax.saxutils import escape

PORT, LATENCY_S = int(sys.argv[1]), float(sys.argv[2]) / 1000
objects, uploads, buckets = {}, {}, set()  # "/bucket/key" -> (bytes, etag)
counts, in_flight, most = collections.Counter(), collections.Counter(), collections.Counter()
traffic = collections.Counter()
failing = {}  # kind -> number of the first request that fails


def etag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'


def kind(method, path, query):
    steps = {"list-type": "list", "delete": "delete many", "partNumber": "part", "uploads": "multipart", "uploadId": "multipart"}
    for parameter, step in steps.items():
        if parameter in query:
            return f"{method} {step}"
    name = path.rsplit("/", 1)[-1]
    suffix = name.rsplit(".", 1)[-1] if "." in name else "other"
    return f"{method} {'index' if '_objects/' in path else suffix}"


def reply(status, body=b"", headers=None, head=False, length=None):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) if length is None else length}", "x-amz-request-id: latency-s3"]
    lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (b"" if head else body)


def error(status, code, head=False):
    return reply(status, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'.encode(), head=head)


def find(path):
    return objects.get(path)


def has_bucket(bucket):
    return bucket in buckets or any(k.startswith(f"/{bucket}/") for k in objects)


def read(method, path, headers):
    found, head = find(path), method == "HEAD"
    if found is None:
        return error(404, "NoSuchKey" if has_bucket(path.split("/")[1]) else "NoSuchBucket", head)
    body, tag = found
    if headers.get("if-match", tag) != tag:
        return error(412, "PreconditionFailed", head)
    more = {"ETag": tag, "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    if head:
        return reply(200, b"", more, True, len(body))
    wanted = re.match(r"bytes=(\d*)-(\d*)", headers.get("range", ""))
    if not wanted:
        return reply(200, body, more)
    a, b = wanted.groups()
    first = max(0, len(body) - int(b)) if a == "" else int(a)
    end = len(body) if a == "" or b == "" else min(len(body), int(b) + 1)
    if first >= len(body):
        return error(416, "InvalidRange")
    return reply(206, body[first:end], {**more, "Content-Range": f"bytes {first}-{end - 1}/{len(body)}"})


def listing(path, query):
    bucket = path.strip("/").split("/")[0]
    if not has_bucket(bucket):
        return error(404, "NoSuchBucket")
    start = f"/{bucket}/{query.get('prefix', '')}"
    after = query.get("continuation-token") or f"/{bucket}/{query.get('start-after', '')}"
    keys = sorted(k for k in objects if k.startswith(start) and k > after)
    page = keys[: int(query.get("max-keys", 1000))]
    text = "".join(f"<Contents><Key>{escape(urllib.parse.quote(k[len(bucket) + 2:]))}</Key><Size>{len(objects[k][0])}</Size>"
                   f"<ETag>{escape(objects[k][1])}</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                   for k in page)
    more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if len(keys) > len(page) else ""
    return reply(200, (f"<ListBucketResult>{text}<EncodingType>url</EncodingType><IsTruncated>{str(bool(more)).lower()}</IsTruncated>"
                       f"{more}</ListBucketResult>").encode())


def put(path, query, headers, body):
    if path.strip("/").count("/") == 0:
        buckets.add(path.strip("/"))
        return reply(200)
    if "partNumber" in query:
        uploads[query["uploadId"]][int(query["partNumber"])] = body
        return reply(200, b"", {"ETag": etag(body)})
    if "x-amz-copy-source" in headers:
        found = find("/" + urllib.parse.unquote(headers["x-amz-copy-source"]).lstrip("/"))
        if found is None:
            return error(404, "NoSuchKey")
        objects[path] = found
        return reply(200, f"<CopyObjectResult><ETag>{found[1]}</ETag></CopyObjectResult>".encode())
    return refuse(path, headers) or store(path, body)


def refuse(path, headers):
    present = find(path)
    if headers.get("if-none-match") == "*" and present:
        return error(412, "PreconditionFailed")
    if "if-match" in headers and (present is None or present[1] != headers["if-match"]):
        return error(404, "NoSuchKey") if present is None else error(412, "PreconditionFailed")
    return None


def store(path, body):
    objects[path] = (body, etag(body))
    return reply(200, b"", {"ETag": objects[path][1]})


def post(path, query, headers, body):
    if "delete" in query:
        for key in re.findall(rb"<Key>(.*?)</Key>", body):
            objects.pop(f"/{path.strip('/').split('/')[0]}/" + key.decode().replace("&amp;", "&"), None)
        return reply(200, b"<DeleteResult></DeleteResult>")
    if "uploads" in query:
        name = f"u{len(uploads) + 1}"
        uploads[name] = {}
        return reply(200, f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>".encode())
    parts = uploads.pop(query["uploadId"])
    refused = refuse(path, headers)
    if refused:
        return refused
    store(path, b"".join(parts[n] for n in sorted(parts)))
    return reply(200, f"<CompleteMultipartUploadResult><ETag>{escape(objects[path][1])}</ETag></CompleteMultipartUploadResult>".encode())


def serve(method, path, query, headers, body):
    if method in ("GET", "HEAD"):
        return listing(path, query) if "list-type" in query else read(method, path, headers)
    if method == "PUT":
        return put(path, query, headers, body)
    if method == "POST":
        return post(path, query, headers, body)
    if method == "DELETE":
        if "uploadId" in query:
            uploads.pop(query["uploadId"], None)
        elif "if-match" in headers and (r := refuse(path, headers)):
            return r
        else:
            objects.pop(path, None)
        return reply(204)
    return error(501, "NotImplemented")


def set_failure(query):
    failing[query["kind"]] = int(query["count"])
    return reply(200)


def stats(query):
    out = json.dumps({"counts": dict(counts), "max_in_flight": dict(most), **traffic, "objects": len(objects)}, indent=1).encode()
    if "reset" in query:
        for c in (counts, most, traffic):
            c.clear()
    return reply(200, out)


async def handle(reader, writer):
    try:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                break
            method, target, _ = head[0].split(" ")
            headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in head[1:] if ":" in line)}
            if headers.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await reader.readexactly(int(headers.get("content-length") or 0))
            url = urllib.parse.urlsplit(target)
            path, query = urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
            if path in ("/__stats", "/__fail"):
                writer.write(stats(query) if path == "/__stats" else set_failure(query))
                continue
            what = kind(method, path, query)
            traffic["steps"] += not sum(in_flight.values())
            counts[what] += 1
            traffic["bytes_in"] += len(body)
            in_flight[what] += 1
            most[what] = max(most[what], in_flight[what])
            if LATENCY_S:
                await asyncio.sleep(LATENCY_S)
            in_flight[what] -= 1
            refused = 0 < failing.get(what, 0) <= counts[what]
            answer = error(403, "AccessDenied", method == "HEAD") if refused else serve(method, path, query, headers, body)
            traffic["bytes_out"] += len(answer)
            writer.write(answer)
            await writer.drain()
    except (ConnectionResetError, BrokenPipeError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", PORT, limit=1 << 20, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
