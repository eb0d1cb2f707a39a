extension FuzzTarget {
  /// Every target, sorted by name.
  public static let all: [FuzzTarget] = [
    accessRequest, anchor, answer, certificate, constitution, contract, credential, did, entities, extensions, frame, genesis, genesisEntry,
    header, json, keyFile, like, logEntry, policy, policyJSON, proposal, record, schema, schemaJSON, signerMessage, snapshotChunk,
    snapshotHistory, snapshotManifest, statusListDocument, transaction, vote,
  ].sorted { $0.name < $1.name }
}
