public import CairnChain
public import CairnCrypto
public import Logging
public import NIOCore

/// Signs a node's votes somewhere else than in the node. Confined to the node's event loop, which it never holds up.
public protocol VoteSigner: AnyObject {
  /// Called once, before anything is asked for.
  func start(_ client: VoteSignerClient)

  /// Asks for a signature. An answer comes or fails later; a signature may still come after the failure, for a vote that is of use.
  func sign(_ statement: Statement)

  /// No answer comes afterwards.
  func stop()

  var status: VoteSignerStatus { get }
}

/// Whom a signer answers.
public struct VoteSignerClient {
  /// The highest vote that the node has on record.
  let highestVote: () -> Vote?
  let answer: (SigningAnswer) -> Void

  public init(highestVote: @escaping () -> Vote?, answer: @escaping (SigningAnswer) -> Void) {
    (self.highestVote, self.answer) = (highestVote, answer)
  }
}

extension VoteSignerClient {
  /// For signers of tests and simulations.
  package func take(_ answer: SigningAnswer) { self.answer(answer) }
}

/// What became of a request.
public enum SigningAnswer: Sendable {
  /// Not verified yet.
  case signed(Statement, Signature)
  case failed(Statement, SigningProblem)
}

/// Why there is no signature.
public enum SigningProblem: Error, Hashable, Sendable {
  case refused(SigningRefusal)
  /// The deadline passed.
  case late
  /// Too many requests wait.
  case overloaded
  /// What came is not the key's signature of the statement.
  case wrongSignature

  /// Machine readable; a log field, and what the node's status shows.
  public var reason: String {
    switch self {
    case .refused(let refusal): refusal.reason
    case .late: "late"
    case .overloaded: "overloaded"
    case .wrongSignature: "wrong_signature"
    }
  }
}

/// How it stands with a signer.
public struct VoteSignerStatus: Hashable, Sendable {
  public var address: String
  /// Why there is no connection; `nil` while there is one.
  public var problem: String?

  public init(address: String, problem: String?) { (self.address, self.problem) = (address, problem) }
}

/// Makes a node's signer once the node has an event loop.
public protocol VoteSignerMaker: Sendable {
  /// - Parameters:
  ///   - key: of the votes.
  ///   - nodeKey: shown to the signer over TLS.
  func make(network: Digest, key: PublicKey, nodeKey: SigningKey, on loop: any EventLoop, logger: Logger) throws -> any VoteSigner
}
