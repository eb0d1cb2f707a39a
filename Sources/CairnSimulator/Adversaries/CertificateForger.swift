import CairnChain
import CairnCrypto
import CairnMessages
import CairnNode
import Foundation
import NIOCore

/// Makes certificates that no quorum signed: other statements under old signatures, too few, one counted twice, its own first and then others'.
final class CertificateForger: Adversary {
  private let puppet: Puppet

  init(_ puppet: Puppet) { self.puppet = puppet }

  func distort(_ envelope: Envelope) -> [Envelope] {
    guard let certificate = puppet.certificate(in: envelope) else { return [envelope] }
    return [envelope]
      + forged(certificate).map { message in
        envelope.with(PeerCode.certificate, ByteBuffer(bytes: Canonical.encode(message)))
      }
  }

  private func forged(_ certificate: Certificate) -> [ProtoCertificate] {
    let honest = certificate.message(validatorCount: puppet.validatorCount)
    var later = honest
    later.view += 1
    var other = honest
    other.kind = certificate.statement.kind == .nullify ? .notarize : .finalize
    if other.digest.isEmpty { other.digest = Data(repeating: 9, count: 32) }
    var few = honest
    few.signers = Data([1])
    few.signatures = few.signatures.prefix(64)
    var twice = honest
    twice.signatures = Data((0..<certificate.signatures.count).flatMap { _ in honest.signatures.prefix(64) })
    return [later, other, few, twice] + [pretended(certificate)].compactMap(\.self)
  }

  /// Another block's finalization, with its own signature and as many more as a quorum has.
  private func pretended(_ certificate: Certificate) -> ProtoCertificate? {
    let signers = (puppet.index..<puppet.validatorCount).prefix(certificate.signatures.count)
    guard signers.count == certificate.signatures.count else { return nil }
    let vote = puppet.vote(
      .finalize(epoch: certificate.statement.epoch, view: certificate.statement.view, digest: .sha256(puppet.dice.bytes(32))))
    var message = certificate.message(validatorCount: puppet.validatorCount)
    message.kind = .finalize
    message.digest = Data(vote.statement.digest?.bytes ?? [])
    var bitmap = [UInt8](repeating: 0, count: (puppet.validatorCount + 7) / 8)
    for signer in signers { bitmap[signer / 8] |= 1 << UInt8(signer % 8) }
    message.signers = Data(bitmap)
    message.signatures = Data(signers.flatMap { _ in vote.signature.bytes })
    return message
  }
}
