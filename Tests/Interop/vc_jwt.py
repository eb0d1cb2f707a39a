#!/usr/bin/env python3
"""Checks and makes vc+jwt credentials with PyJWT, which knows nothing of Cairn.

  vc_jwt.py verify TOKEN_FILE DID_DOCUMENT_FILE    prints the payload as JSON when the signature is good, else fails
  vc_jwt.py issue PAYLOAD_FILE KEY_ID SEED_HEX     prints a token of the payload

The key of a token is the JsonWebKey in the DID document that its header names in `kid`.
"""
import json
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TYPE = "vc+jwt"


def key_of(token, document):
    kid = jwt.get_unverified_header(token)["kid"]
    method = next(method for method in document["verificationMethod"] if method["id"] == kid)
    if kid not in document["assertionMethod"]:
        raise SystemExit("the key is not for assertions")
    return jwt.PyJWK.from_dict({**method["publicKeyJwk"], "alg": "EdDSA"}).key


def verify(token_file, document_file):
    with open(token_file) as file:
        token = file.read().strip()
    with open(document_file) as file:
        document = json.load(file)
    header = jwt.get_unverified_header(token)
    if header["typ"] != TYPE:
        raise SystemExit(f"the type is {header['typ']}")
    payload = jwt.decode(token, key_of(token, document), algorithms=["EdDSA"], options={"require": ["iss", "iat", "exp"]})
    if payload["iss"] != document["id"]:
        raise SystemExit("the issuer is another one")
    print(json.dumps(payload))


def issue(payload_file, key_id, seed):
    with open(payload_file) as file:
        payload = json.load(file)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    print(jwt.encode(payload, key, algorithm="EdDSA", headers={"typ": TYPE, "kid": key_id}))


if __name__ == "__main__":
    {"verify": verify, "issue": issue}[sys.argv[1]](*sys.argv[2:])
