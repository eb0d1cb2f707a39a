import CairnChain
import CairnCrypto
public import CairnLedger
import CairnMessages
import Foundation

/// A credential or presentation with all that its verification relied on, in one file: whoever has the trust anchor checks it again
/// without a network.
///
/// It tells what the ledger said when it was made. A credential that is revoked afterwards still looks good in it, which is why
/// whoever checks it says how old it may be.
public struct CredentialBundle: Sendable {
  /// In bytes. A presentation of sixteen credentials takes about a hundred thousand.
  public static let byteLimit = 4 << 20
  /// As many reads as a presentation with all its statuses and sessions takes.
  public static let answerLimit = 256
  private static let version: UInt32 = 1

  /// The credential or presentation as it was received.
  public let document: [UInt8]
  public let sessions: [SessionPresentation]
  let answers: [ProtoBundledAnswer]

  /// What a verification relied on.
  ///
  /// - Parameter verification: made with `keepsProofs`, whatever its verdict.
  public init(_ verification: CredentialVerification) {
    document = verification.document
    sessions = verification.sessions.map(\.presentation)
    var headers: Set<Data> = []
    var epochs: Set<Data> = []
    // By height, so that whoever checks them follows the epochs in their order.
    let evidence = verification.evidence.enumerated().sorted {
      ($0.element.header.header.height, $0.offset) < ($1.element.header.header.height, $1.offset)
    }
    answers = evidence.map { _, evidence in
      var answer = evidence.answer
      if !headers.insert(answer.proven.header).inserted { answer.proven.clearCertificate() }
      answer.proven.epochs.removeAll { !epochs.insert($0.header).inserted }
      return answer
    }
  }

  /// Decodes strictly; whether it proves anything says ``verify(anchor:policy:at:maximumAgeMilliseconds:)``.
  public init(decoding bytes: [UInt8]) throws(BundleError) {
    let message: ProtoCredentialBundle
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .malformed }
    guard message.version == Self.version else { throw .unknownVersion(message.version) }
    guard message.answers.count <= Self.answerLimit else { throw .tooMany("answers", limit: Self.answerLimit) }
    var sessions: [SessionPresentation] = []
    for bytes in message.sessions {
      do { sessions.append(try SessionPresentation(decoding: [UInt8](bytes))) } catch { throw .session(error) }
    }
    (document, self.sessions, answers) = ([UInt8](message.document), sessions, message.answers)
  }

  /// The canonical encoding.
  public var bytes: [UInt8] {
    var message = ProtoCredentialBundle()
    message.version = Self.version
    message.document = Data(document)
    message.sessions = sessions.map { Data($0.bytes) }
    message.answers = answers
    return Canonical.encode(message)
  }
}

/// Why a bundle is not believed.
public enum BundleError: Error, Equatable, Sendable {
  /// Too long, or not the canonical encoding of a bundle.
  case malformed
  case unknownVersion(UInt32)
  case tooMany(String, limit: Int)
  case session(SessionError)
  /// One of the answers, counted from 0, is to no question that a verification asks.
  case malformedRequest(answer: Int)
  /// An answer has something that is there before, or that nobody needs: it could be anything.
  case superfluous(answer: Int)
  /// One of the answers does not prove what it says.
  case answer(Int, EndpointProblem)
  /// An answer about something that the credential does not name.
  case unneededAnswer

  /// Machine readable.
  public var reason: String {
    switch self {
    case .malformed: "malformed_bundle"
    case .unknownVersion: "unknown_bundle_version"
    case .tooMany: "too_many"
    case .session(let error): error.reason
    case .malformedRequest: "malformed_bundle_request"
    case .superfluous: "superfluous_in_bundle"
    case .answer(_, let problem): problem.reason
    case .unneededAnswer: "unneeded_bundle_answer"
    }
  }
}

extension BundleError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .malformed: "The bundle is not one, or it is damaged."
    case .unknownVersion(let version): "The bundle has the unknown version \(version)."
    case .tooMany(let what, let limit): "The bundle has more than \(limit) \(what)."
    case .session(let error): "A session in the bundle is malformed (\(error.reason))."
    case .malformedRequest(let index): "Answer \(index + 1) of the bundle is to no question of a verification."
    case .superfluous(let index): "Answer \(index + 1) of the bundle has something that does not belong there."
    case .answer(let index, .unproven(.stale(ageMilliseconds: let age))):
      "Answer \(index + 1) of the bundle is \(age / 1_000) s old, which is too old."
    case .answer(let index, let problem): "Answer \(index + 1) of the bundle proves nothing: \(problem)."
    case .unneededAnswer: "The bundle answers what the credential does not ask."
    }
  }
}
