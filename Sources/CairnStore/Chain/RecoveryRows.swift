import CairnChain
import CairnCrypto
import CairnMessages
import Foundation

/// A candidate block as a row of `chain.db`.
struct CandidateRow {
  private static let domain = Domain("cairn/store/candidate/v1")
  static let columns = "digest, epoch, view, validator_count, proposal, checksum"

  let digest: Digest
  /// The view in which it was proposed: for a block that is proposed again, later than its header's.
  let position: ViewPosition
  let proposal: [UInt8]
  let checksum: Digest

  init(_ proposal: Proposal, validatorCount: Int) {
    digest = proposal.block.digest
    let header = proposal.block.header
    position = ViewPosition(epoch: header.epoch, view: max(header.view, proposal.vote?.statement.view ?? 0))
    self.proposal = Canonical.encode(proposal.message(validatorCount: validatorCount))
    checksum = Self.checksum(digest, position, validatorCount, self.proposal)
  }

  private static func checksum(_ digest: Digest, _ position: ViewPosition, _ validatorCount: Int, _ proposal: [UInt8]) -> Digest {
    var checksum = RowChecksum(domain)
    checksum.add(digest)
    checksum.add(position.epoch)
    checksum.add(position.view)
    checksum.add(UInt64(validatorCount))
    checksum.add(proposal)
    return checksum.digest
  }

  static func decode(_ row: Row) throws(StoreError) -> Proposal {
    let digest = row.digest(0)
    let damaged = StoreError.corrupt(table: "candidate", key: digest?.description ?? "unknown")
    guard let digest, let epoch = row.unsigned(1), let view = row.unsigned(2), let validatorCount = row.validatorCount(3),
      let bytes = row.blob(4, limit: Proposal.byteLimit), let checksum = row.digest(5),
      checksum == Self.checksum(digest, ViewPosition(epoch: epoch, view: view), validatorCount, bytes)
    else { throw damaged }
    do {
      let message: ProtoProposal = try Canonical.decode(from: bytes, limit: Proposal.byteLimit)
      let proposal = try Proposal(message, validatorCount: validatorCount)
      guard proposal.block.digest == digest else { throw damaged }
      return proposal
    } catch {
      throw damaged
    }
  }
}

/// A certificate kept for recovery.
enum CertificateRow {
  private static let domain = Domain("cairn/store/certificate/v1")
  static let columns = "validator_count, certificate, checksum, epoch, view, kind"

  static func checksum(_ certificate: [UInt8], validatorCount: Int) -> Digest {
    var checksum = RowChecksum(domain)
    checksum.add(UInt64(validatorCount))
    checksum.add(certificate)
    return checksum.digest
  }

  /// From ``columns``.
  static func decode(_ row: Row) throws(StoreError) -> Certificate {
    let damaged = StoreError.corrupt(table: "certificate", key: "\(row.integer(3))/\(row.integer(4))/\(row.integer(5))")
    guard let validatorCount = row.validatorCount(0), let bytes = row.blob(1, limit: Certificate.byteLimit),
      let checksum = row.digest(2), checksum == Self.checksum(bytes, validatorCount: validatorCount),
      let certificate = try? Certificate(decoding: bytes, validatorCount: validatorCount),
      certificate.statement.epoch == row.unsigned(3), certificate.statement.view == row.unsigned(4),
      Int64(certificate.statement.kind.rawValue) == row.integer(5)
    else { throw damaged }
    return certificate
  }
}

/// Two votes that convict their signer.
enum EvidenceRow {
  /// In one epoch; whoever faults more often is not convicted better.
  static let limitPerValidator = 64
  private static let domain = Domain("cairn/store/evidence/v1")
  static let columns = "votes, checksum, epoch, validator, view"

  static func checksum(_ votes: [UInt8]) -> Digest { .sha256(domain, votes) }

  /// From ``columns``.
  static func decode(_ row: Row) throws(StoreError) -> Evidence {
    let damaged = StoreError.corrupt(table: "evidence", key: "\(row.integer(2))/\(row.integer(3))/\(row.integer(4))")
    guard let bytes = row.blob(0, limit: Evidence.byteCount), row.digest(1) == checksum(bytes),
      let evidence = try? Evidence(decoding: bytes), evidence.epoch == row.unsigned(2), Int64(evidence.validator) == row.integer(3),
      evidence.view == row.unsigned(4)
    else { throw damaged }
    return evidence
  }
}

extension Row {
  /// A column that says how many validators an epoch has, 0 before there is any certificate.
  func validatorCount(_ column: Int32) -> Int? {
    let count = integer(column)
    return (0...Int64(ValidatorSet.countLimit)).contains(count) ? Int(count) : nil
  }
}
