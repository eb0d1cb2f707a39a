import CairnChain
import CairnCrypto
import CairnNetwork
import CairnSigner
import CairnStore
import Foundation
import Logging
import Synchronization
import Testing

extension Digest {
  static let test = Digest.sha256(Array("a network".utf8))
}

extension SigningKey {
  static let test = key(1)

  static func key(_ number: UInt8) -> SigningKey {
    guard let key = SigningKey(seed: [UInt8](repeating: number, count: seedByteCount)) else { preconditionFailure("a seed has 32 bytes") }
    return key
  }
}

extension Logger {
  static let silent = Logger(label: "signer", factory: { _ in SwiftLogNoOpLogHandler() })
}

/// A directory for one test, removed at the end. Its path is short: that of a socket has to be.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = "/tmp/cairn-signer-\(Hex.encode(randomBytes(6)))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var records: String { path + "/records" }
  var socket: SignerAddress { .unix(path: path + "/signer.sock") }

  func create(_ record: SignedRecord = SignedRecord()) throws {
    try SignerStore.create(path: records, network: .test, key: SigningKey.test.publicKey, importing: record)
  }

  func store(faults: any StoreFaults = NoFaults()) throws -> SignerStore {
    try SignerStore(path: records, network: .test, key: SigningKey.test.publicKey, faults: faults)
  }

  func signer(faults: any StoreFaults = NoFaults()) throws -> Signer {
    try Signer(network: .test, key: .test, store: try store(faults: faults))
  }

  /// In a life of its own: the record is closed again.
  @discardableResult
  func sign(_ statements: [Statement]) throws -> [Signer.Answer] { try signer().sign(statements) }
}

/// Fails at one durable point, once.
final class OneFault: StoreFaults {
  private let armed = Mutex<(point: DurablePoint, isBefore: Bool)?>(nil)

  func arm(_ point: DurablePoint, before isBefore: Bool) { armed.withLock { $0 = (point, isBefore) } }

  func before(_ point: DurablePoint) throws(StoreError) { try strike(point, true) }
  func after(_ point: DurablePoint) throws(StoreError) { try strike(point, false) }

  private func strike(_ point: DurablePoint, _ isBefore: Bool) throws(StoreError) {
    let strikes = armed.withLock { armed in
      guard let now = armed, now.point == point, now.isBefore == isBefore else { return false }
      armed = nil
      return true
    }
    if strikes { throw .io(path: "test", detail: "crashed") }
  }
}

extension Signer {
  func sign(_ statement: Statement) throws -> Answer { try #require(try sign([statement]).first) }
}
