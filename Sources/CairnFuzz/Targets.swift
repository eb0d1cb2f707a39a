extension FuzzTarget {
  /// Every target of the libraries, sorted by name.
  public static let all: [FuzzTarget] = [
    accessRequest, anchor, answer, blocks, bundle, certificate, constitution, contract, credential, did, entities, evidenceFile, extensions,
    frame, genesis, genesisEntry, header, http, json, keyFile, like, linkMatrix, logEntry, peerMessage, policy, policyJSON, proposal,
    receipt, record, request, rpc, safetyLog, schema, schemaJSON, sessionBatch, sessionPresentation, signerMessage, snapshotChunk,
    snapshotHistory, snapshotManifest, statusListCoding, statusListDocument, storedBlock, transaction, vote, writeAheadLog,
  ].sorted { $0.name < $1.name }
}
