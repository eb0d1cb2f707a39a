import CairnChain
import CairnCrypto

/// What is known about one view.
struct Round: Sendable {
  let view: UInt64
  var tally: Tally
  var own = OwnVotes()
  private(set) var notarization: Verified<Certificate>?
  private(set) var nullification: Verified<Certificate>?
  private(set) var finalization: Verified<Certificate>?
  /// The first proposal that the leader sent us, or our own.
  var proposal: Verified<Proposal>?
  /// Whether R2 has come to a decision on the proposal, as far as it is R2's.
  var isJudged = false
  /// What our own block is being built on.
  var building: Ancestry?
  /// Two Notarize of the leader were seen.
  var leaderEquivocated = false

  init(view: UInt64, validatorCount: Int) {
    self.view = view
    tally = Tally(validatorCount: validatorCount)
  }

  /// A finalization counts as a notarization.
  var certified: Verified<Certificate>? { finalization ?? notarization }

  func certificate(_ kind: Statement.Kind) -> Verified<Certificate>? {
    switch kind {
    case .notarize: notarization
    case .nullify: nullification
    case .finalize: finalization
    }
  }

  /// The certificates here, in the order in which a peer wants them.
  var certificates: [Verified<Certificate>] { [finalization, notarization, nullification].compactMap(\.self) }

  /// A certificate that cannot be there beside this one while at most f validators are faulty: two digests in one view, or a
  /// finalization with a nullification.
  func conflict(with certificate: Verified<Certificate>) -> Verified<Certificate>? {
    let statement = certificate.value.statement
    return certificates.first { known in
      switch (known.value.statement.kind, statement.kind) {
      case (.nullify, .nullify), (.nullify, .notarize), (.notarize, .nullify): false
      case (.nullify, .finalize), (.finalize, .nullify): true
      default: known.value.statement.digest != statement.digest
      }
    }
  }

  mutating func store(_ certificate: Verified<Certificate>) {
    switch certificate.value.statement.kind {
    case .notarize: notarization = certificate
    case .nullify: nullification = certificate
    case .finalize: finalization = certificate
    }
  }

  mutating func dropBody() {
    proposal = nil
    building = nil
  }
}

/// What a block in some view extends, and what lets it skip the views between.
struct Ancestry: Sendable {
  let digest: Digest
  /// `nil` for the genesis.
  let certificate: Verified<Certificate>?
  /// The nullifications of the views between, ascending; of the latest 64 of them.
  let skips: [Verified<Certificate>]
}
