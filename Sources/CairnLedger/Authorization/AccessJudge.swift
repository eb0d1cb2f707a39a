package import CairnCrypto
import CairnIdentity
import CairnPolicy

/// Decides one request by the state at one moment: the hard guards in their order, then the contract's policies.
///
/// Pure, and the same wherever it runs: in the node that answers, in the client that checks the node, and in the execution of a block.
/// What it reads is bounded by the limits of ``AccessRequest`` and of the documents in it.
package struct AccessJudge<State: AccessState> {
  package private(set) var state: State
  let request: AccessRequest
  let signer: AccessSigner
  let network: Digest
  let moment: BlockMoment
  /// Once it was found: denials name it too.
  private var contract: AccessContract?
  /// The agent, once it has turned out to be a session.
  private(set) var session: DIDRecord?

  package init(_ request: AccessRequest, _ signer: AccessSigner, over state: State, network: Digest, at moment: BlockMoment) {
    (self.request, self.signer, self.state, self.network, self.moment) = (request, signer, state, network, moment)
  }

  /// - Throws: only what the state could not be read for.
  package mutating func decide() throws(State.Failure) -> AccessDecision {
    do throws(AccessHalt<State.Failure>) {
      try checkNetwork()
      let principal = try principal()
      try checkSignature(principal)
      let contract = try contractInForce()
      let credentials = try verifiedCredentials()
      return try evaluate(contract, principal, PresentedClaims(credentials, at: now))
    } catch {
      switch error {
      case .refused(let refusals): return AccessDecision(refusals: refusals, contract: contract?.stated, moment: moment)
      case .unreadable(let failure): throw failure
      }
    }
  }

  var now: Timestamp { Timestamp(milliseconds: Int64(clamping: moment.milliseconds)) }
}

/// Who signed a request.
package enum AccessSigner: Sendable {
  /// Nobody: whoever asks vouches for the agent.
  case none
  case claimed(KeySignature)
  /// The signature is one by this key.
  case verified(PublicKey)
}

/// What ends a decision early.
enum AccessHalt<Failure: Error>: Error {
  case refused([AccessRefusal])
  case unreadable(Failure)
}

// The guards.
extension AccessJudge {
  typealias Halt = AccessHalt<State.Failure>

  func refuse(_ refusal: AccessRefusal) -> Halt { .refused([refusal]) }

  /// Reads the state.
  mutating func reading<Value>(_ body: (inout State) throws(State.Failure) -> Value) throws(Halt) -> Value {
    do throws(State.Failure) { return try body(&state) } catch { throw .unreadable(error) }
  }

  private func checkNetwork() throws(Halt) {
    guard request.network == network, request.principal.isOf(network: network) else { throw refuse(.wrongNetwork) }
  }

  /// The agent exists, is active, and no guardian has isolated it.
  private mutating func principal() throws(Halt) -> DIDRecord {
    let did = request.principal
    let found = try reading { state throws(State.Failure) in try state.did(did) }
    if let presentation = request.session {
      let record = try principal(of: presentation, enrolled: found)
      session = record
      return record
    }
    guard let record = found else { throw refuse(.unknownDID(did)) }
    guard !record.isDeactivated else { throw refuse(.deactivated(did)) }
    guard try !isIsolated(did) else { throw refuse(.isolated(did)) }
    return record
  }

  /// When the request is signed: by a key with which the agent authenticates itself.
  private func checkSignature(_ principal: DIDRecord) throws(Halt) {
    let key: PublicKey
    switch signer {
    case .none: return
    case .claimed(let signature):
      guard request.isSigned(by: signature) else { throw refuse(.badSignature) }
      key = signature.key
    case .verified(let verified): key = verified
    }
    guard principal.document.document.authenticates(key) else { throw refuse(.wrongKey) }
  }

  private mutating func contractInForce() throws(Halt) -> AccessContract {
    let (id, moment) = (request.contract, moment)
    guard let found = try reading({ state throws(State.Failure) in try state.contract(id, at: moment) }) else {
      throw refuse(.unknownContract(id))
    }
    contract = found
    guard !found.isRetired else { throw refuse(.contractRetired) }
    guard !found.isFrozen else { throw refuse(.contractFrozen) }
    return found
  }

  mutating func isIsolated(_ did: CairnDID) throws(Halt) -> Bool {
    let moment = moment
    return try reading { state throws(State.Failure) in try state.isIsolated(did, at: moment) }
  }
}

extension DIDDocument {
  /// Whether the document lists the Ed25519 key under `authentication`.
  fileprivate func authenticates(_ key: PublicKey) -> Bool {
    let multikey = Multikey(key).bytes
    return verificationMethods.contains { $0.purposes.contains(.authentication) && $0.multikey == multikey }
  }
}
