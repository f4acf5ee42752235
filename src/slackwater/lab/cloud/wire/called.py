"""Which operation of which service a request calls, from its signature and its shape."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

NAMES = {"monitoring": "cloudwatch", "elasticloadbalancing": "elbv2", "tagging": "resourcegroupstaggingapi"}
"""boto3's name of a service, where the signature has another."""
QUERY, EC2, JSON, CBOR, REST = "query", "ec2", "json", "cbor", "rest-xml"
_BUCKET = {"PUT": "CreateBucket", "GET": "ListObjects", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}
_OBJECT = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
_SUBRESOURCES = {
    "versioning": "BucketVersioning",
    "lifecycle": "BucketLifecycleConfiguration",
    "encryption": "BucketEncryption",
    "publicAccessBlock": "PublicAccessBlock",
    "policy": "BucketPolicy",
    "location": "BucketLocation",
    "tagging": "BucketTagging",
}


@dataclass(frozen=True)
class Called:
    """`form` is a query request's fields, each once; empty in the other protocols."""

    service: str
    operation: str
    region: str
    protocol: str
    form: Mapping[str, str]


def called(environ: dict[str, Any]) -> Called:
    """The body is put back for whoever answers."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(size)
    environ["wsgi.input"] = io.BytesIO(body)
    region, service = _scope(environ)
    if service == "s3":
        return Called(service, _s3(environ), region, REST, {})
    if "/operation/" in environ["PATH_INFO"]:
        return Called(service, environ["PATH_INFO"].rpartition("/")[2], region, CBOR, {})
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return Called(service, target.rpartition(".")[2], region, JSON, {})
    form = {key: values[0] for key, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    return Called(service, form.get("Action", ""), region, EC2 if service == "ec2" else QUERY, form)


def _scope(environ: dict[str, Any]) -> tuple[str, str]:
    """Region and service; what is not signed can only be a public look at a bucket."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    signed = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    scope = (signed or query.get("X-Amz-Credential", [""])[0]).split("/")
    return (scope[2], NAMES.get(scope[3], scope[3])) if len(scope) >= 5 else ("us-east-1", "s3")


def _s3(environ: dict[str, Any]) -> str:
    method: str = environ["REQUEST_METHOD"]
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    if not bucket:
        return "ListBuckets"
    return _s3_object(method, query, environ) if key else _s3_bucket(method, query)


def _s3_bucket(method: str, query: Mapping[str, Any]) -> str:
    if method == "POST" and "delete" in query:
        return "DeleteObjects"
    for name, resource in _SUBRESOURCES.items():
        if name in query:
            return f"{method.capitalize()}{resource}"
    return "ListObjectsV2" if query.get("list-type") == ["2"] else _BUCKET.get(method, method)


def _s3_object(method: str, query: Mapping[str, Any], environ: dict[str, Any]) -> str:
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload"
    if method == "PUT" and "partNumber" in query:
        return "UploadPart"
    if method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in environ:
        return "CopyObject"
    if method == "DELETE" and "uploadId" in query:
        return "AbortMultipartUpload"
    return f"{method.capitalize()}ObjectTagging" if "tagging" in query else _OBJECT.get(method, method)
