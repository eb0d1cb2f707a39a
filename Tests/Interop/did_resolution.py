#!/usr/bin/env python3
"""Resolves DIDs over HTTP, written from the documentation alone ("Resolving over HTTP"), with `pydid` as the judge of identifiers and documents.

    did_resolution.py URL NETWORK VALIDATORS [--gone DID] [--absent DID] DID...

Fetches each DID in every form, has pydid parse the document and find its keys, and checks the proof: signatures (given the package
`cryptography`), path, record and document, for the newest and for every earlier version. NETWORK and the canonical ValidatorSet are hexadecimal.
Prints one JSON object. Exits with 1 when something is wrong.
"""
import argparse, base64, hashlib, json, struct, urllib.error, urllib.parse, urllib.request

from pydid import DIDDocument, DIDUrl


def check(condition, what):
    if not condition:
        raise SystemExit(f"The answer is wrong: {what}.")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def uv(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def decode(data):
    """The fields of a Protobuf message: number to list of values, in order."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte, at = data[at], at + 1
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def one(fields, number, default=b""):
    return fields.get(number, [default])[-1]


def get(identifier, accept="application/did-resolution", query=""):
    url = f"{options.url}/1.0/identifiers/{identifier}{query}"
    request = urllib.request.Request(url, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers["Content-Type"], json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], json.load(error)


def certified_header(proven):
    """Step 1 and 2: a quorum finalized the header."""
    data = one(proven, 1)
    header, certificate = decode(data), decode(one(proven, 2))
    digest = sha(b"cairn/header/v1\0", data)
    check(one(header, 2) == options.network and sha(b"cairn/validators/v1\0", options.validators) == one(header, 11), "header")
    if one(header, 5, 0) == 0:
        return header
    keys = [one(decode(validator), 2) for validator in decode(options.validators)[1]]
    check(one(certificate, 1, 0) == 3 and one(certificate, 4) == digest and one(certificate, 2, 0) == one(header, 3, 0), "certificate")
    bitmap, signatures = one(certificate, 5), one(certificate, 6)
    signers = [i for i in range(len(keys)) if bitmap[i >> 3] >> (i & 7) & 1]
    check(len(signers) >= len(keys) - (len(keys) - 1) // 3 and len(signatures) == 64 * len(signers), "quorum")
    message = b"cairn/finalize/v1\0" + options.network + struct.pack(">QQ", one(certificate, 2, 0), one(certificate, 3, 0)) + digest
    for place, signer in enumerate(signers):
        verify_signature(keys[signer], signatures[64 * place : 64 * place + 64], message)
    return header


def verify_signature(key, signature, message):
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    statistics["signatures"] += 1


def proven_value(proof, key, root):
    """Step 3: the value of a row of the state; None when its absence is proven."""
    leaf, value = one(proof, 1), one(proof, 2)
    bit = lambda k, i: k[i >> 3] >> (7 - (i & 7)) & 1
    node, above = sha(b"\0", uv(32), leaf, uv(len(value)), value) if leaf else sha(), 256
    for step in map(decode, proof.get(3, [])):
        b, sibling = one(step, 1, 0), one(step, 2)
        check(b < above and bit(key, b) == bit(leaf, b), "path")
        node, above = sha(b"\1", uv(b), *((sibling, node) if bit(key, b) else (node, sibling))), b
    check(node == root, "state root")
    return value if leaf == key else None


def is_committed(version, count, peaks):
    """Step 5: an earlier version is an entry of the RFC 6962 tree with these peaks (RFC 9162, section 2.1.3.2)."""
    peaks = [peaks[at : at + 32] for at in range(0, len(peaks), 32)]
    root = peaks.pop() if peaks else sha()
    while peaks:
        root = sha(b"\1", peaks.pop(), root)
    at, last, node = one(version, 1, 0), count - 1, sha(b"\0", one(version, 2))
    if at > last:
        return False
    for sibling in version.get(3, []):
        if last == 0:
            return False
        if at & 1 or at == last:
            node = sha(b"\1", sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha(b"\1", node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def proven_version(did, result):
    """The number of the version that a resolution result proves, and its document's bytes."""
    proof = result["didDocumentMetadata"]["proof"][0]
    check(proof["type"] == "CairnProof" and bytes.fromhex(proof["network"]) == options.network, "proof")
    text = proof["proven"]
    proven = decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    header = certified_header(proven)
    value = proven_value(decode(one(proven, 3)), sha(b"cairn/state/v1\0\x01", did.encode()), one(header, 10))
    check(value is not None, "the DID is absent")
    resolution = decode(one(proven, 7))
    data, document = one(resolution, 1), one(resolution, 2)
    check(sha(data) == one(decode(value), 3), "record")
    newest = record = decode(data)
    if 3 in resolution:
        version = decode(one(resolution, 3))
        check(is_committed(version, one(newest, 2, 0), one(newest, 11)), "earlier version")
        record = decode(one(version, 2))
        check(one(record, 2, 0) == one(version, 1, 0), "version number")
    check(one(record, 1) == did.encode() and sha(document) == one(record, 5), "document")
    check(str(one(record, 2, 0)) == result["didDocumentMetadata"]["versionId"], "versionId")
    check(bool(one(record, 6, 0)) == result["didDocumentMetadata"].get("deactivated", False), "deactivated")
    return one(record, 2, 0), document


def resolve(did):
    check(DIDUrl.is_valid(f"{did}#key-1"), "pydid does not take the DID")
    status, kind, result = get(did)
    check(status == 200 and kind == "application/did-resolution", "resolution")
    newest, document = proven_version(did, result)
    check(json.loads(document) == result["didDocument"], "the document is not the proven one")
    for accept in ["application/did", "application/did+ld+json", "application/did+json"]:
        check(get(did, accept) == (200, accept, result["didDocument"]), accept)
    check(get(urllib.parse.quote(did, safe=""))[2]["didDocument"] == result["didDocument"], "percent-encoding")
    parsed = DIDDocument.deserialize(result["didDocument"])
    check(parsed.id == did and parsed.serialize() == result["didDocument"], "pydid reads another document")
    for method in parsed.verification_method:
        url = DIDUrl.parse(method.id)
        status, _, part = get(urllib.parse.quote(str(url), safe=""), "application/did-url-dereferencing")
        check(status == 200 and part["content"] == parsed.dereference(url).serialize(), "fragment")
    for version in range(newest):
        status, _, earlier = get(did, query=f"?versionId={version}")
        check(status == 200 and proven_version(did, earlier)[0] == version, f"version {version}")
        check(DIDDocument.deserialize(earlier["didDocument"]).id == did, "earlier document")
        check(earlier["didDocumentMetadata"]["nextVersionId"] == str(version + 1), "nextVersionId")
    return {"did": did, "versions": newest + 1, "methods": len(parsed.verification_method)}


def error(did, query=""):
    status, _, result = get(did, query=query)
    check(result["didDocument"] is None and result["didDocumentMetadata"] == {}, "an error has a document")
    problem = result["didResolutionMetadata"]["error"]
    check(problem["status"] == status and problem["title"] and problem["detail"], "problem details")
    return [status, problem["type"].removeprefix("https://www.w3.org/ns/did#")]


parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("network", type=bytes.fromhex)
parser.add_argument("validators", type=bytes.fromhex)
parser.add_argument("dids", nargs="*")
parser.add_argument("--gone")
parser.add_argument("--absent")
options = parser.parse_args()
statistics = {"signatures": 0}
resolutions = [resolve(did) for did in options.dids]
if options.gone:
    status, _, result = get(options.gone)
    check(status == 410 and result["didDocument"] is None and result["didDocumentMetadata"]["deactivated"], "deactivated")
    proven_version(options.gone, result)
errors = {
    "absent": error(options.absent) if options.absent else None,
    "invalid": error("did:cairn:no"),
    "other": error("did:web:example.org"),
    "option": error(options.dids[0], "?versionId=1&versionTime=2026-01-01T00:00:00Z"),
    "feature": error(options.dids[0], "?service=files"),
}
print(json.dumps({"resolutions": resolutions, "errors": errors, **statistics}))
