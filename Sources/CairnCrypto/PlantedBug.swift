/// A rule that is left out on purpose, to see that the simulator misses it. Debug builds alone can leave out any: in a release build
/// every ``isPlanted`` is false when it is compiled.
package enum PlantedBug: String, CaseIterable, Sendable {
  // Consensus.
  case notarizeAfterNullify = "notarize_after_nullify"
  case finalizeAfterNullify = "finalize_after_nullify"
  case sendBeforeDurable = "send_before_durable"
  case forgottenVotes = "forgotten_votes"
  case smallQuorum = "small_quorum"
  case noLeaderTimer = "no_leader_timer"
  case noCertificateTimer = "no_certificate_timer"
  case noSkip = "no_skip"
  case noRepetition = "no_repetition"
  case noFetch = "no_fetch"
  case noCatchUp = "no_catch_up"
  case everythingIsEvidence = "everything_is_evidence"
  case anyTime = "any_time"
  case anyProposer = "any_proposer"
  case firstSignatureOnly = "first_signature_only"
  // The ledger.
  case sequenceIgnored = "sequence_ignored"
  case deactivationIgnored = "deactivation_ignored"
  case expiryIgnored = "expiry_ignored"
  case nextKeyIgnored = "next_key_ignored"
  case updateKeyIgnored = "update_key_ignored"
  case submitterUnsigned = "submitter_unsigned"
  case isolationIgnored = "isolation_ignored"
  case revocationCleared = "revocation_cleared"
  case revokerIgnored = "revoker_ignored"
  case constitutionIgnored = "constitution_ignored"
  case thresholdOffByOne = "threshold_off_by_one"
  case nextValidatorsIgnored = "next_validators_ignored"
  case stateRootWithoutLeaf = "state_root_without_leaf"
  case logRootOfAnotherSize = "log_root_of_another_size"
  // The node.
  case unverifiedVotes = "unverified_votes"
  case unverifiedCertificates = "unverified_certificates"
  case transactionsTwice = "transactions_twice"
  case wrongReceipt = "wrong_receipt"
  case forgetfulPeers = "forgetful_peers"
  case unverifiedGreetings = "unverified_greetings"
  case uncheckedWindow = "unchecked_window"
  case staleHeader = "stale_header"
  case wrongPath = "wrong_path"
  // The store.
  case noChainSync = "no_chain_sync"
  case noSafetySync = "no_safety_sync"
  case logBeforeDatabase = "log_before_database"
  case noSettling = "no_settling"
  case noTornRecords = "no_torn_records"
  case noMending = "no_mending"
  case oneCopy = "one_copy"
  case indexBehind = "index_behind"

  #if DEBUG
    @TaskLocal package static var planted: PlantedBug?
    package var isPlanted: Bool { Self.planted == self }
  #else
    @inlinable package var isPlanted: Bool { false }
  #endif
}
