import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import Foundation
import SwiftProtobuf

/// One version of a DID, read from a node's answer.
struct ResolvedVersion {
  /// Of the version.
  let record: DIDRecord
  /// JSON (RFC 8785).
  let document: [UInt8]
  /// Number and Unix time in milliseconds of the version that replaced this one.
  let next: (id: UInt64, milliseconds: UInt64)?
  /// The encoded `Proven` message.
  let proven: [UInt8]

  /// - Throws: `NOT_FOUND` when there is no DID or no such version; `INTERNAL_ERROR` when the answer is not about what was asked.
  init(proven: [UInt8], of did: CairnDID, _ version: ResolutionOptions.Version?) throws(ResolutionProblem) {
    guard let message = try? ProtoProven(serializedBytes: proven) else { throw .damagedAnswer }
    guard !message.payload.isEmpty else {
      throw ResolutionProblem(.notFound, "unknown_did", "No DID of this name was ever created: check that it is copied exactly.")
    }
    guard let resolution = try? ProtoResolution(serializedBytes: message.payload) else { throw .damagedAnswer }
    let newest = try Self.record([UInt8](resolution.record))
    guard newest.did == did else { throw .damagedAnswer }
    let earlier = resolution.hasVersion ? EarlierVersion(resolution.version) : nil
    let successor = resolution.hasSuccessor ? EarlierVersion(resolution.successor) : nil
    self.proven = proven
    document = [UInt8](resolution.document)
    guard let found = try Self.found(version, newest: newest, earlier, successor) else {
      (record, next) = (newest, nil)
      return
    }
    record = try Self.record(found.record)
    let replacement = try successor.map { successor throws(ResolutionProblem) in try Self.record(successor.record) } ?? newest
    guard record.did == did, replacement.head.sequence == record.head.sequence + 1 else { throw .damagedAnswer }
    next = (replacement.head.sequence, replacement.updatedMilliseconds)
  }

  /// The earlier version that answers the question; `nil` when that is the newest one.
  private static func found(
    _ version: ResolutionOptions.Version?, newest: DIDRecord, _ earlier: EarlierVersion?, _ successor: EarlierVersion?
  ) throws(ResolutionProblem) -> EarlierVersion? {
    switch version {
    case nil: return nil
    case .id(let id):
      if newest.head.sequence == id { return nil }
      guard newest.head.sequence > id else {
        throw ResolutionProblem(
          .notFound, "unknown_version", "The DID has no version \(id) yet, its newest is \(newest.head.sequence): ask for one of those.")
      }
      guard let earlier, earlier.index == id, earlier.isCommitted(by: newest.earlier) else { throw .damagedAnswer }
      return earlier
    case .time(let time):
      let inForce: VersionInForce
      do throws(VersionError) {
        inForce = try .verify(
          at: time.milliseconds, newest: newest.updatedMilliseconds, earlier: newest.earlier, version: earlier, successor: successor,
          since: { (try? DIDRecord(decoding: $0))?.updatedMilliseconds })
      } catch { throw .damagedAnswer }
      switch inForce {
      case .newest: return nil
      case .earlier(let version): return version
      case .none: throw ResolutionProblem(.notFound, "not_yet_created", "The DID did not exist at that time: ask for a later one.")
      }
    }
  }

  private static func record(_ bytes: [UInt8]) throws(ResolutionProblem) -> DIDRecord {
    guard let record = try? DIDRecord(decoding: bytes) else { throw .damagedAnswer }
    return record
  }
}
