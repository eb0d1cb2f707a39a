#!/usr/bin/env python3
"""A second client of Cairn RPC, written from its specification alone, with the standard library alone.

    cairn_rpc_client.py HOST PORT NETWORK [--key NODE_KEY] [--validators VALIDATOR_SET] DID...

Says hello, asks for Info, resolves each DID and fetches the log entry that last changed it; checks every hash on the way from the document to the
header and, given the validators and the package `cryptography`, the signatures of the header's certificate. Digests, keys and the canonical
ValidatorSet are hexadecimal. Prints one JSON object. Exits with 1 when an answer is refused or wrong.
"""
import argparse, hashlib, json, socket, ssl, struct, sys

RESOLVE, ENTRY, INFO = 1, 18, 23


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def uv(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number, value):
    """A Protobuf field: bytes, text or integer; a default is left out."""
    if isinstance(value, int):
        return uv(number << 3) + uv(value) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return uv(number << 3 | 2) + uv(len(value)) + value if value else b""


def decode(data):
    """The fields of a message: number to list of values, in order."""
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


def check(condition, what):
    if not condition:
        raise SystemExit(f"The answer is wrong: {what}.")


class Connection:
    def __init__(self, host, port, network, key):
        self.socket, self.last_id = socket.create_connection((host, port), timeout=10), 0
        if key:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.set_alpn_protocols(["cairn/1"])
            self.socket = context.wrap_socket(self.socket)
            check(self.socket.selected_alpn_protocol() == "cairn/1", "another protocol was negotiated")
            check(public_key(self.socket.getpeercert(binary_form=True)) == key, "the server holds another key")
        hello = field(1, 1) + field(2, network) + field(3, "cairn_rpc_client.py")
        answer = decode(self.exchange(0, 0, hello))
        check(one(answer, 1, 0) == 1 and one(answer, 2) == network, "hello")

    def call(self, method, request):
        self.last_id += 1
        return self.exchange(self.last_id, method, request)

    def exchange(self, request_id, method, payload):
        self.socket.sendall(struct.pack(">IIHB", 7 + len(payload), request_id, method, 1) + payload)
        length, answered, status, flags = struct.unpack(">IIHB", self.read(11))
        payload = self.read(length - 7)
        if status:
            failure = decode(payload)
            raise SystemExit(f"Refused with status {status}, {one(failure, 2).decode()}: {one(failure, 3).decode()}")
        check(answered == request_id and flags == 1, "frame")
        return payload

    def read(self, count):
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            check(chunk, "the connection ended")
            data += chunk
        return data


def public_key(certificate):
    """The Ed25519 key in a certificate's SubjectPublicKeyInfo, found by its place and not by its looks."""

    def element(data, at):
        length, start = data[at + 1], at + 2
        if length & 0x80:
            start, length = start + (length & 0x7F), int.from_bytes(data[start : start + (length & 0x7F)], "big")
        return data[start : start + length], start + length, data[at : start + length]

    tbs = element(element(certificate, 0)[0], 0)[0]
    at = 0
    for _ in range(6):  # version, serial, signature, issuer, validity, subject
        at = element(tbs, at)[1]
    spki, prefix = element(tbs, at)[2], bytes.fromhex("302a300506032b6570032100")
    check(spki.startswith(prefix) and len(spki) == 44, "not an Ed25519 key")
    return spki[12:]


def header_of(proven, network, validators):
    data = one(proven, 1)
    header = decode(data)
    check(one(header, 1, 0) == 1 and one(header, 2) == network, "header")
    if validators:
        check(sha(b"cairn/validators/v1\0", validators) == one(header, 11), "validators")
        if one(header, 5, 0) > 0:
            verify_certificate(decode(one(proven, 2)), header, sha(b"cairn/header/v1\0", data), network, validators)
    return header


