public import CairnCrypto
import CairnMessages
import Foundation

/// Proven faults of validators in a form that can be handed on: whoever has the validators' keys checks it without any node.
public struct EvidenceFile: Hashable, Sendable {
  /// A node keeps 64 of each validator and epoch.
  public static let countLimit = 4096
  /// Its evidence with 3 bytes of framing each, the network, and room.
  public static let byteLimit = countLimit * (Evidence.byteCount + 3) + 64

  public let network: Digest
  /// Ascending by their bytes, each once.
  public let evidence: [Evidence]

  /// - Precondition: at most ``countLimit`` different ones.
  public init(network: Digest, evidence: some Sequence<Evidence>) {
    self.network = network
    self.evidence = Set(evidence).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    precondition(self.evidence.count <= Self.countLimit, "the caller bounds what it exports")
  }

  public init(decoding bytes: [UInt8]) throws(ChainError) {
    let message: ProtoEvidenceFile
    do { message = try Canonical.decode(from: bytes, limit: Self.byteLimit) } catch { throw .encoding(error) }
    guard let network = Digest(message.network) else { throw .field("network") }
    guard (1...Self.countLimit).contains(message.evidence.count) else { throw .field("evidence") }
    var evidence: [Evidence] = []
    for bytes in message.evidence { evidence.append(try Evidence(decoding: [UInt8](bytes))) }
    self.init(network: network, evidence: evidence)
    guard self.evidence == evidence else { throw .encoding(.notCanonical) }
  }

  /// The canonical `EvidenceFile`.
  public var bytes: [UInt8] {
    var message = ProtoEvidenceFile()
    message.network = Data(network.bytes)
    message.evidence = evidence.map { Data($0.bytes) }
    return Canonical.encode(message)
  }

  /// Everything in it, when an epoch's validators signed it all.
  ///
  /// - Throws: ``ChainError/wrongNetwork``, or what is wrong with the first piece that proves nothing.
  public func verify(with verifier: ConsensusVerifier) throws(ChainError) -> [Verified<Evidence>] {
    guard network == verifier.network else { throw .wrongNetwork }
    var verified: [Verified<Evidence>] = []
    for evidence in evidence {
      do throws(CertificateError) { verified.append(try verifier.verify(evidence)) } catch { throw .certificate(error) }
    }
    return verified
  }
}
