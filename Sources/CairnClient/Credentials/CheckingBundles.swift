public import CairnChain
import CairnCrypto
public import CairnIdentity
import CairnLedger
import CairnMessages
import NIOCore
import SwiftProtobuf

extension CredentialBundle {
  /// An hour, as an ordinary credential lasts.
  public static let standardMaximumAgeMilliseconds: UInt64 = 3_600_000

  /// Verifies the credential by the answers in the bundle, without asking anybody.
  ///
  /// - Parameters:
  ///   - anchor: from which every header in the bundle is traced.
  ///   - policy: what is demanded; its time is the present.
  ///   - moment: as in ``CairnClient/CairnClient/verify(_:sessions:policy:at:keepsProofs:)``; the answers must be about the same one.
  ///   - maximumAgeMilliseconds: how old the headers behind the answers may be.
  /// - Throws: when the bundle itself is not to be believed. A credential that its answers do not make good is refused in the result.
  public func verify(
    anchor: TrustAnchor, policy: VerificationPolicy, at moment: Timestamp? = nil,
    maximumAgeMilliseconds: UInt64 = standardMaximumAgeMilliseconds
  ) async throws(BundleError) -> CredentialVerification {
    let now = UInt64(max(0, policy.now.milliseconds))
    let trust = Trust(anchor: anchor, maximumStalenessMilliseconds: maximumAgeMilliseconds, clock: ClientClock(standingAt: now))
    let facts = try BundledFacts(answers, trust)
    let verification: CredentialVerification
    do throws(CairnError) {
      verification = try await CredentialJudgement(facts, network: anchor.network, policy: policy, moment: moment)
        .verify(document, sessions: sessions)
    } catch {
      // Nothing in a bundle can end a verification early.
      throw .malformed
    }
    // A document that is malformed asks nothing.
    guard verification.evidence.count == answers.count || verification.evidence.isEmpty else { throw .unneededAnswer }
    return verification
  }
}

/// The facts in a bundle, each proven again.
private struct BundledFacts: CredentialFactSource {
  private struct DocumentQuestion: Hashable {
    let did: CairnDID
    let withRoles: Bool
    let moment: UInt64?
  }

  private struct StatusQuestion: Hashable {
    let list: StatusListID
    let index: UInt32
    let moment: UInt64?
  }

  private var documents: [DocumentQuestion: DocumentFact] = [:]
  private var statuses: [StatusQuestion: StatusFact] = [:]

  init(_ answers: [ProtoBundledAnswer], _ trust: Trust) throws(BundleError) {
    var headers: Set<[UInt8]> = []
    for (index, answer) in answers.enumerated() {
      guard Self.isEconomical(answer.proven, &headers, trust) else { throw .superfluous(answer: index) }
      let epoch = trust.knowledge.epoch
      do throws(EndpointProblem) {
        guard try insert(answer, trust) else { throw .otherAnswer("repeated") }
      } catch {
        throw error == .otherAnswer("request") ? .malformedRequest(answer: index) : .answer(index, error)
      }
      // A change of epochs that was not followed was not checked.
      guard trust.knowledge.epoch &- epoch == UInt64(answer.proven.epochs.count) else { throw .superfluous(answer: index) }
    }
  }

  /// Whatever is not checked must not be there.
  private static func isEconomical(_ proven: ProtoProven, _ headers: inout Set<[UInt8]>, _ trust: Trust) -> Bool {
    let isNew = headers.insert([UInt8](proven.header)).inserted
    let isAnchor = (try? Header(decoding: [UInt8](proven.header)))?.digest == trust.anchorDigest
    return !proven.hasConsistency && proven.log.isEmpty && (!proven.hasCertificate || isNew && !isAnchor)
  }

  /// - Returns: whether the question is a new one.
  private mutating func insert(_ answer: ProtoBundledAnswer, _ trust: Trust) throws(EndpointProblem) -> Bool {
    let bytes = ByteBuffer(encoding: answer.proven)
    switch answer.request {
    case .resolve(let request):
      let question = try Self.question(request)
      try Self.check([UInt8](answer.proven.payload), ProtoResolution.self)
      let query = Query<DocumentFact>.document(of: question.did, withRoles: question.withRoles, at: question.moment)
      return documents.updateValue(try query.accept(bytes, Knowledge.none(of: trust), trust), forKey: question) == nil
    case .status(let request):
      let question = try Self.question(request)
      try Self.check([UInt8](answer.proven.payload), ProtoStatusAnswer.self)
      let query = Query<StatusFact>.fact(question.index, in: question.list, at: question.moment)
      return statuses.updateValue(try query.accept(bytes, Knowledge.none(of: trust), trust), forKey: question) == nil
    case nil: throw .otherAnswer("request")
    }
  }

  /// Accepts exactly what a verification asks.
  private static func question(_ request: ProtoResolveRequest) throws(EndpointProblem) -> DocumentQuestion {
    guard let did = try? CairnDID(parsing: request.did), !request.hasKnown, request.withIsolation else { throw .otherAnswer("request") }
    switch request.version {
    case nil: return DocumentQuestion(did: did, withRoles: request.withRoles, moment: nil)
    case .versionTimeMs(let moment): return DocumentQuestion(did: did, withRoles: request.withRoles, moment: moment)
    case .versionID: throw .otherAnswer("request")
    }
  }

  private static func question(_ request: ProtoStatusRequest) throws(EndpointProblem) -> StatusQuestion {
    guard let list = try? StatusListID(parsing: request.list), !request.hasKnown else { throw .otherAnswer("request") }
    switch request.at {
    case nil: return StatusQuestion(list: list, index: request.index, moment: nil)
    case .atMs(let moment): return StatusQuestion(list: list, index: request.index, moment: moment)
    case .atHeight: throw .otherAnswer("request")
    }
  }

  /// Every byte of a payload has a meaning.
  private static func check<Payload: Message>(_ bytes: [UInt8], _: Payload.Type) throws(EndpointProblem) {
    guard (try? Canonical.decode(from: bytes, limit: bytes.count) as Payload) != nil else { throw .malformed }
  }

  func document(of did: CairnDID, withRoles: Bool, at moment: UInt64?) async throws(CairnError) -> DocumentFact {
    guard let fact = documents[DocumentQuestion(did: did, withRoles: withRoles, moment: moment)] else { throw .noAnswer([]) }
    return fact
  }

  func status(_ index: UInt32, in list: StatusListID, at moment: UInt64?) async throws(CairnError) -> StatusFact {
    guard let fact = statuses[StatusQuestion(list: list, index: index, moment: moment)] else { throw .noAnswer([]) }
    return fact
  }
}

extension Knowledge {
  /// Nothing but the epoch: the headers of a bundle may come in any order.
  fileprivate static func none(of trust: Trust) -> Knowledge { Knowledge(epoch: trust.knowledge.epoch, since: nil) }
}

extension ClientClock {
  fileprivate init(standingAt milliseconds: UInt64) {
    self.init(unixMilliseconds: { milliseconds }, uptime: { .now() }, sleep: { _ in })
  }
}