def verify_certificate(certificate, header, digest, network, validators):
    keys = [one(decode(validator), 2) for validator in decode(validators)[1]]
    epoch, view = one(certificate, 2, 0), one(certificate, 3, 0)
    check(one(certificate, 1, 0) == 3 and one(certificate, 4) == digest and epoch == one(header, 3, 0), "certificate")
    bitmap, signatures = one(certificate, 5), one(certificate, 6)
    signers = [i for i in range(len(keys)) if bitmap[i >> 3] >> (i & 7) & 1]
    check(len(signers) >= len(keys) - (len(keys) - 1) // 3 and len(signatures) == 64 * len(signers), "quorum")
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return
    message = b"cairn/finalize/v1\0" + network + struct.pack(">QQ", epoch, view) + digest
    for place, signer in enumerate(signers):
        Ed25519PublicKey.from_public_bytes(keys[signer]).verify(signatures[64 * place : 64 * place + 64], message)
    statistics["signatures"] += len(signers)


def proven_value(proof, key, root):
    """The value of a key in the state with this root; None when its absence is proven."""
    proof = decode(proof)
    leaf, value = one(proof, 1), one(proof, 2)
    bit = lambda k, i: k[i >> 3] >> (7 - (i & 7)) & 1
    node, above = sha(b"\0", uv(32), leaf, uv(len(value)), value) if leaf else sha(), 256
    for step in map(decode, proof.get(3, [])):
        b, sibling = one(step, 1, 0), one(step, 2)
        check(b < above and bit(key, b) == bit(leaf, b), "path")
        node, above = sha(b"\1", uv(b), *((sibling, node) if bit(key, b) else (node, sibling))), b
    check(node == root, "state root")
    return value if leaf == key else None


def proven_entry(proof, size, root):
    """The index and bytes of an entry of the log with this size and root (RFC 9162, section 2.1.3.2)."""
    proof = decode(proof)
    index, entry = one(proof, 1, 0), one(proof, 2)
    at, last, node = index, size - 1, sha(b"\0", entry)
    check(index < size, "index")
    for sibling in proof.get(3, []):
        check(last > 0, "path")
        if at & 1 or at == last:
            node = sha(b"\1", sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha(b"\1", node, sibling)
        at, last = at >> 1, last >> 1
    check(last == 0 and node == root, "log root")
    return index, entry


def resolve(connection, did, network, validators):
    proven = decode(connection.call(RESOLVE, field(1, did)))
    header = header_of(proven, network, validators)
    value = proven_value(one(proven, 3), sha(b"cairn/state/v1\0\x01", did.encode()), one(header, 10))
    if value is None:
        return {"did": did, "exists": False}
    value, resolution = decode(value), decode(one(proven, 7))
    record, document = one(resolution, 1), one(resolution, 2)
    check(sha(record) == one(value, 3), "record")
    record = decode(record)
    check(one(record, 1) == did.encode() and sha(document) == one(record, 5), "document")
    index = one(value, 2, 0)
    proven = decode(connection.call(ENTRY, field(1, index)))
    header = header_of(proven, network, validators)
    check(proven_entry(one(proven, 4), one(header, 8, 0), one(header, 9))[0] == index, "entry")
    return {"did": did, "exists": True, "sequence": one(record, 2, 0), "changed_at": index, "document": json.loads(document)}


parser = argparse.ArgumentParser()
parser.add_argument("host")
parser.add_argument("port", type=int)
parser.add_argument("network", type=bytes.fromhex)
parser.add_argument("dids", nargs="*")
parser.add_argument("--key", type=bytes.fromhex)
parser.add_argument("--validators", type=bytes.fromhex)
options = parser.parse_args()
statistics = {"signatures": 0}
connection = Connection(options.host, options.port, options.network, options.key)
info = decode(connection.call(INFO, b""))
print(json.dumps({
    "info": {"name": one(info, 2).decode(), "height": one(info, 6, 0), "node": one(info, 10).decode(), "quorum": one(info, 12, 0)},
    "resolutions": [resolve(connection, did, options.network, options.validators) for did in options.dids], **statistics}))
